// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_audit.h"

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

std::string AuditSql() {
  return "/* outbox-relay: audit */ SELECT " + IsoTime("a.at") +
         " AS moment, a.task, a.command, a.role, a.os_user, a.host, a.filter, a.messages, a.reason, a.detail"
         " FROM {schema}.outbox_audit a WHERE ($1::text = '' OR a.task = nullif($1::text, '')::uuid)"
         " AND ($2::text = '' OR split_part(a.command, ' ', 1) = $2::text)"
         " AND ($3::text = '' OR a.at >= nullif($3::text, '')::timestamptz)"
         " AND ($4::text = '' OR a.at <= nullif($4::text, '')::timestamptz)"
         " ORDER BY a.at DESC LIMIT $5::bigint";
}

}  // namespace

std::vector<AuditEntry> ReadAudit(OperatorSession& session, const AuditQuery& query) {
  const OperatorAnswer answer =
      session.Ask(AuditSql(), {query.task, query.command, AbsoluteTime(session, query.since),
                               AbsoluteTime(session, query.until), std::to_string(query.most)});
  std::vector<AuditEntry> entries;
  for (int row = 0; row < answer.size(); ++row) {
    AuditEntry& entry = entries.emplace_back();
    entry.at = answer.Text(row, "moment");
    entry.task = answer.Text(row, "task");
    entry.command = answer.Text(row, "command");
    entry.role = answer.Text(row, "role");
    entry.os_user = answer.Maybe(row, "os_user");
    entry.host = answer.Maybe(row, "host");
    entry.filter = answer.Maybe(row, "filter");
    entry.reason = answer.Maybe(row, "reason");
    entry.detail = answer.Maybe(row, "detail");
    if (answer.Maybe(row, "messages")) entry.messages = answer.Number(row, "messages");
  }
  return entries;
}

}  // namespace outbox
