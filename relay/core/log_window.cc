// SPDX-License-Identifier: Apache-2.0
#include "core/log_window.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"

namespace outbox {
namespace {

std::size_t Index(int lane) { return static_cast<std::size_t>(lane); }

std::int64_t PayloadBytes(const Message& message) {
  return message.payload ? static_cast<std::int64_t>(message.payload->size()) : 0;
}

}  // namespace

std::string LogWindow::UnitName(std::string_view topic, std::string_view key) {
  std::string name(topic);
  name += '\0';
  name += key;
  return name;
}

void LogWindow::Append(LogChunk read) {
  Chunk chunk;
  static_cast<LogChunk&>(chunk) = std::move(read);
  chunk.fates.assign(chunk.messages.size(), Fate::kOpen);
  const std::uint64_t number = first_ + chunks_.size();
  for (std::size_t i = 0; i < chunk.messages.size(); ++i) {
    const std::size_t lane = Index(chunk.messages[i].lane);
    queues_[lane].push_back({number, i});
    if (!held_[lane]) ++queued_;
  }
  bytes_ += chunk.bytes;
  chunks_.push_back(std::move(chunk));
}

void LogWindow::Clear() {
  LogWindow empty;
  empty.epoch_ = epoch_ + 1;
  empty.asked_ = asked_;
  empty.answered_ = answered_;
  *this = std::move(empty);
}

int LogWindow::lanes_busy() const {
  int busy = 0;
  for (std::size_t lane = 0; lane < queues_.size(); ++lane) busy += held_[lane] ? 1 : 0;
  return busy;
}

bool LogWindow::MustPark(const Message& message, const Held& held_topics) const {
  if (!held_topics.empty() &&
      std::find(held_topics.begin(), held_topics.end(), message.topic) != held_topics.end())
    return true;
  return !units_.empty() && message.key && units_.contains(UnitName(message.topic, *message.key));
}

LogWindow::ParkedUnit& LogWindow::UnitOf(const Message& message) {
  ParkedUnit& unit = units_[UnitName(message.topic, *message.key)];
  unit.changed = asked_;
  return unit;
}

void LogWindow::Park(const Place& place, ParkedRow row, bool holds_unit) {
  Chunk& chunk = ChunkOf(place);
  const Message& message = chunk.messages[place.row];
  row.id = message.id;
  chunk.fates[place.row] = Fate::kParked;
  holds_unit = holds_unit && message.key.has_value();
  chunk.parked.insert({place.row, {std::move(row), holds_unit}});
  ++parking_;
  if (holds_unit) ++UnitOf(message).coming;
}

LogWindow::Taken LogWindow::Take(const ClaimRequest& request, const Held& held_topics) {
  Taken taken;
  taken.epoch = epoch_;
  std::vector<int> lanes;
  for (int i = 0; i < kLanes && static_cast<int>(lanes.size()) < request.lanes; ++i) {
    const int lane = (next_lane_ + i) % kLanes;
    if (!held_[Index(lane)] && !queues_[Index(lane)].empty()) lanes.push_back(lane);
  }
  const auto most = static_cast<std::size_t>(request.messages);
  taken.messages.reserve(std::min(most, queued_));
  taken.places.reserve(std::min(most, queued_));
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    // What is left, shared by those that are left.
    const std::size_t left = most - taken.messages.size();
    if (left == 0) break;
    const std::size_t share = std::max<std::size_t>(1, (left + lanes.size() - i - 1) / (lanes.size() - i));
    next_lane_ = (lanes[i] + 1) % kLanes;
    if (!TakeLane(lanes[i], request, held_topics, share, taken)) break;
  }
  if (queued_ > 0) taken.full = true;
  std::vector<std::shared_ptr<const void>> memories;
  std::uint64_t last = UINT64_MAX;
  for (const Place& place : taken.places) {
    if (place.chunk == last) continue;
    last = place.chunk;
    memories.push_back(ChunkOf(place).memory);
  }
  std::sort(memories.begin(), memories.end());
  memories.erase(std::unique(memories.begin(), memories.end()), memories.end());
  taken.memory = std::make_shared<const std::vector<std::shared_ptr<const void>>>(std::move(memories));
  return taken;
}

bool LogWindow::TakeLane(int lane, const ClaimRequest& request, const Held& held_topics, std::size_t most,
                         Taken& taken) {
  std::deque<Place>& queue = queues_[Index(lane)];
  const std::size_t before = taken.messages.size();
  bool room = true;
  while (!queue.empty() && taken.messages.size() - before < most) {
    const Place place = queue.front();
    const Message& message = ChunkOf(place).messages[place.row];
    if (MustPark(message, held_topics)) {
      Park(place, {}, true);
    } else {
      const std::int64_t bytes = PayloadBytes(message);
      if (!taken.messages.empty() && taken.bytes + bytes > request.bytes) {
        room = false;
        break;
      }
      taken.bytes += bytes;
      taken.messages.push_back(message);
      taken.places.push_back(place);
    }
    queue.pop_front();
    --queued_;
  }
  taken.full = taken.full || !queue.empty();
  if (taken.messages.size() == before) return room;
  queued_ -= queue.size();
  held_[Index(lane)] = true;
  taken.lanes.push_back(lane);
  return room;
}

void LogWindow::Settle(const Taken& taken, const Settlement& settlement, OnFailed on_failed) {
  if (!current(taken)) return;
  const auto outcome = [&](std::size_t i) {
    return settlement.outcomes.empty() ? Outcome::kWait : settlement.outcomes[i];
  };
  for (std::size_t i = 0; i < taken.places.size(); ++i) {
    if (outcome(i) == Outcome::kSent) ChunkOf(taken.places[i]).fates[taken.places[i].row] = Fate::kSent;
  }
  for (const Refusal& refusal : settlement.refusals) {
    const Message& message = taken.messages[refusal.index];
    const bool failed = outcome(refusal.index) == Outcome::kFailed;
    Park(taken.places[refusal.index],
         {.status = failed ? ParkedRow::Status::kFailed : ParkedRow::Status::kRetrying,
          .attempts = message.attempts + 1,
          .delay = refusal.delay,
          .error = refusal.error},
         !failed || on_failed == OnFailed::kBlock);
  }
  for (std::size_t i = taken.places.size(); i-- > 0;) {
    if (outcome(i) == Outcome::kWait) queues_[Index(taken.messages[i].lane)].push_front(taken.places[i]);
  }
  for (const int lane : taken.lanes) {
    held_[Index(lane)] = false;
    queued_ += queues_[Index(lane)].size();
  }
}

std::optional<LogWindow::Progress> LogWindow::Done() const {
  Progress progress;
  progress.epoch = epoch_;
  progress.end = {first_, first_row_};
  bool moved = false;
  for (const Chunk& chunk : chunks_) {
    std::size_t& row = progress.end.row;
    const std::size_t first = row;
    for (; row < chunk.fates.size() && chunk.fates[row] != Fate::kOpen; ++row) {
      if (chunk.fates[row] == Fate::kParked) progress.parked.push_back(chunk.parked.at(row).row);
    }
    if (row < chunk.fates.size()) {
      if (row == first) break;
      progress.position = chunk.begin;
      progress.position.last = chunk.messages[row - 1].id;
      moved = true;
      break;
    }
    progress.position = chunk.end;
    progress.end = {progress.end.chunk + 1, 0};
    moved = true;
  }
  if (Mutant("log_before_reports") && !chunks_.empty()) {
    progress.position = chunks_.back().end;
    return progress;
  }
  if (!moved) return std::nullopt;
  return progress;
}

void LogWindow::Moved(const Progress& progress) {
  if (progress.epoch != epoch_) return;
  // All that were handed over, so in the same order.
  for (auto number = first_; number <= progress.end.chunk && !chunks_.empty(); ++number) {
    Chunk& chunk = chunks_.front();
    const bool whole = number < progress.end.chunk;
    const std::size_t end = whole ? chunk.fates.size() : progress.end.row;
    for (std::size_t row = first_row_; row < end && !chunk.parked.empty(); ++row) {
      const auto parked = chunk.parked.find(row);
      if (parked == chunk.parked.end()) continue;
      --parking_;
      const Message& message = chunk.messages[row];
      // The table holds it from now on; whether it still does is told by SetParkedUnits.
      if (parked->second.holds_unit) --UnitOf(message).coming;
      chunk.parked.erase(parked);
    }
    first_row_ = end;
    if (!whole) break;
    bytes_ -= chunk.bytes;
    chunks_.pop_front();
    ++first_;
    first_row_ = 0;
  }
}

void LogWindow::SetParkedUnits(const std::vector<std::string>& units, std::uint64_t asked) {
  if (asked < answered_) return;  // a later one was faster
  answered_ = asked;
  if (Mutant("log_unpark_early")) units_.clear();
  std::unordered_map<std::string, ParkedUnit> now;
  for (const auto& [name, unit] : units_) {
    if (unit.coming > 0 || unit.changed >= asked) now.emplace(name, unit);
  }
  for (const std::string& name : units) now.try_emplace(name);
  units_ = std::move(now);
}

}  // namespace outbox
