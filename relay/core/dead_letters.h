// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/judge.h"
#include "outbox/observer.h"
#include "outbox/publisher.h"
#include "outbox/settings.h"
#include "outbox/store.h"

namespace outbox {

// Where copies of a topic's failed messages go; empty: nowhere.
std::string_view DeadLetterTopicOf(const DeadLetterSettings& settings, std::string_view topic);

// Publishes copies of the messages of one batch that were judged failed, each to its dead letter topic,
// before they are settled so. A message whose copy is not persisted, for whatever reason, is settled as
// retrying instead: its next attempt tries both again. That ends after as many attempts again as were
// needed to fail, so that nothing holds its unit for ever; then it is failed without a copy.
//
// Copies go alone, so a refused one costs no producer. Made for one batch, used by its worker's thread.
class DeadLetters {
 public:
  static constexpr milliseconds kCopyFor{3'000};  // the batch's transaction waits

  struct Task {
    std::span<const Message> messages;
    std::shared_ptr<const void> memory;  // of the messages
    std::span<const Report> reports;     // on them
    TimePoint until;
    const DeadLetterSettings& topics;
    const RetryPolicy& retry;
  };
  DeadLetters(const Task& task, Publisher& publisher, const Environment& env);

  // Publishes, waits, and changes the outcomes whose copies did not arrive.
  DeadLetterTally Publish(Settlement& settlement);

 private:
  struct Letter {
    std::size_t refusal;  // into Settlement::refusals
    Message copy;
    std::string headers;
    std::string why = {};  // it is not persisted; empty: it is
  };

  void Write(const Settlement& settlement);
  void Send(Delivery& delivery);
  void HandOver(Delivery& delivery, std::size_t letter, std::size_t index);
  void Await(Delivery& delivery);
  bool late() const;
  const std::string& WhyUnusable(std::string_view topic);  // empty: it is usable
  void KeepRetrying(const Letter& letter, Settlement& settlement, DeadLetterTally& tally) const;

  const Task& task_;
  Publisher& publisher_;
  const Environment& env_;
  std::shared_ptr<std::vector<Letter>> letters_;  // the client reads them until their reports
  std::map<std::string, std::string, std::less<>> asked_;
};

}  // namespace outbox
