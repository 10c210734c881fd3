// SPDX-License-Identifier: Apache-2.0
#include "fakes/scripted_publisher.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace outbox::test {
namespace {

constexpr Report kPersisted{.kind = ReportKind::kPersisted};
constexpr Report kPurged{.kind = ReportKind::kOutage, .reason = Reason::kPurged};

std::optional<std::string> Copy(const std::optional<std::string_view>& view) {
  return view ? std::optional<std::string>(*view) : std::nullopt;
}

}  // namespace

// Everything in it is protected by the publisher's mutex_.
struct ScriptedPublisher::Flight {
  std::vector<Report> reports;
  std::size_t unreported = 0;
  bool rung = false;
  int generation = 0;
  int alone_generation = 0;  // 0: not bound yet
  std::shared_ptr<const void> memory;
};

class ScriptedPublisher::ScriptedDelivery final : public Delivery {
 public:
  ScriptedDelivery(ScriptedPublisher& publisher, std::shared_ptr<Flight> flight)
      : publisher_(publisher), flight_(std::move(flight)), seen_(flight_->reports.size()) {}

  ~ScriptedDelivery() override {
    if (unreported() > 0) GiveUp(GiveUpReason::kOther);
  }

  HandOver Publish(const Message& message, std::size_t index, Road road) override {
    assert(index < seen_.size());
    return publisher_.HandOverTo(flight_,
                                 {.id = message.id,
                                  .message_id = std::string(message.message_id),
                                  .topic = std::string(message.topic),
                                  .key = Copy(message.key),
                                  .payload = Copy(message.payload),
                                  .headers = std::string(message.headers),
                                  .road = road,
                                  .generation = flight_->generation},
                                 index, message.oversize > 0);
  }

  // A copy per index, since the one in the flight may be written meanwhile.
  const Report& report(std::size_t index) const override {
    const std::lock_guard lock(publisher_.mutex_);
    return seen_[index] = flight_->reports[index];
  }

  std::size_t unreported() const override {
    const std::lock_guard lock(publisher_.mutex_);
    return flight_->unreported;
  }

  void Wait(TimePoint until) override {
    std::unique_lock lock(publisher_.mutex_);
    publisher_.bell_.wait_until(lock, until, [this] {
      return flight_->rung || flight_->unreported == 0 || (!end_seen_ && publisher_.Ended(*flight_));
    });
    flight_->rung = false;
    end_seen_ = publisher_.Ended(*flight_);
  }

  bool ended() const override {
    const std::lock_guard lock(publisher_.mutex_);
    return publisher_.Ended(*flight_);
  }

  bool Established(std::string_view) const override {
    const std::lock_guard lock(publisher_.mutex_);
    return publisher_.established_;
  }

  void GiveUp(GiveUpReason reason) override {
    const std::lock_guard lock(publisher_.mutex_);
    if (publisher_.Waits(*flight_, Road::kMain)) publisher_.End(flight_->generation, reason);
    if (publisher_.Waits(*flight_, Road::kAlone)) publisher_.EndAlone(reason);
  }

 private:
  ScriptedPublisher& publisher_;
  const std::shared_ptr<Flight> flight_;
  mutable std::vector<Report> seen_;
  bool end_seen_ = false;
};

ScriptedPublisher::ScriptedPublisher() = default;
ScriptedPublisher::~ScriptedPublisher() = default;

void ScriptedPublisher::AnswerId(std::int64_t id, Report report, int times) {
  const std::lock_guard lock(mutex_);
  by_id_[id].insert(by_id_[id].end(), static_cast<std::size_t>(times), report);
}

void ScriptedPublisher::AnswerTopic(const std::string& topic, Report report) {
  const std::lock_guard lock(mutex_);
  by_topic_[topic] = report;
}

void ScriptedPublisher::Hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void ScriptedPublisher::Release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  // One at a time: a bad answer purges those behind it.
  while (!waiting_.empty()) {
    const Waiting first = waiting_.front();
    waiting_.erase(waiting_.begin());
    ReportOne(first, AnswerTo(first.message));
  }
}

void ScriptedPublisher::SetQueueLimit(std::size_t messages) {
  const std::lock_guard lock(mutex_);
  queue_limit_ = messages;
}

void ScriptedPublisher::SetTopic(const std::string& topic, TopicState state) {
  const std::lock_guard lock(mutex_);
  topics_[topic] = state;
}

void ScriptedPublisher::SetReachable(bool reachable, TimePoint now) {
  const std::lock_guard lock(mutex_);
  reachable_ = reachable;
  down_since_ = now;
}

void ScriptedPublisher::SetOpens(bool opens) {
  const std::lock_guard lock(mutex_);
  opens_ = opens;
}

void ScriptedPublisher::SetEstablished(bool established) {
  const std::lock_guard lock(mutex_);
  established_ = established;
}

void ScriptedPublisher::SetCannotContinue() {
  const std::lock_guard lock(mutex_);
  cannot_continue_ = true;
}

void ScriptedPublisher::EndGeneration() {
  const std::lock_guard lock(mutex_);
  End(generation_, GiveUpReason::kOther);
}

void ScriptedPublisher::OnPublish(std::function<void(const Published&)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

std::vector<Published> ScriptedPublisher::handed_over() const {
  const std::lock_guard lock(mutex_);
  return handed_over_;
}

std::vector<Published> ScriptedPublisher::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

int ScriptedPublisher::generations() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

std::vector<GiveUpReason> ScriptedPublisher::given_up() const {
  const std::lock_guard lock(mutex_);
  return given_up_;
}

std::vector<std::string> ScriptedPublisher::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

std::unique_ptr<Delivery> ScriptedPublisher::Open(std::size_t size, std::shared_ptr<const void> memory) {
  const std::lock_guard lock(mutex_);
  if (!opens_) return nullptr;
  if (!alive_) {
    ++generation_;
    alive_ = true;
  }
  auto flight = std::make_shared<Flight>();
  flight->reports.resize(size);
  flight->generation = generation_;
  flight->memory = std::move(memory);
  return std::make_unique<ScriptedDelivery>(*this, std::move(flight));
}

TopicState ScriptedPublisher::CheckTopic(std::string_view topic, milliseconds timeout) {
  return ProbeTopic(topic, timeout);
}

TopicState ScriptedPublisher::ProbeTopic(std::string_view topic, milliseconds) {
  const std::lock_guard lock(mutex_);
  asked_.emplace_back(topic);
  if (!reachable_) return TopicState::kUnreachable;
  const auto found = topics_.find(topic);
  return found == topics_.end() ? TopicState::kUsable : found->second;
}

bool ScriptedPublisher::Probe(milliseconds) {
  const std::lock_guard lock(mutex_);
  return reachable_;
}

PublisherHealth ScriptedPublisher::Health() const {
  const std::lock_guard lock(mutex_);
  PublisherHealth health;
  health.ever_connected = true;
  health.brokers_up = reachable_ ? 1 : 0;
  if (!reachable_) health.all_down_since = down_since_;
  health.cannot_continue = cannot_continue_;
  return health;
}

std::string ScriptedPublisher::Describe(const Report& report) const {
  return "scripted report " + std::to_string(static_cast<int>(report.kind)) + ", reason " +
         std::to_string(static_cast<int>(report.reason));
}

HandOver ScriptedPublisher::HandOverTo(const std::shared_ptr<Flight>& flight, Published message,
                                       std::size_t index, bool oversize) {
  std::function<void(const Published&)> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (hook) hook(message);

  const std::lock_guard lock(mutex_);
  if (message.road == Road::kMain && Ended(*flight)) return HandOver::kEnded;
  if (message.road == Road::kAlone) {
    if (flight->alone_generation == 0) flight->alone_generation = alone_generation_;
    if (flight->alone_generation != alone_generation_) return HandOver::kEnded;
  }
  if (oversize) {  // judged here, as the real one does, and nothing ends
    flight->reports[index] = {.kind = ReportKind::kRefused, .reason = Reason::kTooLarge};
    flight->rung = true;
    return HandOver::kAccepted;
  }
  if (waiting_.size() >= queue_limit_) return HandOver::kFull;
  assert(flight->reports[index].kind == ReportKind::kNone);
  handed_over_.push_back(message);
  ++flight->unreported;
  const Waiting waiting{flight, index, std::move(message)};
  if (held_) {
    waiting_.push_back(waiting);
  } else {
    ReportOne(waiting, AnswerTo(waiting.message));
  }
  return HandOver::kAccepted;
}

bool ScriptedPublisher::Ended(const Flight& flight) const {
  return flight.generation != generation_ || !alive_;
}

Report ScriptedPublisher::AnswerTo(const Published& message) {
  if (const auto found = by_id_.find(message.id); found != by_id_.end() && !found->second.empty()) {
    const Report report = found->second.front();
    found->second.erase(found->second.begin());
    return report;
  }
  const auto found = by_topic_.find(message.topic);
  return found == by_topic_.end() ? kPersisted : found->second;
}

void ScriptedPublisher::ReportOne(const Waiting& waiting, Report report) {
  Flight& flight = *waiting.flight;
  if (report.kind == ReportKind::kPersisted || report.maybe_persisted) log_.push_back(waiting.message);
  flight.reports[waiting.index] = report;
  --flight.unreported;
  const bool bad = report.kind != ReportKind::kPersisted;
  if (bad || waiting.message.road == Road::kAlone) flight.rung = true;
  if (bad && waiting.message.road == Road::kMain) {
    End(waiting.message.generation,
        report.kind == ReportKind::kRefused ? GiveUpReason::kRefusal : GiveUpReason::kOther);
  }
  bell_.notify_all();
}

void ScriptedPublisher::End(int generation, GiveUpReason reason) {
  if (generation != generation_ || !alive_) return;
  alive_ = false;
  given_up_.push_back(reason);
  Purge(Road::kMain);
}

void ScriptedPublisher::EndAlone(GiveUpReason reason) {
  ++alone_generation_;
  given_up_.push_back(reason);
  Purge(Road::kAlone);
}

bool ScriptedPublisher::Waits(const Flight& flight, Road road) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
    return waiting.flight.get() == &flight && waiting.message.road == road;
  });
}

void ScriptedPublisher::Purge(Road road) {
  const auto first = std::stable_partition(
      waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) { return waiting.message.road != road; });
  const std::vector<Waiting> purged(first, waiting_.end());
  waiting_.erase(first, waiting_.end());
  for (const auto& waiting : purged) ReportOne(waiting, kPurged);
  bell_.notify_all();
}

}  // namespace outbox::test
