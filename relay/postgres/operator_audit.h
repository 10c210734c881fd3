// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postgres/operator_filter.h"

namespace outbox {

// A row of outbox_audit. Filter and detail are JSON; `at` is ISO 8601, UTC.
struct AuditEntry {
  std::string at, task, command, role;
  std::optional<std::string> os_user, host, filter, reason, detail;
  std::optional<std::int64_t> messages;
};

// Which of them; what is empty is no condition.
struct AuditQuery {
  std::string task;
  std::string command;
  std::optional<Moment> since, until;
  std::int64_t most = 0;
};

// Newest first.
std::vector<AuditEntry> ReadAudit(OperatorSession& session, const AuditQuery& query);

}  // namespace outbox
