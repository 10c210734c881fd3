// SPDX-License-Identifier: Apache-2.0
#include "postgres/sample_rows.h"

#include <algorithm>
#include <string>

#include "postgres/field.h"
#include "postgres/text.h"

namespace outbox {
namespace {

std::int64_t NumberIn(const pqxx::field& field) { return field.is_null() ? 0 : Integer(View(field)); }

// Clocks are set back, and services choose when a message was made.
microseconds AgeIn(const pqxx::field& field) {
  return microseconds(std::max<std::int64_t>(0, NumberIn(field)));
}

RefusedMessage ToRefused(const pqxx::row& row) {
  return {.id = NumberIn(row["id"]),
          .topic = std::string(View(row["topic"])),
          .key_hash = std::string(View(row["key_hash"])),
          .failed = View(row["status"]) == "failed",
          .attempts = static_cast<int>(NumberIn(row["attempts"])),
          .age = AgeIn(row["age"]),
          .due_in = AgeIn(row["due_in"]),
          .error = std::string(View(row["error"]))};
}

}  // namespace

void AddTopics(const pqxx::result& answer, TableSample& sample) {
  for (const auto row : answer) {
    sample.topics.push_back(
        {std::string(View(row["topic"])), NumberIn(row["pending"]), AgeIn(row["oldest"])});
    if (True(row["cut"])) sample.topics_complete = false;
  }
}

void AddRefused(const pqxx::result& answer, TableSample& sample) {
  for (const auto row : answer) sample.refused.push_back(ToRefused(row));
}

}  // namespace outbox
