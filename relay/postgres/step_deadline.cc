// SPDX-License-Identifier: Apache-2.0
#include "postgres/step_deadline.h"

#include <sys/socket.h>

namespace outbox {
namespace {

constexpr milliseconds kWatchEvery{250};

}  // namespace

StepDeadline::StepDeadline(StepSupervisor& supervisor, int socket)
    : supervisor_(supervisor), socket_(socket) {
  const std::scoped_lock lock(supervisor_.mutex_);
  supervisor_.deadlines_.insert(this);
}

StepDeadline::~StepDeadline() {
  const std::scoped_lock lock(supervisor_.mutex_);
  supervisor_.deadlines_.erase(this);
}

void StepDeadline::Begin(milliseconds limit) {
  due_.store((std::chrono::steady_clock::now() + limit).time_since_epoch().count(),
             std::memory_order_relaxed);
}

StepSupervisor::StepSupervisor() : thread_([this](const std::stop_token& stop) { Watch(stop); }) {}

StepSupervisor::~StepSupervisor() = default;

void StepSupervisor::Watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kWatchEvery, [] { return false; });
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    for (StepDeadline* deadline : deadlines_) {
      const auto due = deadline->due_.load(std::memory_order_relaxed);
      if (due == 0 || now < due) continue;
      deadline->missed_.store(true, std::memory_order_relaxed);
      // Under the mutex the socket is still the connection's own: it unregisters before it closes.
      ::shutdown(deadline->socket_, SHUT_RDWR);
    }
  }
}

}  // namespace outbox
