// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/doctor.h"

namespace outbox {
namespace {

constexpr std::int64_t kMostPartitions = 100;
constexpr const char* kPartitionsLink = "docs/operations.md#a-log-and-its-partitions";

}  // namespace

Finding CheckLayout(bool log, const Settings* settings) {
  const std::string installed = log ? "log" : "rows";
  if (settings == nullptr || log == (settings->outbox.completion == Completion::kLog))
    return {"layout", Severity::kOk, installed};
  return {"layout",
          Severity::kFailed,
          fmt::format("the outbox has the layout {}, which is not that of outbox.completion", installed),
          "no relay with this configuration can read it",
          log ? "set outbox.completion = \"log\"; or outbox-relay schema convert --layout rows"
              : "set outbox.completion = \"mark\" or \"delete\"; or outbox-relay schema convert --layout log",
          "docs/operations.md#change-the-mode"};
}

Finding CheckPartitions(const LogFacts& log) {
  const std::string left =
      fmt::format("{} partitions, room for {} more messages", log.partitions, log.ids_left);
  if (log.ids_left < log.partition_rows) {
    return {"partitions",
            log.ids_left < log.partition_rows / 10 ? Severity::kFailed : Severity::kWarning,
            left,
            "where the last partition ends, inserts of all services fail; a running relay keeps four ahead",
            "start a relay, or as the outbox's owner: SELECT outbox_make_partitions()",
            kPartitionsLink};
  }
  if (log.partitions > kMostPartitions) {
    return {"partitions",
            Severity::kWarning,
            left,
            "each one makes planning slower, and drops are held up by what is not done or not old enough",
            "shorten retention.sent, or raise partition_rows in outbox_control",
            kPartitionsLink};
  }
  return {"partitions", Severity::kOk, left};
}

Finding CheckOrigin(const LogFacts& log) {
  if (!log.foreign) return {"progress", Severity::kOk, "made on this cluster"};
  return {"progress",
          Severity::kFailed,
          "the log was read on another PostgreSQL cluster, and came here by a dump",
          "its transaction ids mean nothing here, so that no relay goes on",
          "outbox-relay schema reset-log --execute",
          kPartitionsLink};
}

}  // namespace outbox
