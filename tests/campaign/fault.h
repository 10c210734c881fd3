// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/checker.h"
#include "campaign/field.h"
#include "campaign/row.h"
#include "campaign/tail_reader.h"
#include "campaign/writers.h"

namespace outbox::campaign {

// What a fault may touch, and its own source of chance.
struct Scene {
  Field& field;
  Writers& writers;
  DeliveryChecker& checker;
  TailReader& reader;
  std::mt19937_64& random;

  int Any(int below) { return static_cast<int>(random() % static_cast<std::uint64_t>(below)); }
  RelayPost* TakeRelay();  // a running one that no other fault is busy with; null: there is none
  RelayPost* TakeSpare();  // one more than planned, not running; null: there are enough
};

// One thing that goes wrong, and is put right again. Used by the thread that owns the field.
class Fault {
 public:
  virtual ~Fault() = default;
  // What it hit, in words; empty: there was nothing to hit. May throw, if it could not be done.
  virtual std::string Begin(Scene& scene) = 0;
  // Called until it does not throw.
  virtual void Heal(Scene& scene) { static_cast<void>(scene); }
  // Once it is healed: whether it has happened at all.
  virtual bool happened() const { return true; }
};

struct FaultKind {
  std::string_view name;
  // At most one fault of a group is active: they would stop each other from beginning or healing. Empty: any.
  std::string_view group;
  double shortest = 0;  // seconds from Begin to Heal
  double longest = 0;
  std::function<std::unique_ptr<Fault>()> make;
  bool repeats = true;                // false: not even then may a message come twice
  RowKind refuses = RowKind::kPlain;  // what the broker may refuse from then on
  bool fills_disk = false;            // needs a small one
  Layout layout = Layout::kAny;       // of a log some have no counterpart, and others no other
};

const std::vector<FaultKind>& AllFaults();
void AddRelayFaults(std::vector<FaultKind>& kinds);
void AddSpareFaults(std::vector<FaultKind>& kinds);
void AddPoolerFaults(std::vector<FaultKind>& kinds);
void AddPostgresFaults(std::vector<FaultKind>& kinds);
void AddKafkaFaults(std::vector<FaultKind>& kinds);
void AddLinkFaults(std::vector<FaultKind>& kinds);
void AddOperatorFaults(std::vector<FaultKind>& kinds);

}  // namespace outbox::campaign
