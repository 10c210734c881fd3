// SPDX-License-Identifier: Apache-2.0
#include "core_scan_claim.h"

#include <algorithm>
#include <limits>

namespace outbox::test {

using Status = World::Status;

ModelClaim::~ModelClaim() {
  if (!committed_) {
    for (const Item& item : batch_) {
      if (item.delivered) world_.rows.at(item.id).may_repeat = true;
    }
    FreeLocks();
  }
  relay_.book.Release(lanes_);
}

bool ModelClaim::Step() {
  (this->*next_)();
  return next_ != nullptr;
}

void ModelClaim::Ask() {
  began_ = world_.clock;
  held_topics_.assign(relay_.paused_topics.begin(), relay_.paused_topics.end());
  limit_ = world_.Chance(50) ? 3 : 20;
  epoch_ = relay_.book.epoch();
  if (!held_topics_.empty() && world_.Chance(10)) {
    trial_ = held_topics_.front();
    entries_ = {relay_.book.TrialLane({*trial_, static_cast<int>(world_.Below(kModelLanes))})};
  } else if (!held_topics_.empty() && world_.Chance(30)) {
    only_ = held_topics_[world_.Below(held_topics_.size())];
    entries_ = relay_.book.LanesOf(*only_);
    std::erase_if(entries_, [](const auto& entry) { return entry.lane >= kModelLanes; });
  } else {
    // The model's clock stands still for the book, so that it never sweeps.
    entries_ = relay_.book.Lanes(held_topics_, TimePoint{});
    std::erase_if(entries_, [](const auto& entry) { return entry.lane >= kModelLanes; });
  }
  next_ = &ModelClaim::Snap;
}

bool ModelClaim::HasWork(const LaneBook::Entry& entry) const {
  if (!entry.waiting.empty() && entry.waiting != world_.Signature(entry.lane)) return true;
  return std::any_of(world_.rows.begin(), world_.rows.end(), [&](const auto& item) {
    const World::Row& row = item.second;
    if (row.lane != entry.lane) return false;
    return (row.status == Status::kPending && row.id > entry.start) ||
           (row.status == Status::kRetrying && row.due <= began_);
  });
}

void ModelClaim::Snap() {
  snapshot_ = world_.TakeSnapshot();
  std::erase_if(entries_, [this](const auto& entry) { return !HasWork(entry); });
  next_ = world_.Chance(50) ? &ModelClaim::Lock : &ModelClaim::ReadLast;
}

void ModelClaim::Lock() {
  const std::size_t most = world_.Chance(50) ? 1 : kModelLanes;
  std::erase_if(entries_, [&](const auto& entry) {
    if (lanes_.size() >= most) return true;
    const bool ours = world_.lane_locks.try_emplace(entry.lane, number_).first->second == number_;
    if (ours) lanes_.push_back(entry.lane);
    return !ours;
  });
  if (lanes_.empty()) {
    End();
  } else if (world_.wrong.last_drawn_late) {
    next_ = &ModelClaim::OwnXid;
  } else {
    next_ = last_drawn_ ? &ModelClaim::OwnXid : &ModelClaim::ReadLast;
  }
}

void ModelClaim::ReadLast() {
  last_drawn_ = world_.last_drawn();
  if (xid_) {
    next_ = &ModelClaim::Learn;
  } else {
    next_ = lanes_.empty() ? &ModelClaim::Lock : &ModelClaim::OwnXid;
  }
}

void ModelClaim::OwnXid() {
  xid_ = world_.Assign();
  next_ = world_.wrong.last_drawn_late ? &ModelClaim::ReadLast : &ModelClaim::Learn;
}

void ModelClaim::Learn() {
  relay_.book.Own(epoch_, *xid_);
  bound_ = relay_.book.Bound(snapshot_);
  relay_.book.Hold(lanes_);
  next_ = trial_ ? &ModelClaim::ReadCareful : &ModelClaim::ReadPlain;
  if (trial_) careful_ = entries_;
  if (only_) next_ = &ModelClaim::ReadOnly;
}

void ModelClaim::ReadOnly() {
  for (auto& entry : entries_) entry.start = relay_.book.StartOf(entry.lane, *only_);
  Read(entries_, false, &careful_);
  next_ = careful_.empty() ? &ModelClaim::FindLocked : &ModelClaim::ReadOnlyCareful;
}

void ModelClaim::ReadOnlyCareful() {
  const std::size_t first = reads_.size();
  Read(careful_, true, nullptr);
  for (std::size_t i = first; i < reads_.size(); ++i) reads_[i].may_advance = false;
  next_ = &ModelClaim::FindLocked;
}

std::vector<std::string> ModelClaim::TopicHolds() const {
  std::vector<std::string> holds;
  for (const std::string& topic : held_topics_) holds.push_back(LaneBook::TopicHold(topic));
  return holds;
}

void ModelClaim::ReadPlain() {
  std::vector<LaneBook::Entry> plain;
  for (LaneBook::Entry entry : entries_) {
    if (relay_.book.has_unit_holds(entry.lane)) {
      careful_.push_back(entry);
      continue;
    }
    entry.holds = TopicHolds();
    entry.start = relay_.book.Begin(entry.lane, entry.holds);
    plain.push_back(entry);
  }
  if (!plain.empty()) Read(plain, false, &careful_);
  next_ = careful_.empty() ? &ModelClaim::FindLocked : &ModelClaim::AskWaiting;
}

void ModelClaim::AskWaiting() {
  for (auto& entry : careful_) {
    std::vector<std::string> holds = TopicHolds();
    bool any = false;
    for (const auto& [id, row] : world_.rows) {
      if (row.lane != entry.lane || !world_.Waits(row)) continue;
      any = true;
      if (row.key) holds.push_back(LaneBook::UnitHold(row.topic, *row.key));
    }
    relay_.book.SetWaiting(entry.lane, any ? world_.Signature(entry.lane) : "");
    entry.start = relay_.book.Begin(entry.lane, holds);
    entry.holds = std::move(holds);
  }
  next_ = &ModelClaim::ReadRetries;
}

void ModelClaim::ReadRetries() {
  for (const auto& entry : careful_) {
    for (const auto& [id, row] : world_.rows) {
      if (row.lane != entry.lane || row.status != Status::kRetrying || row.due > began_) continue;
      if (std::find(held_topics_.begin(), held_topics_.end(), row.topic) != held_topics_.end()) continue;
      const bool behind =
          std::any_of(world_.rows.begin(), world_.rows.lower_bound(id), [&](const auto& item) {
            const World::Row& before = item.second;
            return row.key && before.unit() == row.unit() && world_.Waits(before) &&
                   (before.status != Status::kRetrying || before.due > began_);
          });
      if (behind) continue;
      if (!world_.row_locks.try_emplace(id, number_).second) {
        locked_units_.insert(row.unit());
      } else {
        batch_.push_back({.id = id, .lane = row.lane, .retrying = true});
      }
    }
  }
  next_ = &ModelClaim::ReadCareful;
}

void ModelClaim::ReadCareful() {
  Read(careful_, true, nullptr);
  next_ = &ModelClaim::FindLocked;
}

void ModelClaim::Read(const std::vector<LaneBook::Entry>& lanes, bool careful,
                      std::vector<LaneBook::Entry>* waiting) {
  const std::size_t taken = std::min(limit_, batch_.size());
  const std::size_t most = std::max<std::size_t>(1, (limit_ - taken + lanes.size() - 1) / lanes.size());
  bool left_out = false;  // the bytes of the batch are used up
  for (const auto& entry : lanes) {
    const bool waits = std::any_of(world_.rows.begin(), world_.rows.end(), [&](const auto& item) {
      return item.second.lane == entry.lane && world_.Waits(item.second);
    });
    if (waiting != nullptr && waits) {
      waiting->push_back(entry);
      continue;
    }
    ReadLane(entry, careful, most, left_out);
    left_out = left_out || world_.Chance(10);
  }
}

void ModelClaim::ReadLane(const LaneBook::Entry& entry, bool careful, std::size_t most, bool left_out) {
  ScanMemory::LaneRead read{.lane = entry.lane, .start = entry.start, .cut = {}, .unsettled = {}};
  read.may_advance = !left_out;
  read.holds = entry.holds;
  std::size_t seen = 0;
  std::size_t obtained = 0;
  std::optional<std::int64_t> last;
  for (auto at = world_.rows.upper_bound(entry.start); at != world_.rows.end() && seen < most; ++at) {
    const World::Row& row = at->second;
    if (row.lane != entry.lane || row.status != Status::kPending) continue;
    const bool held = std::find(held_topics_.begin(), held_topics_.end(), row.topic) != held_topics_.end();
    const std::optional<std::string>& alone = trial_ ? trial_ : only_;
    if (alone ? row.topic != *alone : held) continue;
    if (careful && world_.Behind(row)) continue;
    ++seen;
    if (left_out || !world_.row_locks.try_emplace(row.id, number_).second) continue;
    ++obtained;
    last = row.id;
    batch_.push_back({.id = row.id, .lane = row.lane, .retrying = false});
  }
  const bool cut = seen == most;
  if (cut && last) read.cut = last;
  if (cut && !last) read.may_advance = false;
  reads_.push_back(read);
  if (left_out) return;
  if (obtained < seen) {
    const auto end = read.cut.value_or(std::numeric_limits<std::int64_t>::max());
    unlocked_.push_back({entry, reads_.size() - 1, end});
  }
}

void ModelClaim::FindLocked() {
  for (const auto& [entry, index, upto] : unlocked_) {
    auto& read = reads_[index];
    for (const auto& [id, row] : world_.rows) {
      if (row.lane != entry.lane || row.status != Status::kPending || id <= entry.start || id > upto)
        continue;
      if (std::any_of(batch_.begin(), batch_.end(), [id = id](const Item& item) { return item.id == id; }))
        continue;
      read.unsettled = std::min(read.unsettled.value_or(id), id);
      locked_units_.insert(row.unit());
    }
  }
  DropLockedUnits();
  std::stable_sort(batch_.begin(), batch_.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  if (world_.Chance(20)) DropSurplus();
  if (batch_.empty()) {
    // Nothing to settle: the transaction is rolled back, and what was read is true all the same.
    if (!trial_) relay_.book.Advance(epoch_, *xid_, *last_drawn_, reads_, bound_, only_);
    End();
    return;
  }
  next_ = &ModelClaim::Deliver;
}

void ModelClaim::DropLockedUnits() {
  std::erase_if(batch_, [this](const Item& item) {
    if (!locked_units_.contains(world_.rows.at(item.id).unit())) return false;
    LeaveUnsettled(item);
    return true;
  });
}

// Of an exact claim.
void ModelClaim::DropSurplus() {
  for (; batch_.size() > 2; batch_.pop_back()) LeaveUnsettled(batch_.back());
}

void ModelClaim::LeaveUnsettled(const Item& item) {
  for (auto& read : reads_) {
    if (read.lane == item.lane && !item.retrying)
      read.unsettled = std::min(read.unsettled.value_or(item.id), item.id);
  }
}

Outcome ModelClaim::Publish(Item& item, World::Row& row) {
  const std::size_t fate = world_.calm ? 99 : world_.Below(100);
  if (fate < 8) return Outcome::kRetry;
  if (fate < 11) return Outcome::kFailed;
  if (fate < 15) return Outcome::kWait;  // not persisted
  world_.Deliver(row);
  item.delivered = true;
  return fate < 20 ? Outcome::kWait : Outcome::kSent;  // persisted, perhaps without our knowing
}

void ModelClaim::Deliver() {
  std::set<std::string> ended;
  for (Item& item : batch_) {
    World::Row& row = world_.rows.at(item.id);
    if (ended.contains(row.unit())) continue;
    item.outcome = Publish(item, row);
    const bool goes_on =
        item.outcome == Outcome::kSent || (item.outcome == Outcome::kFailed && !world_.block);
    if (!goes_on) ended.insert(row.unit());
    // From here on others may pass it, even if this judgement is never committed.
    if (item.outcome == Outcome::kFailed && goes_on) row.lost_place = true;
  }
  next_ = &ModelClaim::Settle;
}

void ModelClaim::LowerToUnsettled() {
  for (const Item& item : batch_) {
    if (item.outcome != Outcome::kWait || item.retrying) continue;
    for (auto& read : reads_) {
      if (read.lane == item.lane) read.unsettled = std::min(read.unsettled.value_or(item.id), item.id);
    }
  }
}

void ModelClaim::Settle() {
  const bool nothing = std::all_of(batch_.begin(), batch_.end(),
                                   [](const Item& item) { return item.outcome == Outcome::kWait; });
  if (nothing) return End();
  LowerToUnsettled();
  for (const Item& item : batch_) {
    World::Row& row = world_.rows.at(item.id);
    if (item.outcome == Outcome::kFailed) row.status = Status::kFailed;
    if (item.outcome == Outcome::kRetry) {
      row.status = Status::kRetrying;
      row.due = world_.clock + static_cast<std::int64_t>(world_.Below(60));
    }
    if (item.delivered) row.may_repeat = true;
    if (item.outcome == Outcome::kSent) world_.rows.erase(item.id);
  }
  committed_ = true;
  FreeLocks();
  next_ = &ModelClaim::Learned;
}

void ModelClaim::Learned() {
  if (!trial_) relay_.book.Advance(epoch_, *xid_, *last_drawn_, reads_, bound_, only_);
  End();
}

void ModelClaim::FreeLocks() {
  if (xid_) world_.End(*xid_);
  std::erase_if(world_.lane_locks, [this](const auto& lock) { return lock.second == number_; });
  std::erase_if(world_.row_locks, [this](const auto& lock) { return lock.second == number_; });
}

}  // namespace outbox::test
