// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/caretaker.h"
#include "core/worker.h"
#include "outbox/settings.h"

namespace outbox {

// The relay: its workers, the caretaker of the table, and a supervisor that probes the broker and
// sick topics. Start once, Stop once. Thread-safe except for Start and Stop.
class Relay {
 public:
  Relay(OutboxStore& store, Publisher& publisher, Observer& observer, LiveSettings& live,
        const Environment& env, const Settings& settings);
  ~Relay();

  void Start();
  // Claims nothing more, waits for what is in flight up to the grace period, settles what is known,
  // gives the rest back. A second call from another thread gives up at once.
  void Stop();
  void GiveUpNow();

  // New tunables were set in LiveSettings.
  void OnReload();

  struct Check {
    std::string name;
    bool ok;
    std::string detail;
  };
  std::vector<Check> Liveness() const;   // threads make progress; says nothing about the outside
  std::vector<Check> Readiness() const;  // could a message be relayed now?
  bool cannot_continue() const { return publisher_.Health().cannot_continue; }

  // Not empty: nothing is claimed by cadence, "until 01:00".
  std::string silent_until() const { return cadence_.SilentUntil(env_.now(), env_.time_of_day); }

  // Not empty: what the database held at the start contradicts the configuration.
  std::string Conflict() const;

  // For `run --once`: the last claim saw that nothing is due, and that nobody holds anything.
  bool drained() const;
  BreakerState breaker() const { return shared_.breaker(); }

 private:
  // Between the relay and the given observer: keeps what readiness and `drained` need.
  class Ears;

  void Supervise();
  void ListenForWakeUps();

  OutboxStore& store_;
  Publisher& publisher_;
  LiveSettings& live_;
  const Environment& env_;
  const Settings settings_;
  Pace pace_;
  std::unique_ptr<Ears> ears_;
  SharedState shared_;
  PollTurn turn_;
  Cadence cadence_;
  Drain drain_;
  Caretaker caretaker_;
  Progress supervising_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;
};

}  // namespace outbox
