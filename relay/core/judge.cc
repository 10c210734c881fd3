// SPDX-License-Identifier: Apache-2.0
#include "core/judge.h"

#include "core/mutant.h"

namespace outbox {
namespace {

Verdict Refused(const Report& report, Road road, int attempts, const RetryPolicy& policy,
                std::uint64_t random) {
  if (road == Road::kMain && !Mutant("charge_in_company"))
    return {.outcome = Outcome::kWait, .suspect = true};
  const bool hopeless = report.reason == Reason::kTooLarge || report.reason == Reason::kMalformed;
  const bool spent = policy.max_attempts > 0 && attempts + 1 >= policy.max_attempts;
  if (hopeless || spent) return {.outcome = Outcome::kFailed};
  return {.outcome = Outcome::kRetry, .delay = policy.backoff.Jittered(attempts + 1, random)};
}

}  // namespace

Verdict Judge(const Report& report, Road road, int attempts, const RetryPolicy& policy,
              std::uint64_t random) {
  switch (report.kind) {
    case ReportKind::kPersisted:
      return {.outcome = Outcome::kSent};
    case ReportKind::kOutage:
      if (Mutant("unknown_is_sent") && report.maybe_persisted) return {.outcome = Outcome::kSent};
      if (Mutant("charge_outage")) return Refused(report, Road::kAlone, attempts, policy, random);
      return {.outcome = Outcome::kWait};
    case ReportKind::kNone:
      if (Mutant("unreported_is_sent")) return {.outcome = Outcome::kSent};
      return {.outcome = Outcome::kWait};
    case ReportKind::kTopicUnknown:
    case ReportKind::kTopicUnauthorized:
      return {.outcome = Outcome::kWait};
    case ReportKind::kRefused:
      return Refused(report, road, attempts, policy, random);
  }
  return {};
}

const char* Label(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kTimeout:
      return "timeout";
    case Reason::kTransport:
      return "transport";
    case Reason::kNotEnoughReplicas:
      return "not_enough_replicas";
    case Reason::kAuthentication:
      return "authentication";
    case Reason::kTopic:
      return "topic";
    case Reason::kPurged:
      return "purged";
    case Reason::kFatal:
      return "fatal";
    case Reason::kShutdown:
      return "shutdown";
    case Reason::kTooLarge:
      return "too_large";
    case Reason::kMalformed:
      return "malformed";
    case Reason::kInvalid:
      return "invalid";
    case Reason::kPolicy:
      return "policy";
    case Reason::kOther:
      return "other";
  }
  return "other";
}

}  // namespace outbox
