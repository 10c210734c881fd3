// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_progress.h"

#include <utility>

#include "core/kill_point.h"
#include "postgres/field.h"
#include "postgres/text.h"

namespace outbox {
namespace {

using Phase = LogPosition::Phase;
using Reason = StoreUnavailable::Reason;

// Of the side table: whoever pauses a topic for weeks must hear of it before the disk is full.
constexpr std::int64_t kMostParkedBytes = std::int64_t{4} << 30;

// What a killed relay has sent is sent again from here on.
constexpr std::size_t kMostUnmoved = 5'000;

std::string Text(const pqxx::field& field) { return std::string(View(field)); }

const char* Name(ParkedRow::Status status) {
  switch (status) {
    case ParkedRow::Status::kPending:
      return "pending";
    case ParkedRow::Status::kRetrying:
      return "retrying";
    case ParkedRow::Status::kFailed:
      return "failed";
  }
  return "";
}

LogPosition PositionOf(const pqxx::row& row) {
  LogPosition position;
  if (row["snapshot"].is_null() && row["next_snapshot"].is_null()) return position;
  auto tick = std::make_shared<LogTick>();
  tick->pairs = XidPairs::Parse(View(row["pairs"]));
  if (row["next_snapshot"].is_null()) {
    tick->after = LogSnapshot::Of(Text(row["snapshot"]));
    tick->last_drawn = Number(row["upto"]);
  } else {
    if (!row["snapshot"].is_null()) tick->before = LogSnapshot::Of(Text(row["snapshot"]));
    tick->upto = Number(row["upto"]);
    tick->after = LogSnapshot::Of(Text(row["next_snapshot"]));
    tick->last_drawn = Number(row["last_drawn"]);
    tick->late_from = Number(row["late_from"]);
    position.phase = Text(row["phase"]) == "late" ? Phase::kLate : Phase::kNew;
    position.last = Number(row["last_id"]);
  }
  position.tick = std::move(tick);
  return position;
}

std::vector<std::string> ParametersOf(const LogPosition& position) {
  const LogTick& tick = *position.tick;
  if (position.phase == Phase::kOver) {
    return {tick.after.text, std::to_string(tick.last_drawn), "", "", "", "", "", tick.pairs.Text()};
  }
  return {tick.before ? tick.before->text : "",
          std::to_string(tick.upto),
          tick.after.text,
          std::to_string(tick.last_drawn),
          std::to_string(tick.late_from),
          position.phase == Phase::kLate ? "late" : "new",
          std::to_string(position.last),
          tick.pairs.Text()};
}

}  // namespace

void LogProgress::Load(int tenure) {
  shared_.stream.reset();
  shared_.stream = std::make_unique<CopyStream>(shared_.stream_options, shared_.supervisor);
  const pqxx::row row = Stored();
  LogPosition position = PositionOf(row);
  const std::string writer =
      Text(connection_.Query("/* outbox-relay: name */ SELECT gen_random_uuid()")[0][0]);
  {
    const std::scoped_lock lock(shared_.mutex);
    shared_.tenure = tenure;
    shared_.window.Clear();
    shared_.version = Number(row["version"]);
    shared_.writer = writer;
    shared_.marker = Text(row["marker"]);
    shared_.in_doubt = false;
    shared_.unmoved = 0;
    shared_.parked = true;
    shared_.idle = false;
  }
  shared_.ticks = LogTicks(std::move(position));
}

// Whatever another server tells, a promoted replica or a restored backup, is true there: the progress that it
// has, and all that went before. Where it says that it cannot be, nobody guesses.
pqxx::row LogProgress::Stored() {
  const auto load = [this] { return connection_.Query(statements_.load.name, statements_.load.sql, {}); };
  auto rows = load();
  if (!rows.empty() && rows[0]["marker"].is_null()) {
    connection_.Run(statements_.set_marker);
    rows = load();
  }
  if (rows.empty())
    throw StoreUnavailable(Reason::kSchema, "outbox_progress is empty: apply the schema again");
  if (True(rows[0]["elsewhere"]) || shared_.set_back) {
    throw StoreUnavailable(
        Reason::kSchema,
        "the progress of this log was made on another PostgreSQL cluster, or names transactions or ids that "
        "this one has never had: drain it there, or begin anew with `outbox-relay schema reset-log`");
  }
  if (rows[0]["marker"].is_null() || !shared_.guard.IsOn(Text(rows[0]["server"])))
    throw StoreUnavailable(Reason::kLost, "the guard of the log is on another server than its progress");
  return rows[0];
}

void LogProgress::ReadUnits() {
  const TimePoint began = std::chrono::steady_clock::now();
  OnFailed on_failed{};
  std::uint64_t asked = 0;
  {
    const std::scoped_lock lock(shared_.mutex);
    on_failed = shared_.control.on_failed;
    asked = shared_.window.AskUnits();
  }
  const std::string blocks = on_failed == OnFailed::kBlock ? "t" : "f";
  const auto rows = connection_.Query(statements_.units.name, statements_.units.sql, {blocks});
  std::vector<std::string> units;
  units.reserve(static_cast<std::size_t>(rows.size()));
  shared_.CheckMarker(View(rows[0]["marker"]));
  for (const auto& row : rows) {
    if (!row["topic"].is_null()) units.push_back(LogWindow::UnitName(View(row["topic"]), View(row["key"])));
  }
  const std::scoped_lock lock(shared_.mutex);
  if (shared_.control.on_failed != on_failed) return;  // then the answer is another one
  shared_.window.SetParkedUnits(units, asked);
  shared_.units_read = std::chrono::steady_clock::now();
  shared_.units_took = shared_.units_read - began;
}

void LogProgress::TryMove() noexcept {
  try {
    Move(false);
  } catch (const StoreUnavailable& error) {
    failure_ = error;
  } catch (const std::exception& error) {
    failure_.emplace(Reason::kOther, error.what());
  }
}

void LogProgress::Check() const {
  if (failure_) throw StoreUnavailable(*failure_);
}

void LogProgress::Move(bool now) {
  Check();
  const TimePoint time = std::chrono::steady_clock::now();
  {
    const std::scoped_lock lock(shared_.mutex);
    const bool due = now || time - shared_.moved >= shared_.move_every || shared_.unmoved >= kMostUnmoved;
    if (shared_.moving || !due) return;
    shared_.moving = true;
  }
  struct End {
    LogShared& shared;
    ~End() {
      const std::scoped_lock lock(shared.mutex);
      shared.moving = false;
    }
  } const end{shared_};
  if (!Resolve()) return;
  std::optional<LogWindow::Progress> progress;
  std::string marker;
  std::string writer;
  std::vector<std::string> parameters;
  {
    const std::scoped_lock lock(shared_.mutex);
    if (shared_.tenure == 0 || !(progress = shared_.window.Done())) return;
    writer = shared_.writer;
    parameters = {std::to_string(shared_.version), writer};
    marker = shared_.marker;
    shared_.last_move = *progress;
    shared_.unmoved = 0;
    shared_.in_doubt = true;
  }
  for (std::string& parameter : ParametersOf(progress->position)) parameters.push_back(std::move(parameter));
  parameters.push_back(std::move(marker));
  KillPointDuring("moving");
  Write(*progress, parameters);
  KillPoint("moved");
  const std::scoped_lock lock(shared_.mutex);
  // Others may have begun anew meanwhile, also under the same guard: then from the progress before this.
  if (shared_.tenure == 0 || shared_.writer != writer) return;
  shared_.in_doubt = false;
  ++shared_.version;
  shared_.moved = time;
  shared_.parked = shared_.parked || !progress->parked.empty();
  shared_.window.Moved(*progress);
}

// What became of a move whose end we did not see. Its name and number tell.
bool LogProgress::Resolve() {
  {
    const std::scoped_lock lock(shared_.mutex);
    if (!shared_.in_doubt) return true;
  }
  const auto row = connection_.Query(statements_.moved.name, statements_.moved.sql, {})[0];
  shared_.CheckMarker(View(row["marker"]));
  const std::int64_t version = Number(row["version"]);
  const std::scoped_lock lock(shared_.mutex);
  if (version == shared_.version + 1 && Text(row["writer"]) == shared_.writer) {
    ++shared_.version;
    shared_.parked = true;
    shared_.window.Moved(shared_.last_move);
  } else if (version != shared_.version) {
    shared_.tenure = 0;
    return false;
  }
  shared_.in_doubt = false;
  return true;
}

void LogProgress::Write(const LogWindow::Progress& progress, const std::vector<std::string>& parameters) {
  if (progress.parked.empty()) {
    const auto result = connection_.Query(statements_.move.name, statements_.move.sql, parameters);
    if (result.affected_rows() != 1) Lost("somebody else has moved it, or it is on another server now");
    return;
  }
  connection_.Begin();
  try {
    const auto result = connection_.Query(statements_.move.name, statements_.move.sql, parameters);
    if (result.affected_rows() != 1) Lost("somebody else has moved it, or it is on another server now");
    Park(progress.parked);
    connection_.Commit();
  } catch (...) {
    connection_.Rollback();
    throw;
  }
}

void LogProgress::Park(const std::vector<ParkedRow>& rows) {
  std::vector<std::int64_t> ids, delays;
  std::vector<int> attempts;
  std::vector<std::string> statuses, errors;
  for (const ParkedRow& row : rows) {
    ids.push_back(row.id);
    statuses.emplace_back(Name(row.status));
    attempts.push_back(row.attempts);
    delays.push_back(row.delay.count());
    errors.push_back(row.error);
  }
  const auto result = connection_.Query(
      statements_.park.name, statements_.park.sql,
      {ArrayOf(ids), TextArray(statuses), ArrayOf(attempts), ArrayOf(delays), TextArray(errors)});
  const auto size =
      Number(connection_.Query(statements_.parked_size.name, statements_.parked_size.sql, {})[0][0]);
  if (size > kMostParkedBytes) {
    throw StoreUnavailable(Reason::kOther,
                           "outbox_parked has grown to " + std::to_string(size >> 20) +
                               " MB, and no more is parked: resume what is paused, or discard it");
  }
  if (static_cast<std::size_t>(result.affected_rows()) == rows.size()) return;
  throw StoreUnavailable(Reason::kRowCount, "parked " + std::to_string(result.affected_rows()) +
                                                " messages instead of " + std::to_string(rows.size()) +
                                                ": did a trigger or a rule interfere?");
}

void LogProgress::Lost(const std::string& why) {
  const std::scoped_lock lock(shared_.mutex);
  shared_.tenure = 0;
  throw StoreUnavailable(Reason::kLost, "lost the progress of the log: " + why);
}

}  // namespace outbox
