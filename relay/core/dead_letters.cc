// SPDX-License-Identifier: Apache-2.0
#include "core/dead_letters.h"

#include <algorithm>
#include <utility>

namespace outbox {
namespace {

constexpr milliseconds kAskFor{1'000};
constexpr milliseconds kRoom{10};  // in the client's queue

void AppendMember(std::string& object, std::string_view name, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  object.append(object.back() == '{' ? "\"" : ",\"").append(name).append("\":\"");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      object.append("\\u00").append({kHex[byte >> 4U], kHex[byte & 15U]});
    } else {
      if (c == '"' || c == '\\') object += '\\';
      object += c;
    }
  }
  object += '"';
}

// The message's own headers and the relay's behind them, where they win over others of the same name.
std::string HeadersOf(const Message& message, const Report& report, const std::string& reason) {
  const bool object = message.headers.ends_with('}') && report.reason != Reason::kMalformed;
  std::string headers(object ? message.headers.substr(0, message.headers.size() - 1) : "{");
  AppendMember(headers, "outbox-relay-topic", message.topic);
  AppendMember(headers, "outbox-relay-reason", reason);
  AppendMember(headers, "outbox-relay-attempts", std::to_string(message.attempts + 1));
  return headers += '}';
}

}  // namespace

std::string_view DeadLetterTopicOf(const DeadLetterSettings& settings, std::string_view topic) {
  const auto own = settings.by_topic.find(topic);
  const std::string& target = own == settings.by_topic.end() ? settings.topic : own->second;
  // What a topic refuses it refuses again.
  return target == topic ? std::string_view() : target;
}

DeadLetters::DeadLetters(const Task& task, Publisher& publisher, const Environment& env)
    : task_(task), publisher_(publisher), env_(env), letters_(std::make_shared<std::vector<Letter>>()) {}

DeadLetterTally DeadLetters::Publish(Settlement& settlement) {
  Write(settlement);
  if (letters_->empty()) return {};
  // Each has a second try, without its payload.
  const auto memory = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
      task_.memory, letters_);
  if (const auto delivery = publisher_.Open(2 * letters_->size(), memory)) {
    Send(*delivery);
  } else {
    for (Letter& letter : *letters_) letter.why = "there is no producer at the moment";
  }
  DeadLetterTally tally;
  for (const Letter& letter : *letters_) {
    if (letter.why.empty()) {
      ++tally.copied;
    } else {
      KeepRetrying(letter, settlement, tally);
    }
  }
  return tally;
}

void DeadLetters::Write(const Settlement& settlement) {
  for (std::size_t i = 0; i < settlement.refusals.size(); ++i) {
    const Refusal& refusal = settlement.refusals[i];
    const Message& message = task_.messages[refusal.index];
    const std::string_view target = DeadLetterTopicOf(task_.topics, message.topic);
    if (settlement.outcomes[refusal.index] != Outcome::kFailed || target.empty()) continue;
    Letter letter{.refusal = i,
                  .copy = message,
                  .headers = HeadersOf(message, task_.reports[refusal.index], refusal.error)};
    letter.copy.topic = target;
    letter.copy.oversize = 0;  // its payload was not fetched
    letters_->push_back(std::move(letter));
  }
  for (Letter& letter : *letters_) letter.copy.headers = letter.headers;
}

void DeadLetters::Send(Delivery& delivery) {
  const std::size_t many = letters_->size();
  for (std::size_t i = 0; i < many; ++i) HandOver(delivery, i, i);
  Await(delivery);
  for (std::size_t i = 0; i < many; ++i) {
    Letter& letter = (*letters_)[i];
    const Report& report = delivery.report(i);
    if (report.kind != ReportKind::kRefused || report.reason != Reason::kTooLarge || !letter.copy.payload)
      continue;
    letter.copy.payload.reset();
    HandOver(delivery, i, many + i);
  }
  Await(delivery);
  if (delivery.unreported() > 0) delivery.GiveUp(GiveUpReason::kDeadline);
  for (std::size_t i = 0; i < many; ++i) {
    Letter& letter = (*letters_)[i];
    const Report& second = delivery.report(many + i);
    const Report& report = second.kind == ReportKind::kNone ? delivery.report(i) : second;
    if (letter.why.empty() && report.kind != ReportKind::kPersisted) letter.why = publisher_.Describe(report);
  }
}

void DeadLetters::HandOver(Delivery& delivery, std::size_t number, std::size_t index) {
  Letter& letter = (*letters_)[number];
  letter.why = WhyUnusable(letter.copy.topic);
  while (letter.why.empty()) {
    if (late()) {
      letter.why = "there was no time left";
      return;
    }
    switch (delivery.Publish(letter.copy, index, Road::kAlone)) {
      case HandOver::kAccepted:
        return;
      case HandOver::kFull:
        delivery.Wait(env_.now() + kRoom);
        break;
      case HandOver::kEnded:
        letter.why = "the producer was given up";
        break;
    }
  }
}

void DeadLetters::Await(Delivery& delivery) {
  while (delivery.unreported() > 0 && !late()) delivery.Wait(task_.until);
}

bool DeadLetters::late() const { return env_.now() >= task_.until; }

const std::string& DeadLetters::WhyUnusable(std::string_view topic) {
  const auto [place, fresh] = asked_.try_emplace(std::string(topic));
  if (!fresh || late()) return place->second;
  switch (publisher_.ProbeTopic(topic, kAskFor)) {
    case TopicState::kUsable:
      break;
    case TopicState::kUnknown:
      place->second = "the topic does not exist";
      break;
    case TopicState::kUnauthorized:
      place->second = "not allowed to write to the topic";
      break;
    case TopicState::kNoLeader:
      place->second = "the topic has no leader";
      break;
    case TopicState::kUnreachable:
      place->second = "no broker answers";
      break;
  }
  return place->second;
}

void DeadLetters::KeepRetrying(const Letter& letter, Settlement& settlement, DeadLetterTally& tally) const {
  Refusal& refusal = settlement.refusals[letter.refusal];
  const int attempts = task_.messages[refusal.index].attempts + 1;
  const std::string why = std::string(letter.copy.topic) + ": " + letter.why;
  if (task_.retry.max_attempts > 0 && attempts >= 2 * task_.retry.max_attempts) {
    refusal.error += "; without a copy in " + why;
    ++tally.given_up;
    return;
  }
  settlement.outcomes[refusal.index] = Outcome::kRetry;
  refusal.delay = task_.retry.backoff.Jittered(attempts, env_.random());
  refusal.error = "dead_letter: no copy in " + why + "; refused for " + refusal.error;
  ++tally.postponed;
}

}  // namespace outbox
