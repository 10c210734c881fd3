// SPDX-License-Identifier: Apache-2.0
#include "core_scan_world.h"

#include <algorithm>

namespace outbox::test {

Xid World::Assign() {
  running_.insert(next_xid_);
  return next_xid_++;
}

void World::End(Xid xid) {
  running_.erase(xid);
  last_ended_ = std::max(last_ended_, xid);
}

Snapshot World::TakeSnapshot() const {
  Snapshot snapshot;
  snapshot.xmax = last_ended_ + 1;
  for (const Xid xid : running_) {
    if (xid < snapshot.xmax) snapshot.xip.push_back(xid);
  }
  snapshot.xmin = snapshot.xip.empty() ? snapshot.xmax : snapshot.xip.front();
  return snapshot;
}

bool World::Waits(const Row& row) const {
  return row.status == Status::kRetrying || (block && row.status == Status::kFailed);
}

bool World::Behind(const Row& row) const {
  if (!row.key) return false;
  return std::any_of(rows.begin(), rows.lower_bound(row.id), [&](const auto& item) {
    return item.second.topic == row.topic && item.second.key == row.key && Waits(item.second);
  });
}

std::string World::Signature(int lane) const {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  for (const auto& [id, row] : rows) {
    if (row.lane != lane || !Waits(row)) continue;
    ++count;
    sum += id;
  }
  return std::to_string(count) + ":" + std::to_string(sum);
}

void World::Deliver(Row& row) {
  if (row.delivered && !row.may_repeat) Blame("row " + std::to_string(row.id) + " was delivered twice");
  if (!row.delivered && !row.lost_place) {
    std::int64_t& newest = newest_first_[row.unit()];
    if (row.id < newest) {
      Blame("row " + std::to_string(row.id) + " of " + row.unit() + " was delivered after row " +
            std::to_string(newest));
    }
    newest = std::max(newest, row.id);
  }
  row.delivered = true;
  row.may_repeat = false;
}

void World::Blame(const std::string& what) {
  if (violation_.empty()) violation_ = what + ", at step " + std::to_string(clock);
}

void Writer::Plan() {
  planned_.clear();
  next_ = 0;
  laziness_ = world_.Chance(30) ? 95 : 50;
  const std::size_t inserts = world_.Chance(30) ? 0 : 1 + world_.Below(3);
  for (std::size_t i = 0; i < inserts; ++i) {
    World::Row row;
    row.topic = world_.Chance(70) ? "a" : "b";
    if (!world_.Chance(15)) row.key = std::string(1, static_cast<char>('p' + world_.Below(4)));
    planned_.push_back(row);
  }
  // In one order, or two services would wait for one another for ever.
  std::stable_sort(planned_.begin(), planned_.end(),
                   [](const auto& a, const auto& b) { return a.unit() < b.unit(); });
}

void Writer::Step() {
  if (!world_.calm && world_.Chance(laziness_)) return;
  if (idle() && world_.calm) return;
  if (!xid_ && (planned_.empty() || world_.Chance(20))) {
    xid_ = world_.Assign();
    return;
  }
  if (next_ < planned_.size()) {
    if (Insert()) ++next_;
    return;
  }
  Finish();
}

// False: not done yet. Between the xid and the id others may act, as they may between two defaults.
bool Writer::Insert() {
  World::Row row = planned_[next_];
  if (row.key) {
    const auto lock = world_.writer_locks.try_emplace(row.unit(), number_).first;
    if (lock->second != number_) return false;
  }
  if (world_.wrong.id_before_xid && !drawn_) {
    drawn_ = world_.Draw();
    return false;
  }
  if (!xid_) {
    xid_ = world_.Assign();
    return false;
  }
  row.xid = *xid_;
  row.id = drawn_ ? *drawn_ : world_.Draw();
  drawn_.reset();
  row.lane = row.key ? row.key->front() % kModelLanes : static_cast<int>(row.id % kModelLanes);
  rows_.push_back(row);
  return true;
}

void Writer::Finish() {
  if (!world_.Chance(20)) {
    for (const auto& row : rows_) world_.rows.emplace(row.id, row);
  }
  if (xid_) world_.End(*xid_);
  std::erase_if(world_.writer_locks, [this](const auto& item) { return item.second == number_; });
  rows_.clear();
  xid_.reset();
  Plan();
}

}  // namespace outbox::test
