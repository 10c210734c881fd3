// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "schema_fixture.h"

namespace outbox::test {

// A database with an installed outbox, and a login that has the role outbox_operator and no other.
class OperatorDesk {
 public:
  enum class Layout { kRows, kLog };
  explicit OperatorDesk(Layout layout = Layout::kRows);

  // `outbox-relay ARGUMENTS...`, in this process.
  Database::Answer Run(const std::vector<std::string>& arguments, const std::string& user = "alice") const;
  // The same with -o json: what was printed.
  nlohmann::json Json(std::vector<std::string> arguments) const;
  Sql Admin() const { return database_.Connect(); }
  std::string conninfo(const std::string& user) const { return database_.conninfo(user); }

  // Inserts a message and returns its id. Without a key: "". A retrying one is due in an hour.
  std::string Insert(const std::string& topic, const std::string& key,
                     const std::string& status = "pending") const;
  std::string Status(const std::string& id) const;

 private:
  Database database_;
};

}  // namespace outbox::test
