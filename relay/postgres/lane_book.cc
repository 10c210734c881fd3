// SPDX-License-Identifier: Apache-2.0
#include "postgres/lane_book.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"

namespace outbox {
namespace {

constexpr std::string_view kTopicPrefix = "t:";

}  // namespace

std::string LaneBook::UnitHold(std::string_view topic, std::string_view key) {
  std::string name = "u:";
  name.append(topic).push_back('\0');
  return name.append(key);
}

std::string LaneBook::TopicHold(std::string_view topic) { return std::string(kTopicPrefix).append(topic); }

std::vector<LaneBook::Entry> LaneBook::Lanes(const std::vector<std::string>& held_topics, TimePoint now,
                                             const std::vector<std::string>& apart_topics) {
  std::vector<std::string> holds;
  for (const std::string& topic : held_topics) holds.push_back(TopicHold(topic));
  for (const std::string& topic : apart_topics) holds.push_back(TopicHold(topic));
  const std::scoped_lock lock(mutex_);
  memory_.EndHolds(kTopicPrefix, holds);
  held_topics_ = held_topics;
  std::vector<Entry> entries = FreeLanes();
  ChooseSweep(entries, now);
  return entries;
}

std::vector<LaneBook::Entry> LaneBook::FreeLanes() const {
  std::vector<Entry> entries;
  entries.reserve(kLanes);
  for (int i = 0; i < kLanes; ++i) {
    const int lane = (first_ + i) % kLanes;
    if (ours_[static_cast<std::size_t>(lane)]) continue;
    entries.push_back({lane, memory_.start(lane), waiting_[static_cast<std::size_t>(lane)], false});
  }
  return entries;
}

std::vector<LaneBook::Entry> LaneBook::LanesOf(const std::string& topic) const {
  const std::string hold = TopicHold(topic);
  const std::string units = UnitHold(topic, {});
  const std::scoped_lock lock(mutex_);
  std::vector<Entry> entries = FreeLanes();
  for (Entry& entry : entries) {
    entry.start = memory_.start_behind(entry.lane, hold, units);
    entry.waiting.clear();  // what waits is the others' affair
  }
  return entries;
}

std::int64_t LaneBook::StartOf(int lane, const std::string& topic) const {
  const std::scoped_lock lock(mutex_);
  return memory_.start_behind(lane, TopicHold(topic), UnitHold(topic, {}));
}

// Of the lanes that are free the one that was swept longest ago; first, so that it is taken if any is.
void LaneBook::ChooseSweep(std::vector<Entry>& entries, TimePoint now) {
  if (entries.empty() || now - last_sweep_ < kSweepEvery / kLanes) return;
  last_sweep_ = now;
  const auto swept = [this](const Entry& entry) {
    return std::pair(swept_[static_cast<std::size_t>(entry.lane)], entry.lane);
  };
  const auto chosen = std::min_element(entries.begin(), entries.end(),
                                       [&](const Entry& a, const Entry& b) { return swept(a) < swept(b); });
  swept_[static_cast<std::size_t>(chosen->lane)] = now;
  chosen->start = ScanMemory::kNone;
  chosen->sweep = true;
  std::rotate(entries.begin(), chosen, chosen + 1);
}

LaneBook::Entry LaneBook::TrialLane(const ClaimRequest::Trial& trial) {
  const std::scoped_lock lock(mutex_);
  // Not only from where the topic was held: a unit of it may have been held as well.
  return {trial.lane, memory_.floor(trial.lane), {}, false};
}

void LaneBook::StartWith(int lane) {
  const std::scoped_lock lock(mutex_);
  first_ = lane;
}

void LaneBook::Hold(const std::vector<int>& lanes) {
  const std::scoped_lock lock(mutex_);
  for (const int lane : lanes) ours_[static_cast<std::size_t>(lane)] = true;
  if (!lanes.empty()) first_ = (lanes.back() + 1) % kLanes;
}

void LaneBook::Release(const std::vector<int>& lanes) {
  const std::scoped_lock lock(mutex_);
  for (const int lane : lanes) ours_[static_cast<std::size_t>(lane)] = false;
}

bool LaneBook::SamePast(const std::string& token) {
  const std::scoped_lock lock(mutex_);
  if (token == token_) return true;
  ForgetAll();
  token_ = token;
  return false;
}

void LaneBook::Forget() {
  const std::scoped_lock lock(mutex_);
  ForgetAll();
}

void LaneBook::ForgetAll() {
  memory_.Forget();
  waiting_.fill({});
  ++epoch_;
}

std::int64_t LaneBook::last_drawn() const {
  const std::scoped_lock lock(mutex_);
  return last_drawn_;
}

bool LaneBook::WentBack(std::int64_t known_before, std::int64_t last_drawn) {
  const std::scoped_lock lock(mutex_);
  if (last_drawn >= known_before) {
    last_drawn_ = std::max(last_drawn_, last_drawn);
    return false;
  }
  ForgetAll();
  last_drawn_ = last_drawn;
  return true;
}

void LaneBook::Own(int epoch, Xid xid) {
  const std::scoped_lock lock(mutex_);
  if (epoch == epoch_) memory_.Own(xid);
}

std::int64_t LaneBook::Bound(const Snapshot& snapshot) const {
  const std::scoped_lock lock(mutex_);
  return memory_.Bound(snapshot);
}

std::int64_t LaneBook::Begin(int lane, const std::vector<std::string>& holds) {
  const std::scoped_lock lock(mutex_);
  return memory_.Begin(lane, holds);
}

bool LaneBook::has_unit_holds(int lane) const {
  const std::scoped_lock lock(mutex_);
  return !waiting_[static_cast<std::size_t>(lane)].empty();
}

std::int64_t LaneBook::floor(int lane) const {
  const std::scoped_lock lock(mutex_);
  return memory_.floor(lane);
}

void LaneBook::SetWaiting(int lane, const std::string& signature) {
  const std::scoped_lock lock(mutex_);
  waiting_[static_cast<std::size_t>(lane)] = signature;
}

int LaneBook::epoch() const {
  const std::scoped_lock lock(mutex_);
  return epoch_;
}

void LaneBook::Advance(int epoch, Xid xid, std::int64_t last_drawn,
                       const std::vector<ScanMemory::LaneRead>& reads, std::int64_t bound,
                       const std::optional<std::string>& only) {
  const std::scoped_lock lock(mutex_);
  if (epoch != epoch_) return;
  memory_.AddPair(xid, Mutant("drawn_after_xid") ? last_drawn_ : last_drawn);
  for (const auto& read : reads) {
    if (only) {
      memory_.AdvanceHold(read, bound, TopicHold(*only));
    } else {
      memory_.Advance(read, bound);
    }
  }
}

std::vector<std::string> LaneBook::held_topics() const {
  const std::scoped_lock lock(mutex_);
  return held_topics_;
}

std::vector<std::int64_t> LaneBook::Floors() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::int64_t> floors;
  for (int lane = 0; lane < kLanes; ++lane) floors.push_back(memory_.floor(lane));
  return floors;
}

}  // namespace outbox
