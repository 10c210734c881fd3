// SPDX-License-Identifier: Apache-2.0
#include "schema_fixture.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "support/captured_stream.h"

namespace outbox::test {

PostgresServer& Server() {
  static PostgresServer server({.settings = {}, .fsync = false});
  return server;
}

Database::Database() {
  static int made = 0;
  name_ = "database" + std::to_string(++made);
  Server().CreateDatabase(name_);
}

Sql Database::As(const std::string& role, const std::string& schema) const {
  Sql sql = Connect();
  sql.Run("SET ROLE " + role + "; SET search_path = " + schema);
  return sql;
}

Database::Answer Database::Schema(const std::vector<std::string>& arguments, const std::string& user) const {
  CLI::App app;
  CommandLine line;
  app.add_option("-o", line.output);
  app.fallthrough();
  Answer answer;
  AddSchema(app, line, answer.exit);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "schema");
  if (words[1] != "print") words.insert(words.end(), {"--conninfo", conninfo(user)});
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  const CapturedStream out(std::cout);
  const CapturedStream err(std::cerr);
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    answer.exit = kExitUsage;
  }
  answer.out = out.text();
  answer.err = err.text();
  return answer;
}

std::string SqlState(Sql& sql, const std::string& statement) {
  try {
    sql.Run(statement);
    return {};
  } catch (const SqlError& error) {
    return error.sqlstate();
  }
}

}  // namespace outbox::test
