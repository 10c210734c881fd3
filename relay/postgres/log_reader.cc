// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_reader.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"
#include "postgres/control.h"
#include "postgres/field.h"
#include "postgres/log_rows.h"
#include "postgres/text.h"

namespace outbox {
namespace {

constexpr milliseconds kLookEvery{500};  // for control, while a tick lasts
constexpr int kBatchesRead = 2;          // at once: a read costs as much as some hundred rows
constexpr int kLeastRows = 100;          // that a read asks for
constexpr std::int64_t kBatchesAhead = 4;

TimePoint Now() { return std::chrono::steady_clock::now(); }

}  // namespace

// A claim takes its share of the lanes that are free, and so that share of what is queued in them.
bool LogReader::Enough(const ClaimRequest& request) {
  const std::scoped_lock lock(shared_.mutex);
  const int lanes = std::max(1, request.lanes);
  const int wanted = request.messages * std::max(lanes, kLanes - shared_.window.lanes_busy()) / lanes;
  return shared_.window.queued() >= static_cast<std::size_t>(wanted) ||
         shared_.window.bytes() >= kBatchesAhead * request.bytes;
}

// What is drawn after the first look is for the next claim: where messages keep coming, to wait for more
// would hold up those that are here.
void LogReader::Fill(const ClaimRequest& request) {
  if (shared_.ticks.in_tick() && Now() - shared_.looked > kLookEvery) Look();
  for (bool looked = false; !Enough(request); Read(request)) {
    if (!shared_.ticks.in_tick() && !std::exchange(looked, true)) Look();
    if (!shared_.ticks.in_tick()) return;
  }
}

SharedControl LogReader::Hear() {
  return ControlOf(connection_.Query(statements_.look.name, statements_.look.sql, {})[0]["control"]);
}

void LogReader::Look() {
  const auto row = connection_.Query(statements_.look.name, statements_.look.sql, {})[0];
  shared_.CheckMarker(View(row["marker"]));
  const std::int64_t last_drawn = Integer(View(row["last_drawn"]));
  shared_.looked = Now();
  shared_.clock_then = microseconds(Integer(View(row["now"])));
  const bool in_tick = shared_.ticks.in_tick();
  const bool wanted = !in_tick && shared_.ticks.Wanted(Snapshot::Parse(View(row["snapshot"])), last_drawn);
  {
    const std::scoped_lock lock(shared_.mutex);
    SharedControl control = ControlOf(row["control"]);
    if (control.on_failed != shared_.control.on_failed) shared_.units_read = {};
    shared_.control = std::move(control);
    shared_.parked = True(row["parked"]);
    shared_.idle = !in_tick && !wanted;
  }
  if (last_drawn < shared_.ticks.upto()) {
    shared_.set_back = true;
    const std::scoped_lock lock(shared_.mutex);
    shared_.tenure = 0;
    throw StoreUnavailable(StoreUnavailable::Reason::kOther,
                           "the last id drawn from outbox_id_seq is " + std::to_string(last_drawn) +
                               ", and the log was read up to " + std::to_string(shared_.ticks.upto()) +
                               ": the sequence was set back. Stop the relays, and begin anew with "
                               "`outbox-relay schema reset-log`");
  }
  if (wanted) BeginTick(last_drawn);
}

// The order of these three is what the promise rests on: L, then p, then S2.
void LogReader::BeginTick(std::int64_t last_drawn) {
  const auto ask = [this](const Statement& statement) {
    auto row = connection_.Query(statement.name, statement.sql, {})[0];
    shared_.CheckMarker(View(row["marker"]));
    return row;
  };
  Xid own = 0;
  if (!Mutant("log_no_own_xid")) own = static_cast<Xid>(Integer(View(ask(statements_.own_xid)["xid"])));
  LogSnapshot after = LogSnapshot::Of(std::string(View(ask(statements_.snapshot)["snapshot"])));
  // As if a snapshot listed all transactions that run, so that whoever is above it had yet to begin.
  if (Mutant("log_no_own_xid")) own = after.facts.xmax - 1;
  shared_.ticks.Begin(last_drawn, own, std::move(after));
  if (shared_.ticks.in_tick()) return;
  // Nothing but the snapshot moves.
  const std::scoped_lock lock(shared_.mutex);
  shared_.window.Append({.begin = shared_.ticks.position(), .end = shared_.ticks.position()});
}

// A row whose payload was left out for its size ends a read that is not careful; the next one is.
void LogReader::Read(const ClaimRequest& request) {
  LogTicks& ticks = shared_.ticks;
  const LogTicks::Step step = ticks.Next();
  const LogTick& tick = *ticks.position().tick;
  LogRead what{.above = step.from,
               .upto = step.upto,
               .now = tick.after.text,
               .rows = std::max(kBatchesRead * request.messages, kLeastRows),
               .fits = request.max_payload,
               .carefully = shared_.large_payloads,
               .bytes = request.bytes,
               .timeout = shared_.stream_options.statement_timeout};
  if (step.late) what.before = tick.before->text;
  if (!what.carefully) what.fits = std::min(what.fits, request.bytes / what.rows);

  LogChunk chunk;
  chunk.begin = ticks.position();
  chunk.messages.reserve(static_cast<std::size_t>(std::min(what.rows, what.upto - what.above)));
  const auto rows = std::make_shared<LogRows>();
  const auto clock = shared_.clock_then + std::chrono::duration_cast<microseconds>(Now() - shared_.looked);
  std::int64_t payload = 0;
  bool large = false;
  Copy(what, [&](CopyFields row) {
    if (large) return;
    const Message message = rows->Add(row, clock);
    large = what.fits < request.max_payload && message.oversize > 0;
    if (large) return;
    payload += message.payload ? static_cast<std::int64_t>(message.payload->size()) : 0;
    chunk.messages.push_back(message);
  });
  shared_.large_payloads = large || (what.carefully && payload >= request.bytes);
  if (large && chunk.messages.empty()) return;
  // The server cuts a careful read by bytes of its own encoding, which are not ours: its end is an empty one.
  const bool full = chunk.messages.size() >= static_cast<std::size_t>(what.rows) || what.carefully;
  std::optional<std::int64_t> cut;
  if ((full || large) && !chunk.messages.empty()) cut = chunk.messages.back().id;
  ticks.Done(step, cut);
  chunk.end = ticks.position();
  chunk.bytes = static_cast<std::int64_t>(rows->bytes() + chunk.messages.capacity() * sizeof(Message));
  chunk.memory = rows;
  const std::scoped_lock lock(shared_.mutex);
  shared_.idle = !ticks.in_tick();
  shared_.window.Append(std::move(chunk));
}

// What was read before may have come from another server than what comes now, over a connection that is lost
// as well as behind a pooler: nothing may be put together from both.
void LogReader::Copy(const LogRead& what, const CopyStream::Take& take) {
  try {
    shared_.CheckMarker(shared_.stream->Run(statements_.Read(what), take));
  } catch (...) {
    const std::scoped_lock lock(shared_.mutex);
    shared_.tenure = 0;
    throw;
  }
}

}  // namespace outbox
