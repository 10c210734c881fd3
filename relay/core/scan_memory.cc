// SPDX-License-Identifier: Apache-2.0
#include "core/scan_memory.h"

#include <algorithm>
#include <limits>

#include "core/mutant.h"

namespace outbox {
namespace {

// One name stands for all holds of a lane that has too many to remember one by one.
constexpr std::string_view kMany = "*";

// Of the mutant that takes xip for all running transactions: all that was drawn so far may be passed.
constexpr std::int64_t kTrusted = std::numeric_limits<std::int64_t>::max();

}  // namespace

void ScanMemory::Forget() { *this = ScanMemory(); }

void ScanMemory::EndHold(Lane& lane, std::map<std::string, std::int64_t, std::less<>>::iterator hold) {
  if (!Mutant("forget_holds")) lane.start = std::min(lane.start, hold->second);
  lane.holds.erase(hold);
}

std::int64_t ScanMemory::Begin(int index, const std::vector<std::string>& holds) {
  Lane& lane = lanes_[static_cast<std::size_t>(index)];
  const bool many = holds.size() > kMostHolds;
  for (auto hold = lane.holds.begin(); hold != lane.holds.end();) {
    const auto next = std::next(hold);
    const bool lasts = !many && std::find(holds.begin(), holds.end(), hold->first) != holds.end();
    if (!lasts) EndHold(lane, hold);
    hold = next;
  }
  if (many) {
    // Nobody will notice when one of these ends, so the start stays where it is (see Advance).
    lane.holds.emplace(kMany, lane.start);
  } else {
    for (const std::string& name : holds) {
      auto& low = lane.holds.emplace(name, lane.start).first->second;
      low = std::min(low, lane.start);
    }
  }
  return lane.start;
}

void ScanMemory::EndHolds(std::string_view prefix, const std::vector<std::string>& still) {
  for (Lane& lane : lanes_) {
    for (auto hold = lane.holds.lower_bound(prefix); hold != lane.holds.end();) {
      if (hold->first.compare(0, prefix.size(), prefix) != 0) break;
      const auto next = std::next(hold);
      if (std::find(still.begin(), still.end(), hold->first) == still.end()) EndHold(lane, hold);
      hold = next;
    }
  }
}

std::int64_t ScanMemory::floor(int index) const {
  const Lane& lane = lanes_[static_cast<std::size_t>(index)];
  std::int64_t lowest = lane.start;
  for (const auto& hold : lane.holds) lowest = std::min(lowest, hold.second);
  return lowest;
}

std::int64_t ScanMemory::start_behind(int index, std::string_view name, std::string_view prefix) const {
  const Lane& lane = lanes_[static_cast<std::size_t>(index)];
  const auto hold = lane.holds.find(name);
  std::int64_t start = hold == lane.holds.end() ? lane.start : hold->second;
  if (Mutant("apart_forgets_units")) return start;
  for (auto other = lane.holds.lower_bound(prefix); other != lane.holds.end(); ++other) {
    if (!other->first.starts_with(prefix)) break;
    start = std::min(start, other->second);
  }
  return start;
}

void ScanMemory::Own(Xid xid) {
  own_.push_back(xid);
  if (own_.size() > kMostPairs) own_.pop_front();
}

std::int64_t ScanMemory::Bound(const Snapshot& snapshot) const {
  Xid unfinished = snapshot.xmax;  // the lowest foreign xid that may be unfinished
  for (const Xid xid : snapshot.xip) {
    if (std::find(own_.begin(), own_.end(), xid) == own_.end()) {
      unfinished = std::min(unfinished, xid);
      break;  // xip is ascending
    }
  }
  if (Mutant("trust_xip") && unfinished == snapshot.xmax) return kTrusted;
  const auto above = std::lower_bound(pairs_.begin(), pairs_.end(), unfinished,
                                      [](const Pair& pair, Xid xid) { return pair.xid < xid; });
  return above == pairs_.begin() ? kNone : std::prev(above)->last_drawn;
}

void ScanMemory::AddPair(Xid xid, std::int64_t last_drawn) {
  const auto place = std::lower_bound(pairs_.begin(), pairs_.end(), xid,
                                      [](const Pair& pair, Xid x) { return pair.xid < x; });
  // What is true of the ids above a lower xid is true of those above a higher one.
  if (place != pairs_.begin()) last_drawn = std::max(last_drawn, std::prev(place)->last_drawn);
  for (auto later = place; later != pairs_.end(); ++later) {
    later->last_drawn = std::max(later->last_drawn, last_drawn);
  }
  pairs_.insert(place, {xid, last_drawn});
  if (pairs_.size() <= kMostPairs) return;
  // Dropping a pair is always sound. Every other one goes, so that old moments stay represented;
  // the newest stays.
  std::deque<Pair> kept;
  for (std::size_t i = pairs_.size() % 2 == 0 ? 1 : 0; i < pairs_.size(); i += 2) kept.push_back(pairs_[i]);
  pairs_ = std::move(kept);
}

void ScanMemory::Advance(const LaneRead& read, std::int64_t bound) {
  Lane& lane = lanes_[static_cast<std::size_t>(read.lane)];
  const bool mutant = Mutant("remembered_id") || (Mutant("trust_xip") && bound == kTrusted);
  if (mutant && !pairs_.empty()) bound = pairs_.back().last_drawn;
  std::int64_t start = lane.start;
  // A hold can end while a claim that obeyed it is still on its way.
  const bool holds_last = std::all_of(read.holds.begin(), read.holds.end(),
                                      [&lane](const auto& name) { return lane.holds.contains(name); });
  if (read.may_advance && holds_last && !lane.holds.contains(kMany)) {
    start = std::max(start, read.cut ? std::min(*read.cut, bound) : bound);
  }
  if (read.unsettled && !Mutant("past_unsettled")) start = std::min(start, *read.unsettled - 1);
  lane.start = start;
}

void ScanMemory::AdvanceHold(const LaneRead& read, std::int64_t bound, std::string_view name) {
  Lane& lane = lanes_[static_cast<std::size_t>(read.lane)];
  const auto hold = lane.holds.find(name);
  // It may have begun after the read, or be a new one, from further below.
  if (hold == lane.holds.end() || read.start > hold->second || !read.may_advance) return;
  if (Mutant("apart_remembered_id") && !pairs_.empty()) bound = pairs_.back().last_drawn;
  std::int64_t upto = read.cut ? std::min(*read.cut, bound) : bound;
  if (read.unsettled) upto = std::min(upto, *read.unsettled - 1);
  hold->second = std::max(hold->second, upto);
}

}  // namespace outbox
