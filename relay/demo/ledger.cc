// SPDX-License-Identifier: Apache-2.0
#include "demo/ledger.h"

#include <fmt/format.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace outbox {

microseconds UnixTime() {
  return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
}

std::string Ticket::Payload() const {
  return fmt::format(R"({{"account":{},"change":{},"at":{}}})", key, number, at.count());
}

std::optional<Ticket> Ticket::Parse(std::string_view payload) {
  constexpr std::size_t kLongest = 100;
  const std::string text(payload.substr(0, kLongest));
  Ticket ticket;
  std::int64_t at = 0;
  const int read = std::sscanf(text.c_str(), R"({"account":%d,"change":%)" SCNd64 R"(,"at":%)" SCNd64 "}",
                               &ticket.key, &ticket.number, &at);
  if (read != 3) return std::nullopt;
  ticket.at = microseconds(at);
  return ticket;
}

void Ledger::OnCommitted(std::span<const Ticket> rows) {
  const std::scoped_lock lock(mutex_);
  for (const Ticket& row : rows) ++keys_[static_cast<std::size_t>(row.key)].committed;
  totals_.committed += static_cast<std::int64_t>(rows.size());
}

void Ledger::OnRolledBack(std::span<const Ticket> rows) {
  const std::scoped_lock lock(mutex_);
  totals_.rolled_back += static_cast<std::int64_t>(rows.size());
}

void Ledger::OnConsumed(std::string_view payload, microseconds now) {
  const auto ticket = Ticket::Parse(payload);
  const std::scoped_lock lock(mutex_);
  const auto index = static_cast<std::size_t>(ticket ? ticket->key : -1);
  if (index >= keys_.size() || ticket->number < 1) {
    ++totals_.ghosts;
    return;
  }
  Key& key = keys_[index];
  if (ticket->number > key.highest) {
    for (std::int64_t skipped = key.highest + 1; skipped < ticket->number; ++skipped) {
      key.skipped.insert(key.skipped.end(), skipped);
    }
    key.highest = ticket->number;
  } else if (key.skipped.erase(ticket->number) > 0) {
    ++totals_.out_of_order;
  } else {
    ++totals_.duplicates;
    return;
  }
  ++totals_.delivered;
  recent_.Add(now - ticket->at);
  if (!disturbed_) undisturbed_.Add(now - ticket->at);
}

void Ledger::SetDisturbed(bool disturbed) {
  const std::scoped_lock lock(mutex_);
  disturbed_ = disturbed;
}

Ledger::Totals Ledger::totals() const {
  const std::scoped_lock lock(mutex_);
  return totals_;
}

std::int64_t Ledger::Missing() const {
  const std::scoped_lock lock(mutex_);
  std::int64_t missing = 0;
  for (const Key& key : keys_) {
    missing += key.committed - key.highest + static_cast<std::int64_t>(key.skipped.size());
  }
  return missing;
}

LatencyHistogram Ledger::TakeRecent() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(recent_, {});
}

LatencyHistogram Ledger::undisturbed() const {
  const std::scoped_lock lock(mutex_);
  return undisturbed_;
}

}  // namespace outbox
