// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "campaign/fault_windows.h"
#include "campaign/findings.h"
#include "campaign/row.h"
#include "support/topic_reader.h"

namespace outbox::campaign {

// What the outbox says at the end, when nothing is due any more.
struct OutboxState {
  struct Row {
    std::string status{};
    int attempts = 0;
    std::string error{};
    RowKind kind = RowKind::kPlain;
  };
  bool keeps_sent = true;  // completion "mark"
  std::int64_t sent = 0;
  std::int64_t unsettled = 0;         // pending or retrying
  std::map<std::string, Row> rows{};  // by message id: what failed, was charged, or is among Unseen
  std::set<std::string> discarded{};  // by an operator, as the audit has it: message ids
  std::int64_t transactions = 0;      // committed, by the side table
};

// The judge. Writers tell it what they commit (their journal's content), the scheduler which faults
// are active, and a reader what arrives; it never asks the outbox before the end. Its memory grows with
// the keys, with what has not arrived yet, and with the transactions that faults broke. Thread-safe.
class DeliveryChecker {
 public:
  struct Options {
    FaultWindows::Limits limits;
    std::map<std::string, int> partitions;  // of each topic
  };
  explicit DeliveryChecker(Options options) : options_(std::move(options)), windows_(options_.limits) {}

  // A writer's word. Intend comes before COMMIT is sent, then one of the others, when it is known.
  void Intend(const std::vector<WrittenRow>& rows);  // of one transaction, without the doomed ones
  void Commit(TransactionId transaction);
  void RollBack(TransactionId transaction);  // also one that was never intended

  // The scheduler's word. `refuses`: the kind of rows that the broker may refuse from now on.
  std::size_t FaultBegins(Moment at, RowKind refuses = RowKind::kPlain);
  void FaultHeals(std::size_t fault, Moment at);
  void FaultMissed(std::size_t fault);  // there was nothing to hit, so it explains nothing

  // A topic was deleted, and with it what had arrived there and was not read: of what is intended so far
  // anything may be missing. Its successor, when there is one, counts its offsets from 0.
  void TopicDeleted(const std::string& topic);

  // Records of a partition in the order of their offsets, as soon as they can be read.
  void See(const test::Record& record, Moment at);

  std::vector<std::string> Unseen(std::size_t at_most) const;  // message ids: committed, not arrived
  void Conclude(const OutboxState& outbox);
  void Complain(Check check, std::string what);  // of what others found

  struct Counts {
    std::int64_t transactions = 0;  // committed
    std::int64_t committed = 0;     // rows
    std::int64_t seen = 0;          // different messages
    std::int64_t duplicates = 0;
    std::int64_t failed = 0;   // known after Conclude
    std::int64_t late = 0;     // out of order and excused
    std::int64_t deleted = 0;  // known after Conclude: sent, and gone with their topic
    std::size_t remembered = 0;
  };
  Counts counts() const;
  Findings findings() const;

 private:
  using Mask = std::uint32_t;
  struct Open {  // a transaction of which something is still to come
    bool committed = false;
    Mask rows = 0;
    Mask unseen = 0;
    Mask excused = 0;  // may have been in a topic that was deleted
    std::map<std::string, Mask> topics{};
  };

  void NoteNumber(TransactionId transaction);
  void CheckPlace(const test::Record& record, const WrittenRow& row, const std::string& where);
  void SeeFirst(const WrittenRow& row, const std::string& where);
  void JudgeUnseen(const OutboxState& outbox);
  void JudgeRefused(const OutboxState& outbox);

  const Options options_;
  mutable std::mutex mutex_;  // protects all that follows
  FaultWindows windows_;
  Findings findings_;
  Counts counts_;
  std::set<RowKind> refusable_;
  std::map<int, std::int64_t> intended_;  // the highest number of each writer
  std::map<TransactionId, Open> open_;
  std::set<TransactionId> broken_;               // rolled back by a fault
  std::map<std::string, std::int64_t> arrived_;  // the last sequence of each serialised key
  std::map<std::pair<std::string, int>, std::int64_t> offsets_;
};

}  // namespace outbox::campaign
