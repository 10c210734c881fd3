// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/log_ticks.h"
#include "core/log_window.h"
#include "outbox/store.h"
#include "postgres/copy_stream.h"
#include "postgres/log_guard.h"

namespace outbox {

// What the sessions of one relay share of a log. Whoever holds `reading` reads; it is taken before
// `mutex`, and nobody waits for the database with `mutex` held, except where it says so.
struct LogShared {
  LogShared(ConnectOptions guard_options, ConnectOptions reader_options, StepSupervisor& all_steps,
            const LogStatements& statements, milliseconds move_progress_every)
      : guard(std::move(guard_options), all_steps, statements),
        stream_options(std::move(reader_options)),
        supervisor(all_steps),
        move_every(move_progress_every) {}

  // To be told the marker in each answer. Where it is not that of the tenure, the server has crashed, or
  // another one goes on: ends the tenure, and throws.
  void CheckMarker(std::string_view told) {
    const std::scoped_lock lock(mutex);
    if (told == marker) return;
    tenure = 0;
    throw StoreUnavailable(
        StoreUnavailable::Reason::kLost,
        "the log is on another server now, or its server has crashed: it is read anew from "
        "the progress that there is");
  }

  LogGuard guard;
  const ConnectOptions stream_options;
  StepSupervisor& supervisor;
  const milliseconds move_every;

  std::mutex reading;
  // Protected by reading.
  std::unique_ptr<CopyStream> stream;  // of this tenure: where it is lost, the tenure ends
  LogTicks ticks;
  TimePoint looked{};           // when
  microseconds clock_then{0};   // the database's, then
  bool large_payloads = false;  // were met last

  std::mutex mutex;
  // Protected by mutex.
  int tenure = 0;  // of the guard, under which what follows was learned
  LogWindow window;
  SharedControl control;
  TimePoint units_read{};  // of which rows are parked; when
  TimePoint::duration units_took{0};
  bool asking_units = false;  // somebody does
  bool parked = false;        // something parked may be due
  bool idle = false;          // nothing was left to read when somebody last looked, or read
  std::int64_t version = 0;   // of the progress row
  std::string writer;         // our name in it
  std::string marker;         // of the server that the tenure began on
  bool set_back = false;    // the sequence was, with `reading` held; it does not heal when ids have caught up
  bool moving = false;      // somebody does
  std::size_t unmoved = 0;  // messages settled since
  bool in_doubt = false;    // whether the last move was committed
  LogWindow::Progress last_move;
  TimePoint moved{};
};

}  // namespace outbox
