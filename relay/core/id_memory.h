// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace outbox {

// Remembers at most `most` messages by id, the oldest forgotten first. A message is recognised only
// with its message id: after a failover that lost rows another message may have the same id.
// Not thread-safe: the relay guards it.
class IdMemory {
 public:
  explicit IdMemory(std::size_t most = 10'000) : most_(most) {}

  void Add(std::int64_t id, std::string_view message_id) {
    if (!known_.insert_or_assign(id, std::string(message_id)).second) return;
    order_.push_back(id);
    while (order_.size() > most_) {
      known_.erase(order_.front());
      order_.pop_front();
    }
  }
  bool Has(std::int64_t id, std::string_view message_id) const {
    const auto place = known_.find(id);
    return place != known_.end() && place->second == message_id;
  }
  // `order_` keeps the id until its turn: forgetting twice does no harm.
  void Remove(std::int64_t id) { known_.erase(id); }
  bool empty() const { return known_.empty(); }
  std::size_t size() const { return known_.size(); }

 private:
  std::size_t most_;
  std::unordered_map<std::int64_t, std::string> known_;
  std::deque<std::int64_t> order_;
};

}  // namespace outbox
