// SPDX-License-Identifier: Apache-2.0
#include "system/signals.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace outbox {

namespace {

sigset_t Waited() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

timespec Timespec(TimePoint::duration duration) {
  const auto whole = std::chrono::duration_cast<seconds>(duration);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(duration - whole);
  return {.tv_sec = whole.count(), .tv_nsec = rest.count()};
}

}  // namespace

Signals::Signals() {
  const sigset_t set = Waited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that closes its connection is an error of that connection, not the end of the relay.
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<Signal> Signals::Wait(milliseconds timeout) {
  const sigset_t set = Waited();
  const TimePoint until = TimePoint::clock::now() + timeout;
  for (;;) {
    const timespec left = Timespec(std::max(until - TimePoint::clock::now(), TimePoint::duration::zero()));
    const int number = sigtimedwait(&set, nullptr, &left);
    if (number > 0) return number == SIGHUP ? Signal::kHangUp : Signal::kTerminate;
    if (errno != EINTR) return std::nullopt;  // EINTR: stopped and continued, or traced
  }
}

}  // namespace outbox
