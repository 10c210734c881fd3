// SPDX-License-Identifier: Apache-2.0
#include "campaign/checker.h"

#include <algorithm>
#include <bit>

#include "campaign/murmur2.h"

namespace outbox::campaign {
namespace {

std::string Place(const test::Record& record) {
  return record.topic + "/" + std::to_string(record.partition) + "@" + std::to_string(record.offset);
}

std::string Told(const WrittenRow& row) {
  return row.MessageId() + " (" + row.topic + " " + row.key.value_or("-") + " " +
         std::to_string(row.sequence) + ")";
}

}  // namespace

void DeliveryChecker::NoteNumber(TransactionId transaction) {
  std::int64_t& last = intended_[transaction.writer];
  last = std::max(last, transaction.number);
}

void DeliveryChecker::Intend(const std::vector<WrittenRow>& rows) {
  const std::scoped_lock lock(mutex_);
  const TransactionId transaction = rows.at(0).transaction;
  NoteNumber(transaction);
  Open& open = open_[transaction];
  for (const WrittenRow& row : rows) {
    open.rows |= Mask{1} << row.index;
    open.topics[row.topic] |= Mask{1} << row.index;
  }
  open.unseen = open.rows;
}

void DeliveryChecker::Commit(TransactionId transaction) {
  const std::scoped_lock lock(mutex_);
  Open& open = open_.at(transaction);
  open.committed = true;
  ++counts_.transactions;
  counts_.committed += std::popcount(open.rows);
  if (open.unseen == 0) open_.erase(transaction);
}

void DeliveryChecker::RollBack(TransactionId transaction) {
  const std::scoped_lock lock(mutex_);
  broken_.insert(transaction);
  NoteNumber(transaction);
  const auto open = open_.find(transaction);
  if (open == open_.end()) return;
  if (open->second.unseen != open->second.rows) {
    findings_.Add(Check::kPhantom, "transaction " + std::to_string(transaction.packed()) +
                                       " was rolled back after its messages had arrived");
  }
  open_.erase(open);
}

std::size_t DeliveryChecker::FaultBegins(Moment at, RowKind refuses) {
  const std::scoped_lock lock(mutex_);
  if (refuses != RowKind::kPlain) refusable_.insert(refuses);
  return windows_.Open(at);
}

void DeliveryChecker::FaultHeals(std::size_t fault, Moment at) {
  const std::scoped_lock lock(mutex_);
  windows_.Heal(fault, at);
}

void DeliveryChecker::FaultMissed(std::size_t fault) {
  const std::scoped_lock lock(mutex_);
  windows_.Dismiss(fault);
}

void DeliveryChecker::TopicDeleted(const std::string& topic) {
  const std::scoped_lock lock(mutex_);
  for (auto& [transaction, open] : open_) {
    const auto rows = open.topics.find(topic);
    if (rows != open.topics.end()) open.excused |= rows->second & open.unseen;
  }
  std::erase_if(offsets_, [&](const auto& offset) { return offset.first.first == topic; });
}

void DeliveryChecker::CheckPlace(const test::Record& record, const WrittenRow& row,
                                 const std::string& where) {
  const auto wrong = [&](const std::string& what) {
    findings_.Add(Check::kIntegrity, where + " " + Told(row) + ": " + what);
  };
  if (record.topic != row.topic) wrong("in the wrong topic");
  if (record.key != row.key) wrong("with another key");
  if (record.header("id") != row.MessageId()) wrong("header id " + record.header("id"));
  if (record.header("type") != "changed") wrong("header type " + record.header("type"));
  if (record.header("writer") != std::to_string(row.transaction.writer)) wrong("its own header is another");
  const auto topic = options_.partitions.find(record.topic);
  if (row.key && topic != options_.partitions.end() &&
      record.partition != JavaPartition(*row.key, topic->second)) {
    wrong("in the wrong partition");
  }
}

void DeliveryChecker::See(const test::Record& record, Moment at) {
  const std::scoped_lock lock(mutex_);
  const std::string where = Place(record);
  const auto [offset, new_partition] =
      offsets_.try_emplace({record.topic, record.partition}, record.offset - 1);
  if (!new_partition && record.offset <= offset->second) {
    findings_.Add(Check::kIntegrity, where + ": read again, so the reader is not to be trusted");
    return;
  }
  offset->second = record.offset;
  const auto row = ReadPayload(record.payload.value_or(""));
  if (!row) {
    findings_.Add(Check::kIntegrity, where + ": the payload is damaged");
    return;
  }
  CheckPlace(record, *row, where);
  if (row->doomed || broken_.contains(row->transaction)) {
    findings_.Add(Check::kPhantom, where + " " + Told(*row) + ": was rolled back");
    return;
  }
  const auto open = open_.find(row->transaction);
  if (open == open_.end() && row->transaction.number > intended_[row->transaction.writer]) {
    findings_.Add(Check::kPhantom, where + " " + Told(*row) + ": was never written");
    return;
  }
  const Mask bit = Mask{1} << (row->index % kRowsOfATransaction);
  if (open == open_.end() || (open->second.unseen & bit) == 0) {
    ++counts_.duplicates;
    if (!windows_.Explain(at))
      findings_.Add(Check::kDuplicates, where + " " + Told(*row) + ": no fault explains it");
    return;
  }
  open->second.unseen &= ~bit;
  if (open->second.committed && open->second.unseen == 0) open_.erase(open);
  SeeFirst(*row, where);
}

void DeliveryChecker::SeeFirst(const WrittenRow& row, const std::string& where) {
  ++counts_.seen;
  if (row.sequence == 0) return;
  std::int64_t& last = arrived_[*row.key];
  if (row.sequence > last) {
    last = row.sequence;
    return;
  }
  // The documented exception (docs/guarantees.md): the commit that made a refused message `failed` was
  // lost, its successors had been published, and by now the broker accepts it.
  if (row.kind == RowKind::kLarge && refusable_.contains(RowKind::kLarge)) {
    ++counts_.late;
    return;
  }
  findings_.Add(Check::kOrder, where + " " + Told(row) + ": arrived after " + std::to_string(last));
}

std::vector<std::string> DeliveryChecker::Unseen(std::size_t at_most) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [transaction, open] : open_) {
    for (int index = 0; index < kRowsOfATransaction; ++index) {
      if ((open.unseen >> index & 1) == 0) continue;
      if (ids.size() == at_most) return ids;
      WrittenRow row;
      row.transaction = transaction;
      row.index = index;
      ids.push_back(row.MessageId());
    }
  }
  return ids;
}

void DeliveryChecker::JudgeUnseen(const OutboxState& outbox) {
  for (const auto& [transaction, open] : open_) {
    if (!open.committed) {
      findings_.Add(Check::kBooks, "transaction " + std::to_string(transaction.packed()) + " has no result");
      continue;
    }
    for (int index = 0; index < kRowsOfATransaction; ++index) {
      if ((open.unseen >> index & 1) == 0) continue;
      WrittenRow row;
      row.transaction = transaction;
      row.index = index;
      const auto found = outbox.rows.find(row.MessageId());
      const std::string status = found == outbox.rows.end() ? "gone" : found->second.status;
      if (status == "failed" && !found->second.error.empty()) continue;
      if (status == "gone" && outbox.discarded.contains(row.MessageId())) continue;
      if ((open.excused >> index & 1) != 0 && (status == "sent" || status == "gone")) {
        ++counts_.deleted;
        continue;
      }
      findings_.Add(Check::kLoss, row.MessageId() + ": never arrived; in the outbox it is " + status);
      if (status == "sent" || status == "gone")
        findings_.Add(Check::kDatabase, row.MessageId() + ": " + status + ", and never arrived");
    }
  }
}

void DeliveryChecker::JudgeRefused(const OutboxState& outbox) {
  for (const auto& [id, row] : outbox.rows) {
    if (row.status == "failed") {
      ++counts_.failed;
      if (row.kind != RowKind::kLarge || !refusable_.contains(RowKind::kLarge))
        findings_.Add(Check::kLoss, id + ": failed although nothing refused it: " + row.error);
    } else if (row.attempts > 0 && !refusable_.contains(row.kind)) {
      findings_.Add(Check::kDatabase, id + ": charged with an attempt although nothing refused it");
    }
  }
}

void DeliveryChecker::Conclude(const OutboxState& outbox) {
  const std::scoped_lock lock(mutex_);
  JudgeUnseen(outbox);
  JudgeRefused(outbox);
  if (outbox.unsettled > 0)
    findings_.Add(Check::kLiveness, std::to_string(outbox.unsettled) + " rows are still unsettled");
  const auto left = counts_.failed + outbox.unsettled + static_cast<std::int64_t>(outbox.discarded.size());
  const std::int64_t sent = outbox.keeps_sent ? counts_.committed - left : 0;
  if (outbox.sent != sent) {
    findings_.Add(Check::kDatabase,
                  std::to_string(outbox.sent) + " rows are sent, it should be " + std::to_string(sent));
  }
  if (outbox.transactions != counts_.transactions) {
    findings_.Add(Check::kBooks, std::to_string(outbox.transactions) + " transactions in the side table, " +
                                     std::to_string(counts_.transactions) + " in the journal");
  }
}

void DeliveryChecker::Complain(Check check, std::string what) {
  const std::scoped_lock lock(mutex_);
  findings_.Add(check, std::move(what));
}

DeliveryChecker::Counts DeliveryChecker::counts() const {
  const std::scoped_lock lock(mutex_);
  Counts counts = counts_;
  counts.remembered = open_.size() + broken_.size() + arrived_.size();
  return counts;
}

Findings DeliveryChecker::findings() const {
  const std::scoped_lock lock(mutex_);
  return findings_;
}

}  // namespace outbox::campaign
