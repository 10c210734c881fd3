// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "metrics/metrics.h"

namespace outbox::test {

// A Metrics with a clock of its own and short ways to feed it.
struct MetricsSample {
  TimePoint now{std::chrono::hours(1)};
  Metrics metrics{"orders", {"1.2.3", "abc", "2.0.2", "15.9"}, [this] { return now; }};

  // One claim of messages that the broker and the database took, 200 ms old, published within 50 ms.
  void Send(const std::vector<std::string>& topics) {
    std::vector<Message> messages;
    for (const std::string& topic : topics) {
      messages.push_back({.topic = topic, .payload = "12345678", .age = milliseconds(200)});
    }
    const std::vector<Report> reports(topics.size(), {.kind = ReportKind::kPersisted});
    const std::vector<Outcome> outcomes(topics.size(), Outcome::kSent);
    metrics.OnClaim({.messages = messages,
                     .reports = reports,
                     .outcomes = outcomes,
                     .publish_time = milliseconds(50),
                     .settled = true,
                     .claim_time = milliseconds(2),
                     .settle_time = milliseconds(3),
                     .transaction_time = milliseconds(60)});
  }

  // One message with this report and this outcome; without an outcome nothing was settled.
  void One(const Report& report, std::optional<Outcome> outcome, ClaimReport claim = {}) {
    const Message message{.topic = "orders"};
    claim.messages = {&message, 1};
    claim.reports = {&report, 1};
    if (outcome) {
      claim.outcomes = {&*outcome, 1};
      claim.settled = true;
    }
    metrics.OnClaim(claim);
  }

  bool Has(const std::string& line) const {
    return metrics.Text().find("\n" + line + "\n") != std::string::npos;
  }
  bool Mentions(const std::string& name) const { return metrics.Text().find(name) != std::string::npos; }
};

}  // namespace outbox::test
