// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "postgres/operator_messages.h"

namespace outbox {

struct TailFilter {
  std::vector<std::string> topics;  // empty lists: no condition
  std::vector<std::string> keys;
};

// What happens to messages from now on. Unfinished messages are remembered by id and asked after; new
// ones are those whose transactions an earlier snapshot did not see, so each is told of once.
class MessageTail {
 public:
  // Throws StoreUnavailable, as the others do.
  MessageTail(OperatorSession& session, TailFilter filter);

  // Messages that appeared since the last call.
  std::vector<MessageState> Appeared();
  // Messages whose status changed since the last call; "deleted" is one that is gone: discarded, or
  // sent where completion is delete. To be called after Appeared.
  std::vector<MessageState> Changed();
  // More is unfinished than is followed: changes of some are not told.
  bool overflowed() const { return overflowed_; }

 private:
  void Follow(const MessageState& state);

  OperatorSession& session_;
  const TailFilter filter_;
  std::string snapshot_;
  std::int64_t newest_ = 0;  // id
  std::map<std::int64_t, MessageState> followed_;
  std::vector<MessageState> at_once_;  // appeared, and finished already
  bool overflowed_ = false;
};

}  // namespace outbox
