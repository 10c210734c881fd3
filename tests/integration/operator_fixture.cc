// SPDX-License-Identifier: Apache-2.0
#include "operator_fixture.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "support/captured_stream.h"
#include "support/catch.h"

namespace outbox::test {

OperatorDesk::OperatorDesk(Layout layout) {
  const std::string name = layout == Layout::kLog ? "log" : "rows";
  REQUIRE(database_.Schema({"apply", "--execute", "--layout", name}).exit == 0);
  Admin().Run(
      "DO $$ BEGIN CREATE ROLE alice LOGIN IN ROLE outbox_operator; CREATE ROLE mallory LOGIN;"
      " EXCEPTION WHEN duplicate_object THEN NULL; END $$");
}

Database::Answer OperatorDesk::Run(const std::vector<std::string>& arguments, const std::string& user) const {
  CLI::App app;
  CommandLine line;
  Database::Answer answer;
  app.add_option("-o", line.output);
  app.require_subcommand(1);
  app.fallthrough();
  for (const auto add : {AddList, AddShow, AddPause, AddResume, AddRetry, AddDiscard, AddUnblock, AddStatus,
                         AddPurge, AddReplay, AddPublish, AddTail, AddAudit})
    add(app, line, answer.exit);
  std::vector<std::string> words = arguments;
  words.insert(words.end(), {"--conninfo", conninfo(user)});
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

nlohmann::json OperatorDesk::Json(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"-o", "json"});
  const Database::Answer answer = Run(arguments);
  INFO(answer.err);
  REQUIRE(nlohmann::json::accept(answer.out));
  return nlohmann::json::parse(answer.out);
}

std::string OperatorDesk::Insert(const std::string& topic, const std::string& key,
                                 const std::string& status) const {
  Sql sql = Admin();
  const std::string id = sql.Value("INSERT INTO outbox (topic, key, payload) VALUES ($t$" + topic +
                                   "$t$, nullif($k$" + key + "$k$, ''), 'secret') RETURNING id");
  if (status == "failed") {
    sql.Run(
        "UPDATE outbox SET status = 'failed', attempts = 20, last_error = 'Broker: too large' WHERE id = " +
        id);
  } else if (status == "retrying") {
    sql.Run(
        "UPDATE outbox SET status = 'retrying', attempts = 3, last_error = 'Broker: policy',"
        " next_attempt_at = now() + interval '1 hour' WHERE id = " +
        id);
  } else if (status == "sent") {
    sql.Run("UPDATE outbox SET status = 'sent', sent_at = clock_timestamp() WHERE id = " + id);
  }
  return id;
}

std::string OperatorDesk::Status(const std::string& id) const {
  return Admin().Value("SELECT coalesce((SELECT status::text FROM outbox WHERE id = " + id + "), 'gone')");
}

}  // namespace outbox::test
