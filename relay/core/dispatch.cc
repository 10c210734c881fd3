// SPDX-License-Identifier: Apache-2.0
#include "core/dispatch.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"

namespace outbox {

Dispatch::Dispatch(Order order, Delivery& delivery, Publisher& publisher, SharedState& shared,
                   const Environment& env)
    : order_(std::move(order)), delivery_(delivery), publisher_(publisher), shared_(shared), env_(env) {
  settlement_.outcomes.assign(order_.messages.size(), Outcome::kWait);
  handed_.assign(order_.messages.size(), false);
}

void Dispatch::Run() {
  handed_over_ = env_.now();
  care_ = shared_.CareFor(order_.messages, handed_over_);
  if (order_.trial) care_.assign(order_.messages.size(), Care::kAlone);
  if (!care_.empty()) {
    roads_.assign(order_.messages.size(), Road::kMain);
    judged_.assign(order_.messages.size(), false);
  }
  HandOver();
  handed_over_ = last_progress_ = env_.now();
  for (;;) {
    AdvanceQueues();
    if (delivery_.unreported() == 0 && !AnyWaiting()) break;
    const TimePoint now = env_.now();
    delivery_.Wait(std::min({order_.deadline, order_.stop_by(), now + milliseconds(100)}));
    WatchClock();
    if (ended_at_ && env_.now() - *ended_at_ > kReportsAfterEnd) break;
  }
  Decide();
}

// --- Handing over ---------------------------------------------------------------------------------

bool Dispatch::TopicUsable(std::size_t index) {
  const Message& message = order_.messages[index];
  if (last_topic_ < topics_.size() && topics_[last_topic_].name == message.topic)
    return topics_[last_topic_].usable;
  const auto known = std::find_if(topics_.begin(), topics_.end(),
                                  [&](const auto& topic) { return topic.name == message.topic; });
  last_topic_ = static_cast<std::size_t>(known - topics_.begin());
  if (known != topics_.end()) return known->usable;

  SeenTopic topic{.name = message.topic};
  switch (publisher_.CheckTopic(message.topic, kTopicTimeout)) {
    case TopicState::kUsable:
    case TopicState::kNoLeader:     // the client waits for one
    case TopicState::kUnreachable:  // nor would any other topic do better
      break;
    case TopicState::kUnknown:
      topic.usable = false;
      shared_.PauseTopic(message.topic, TopicPause::kUnknownTopic, "the topic does not exist", message.lane,
                         env_.now());
      break;
    case TopicState::kUnauthorized:
      topic.usable = false;
      shared_.PauseTopic(message.topic, TopicPause::kAuthorization, "not allowed to write to the topic",
                         message.lane, env_.now());
      break;
  }
  topic.established = delivery_.Established(message.topic) || Mutant("overtake_first");
  topics_.push_back(topic);
  return topic.usable;
}

void Dispatch::HandOver() {
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    if (!TopicUsable(i)) continue;
    const Care care = care_.empty() ? Care::kNone : care_[i];
    if (care == Care::kSettleOnly) {
      settlement_.outcomes[i] = Outcome::kSent;
      judged_[i] = true;
      anything_settled_ = true;
      continue;
    }
    const bool established = topics_[last_topic_].established;
    Queue* queue = care_.empty() && established ? nullptr : QueueOf(i, care);
    if (queue != nullptr) {
      queue->established = queue->established || established;
      const bool first = queue->earlier.empty() && queue->waiting.empty();
      if (care == Care::kAlone || !queue->waiting.empty() || !(first || queue->established)) {
        queue->waiting.push_back(i);
        continue;
      }
      queue->earlier.push_back(i);
    }
    if (!HandOverMain(i)) return;
  }
}

bool Dispatch::HandOverMain(std::size_t index) {
  const Message& message = order_.messages[index];
  if (!ended_units_.empty() && message.key) {
    const Unit unit{message.topic, *message.key};
    if (std::find(ended_units_.begin(), ended_units_.end(), unit) != ended_units_.end()) return true;
  }
  for (;;) {
    switch (delivery_.Publish(message, index, Road::kMain)) {
      case HandOver::kAccepted:
        handed_[index] = true;
        // Judged by the client itself: nothing that went before it is in danger, what follows is.
        if (delivery_.report(index).kind == ReportKind::kRefused && message.key) {
          ended_units_.push_back({message.topic, *message.key});
        }
        return true;
      case HandOver::kEnded:
        return false;
      case HandOver::kFull:
        delivery_.Wait(env_.now() + milliseconds(10));
        WatchClock();
        if (gave_up_) return false;
        break;
    }
  }
}

// --- Units that are looked after -------------------------------------------------------------------

Dispatch::Queue* Dispatch::QueueOf(std::size_t index, Care care) {
  const Message& message = order_.messages[index];
  if (!message.key && care == Care::kNone) return nullptr;
  std::string name(message.topic);
  name += '\0';
  // Without a key a message is a unit of its own.
  name += message.key ? std::string(*message.key) : std::string(1, '\0') + std::to_string(message.id);
  return &queues_[std::move(name)];
}

bool Dispatch::AnyWaiting() const {
  if (queues_.empty() || gave_up_ || delivery_.ended()) return false;
  const bool alone_closed = !order_.trial && env_.now() - order_.claimed_at > kAloneFor;
  return std::any_of(queues_.begin(), queues_.end(), [&](const auto& item) {
    const Queue& queue = item.second;
    return !queue.ended && !queue.waiting.empty() && !(alone_closed && NeedsAlone(queue.waiting.front()));
  });
}

void Dispatch::AdvanceQueues() {
  for (bool changed = !queues_.empty(); changed;) {
    changed = false;
    for (auto& item : queues_) changed = Advance(item.second) || changed;
  }
}

bool Dispatch::Advance(Queue& queue) {
  if (queue.ended) return false;
  if (queue.out) return ReportedAlone(queue);
  if (queue.waiting.empty() || gave_up_ || delivery_.ended()) return false;
  const bool alone = NeedsAlone(queue.waiting.front());
  if (alone && out_alone_ >= kMostAlone) return false;
  if (alone && !order_.trial && env_.now() - order_.claimed_at > kAloneFor) return false;
  if (!EarlierPersisted(queue)) return false;
  if (!alone) return SendMain(queue);
  const std::size_t next = queue.waiting.front();
  queue.waiting.pop_front();
  return SendAlone(queue, next);
}

bool Dispatch::ReportedAlone(Queue& queue) {
  if (delivery_.report(*queue.out).kind == ReportKind::kNone) return false;
  queue.ended = !JudgeAlone(*queue.out);
  queue.out.reset();
  --out_alone_;
  return true;
}

// Everything before is reported. The rest of the unit may follow at once where the main road has
// persisted one of it; else the next one goes first.
bool Dispatch::SendMain(Queue& queue) {
  do {
    const std::size_t next = queue.waiting.front();
    queue.waiting.pop_front();
    queue.earlier.push_back(next);
    if (!HandOverMain(next)) {
      queue.ended = true;
      return false;
    }
  } while (queue.established && !queue.waiting.empty() && !NeedsAlone(queue.waiting.front()));
  return true;
}

bool Dispatch::EarlierPersisted(Queue& queue) {
  if (Mutant("overtake_alone")) return true;
  for (const std::size_t index : queue.earlier) {
    const ReportKind kind = delivery_.report(index).kind;
    if (kind == ReportKind::kNone) return false;
    if (kind != ReportKind::kPersisted) {
      queue.ended = true;
      return false;
    }
  }
  queue.established = queue.established || !queue.earlier.empty();
  queue.earlier.clear();
  return true;
}

bool Dispatch::SendAlone(Queue& queue, std::size_t index) {
  const Message& message = order_.messages[index];
  roads_[index] = Road::kAlone;
  if (message.oversize > 0) {  // its payload was not even fetched
    reports_.resize(order_.messages.size());
    reports_[index] = {.kind = ReportKind::kRefused, .reason = Reason::kTooLarge};
    queue.ended = !JudgeAlone(index);
    return true;
  }
  switch (delivery_.Publish(message, index, Road::kAlone)) {
    case HandOver::kAccepted:
      handed_[index] = true;
      queue.out = index;
      ++out_alone_;
      return true;
    case HandOver::kFull:
      queue.waiting.push_front(index);
      return false;
    case HandOver::kEnded:
      queue.ended = true;
      return false;
  }
  return false;
}

bool Dispatch::JudgeAlone(std::size_t index) {
  const Report& report = order_.messages[index].oversize > 0 ? reports_[index] : delivery_.report(index);
  DecideOne(index, report);
  judged_[index] = true;
  const Outcome outcome = settlement_.outcomes[index];
  return outcome == Outcome::kSent || (outcome == Outcome::kFailed && order_.on_failed == OnFailed::kSkip);
}

// --- The clock ------------------------------------------------------------------------------------

void Dispatch::GiveUp(GiveUpReason reason, TimePoint now) {
  gave_up_ = true;
  ended_at_ = now;
  delivery_.GiveUp(reason);
}

void Dispatch::WatchClock() {
  const TimePoint now = env_.now();
  if (!ended_at_ && delivery_.ended()) ended_at_ = now;
  const std::size_t unreported = delivery_.unreported();
  if (unreported != last_unreported_) last_progress_ = now;
  last_unreported_ = unreported;
  if (gave_up_ || unreported == 0) return;
  if (now >= order_.stop_by()) {
    GiveUp(GiveUpReason::kShutdown, now);
  } else if (now >= order_.deadline) {
    if (OthersServed()) SuspectSilentTopics(now);
    GiveUp(GiveUpReason::kDeadline, now);
    outage_ = true;
  } else if (!ended_at_ && !order_.trial && now - handed_over_ > kSuspectAfter &&
             now - last_progress_ > kSilentFor && OthersServed()) {
    SuspectSilentTopics(now);
    GiveUp(GiveUpReason::kDeadline, now);
  }
}

// If others were served since, and a broker still answers, whoever is silent is sick by itself. Without
// this rule one partition without a leader would cost everybody's generation, again and again.
bool Dispatch::OthersServed() {
  if (!OthersPersisted()) return false;
  const std::size_t silent = delivery_.unreported();
  // Not Probe: that goes by the main road, where a request that the sick topic holds up holds up the
  // question as well.
  const auto first =
      std::find_if(order_.messages.begin(), order_.messages.end(), [this](const Message& message) {
        const auto index = static_cast<std::size_t>(&message - order_.messages.data());
        return handed_[index] && delivery_.report(index).kind == ReportKind::kNone;
      });
  if (first == order_.messages.end()) return false;
  if (publisher_.ProbeTopic(first->topic, kTopicTimeout) == TopicState::kUnreachable) {
    // They were served before the brokers fell silent too: that is an outage, and no topic's fault.
    last_progress_ = env_.now();
    return false;
  }
  // The brokers may have come back in this very moment, and the reports with their answer.
  delivery_.Wait(env_.now() + kSettleDown);
  return delivery_.unreported() == silent;
}

bool Dispatch::OthersPersisted() const {
  if (shared_.AnythingPersistedSince(handed_over_)) return true;
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    if (delivery_.report(i).kind == ReportKind::kPersisted) return true;
  }
  return false;
}

void Dispatch::SuspectSilentTopics(TimePoint now) {
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    const Message& message = order_.messages[i];
    if (!handed_[i] || delivery_.report(i).kind != ReportKind::kNone) continue;
    shared_.PauseTopic(message.topic, TopicPause::kSuspected,
                       "no reports while other messages were persisted", message.lane, now);
  }
}

// --- Deciding -------------------------------------------------------------------------------------

void Dispatch::Decide() {
  const TimePoint now = env_.now();
  reports_.resize(order_.messages.size());
  std::vector<std::string_view> lost;  // topics whose refusals ended the generation
  for (std::size_t i = 0; i < order_.messages.size(); ++i) {
    if (order_.messages[i].oversize == 0) reports_[i] = delivery_.report(i);
    const Report& report = reports_[i];
    if (judged_.empty() || !judged_[i]) DecideOne(i, report);
    const bool refused_on_main =
        report.kind == ReportKind::kRefused && (roads_.empty() || roads_[i] == Road::kMain);
    if (refused_on_main && (lost.empty() || lost.back() != order_.messages[i].topic)) {
      lost.push_back(order_.messages[i].topic);
    }
  }
  if (delivery_.ended()) {
    for (const std::string_view topic : lost) shared_.OnGenerationLost(topic, now);
  }
  std::sort(settlement_.refusals.begin(), settlement_.refusals.end(),
            [](const Refusal& a, const Refusal& b) { return a.index < b.index; });
  if (persisted_) shared_.OnPersisted(now);
  if (!persisted_ && delivery_.ended() && now - handed_over_ > kSuspectAfter) outage_ = true;
}

void Dispatch::DecideOne(std::size_t index, const Report& report) {
  const Message& message = order_.messages[index];
  const Road road = roads_.empty() ? Road::kMain : roads_[index];
  const Verdict verdict = Judge(report, road, message.attempts, order_.retry,
                                report.kind == ReportKind::kRefused ? env_.random() : 0);
  settlement_.outcomes[index] = verdict.outcome;
  if (verdict.outcome != Outcome::kWait) anything_settled_ = true;
  if (report.kind == ReportKind::kPersisted) {
    persisted_ = true;
    return;
  }
  if (report.kind == ReportKind::kNone) return;
  if (why_.empty()) why_ = publisher_.Describe(report);
  if (verdict.suspect) shared_.AddSuspect(message);
  if (verdict.outcome == Outcome::kRetry || verdict.outcome == Outcome::kFailed) {
    settlement_.refusals.push_back({index, verdict.delay, Error(message, report)});
  }
  if (report.kind == ReportKind::kTopicUnknown) {
    shared_.PauseTopic(message.topic, TopicPause::kUnknownTopic, why_, message.lane, env_.now());
  } else if (report.kind == ReportKind::kTopicUnauthorized) {
    shared_.PauseTopic(message.topic, TopicPause::kAuthorization, why_, message.lane, env_.now());
  } else if (report.kind == ReportKind::kOutage) {
    if (report.reason == Reason::kAuthentication)
      shared_.OnAuthenticationFailed(publisher_.Describe(report), env_.now());
    const bool by_others = report.reason == Reason::kPurged || report.reason == Reason::kFatal ||
                           report.reason == Reason::kShutdown;
    if (!by_others) outage_ = true;
  }
}

std::string Dispatch::Error(const Message& message, const Report& report) const {
  if (message.oversize > 0) return "too_large: the payload is larger than message.max.bytes";
  return std::string(Label(report.reason)) + ": " + publisher_.Describe(report);
}

}  // namespace outbox
