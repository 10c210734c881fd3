// SPDX-License-Identifier: Apache-2.0
#include "postgres/sample_rows.h"

#include <algorithm>
#include <string>

#include "postgres/field.h"

namespace outbox {
namespace {

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
