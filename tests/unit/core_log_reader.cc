// SPDX-License-Identifier: Apache-2.0
#include "core_log_reader.h"

#include <algorithm>

namespace outbox::test {
namespace {

bool Visible(Xid xid, const Snapshot& snapshot) {
  return xid < snapshot.xmax && !std::binary_search(snapshot.xip.begin(), snapshot.xip.end(), xid);
}

}  // namespace

void LogReaderModel::Crash() {
  if (database_.guard == this) database_.guard = nullptr;
  entered_ = false;
  window_.Clear();
  last_drawn_.reset();
  own_.reset();
  for (auto& batch : batches_) batch.reset();
}

void LogReaderModel::Freeze() {
  if (database_.guard == this) database_.guard = nullptr;
}

void LogReaderModel::Enter() {
  if (database_.guard != nullptr) return;
  database_.guard = this;
  entered_ = true;
  idle_ = false;
  version_ = database_.version;
  ticks_ = LogTicks(database_.position);
  HearUnits(AskUnits());
}

void LogReaderModel::Step() {
  if (!entered_) return Enter();
  switch (world_.Below(8)) {
    case 0:
    case 1:
    case 2:
      return ticks_.in_tick() ? Read() : Tick();
    case 3:
    case 4:
    case 5: {
      auto& batch = batches_[world_.Below(2)];
      if (!batch) {
        ClaimRequest request;
        request.messages = static_cast<int>(1 + world_.Below(6));
        request.lanes = static_cast<int>(1 + world_.Below(kModelLanes));
        batch.emplace();
        batch->taken = window_.Take(request, {});
      } else if (batch->settlement.outcomes.size() < batch->taken.messages.size()) {
        Publish(*batch);
      } else {
        Settle(batch);
      }
      return;
    }
    case 6:
      return Move();
    default:
      if (world_.Chance(50)) return ServeParked();
      if (!question_) {
        question_ = AskUnits();
      } else {
        HearUnits(*question_);
        question_.reset();
      }
  }
}

// One statement each: the last drawn id, an xid of our own, the snapshot.
void LogReaderModel::Tick() {
  if (!last_drawn_) {
    last_drawn_ = world_.last_drawn();
    idle_ = !ticks_.Wanted(world_.TakeSnapshot(), *last_drawn_);
    if (idle_) last_drawn_.reset();
    return;
  }
  if (!own_) {
    own_ = 0;
    if (!wrong_.no_own_xid) {
      own_ = world_.Assign();
      world_.End(*own_);
    }
    return;
  }
  if (world_.wrong.last_drawn_late) last_drawn_ = world_.last_drawn();
  ticks_.Begin(*last_drawn_, *own_, {.text = {}, .facts = world_.TakeSnapshot()});
  last_drawn_.reset();
  own_.reset();
}

void LogReaderModel::Read() {
  const auto step = ticks_.Next();
  LogChunk chunk;
  chunk.begin = ticks_.position();
  const LogTick& tick = *chunk.begin.tick;
  const std::size_t most = wrong_.xid_order ? 1'000 : 1 + world_.Below(4);
  std::vector<const World::Row*> found;
  for (auto at = world_.rows.upper_bound(step.from); at != world_.rows.upper_bound(step.upto); ++at) {
    const World::Row& row = at->second;
    if (!Visible(row.xid, tick.after.facts) || (step.late && Visible(row.xid, tick.before->facts))) continue;
    if (found.size() < most) found.push_back(&row);
  }
  if (wrong_.xid_order) {
    std::stable_sort(found.begin(), found.end(), [](auto* a, auto* b) { return a->xid < b->xid; });
  }
  for (const World::Row* row : found) {
    Message message;
    message.id = row->id;
    message.lane = row->lane;
    message.topic = row->topic;
    if (row->key) message.key = *row->key;
    chunk.messages.push_back(message);
  }
  std::optional<std::int64_t> cut;
  if (found.size() == most) cut = found.back()->id;
  ticks_.Done(step, cut);
  chunk.end = ticks_.position();
  window_.Append(std::move(chunk));
}

void LogReaderModel::Publish(Batch& batch) {
  const std::size_t index = batch.settlement.outcomes.size();
  const Outcome outcome = PublishOne(batch, index);
  batch.settlement.outcomes.push_back(outcome);
  if (outcome == Outcome::kRetry) batch.settlement.refusals.push_back({index, {}, "refused"});
}

Outcome LogReaderModel::PublishOne(Batch& batch, std::size_t index) {
  World::Row& row = world_.rows.at(batch.taken.messages[index].id);
  if (batch.ended.contains(row.unit())) return Outcome::kWait;
  const std::size_t chance = world_.calm ? 100 : world_.Below(100);
  if (chance < 16) batch.ended.insert(row.unit());
  if (chance < 5) return Outcome::kWait;
  if (chance < 10) return Outcome::kRetry;
  world_.Deliver(row);
  if (chance < 16) row.may_repeat = true;
  return chance < 16 ? Outcome::kWait : Outcome::kSent;
}

void LogReaderModel::Settle(std::optional<Batch>& batch) {
  if (!batch->taken.messages.empty()) {
    if (world_.Chance(90)) {
      window_.Settle(batch->taken, batch->settlement, OnFailed::kSkip);
    } else {
      for (const Message& message : batch->taken.messages) world_.rows.at(message.id).may_repeat = true;
      window_.GiveBack(batch->taken);
    }
  }
  batch.reset();
}

// One transaction.
void LogReaderModel::Move() {
  const auto progress = window_.Done();
  if (!progress) return;
  if (version_ != database_.version) {
    Crash();
    return;
  }
  database_.position = progress->position;
  version_ = ++database_.version;
  for (const ParkedRow& row : progress->parked) {
    if (!database_.parked.emplace(row.id, row).second)
      world_.Blame("row " + std::to_string(row.id) + " parked twice");
  }
  window_.Moved(*progress);
}

LogReaderModel::Question LogReaderModel::AskUnits() {
  Question question{window_.AskUnits(), {}};
  for (const auto& [id, parked] : database_.parked) {
    const World::Row& row = world_.rows.at(id);
    if (row.key) question.units.push_back(LogWindow::UnitName(row.topic, *row.key));
  }
  return question;
}

void LogReaderModel::HearUnits(const Question& question) {
  window_.SetParkedUnits(question.units, wrong_.units_now ? window_.AskUnits() : question.asked);
}

// The first of a unit, which is what the code of the other modes serves.
void LogReaderModel::ServeParked() {
  if (database_.parked.empty()) return;
  auto at =
      std::next(database_.parked.begin(), static_cast<std::ptrdiff_t>(world_.Below(database_.parked.size())));
  const std::string unit = UnitOf(at->first);
  at = std::find_if(database_.parked.begin(), database_.parked.end(),
                    [&](const auto& item) { return UnitOf(item.first) == unit; });
  world_.Deliver(world_.rows.at(at->first));
  database_.parked.erase(at);
}

}  // namespace outbox::test
