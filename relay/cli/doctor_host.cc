// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/doctor.h"
#include "system/host.h"

namespace outbox {
namespace {

constexpr const char* kRun = "docs/operations.md#run";

// 0: not set, or no number, which librdkafka says better.
std::int64_t Number(const KafkaSettings& kafka, const char* name) {
  const auto found = std::ranges::find(kafka.properties, name, &KafkaProperty::name);
  std::int64_t number = 0;
  if (found != kafka.properties.end()) {
    std::from_chars(found->value.data(), found->value.data() + found->value.size(), number);
  }
  return number;
}

std::string Property(const std::map<std::string, std::string>& properties, const char* name) {
  const auto found = properties.find(name);
  return found == properties.end() ? "" : found->second;
}

}  // namespace

Finding CheckTimeouts(const Settings& settings) {
  const std::int64_t deadline = settings.delivery.deadline.count();
  for (const char* name : {"request.timeout.ms", "socket.timeout.ms"}) {
    const std::int64_t timeout = Number(settings.kafka, name);
    if (timeout <= deadline) continue;
    return {"timeouts",
            Severity::kWarning,
            fmt::format("{} is {} ms, delivery.deadline {} ms", name, timeout, deadline),
            "a request that a broker never answers is not tried again before the relay gives up the whole "
            "batch",
            fmt::format("set {} to {} at most, or leave it out", name, deadline),
            "docs/configuration.md"};
  }
  return {"timeouts", Severity::kOk,
          fmt::format("a batch has {} s, its transaction {} s", deadline / 1000,
                      settings.postgres.transaction_timeout.count() / 1000)};
}

Finding CheckOpenFiles(std::int64_t limit, const Settings& settings, int brokers) {
  // Two producers with a connection a broker each, one more pair while a generation ends, PostgreSQL,
  // and HTTP's own.
  const std::int64_t needed = 4 * std::int64_t{brokers} + settings.delivery.workers + 2 + 64;
  if (limit >= needed) {
    return {"files", Severity::kOk, fmt::format("{} may be open, some {} are needed", limit, needed)};
  }
  return {"files",
          Severity::kWarning,
          fmt::format("{} files and sockets may be open, some {} are needed", limit, needed),
          "a relay that runs out of them can reach neither brokers nor PostgreSQL",
          "raise it: ulimit -n, or LimitNOFILE= in the unit",
          kRun};
}

Findings CheckUnit(const std::string& unit, const std::map<std::string, std::string>& properties,
                   const Settings& settings) {
  if (properties.empty()) return {{"unit", Severity::kSkipped, "systemd does not know " + unit + " here"}};
  Findings findings;
  const auto warn = [&](std::string what, std::string why, std::string remedy) {
    findings.push_back(
        {"unit", Severity::kWarning, std::move(what), std::move(why), std::move(remedy), kRun});
  };
  const auto stop = UnitTime(Property(properties, "TimeoutStopUSec"));
  if (stop && *stop <= settings.delivery.shutdown_grace) {
    warn("TimeoutStopSec is " + Property(properties, "TimeoutStopUSec") +
             ", not above delivery.shutdown_grace",
         "systemd kills the relay while it drains, and what was in flight is sent again",
         fmt::format("TimeoutStopSec={}s", settings.delivery.shutdown_grace.count() / 1000 + 30));
  }
  if (Property(properties, "Type") != "notify") {
    warn("Type is " + Property(properties, "Type"),
         "systemd neither knows when the relay is ready nor sees its status, and the watchdog does nothing",
         "Type=notify");
  }
  const std::string prevented = " " + Property(properties, "RestartPreventExitStatus") + " ";
  if (Property(properties, "Restart") == "no") {
    warn("Restart is no", "a relay that was killed stays down", "Restart=on-failure");
  } else if (prevented.find(" 78 ") == std::string::npos) {
    warn("RestartPreventExitStatus lacks 78",
         "a wrong configuration is tried again and again, and hidden by its own restarts",
         "RestartPreventExitStatus=64 78");
  }
  if (findings.empty()) findings.push_back({"unit", Severity::kOk, unit + " is set up as it should be"});
  return findings;
}

}  // namespace outbox
