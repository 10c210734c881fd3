// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
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
    const auto [place, fresh] = known_.try_emplace(id, Known{{}, next_});
    place->second.message_id = message_id;
    if (fresh) by_age_.emplace(next_++, id);
    if (known_.size() > most_) Remove(by_age_.begin()->second);
  }
  bool Has(std::int64_t id, std::string_view message_id) const {
    const auto place = known_.find(id);
    return place != known_.end() && place->second.message_id == message_id;
  }
  void Remove(std::int64_t id) {
    const auto place = known_.find(id);
    if (place == known_.end()) return;
    by_age_.erase(place->second.age);
    known_.erase(place);
  }
  bool empty() const { return known_.empty(); }
  std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    std::string message_id;
    std::uint64_t age;
  };
  std::size_t most_;
  std::uint64_t next_ = 0;
  std::unordered_map<std::int64_t, Known> known_;
  std::map<std::uint64_t, std::int64_t> by_age_;
};

}  // namespace outbox
