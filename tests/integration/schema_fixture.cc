// SPDX-License-Identifier: Apache-2.0
#include "schema_fixture.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <sstream>

#include "cli/command.h"
#include "cli/exit_code.h"

namespace outbox::test {
namespace {

// Takes what is written to a standard stream while it lives.
class Capture {
 public:
  explicit Capture(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Capture() { stream_.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

}  // namespace

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
  const Capture out(std::cout);
  const Capture err(std::cerr);
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
