// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outbox::campaign {

// A writer numbers its transactions from 1. In the side table: one bigint, packed().
struct TransactionId {
  int writer = 0;
  std::int64_t number = 0;
  auto operator<=>(const TransactionId&) const = default;
  std::int64_t packed() const { return (std::int64_t{writer} << 40) | number; }
};

// What a fault may make the broker refuse. Nothing else may ever fail or be charged with an attempt.
enum class RowKind : std::uint8_t {
  kPlain,
  kLarge,  // above the limit that one fault sets for a while: fails
  kOld,    // its timestamp is older than another fault allows for a while: is retried
};

// One row as its payload tells it, so that whoever reads it can judge it without a table of all rows.
struct WrittenRow {
  TransactionId transaction;
  int index = 0;  // within the transaction, below kRowsOfATransaction
  std::string topic;
  std::optional<std::string> key;
  std::int64_t sequence = 0;  // per key; 0: its writers are not serialised, so it has no order
  bool doomed = false;        // its writer means to roll it back
  RowKind kind = RowKind::kPlain;

  std::string MessageId() const;  // a UUID that says where the row comes from
  // Ends with a checksum over everything before it.
  std::string Payload() const;
};

inline constexpr int kRowsOfATransaction = 32;
inline constexpr std::size_t kLargePayload = 120'000;

std::optional<WrittenRow> ReadPayload(std::string_view payload);  // none: it is not as it was written

// As MessageId wrote it.
struct RowAddress {
  TransactionId transaction;
  int index = 0;
};
std::optional<RowAddress> ReadMessageId(const std::string& id);

}  // namespace outbox::campaign
