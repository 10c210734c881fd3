// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <pqxx/pqxx>
#include <string>

#include "postgres/field.h"
#include "postgres/text.h"

namespace outbox {

// Rows of a statement, by column name, as values of their own.
class OperatorAnswer {
 public:
  explicit OperatorAnswer(const pqxx::result& result) : result_(result) {}

  int size() const { return static_cast<int>(result_.size()); }
  std::string Text(int row, const char* column) const { return std::string(View(At(row, column))); }
  std::optional<std::string> Maybe(int row, const char* column) const {
    const pqxx::field field = At(row, column);
    if (field.is_null()) return std::nullopt;
    return std::string(View(field));
  }
  std::int64_t Number(int row, const char* column) const { return Integer(View(At(row, column))); }
  bool Is(int row, const char* column) const { return True(At(row, column)); }

 private:
  pqxx::field At(int row, const char* column) const {
    return result_[static_cast<pqxx::result::size_type>(row)][column];
  }

  pqxx::result result_;
};

// How a time leaves SQL, for a program and a person: 2026-01-31T12:00:00.000Z. An infinite one is null.
inline std::string IsoTime(const std::string& column) {
  return "to_char(" + column + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
}

}  // namespace outbox
