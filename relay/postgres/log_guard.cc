// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_guard.h"

#include "postgres/field.h"

namespace outbox {
namespace {

constexpr milliseconds kTryEvery{50};
constexpr seconds kKeepEvery{3};

}  // namespace

LogGuard::LogGuard(ConnectOptions options, StepSupervisor& supervisor, const LogStatements& statements)
    : options_(std::move(options)),
      supervisor_(supervisor),
      statements_(statements),
      thread_([this](const std::stop_token& stop) { Keep(stop); }) {}

LogGuard::~LogGuard() = default;

bool LogGuard::Acquire() {
  if (tenure() > 0) return true;
  const std::scoped_lock lock(mutex_);
  const TimePoint now = std::chrono::steady_clock::now();
  if (tenure() > 0 || now - tried_ < kTryEvery) return tenure() > 0;
  tried_ = now;
  try {
    if (!connection_) connection_ = std::make_unique<Connection>(options_, supervisor_);
    connection_->Begin();
    const auto row = connection_->Query(statements_.guard.sql)[0];
    if (True(row["ours"])) {
      server_ = View(row["server"]);
      held_.store(++tenures_, std::memory_order_release);
    } else {
      connection_->Rollback();
    }
  } catch (...) {
    connection_.reset();
    throw;
  }
  return tenure() > 0;
}

bool LogGuard::IsOn(const std::string& server) {
  const std::scoped_lock lock(mutex_);
  if (tenure() > 0 && server_ == server) return true;
  held_.store(0, std::memory_order_release);
  connection_.reset();
  return false;
}

void LogGuard::Keep(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kKeepEvery, [] { return false; });
    if (tenure() == 0 || stop.stop_requested()) continue;
    try {
      connection_->Query("/* outbox-relay: keep guard */ SELECT 1");
    } catch (const StoreUnavailable&) {
      held_.store(0, std::memory_order_release);
      connection_.reset();
    }
  }
}

}  // namespace outbox
