// SPDX-License-Identifier: Apache-2.0
#include "log/log_observer.h"

#include <utility>

#include "log/log.h"

namespace outbox {

namespace {

// Of a W3C traceparent among the headers, "00-<trace id>-<span id>-<flags>"; empty if there is none.
std::string_view TraceId(std::string_view headers) {
  constexpr std::size_t kDigits = 32;
  constexpr std::string_view kName = "\"traceparent\"";
  const std::size_t name = headers.find(kName);
  if (name == std::string_view::npos) return {};
  const std::size_t dash = headers.find('-', name + kName.size());
  if (dash == std::string_view::npos) return {};
  const std::string_view id = headers.substr(dash + 1, kDigits);
  const bool hex = id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return id.size() == kDigits && hex ? id : std::string_view();
}

}  // namespace

const char* Word(TopicPause why) {
  switch (why) {
    case TopicPause::kUnknownTopic:
      return "unknown_topic";
    case TopicPause::kAuthorization:
      return "authorization";
    case TopicPause::kSuspected:
      return "suspected";
    case TopicPause::kOperator:
      return "operator";
  }
  return "";
}

const char* Word(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half_open";
  }
  return "";
}

void LogObserver::Limited(LogLevel level, std::string_view place, std::string_view text) {
  const auto kept_back = limiter_.Admit(place, std::chrono::steady_clock::now());
  if (!kept_back) return;
  if (*kept_back == 0) {
    WriteLog(level, text);
  } else {
    Log(level, "{} ({} more like this were not written)", text, *kept_back);
  }
}

void LogObserver::LogRefusals(const ClaimReport& claim) {
  for (const Refusal& refusal : claim.refusals) {
    const Message& message = claim.messages[refusal.index];
    const bool failed = claim.outcomes[refusal.index] == Outcome::kFailed;
    const std::string_view trace_id = TraceId(message.headers);
    const std::string next = failed ? std::string("it has failed and waits for an operator")
                                    : fmt::format("next attempt in {} ms", refusal.delay.count());
    Limited(LogLevel::kWarn, fmt::format("refused {} {}", failed, message.topic),
            fmt::format("message {} of topic {}{}{} was refused, attempt {}: {}; {}", message.id,
                        message.topic, trace_id.empty() ? "" : ", trace_id ", trace_id, message.attempts + 1,
                        refusal.error, next));
  }
}

void LogObserver::WriteKeptBack() {
  for (const auto& [place, count] : limiter_.TakeOverdue(std::chrono::steady_clock::now())) {
    LogInfo("{} more lines like the last one about \"{}\" were not written", count, place);
  }
}

void LogObserver::OnClaim(const ClaimReport& claim) {
  if (claim.settled) LogRefusals(claim);
  if (claim.unknown_commit) {
    Limited(LogLevel::kWarn, "unknown commit",
            fmt::format("no answer to COMMIT for {} messages: those that are still pending are claimed again",
                        claim.messages.size()));
  }
  if (LogEnabled(LogLevel::kDebug) && !claim.messages.empty()) {
    LogDebug("claim: {} messages of {} lanes, claimed in {} us, published in {} us, settled in {} us{}",
             claim.messages.size(), claim.lanes, claim.claim_time.count(), claim.publish_time.count(),
             claim.settle_time.count(), claim.settled ? "" : ", rolled back");
  }
  ForwardingObserver::OnClaim(claim);
}

void LogObserver::OnGenerationEnded(std::string_view reason) {
  Limited(LogLevel::kInfo, fmt::format("generation {}", reason),
          fmt::format("gave up a producer ({}) and made a new one; what was in flight is published again",
                      reason));
  ForwardingObserver::OnGenerationEnded(reason);
}

void LogObserver::OnBreaker(BreakerState state, std::string_view why) {
  switch (state) {
    case BreakerState::kOpen:
      LogError("breaker open: {}; nothing is claimed, probing the brokers every second", why);
      break;
    case BreakerState::kHalfOpen:
      LogInfo("breaker half-open: {}; trying a small batch", why);
      break;
    case BreakerState::kClosed:
      LogInfo("breaker closed: {}", why);
      break;
  }
  ForwardingObserver::OnBreaker(state, why);
}

void LogObserver::OnTopicPaused(std::string_view topic, TopicPause why, std::string_view detail) {
  LogWarn("topic {} paused ({}): {}; its messages wait, no attempt is spent, probing it", topic, Word(why),
          detail);
  ForwardingObserver::OnTopicPaused(topic, why, detail);
}

void LogObserver::OnTopicResumed(std::string_view topic, TopicPause why) {
  LogInfo("topic {} resumed (was {})", topic, Word(why));
  ForwardingObserver::OnTopicResumed(topic, why);
}

void LogObserver::OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) {
  bool changed = false;
  {
    const std::scoped_lock lock(mutex_);
    changed = up != store_up_;
    store_up_ = up;
  }
  if (up && changed) LogInfo("connected to PostgreSQL");
  if (!up && changed) {
    LogError("PostgreSQL cannot be used: {}; trying again", detail);
  } else if (!up) {
    Limited(LogLevel::kError, "store", fmt::format("PostgreSQL cannot be used: {}; trying again", detail));
  }
  ForwardingObserver::OnStore(up, reason, detail);
}

void LogObserver::OnListening(bool up, std::string_view why) {
  if (up) LogInfo("listening for wake-ups");
  if (!up) LogWarn("no wake-ups, only polling: {}", why);
  ForwardingObserver::OnListening(up, why);
}

void LogObserver::OnSweep(std::size_t messages) {
  if (messages > 0) {
    Limited(LogLevel::kWarn, "sweep",
            fmt::format("a sweep found {} messages that no claim had seen: was the outbox changed by hand?",
                        messages));
  }
  ForwardingObserver::OnSweep(messages);
}

void LogObserver::OnSampleFailed(std::string_view why) {
  Limited(LogLevel::kWarn, "sample", fmt::format("cannot sample the outbox: {}; trying again in 2 s", why));
  ForwardingObserver::OnSampleFailed(why);
}

void LogObserver::OnPurge(std::int64_t messages) {
  if (messages > 0) LogDebug("purged {} sent messages past retention", messages);
  ForwardingObserver::OnPurge(messages);
}

void LogObserver::OnControl(const SharedControl& control) {
  SharedControl before;
  {
    const std::scoped_lock lock(mutex_);
    if (control == control_) return;  // each worker tells it
    before = std::exchange(control_, control);
  }
  if (control.paused != before.paused) {
    if (control.paused) LogWarn("paused by an operator: {}", control.paused_reason);
    if (!control.paused) LogInfo("resumed by an operator");
  }
  if (control.paused_topics != before.paused_topics) {
    LogInfo(
        "topics paused by an operator: {}",
        control.paused_topics.empty() ? "none" : fmt::format("{}", fmt::join(control.paused_topics, ", ")));
  }
  if (control.on_failed != before.on_failed) {
    LogInfo("on_failed is now {}", control.on_failed == OnFailed::kBlock ? "block" : "skip");
  }
  ForwardingObserver::OnControl(control);
}

}  // namespace outbox
