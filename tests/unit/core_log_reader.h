// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/log_ticks.h"
#include "core/log_window.h"
#include "core_scan_world.h"

namespace outbox::test {

// How a reader departs from what it should do. Each one must be noticed.
struct WrongReader {
  bool no_own_xid = false;  // between the last drawn id and the snapshot
  bool xid_order = false;   // rows of a tick by xid, not by id
  bool units_now = false;   // takes what the side table held when it was asked for what it holds
};

// The progress row, the side table and the guard.
struct LogDatabase {
  LogPosition position;
  std::int64_t version = 0;
  std::map<std::int64_t, ParkedRow> parked;
  const void* guard = nullptr;
};

// One relay of a log, as LogReader, LogProgress and LogBatch make it, cut into the steps between which
// others may act. World::rows is the log: nothing leaves it.
class LogReaderModel {
 public:
  LogReaderModel(World& world, LogDatabase& database, WrongReader wrong)
      : world_(world), database_(database), wrong_(wrong) {}

  void Step();
  void Crash();   // forgets everything, and the guard is free
  void Freeze();  // the guard is free, and it does not know yet
  bool idle() const { return entered_ && idle_ && window_.empty(); }

 private:
  struct Batch {
    LogWindow::Taken taken;
    Settlement settlement;
    std::set<std::string> ended;  // units
  };
  // To the side table, and what it answers; others act before that is heard.
  struct Question {
    std::uint64_t asked = 0;
    std::vector<std::string> units;
  };

  void Enter();
  void Tick();
  void Read();
  void Publish(Batch& batch);
  Outcome PublishOne(Batch& batch, std::size_t index);
  void Settle(std::optional<Batch>& batch);
  void Move();
  Question AskUnits();
  void HearUnits(const Question& question);
  void ServeParked();
  std::string UnitOf(std::int64_t id) const { return world_.rows.at(id).unit(); }

  World& world_;
  LogDatabase& database_;
  const WrongReader wrong_;
  bool entered_ = false;
  bool idle_ = false;
  std::int64_t version_ = 0;
  LogTicks ticks_;
  LogWindow window_;
  // Of a tick that is about to begin.
  std::optional<std::int64_t> last_drawn_;
  std::optional<Xid> own_;
  std::optional<Batch> batches_[2];
  std::optional<Question> question_;  // a lost guard does not end it
};

}  // namespace outbox::test
