// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_status.h"

#include "postgres/log_keeper.h"
#include "postgres/operator_answer.h"
#include "postgres/postgres_keeper.h"

namespace outbox {
namespace {

constexpr const char* kRelays = R"(/* outbox-relay: relays */
SELECT application_name, count(*) AS connections FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'outbox-relay %'
  AND application_name NOT IN ('outbox-relay command', 'outbox-relay schema')
GROUP BY application_name ORDER BY application_name)";

// The relay's own sample, without its memory of where to begin.
TableSample Sample(const ConnectOptions& options, const std::string& schema,
                   const std::vector<PauseEntry>& pauses) {
  std::vector<std::string> held_topics;
  for (const PauseEntry& pause : pauses) {
    if (pause.topic) held_topics.push_back(*pause.topic);
  }
  LaneBook book;
  book.Lanes(held_topics, std::chrono::steady_clock::now());
  StepSupervisor supervisor;
  const Statements statements(schema, Completion::kMark);
  return PostgresKeeper(options, supervisor, statements, book).Sample();
}

TableSample SampleLog(const ConnectOptions& options, const std::string& schema) {
  StepSupervisor supervisor;
  const LogStatements statements(schema);
  const Statements parked(schema, Completion::kLog);
  return LogKeeper(options, supervisor, statements, parked).Sample();
}

}  // namespace

OutboxStatus ReadStatus(OperatorSession& session, const PostgresSettings& server, const std::string& schema) {
  OutboxStatus status;
  status.pauses = ReadPauses(session);
  status.on_failed = session
                         .Ask(
                             "/* outbox-relay: on_failed */ SELECT coalesce(max(value), 'skip') AS value"
                             " FROM {schema}.outbox_control WHERE name = 'on_failed'")
                         .Text(0, "value");
  const OperatorAnswer relays = session.Ask(kRelays);
  for (int row = 0; row < relays.size(); ++row) {
    status.relays.push_back({relays.Text(row, "application_name"), relays.Number(row, "connections")});
  }
  status.last_id = session.Ask("/* outbox-relay: last id */ SELECT last_value FROM {schema}.outbox_id_seq")
                       .Number(0, "last_value");
  const ConnectOptions options = ConnectOptions::Of(server, "outbox-relay command");
  status.sample = session.log() ? SampleLog(options, schema) : Sample(options, schema, status.pauses);
  return status;
}

}  // namespace outbox
