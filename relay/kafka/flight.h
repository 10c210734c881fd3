// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "outbox/publisher.h"

namespace outbox {

class Flight;

// How the client knows a message.
enum class Carrier : std::uint8_t { kNone, kMain, kAlone };

// The record of one message; librdkafka carries its address through the message's life.
struct Slot {
  Flight* flight = nullptr;
  std::atomic<Carrier> carrier{Carrier::kNone};  // set by the worker, behind the open gate of that road
  std::atomic<bool> reported{false};
  Report report;  // written once, before `reported`
};

// A delivery's door to one generation. Handing over holds the mutex; ending the generation closes
// every door, and so knows that nobody is still on the way through one. Each door is used by one
// worker only, so the lock is never contended while the generation lives.
struct Gate {
  std::mutex mutex;
  bool closed = false;  // protected by mutex
};

// What a delivery and the generations that carry it share: the slots, the memory behind the messages,
// and the bell for the worker. The generations own it too, until each message on their road has
// been reported or their client is destroyed: librdkafka may point into it until then, although the
// delivery is gone.
//
// "Worker" below is the one thread of the delivery; reports come from the poll threads.
class Flight {
 public:
  Flight(std::size_t size, std::shared_ptr<const void> memory);

  Gate& gate(Road road) { return gates_[Index(road)]; }

  Slot& slot(std::size_t index);

  // Worker, around handing over one message, holding the gate: otherwise the end of the generation
  // could not tell which slots its client knows. HandedOver may come after the message's report.
  void Mark(Slot& slot, Road road) { slot.carrier.store(CarrierOf(road), std::memory_order_release); }
  void Unmark(Slot& slot) { slot.carrier.store(Carrier::kNone, std::memory_order_release); }
  void HandedOver(Road road) { Add(handed_[Index(road)]); }
  // Worker: reports a message that no client knows.
  void Judge(Slot& slot, const Report& report);

  // Worker.
  const Report& report(std::size_t index) const;
  std::size_t unreported(Road road) const;
  std::size_t unreported() const { return unreported(Road::kMain) + unreported(Road::kAlone); }
  void Wait(TimePoint until);
  void Land();  // the last call of the worker

  // The one report of a message. Afterwards only an owner may touch the flight.
  void Set(Slot& slot, const Report& report);
  // Makes Wait return, now or at its next call.
  void Ring();
  // The client of this road is gone: whatever it did not report is never reported.
  void Lose(Road road);
  // No use for the flight on this road any more.
  bool done(Road road) const { return landed_.load(std::memory_order_acquire) && unreported(road) == 0; }

 private:
  static std::size_t Index(Road road) { return static_cast<std::size_t>(road); }
  static Carrier CarrierOf(Road road) { return road == Road::kMain ? Carrier::kMain : Carrier::kAlone; }
  static void Add(std::atomic<std::size_t>& counter) {  // has one writer
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const std::size_t size_;
  const std::unique_ptr<Slot[]> slots_;
  std::shared_ptr<const void> memory_;
  std::array<Gate, 2> gates_;
  std::array<std::atomic<std::size_t>, 2> handed_{};  // written by the worker
  alignas(64) std::array<std::atomic<std::size_t>, 2> reported_{};
  std::atomic<bool> waiting_{false};  // the worker sleeps in Wait
  std::atomic<bool> landed_{false};

  std::mutex mutex_;
  std::condition_variable bell_;
  bool rung_ = false;  // protected by mutex_
};

}  // namespace outbox
