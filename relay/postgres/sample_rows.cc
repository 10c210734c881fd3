// SPDX-License-Identifier: Apache-2.0
#include "postgres/sample_rows.h"

#include <algorithm>
#include <string>

#include "postgres/field.h"

namespace outbox {
namespace {

constexpr std::int64_t kExactPending = 2'000;  // beyond that the count stops, and an estimate stands in

RefusedMessage ToRefused(const pqxx::row& row) {
  return {.id = Number(row["id"]),
          .topic = std::string(View(row["topic"])),
          .key_hash = std::string(View(row["key_hash"])),
          .failed = View(row["status"]) == "failed",
          .attempts = static_cast<int>(Number(row["attempts"])),
          .age = AgeOf(row["age"]),
          .due_in = AgeOf(row["due_in"]),
          .error = std::string(View(row["error"]))};
}

}  // namespace

microseconds AgeOf(const pqxx::field& field) {
  return microseconds(std::max<std::int64_t>(0, Number(field)));
}

TableSample FiguresOf(const pqxx::row& row) {
  TableSample sample;
  sample.pending = Number(row["pending"]);
  if (sample.pending > kExactPending) sample.pending = std::max(sample.pending, Number(row["estimate"]));
  sample.retrying = Number(row["retrying"]);
  sample.failed = Number(row["failed"]);
  sample.blocked_keys = Number(row["blocked"]);
  sample.oldest_pending = AgeOf(row["oldest"]);
  sample.size_bytes = Number(row["size"]);
  sample.dead_tuples = Number(row["dead"]);
  if (!row["oldest_transaction"].is_null())
    sample.oldest_transaction = seconds(Number(row["oldest_transaction"]));
  sample.schema_version = row["version"].c_str();
  sample.topics_complete = true;
  return sample;
}

void AddTopics(const pqxx::result& answer, TableSample& sample) {
  for (const auto row : answer) {
    sample.topics.push_back({std::string(View(row["topic"])), Number(row["pending"]), AgeOf(row["oldest"])});
    if (True(row["cut"])) sample.topics_complete = false;
  }
}

void AddRefused(const pqxx::result& answer, TableSample& sample) {
  for (const auto row : answer) sample.refused.push_back(ToRefused(row));
}

}  // namespace outbox
