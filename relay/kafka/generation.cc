// SPDX-License-Identifier: Apache-2.0
#include "kafka/generation.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "core/mutant.h"
#include "kafka/kafka_report.h"
#include "kafka/trouble.h"

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kIdlePoll{1'000};  // reports, errors and the end interrupt it
constexpr milliseconds kFirstPoll{50};    // until a broker answered
constexpr milliseconds kFinalPoll{5};
constexpr milliseconds kFirstLookUp{1'000};
constexpr milliseconds kGrace{500};  // for requests in flight, after an end that nobody chose
constexpr milliseconds kReportPatience{5'000};
// After which a refused client makes place for one that reads secrets and certificates anew.
constexpr milliseconds kRefusedPatience{10'000};

std::string_view LabelOf(GiveUpReason reason) {
  switch (reason) {
    case GiveUpReason::kRefusal:
      return "refusal";
    case GiveUpReason::kDeadline:
      return "deadline";
    case GiveUpReason::kFatal:
      return "fatal";
    case GiveUpReason::kShutdown:
      return "shutdown";
    case GiveUpReason::kOther:
      break;
  }
  return "other";
}

LogLevel LevelOf(int syslog_level) {
  if (syslog_level <= 3) return LogLevel::kError;
  if (syslog_level == 4) return LogLevel::kWarn;
  return syslog_level <= 6 ? LogLevel::kInfo : LogLevel::kDebug;
}

GiveUpReason ReasonOf(const Report& report) {
  if (report.kind == ReportKind::kRefused) return GiveUpReason::kRefusal;
  return report.reason == Reason::kFatal ? GiveUpReason::kFatal : GiveUpReason::kOther;
}

// By mutants whose producer goes on.
bool Overlooked(const Report& report) {
  return (Mutant("client_expiry") && report.reason == Reason::kTimeout) ||
         (Mutant("after_purge") && report.reason == Reason::kPurged);
}

}  // namespace

// librdkafka calls these from rd_kafka_poll; an exception must not pass through its frames.
struct GenerationCallbacks {
  static Generation& Of(void* opaque) { return *static_cast<Generation*>(opaque); }

  static void Report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) noexcept {
    Of(opaque).OnReport(*message);
  }
  static void Error(rd_kafka_t*, int error, const char* text, void* opaque) noexcept {
    Of(opaque).OnError(static_cast<rd_kafka_resp_err_t>(error), text);
  }
  // The only one that runs in a thread of the client's.
  static int Verify(rd_kafka_t*, const char*, std::int32_t, int* error, int, const char*, std::size_t, char*,
                    std::size_t, void* opaque) noexcept {
    if (*error != 0) Of(opaque).verification_ = *error;
    return *error == 0 ? 1 : 0;
  }
  static int Statistics(rd_kafka_t*, char* json, std::size_t size, void* opaque) noexcept {
    Of(opaque).OnStatistics({json, size});
    return 0;
  }
  static void Log(const rd_kafka_t* client, int level, const char* facility, const char* text) noexcept {
    std::string line = std::string(facility) + ": " + text;
    // Said of each producer, about a setting that is ours, not the operator's.
    if (line.starts_with("CONFWARN") && line.find("enable.gapless.guarantee") != line.npos) return;
    Of(rd_kafka_opaque(client)).context_->events.Log(LevelOf(level), line);
  }
};

std::shared_ptr<Generation> Generation::Start(Road road, ConfHandle conf,
                                              std::shared_ptr<KafkaContext> context) {
  auto generation = std::make_shared<Generation>(road, std::move(conf), std::move(context));
  std::thread([generation] { generation->Run(); }).detach();
  return generation;
}

Generation::Generation(Road road, ConfHandle conf, std::shared_ptr<KafkaContext> context)
    : road_(road), context_(std::move(context)), statistics_(road) {
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), GenerationCallbacks::Report);
  rd_kafka_conf_set_error_cb(conf.get(), GenerationCallbacks::Error);
  rd_kafka_conf_set_stats_cb(conf.get(), GenerationCallbacks::Statistics);
  rd_kafka_conf_set_log_cb(conf.get(), GenerationCallbacks::Log);
  rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), GenerationCallbacks::Verify);
  // Lines wait for the poll thread, so that no thread of the client's runs more code of ours.
  rd_kafka_conf_set(conf.get(), "log.queue", "true", nullptr, 0);
  std::array<char, 512> text{};
  client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
  if (!client_) throw std::invalid_argument(text.data());
  static_cast<void>(conf.release());  // the client's since it exists
  rd_kafka_set_log_queue(client_.get(), nullptr);
  reports_.reset(rd_kafka_queue_get_main(client_.get()));
  topics_ = std::make_unique<TopicTable>(client_.get(), context_->topics);
  context_->census.Started();
}

Generation::~Generation() = default;

bool Generation::Board(const std::shared_ptr<Flight>& flight) {
  const std::lock_guard lock(mutex_);
  if (ended_) return false;
  flights_.push_back(flight);
  return true;
}

void Generation::End(GiveUpReason reason, std::string_view detail) {
  if (Close(reason)) context_->events.GenerationEnded(LabelOf(reason), detail);
}

void Generation::Retire() { Close(GiveUpReason::kShutdown); }

bool Generation::Close(GiveUpReason reason) {
  const std::lock_guard lock(mutex_);
  if (ended_) return false;
  if (Mutant("after_purge") && reason != GiveUpReason::kFatal && reason != GiveUpReason::kShutdown) {
    Purge(RD_KAFKA_PURGE_F_QUEUE);
    return false;
  }
  for (const auto& flight : flights_) {
    Gate& gate = flight->gate(road_);
    const std::lock_guard closing(gate.mutex);
    gate.closed = true;
  }
  // Only now: who sees the end may rely on the gates.
  ended_ = true;
  context_->census.Ended(Clock::now());
  // A deadline has been waited for already. Other ends come while requests of other partitions are
  // on their way, and to purge those would make their messages repeat.
  patient_ = reason != GiveUpReason::kDeadline && reason != GiveUpReason::kShutdown;
  Purge(RD_KAFKA_PURGE_F_QUEUE | (patient_ ? 0 : RD_KAFKA_PURGE_F_INFLIGHT));
  rd_kafka_queue_yield(reports_.get());
  for (const auto& flight : flights_) flight->Ring();
  return true;
}

void Generation::Purge(int what) {
  // A blocking purge would wait for threads that may sit in a name resolution.
  rd_kafka_purge(client_.get(), what | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

TopicState Generation::CheckTopic(std::string_view topic, milliseconds timeout) {
  const std::shared_lock use(use_);
  if (!topics_) return TopicState::kUnreachable;
  const TopicState state = topics_->Check(topic, timeout);
  if (state != TopicState::kUnreachable) context_->health.OnAnswer();
  return state;
}

TopicState Generation::ProbeTopic(std::string_view topic, milliseconds timeout) {
  const std::shared_lock use(use_);
  if (!topics_) return TopicState::kUnreachable;
  const TopicState state = topics_->Probe(topic, timeout);
  if (state != TopicState::kUnreachable) context_->health.OnAnswer();
  return state;
}

bool Generation::Answers(milliseconds timeout) {
  const std::shared_lock use(use_);
  const bool answered = topics_ && topics_->Answers(timeout);
  if (answered) context_->health.OnAnswer();
  return answered;
}

bool Generation::Established(std::string_view topic) {
  const std::shared_lock use(use_);
  return topics_ && topics_->Established(topic);
}

void Generation::Run() noexcept {
  topics_->LookUpKnown(kFirstLookUp);
  while (!ended_) {
    Poll(answered_ ? kIdlePoll : kFirstPoll);
    if (Outdated()) Retire();
  }
  AwaitReports();
  Destroy();
  context_->census.Gone();
}

void Generation::Poll(milliseconds timeout) {
  rd_kafka_poll(client_.get(), static_cast<int>(timeout.count()));
  // A relay without messages is ready as soon as a broker answers; the first statistics come after 5 s.
  if (!answered_ && rd_kafka_controllerid(client_.get(), 0) >= 0) {
    answered_ = true;
    context_->health.OnAnswer();
  }
  // Between two polls no callback is on its way, so no slot of a flight that is done is touched.
  if (landed_.exchange(false)) Sweep();
}

bool Generation::Outdated() const {
  return refused_since_ && Clock::now() - *refused_since_ >= kRefusedPatience &&
         rd_kafka_outq_len(client_.get()) == 0;
}

void Generation::Sweep() {
  std::vector<std::shared_ptr<Flight>> done;
  const std::lock_guard lock(mutex_);
  const auto first = std::partition(flights_.begin(), flights_.end(),
                                    [this](const auto& flight) { return !flight->done(road_); });
  std::move(first, flights_.end(), std::back_inserter(done));
  flights_.erase(first, flights_.end());
}

void Generation::AwaitReports() {
  bool patient = false;
  {
    const std::lock_guard lock(mutex_);
    patient = patient_;
  }
  const TimePoint end = Clock::now();
  while (rd_kafka_outq_len(client_.get()) > 0 && Clock::now() - end < kReportPatience) {
    if (patient && Clock::now() - end >= kGrace) {
      Purge(RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
      patient = false;
    }
    Poll(kFinalPoll);
  }
}

void Generation::Destroy() {
  {
    const std::lock_guard use(use_);
    topics_.reset();
  }
  {
    const std::lock_guard lock(mutex_);  // Close may still ring for this thread
    reports_.reset();
  }
  client_.reset();
  std::vector<std::shared_ptr<Flight>> flights;
  {
    const std::lock_guard lock(mutex_);
    flights.swap(flights_);
  }
  for (const auto& flight : flights) flight->Lose(road_);
}

void Generation::OnReport(const rd_kafka_message_t& message) {
  auto& slot = *static_cast<Slot*>(message._private);
  const outbox::Report report = ToReport(message.err, rd_kafka_message_status(&message));
  if (report.kind == ReportKind::kPersisted) {
    if (!persisted_.load(std::memory_order_relaxed)) persisted_ = true;
    context_->health.OnAnswer();
    static_cast<Footing*>(rd_kafka_topic_opaque(message.rkt))->OnPersisted(message.partition);
  } else if (road_ == Road::kMain) {
    // Before anybody can see the report, so that nothing later of the unit can follow.
    if (!ended_ && !Overlooked(report)) End(ReasonOf(report), DescribeReport(report));
  } else if (report.kind == ReportKind::kTopicUnknown || report.kind == ReportKind::kTopicUnauthorized) {
    topics_->Forget(rd_kafka_topic_name(message.rkt));
  }
  slot.flight->Set(slot, report);
}

void Generation::OnError(rd_kafka_resp_err_t error, std::string_view text) {
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 512> detail{};
    const auto cause = rd_kafka_fatal_error(client_.get(), detail.data(), detail.size());
    context_->events.FatalError(detail.data());
    End(cause == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE ? GiveUpReason::kRefusal : GiveUpReason::kFatal,
        detail.data());
    return;
  }
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && road_ == Road::kMain) {
    context_->health.OnAllDown(Clock::now());
  }
  const Trouble trouble = Explain(error, text, verification_);
  // That all are down only repeats what was said of each.
  if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) context_->health.OnTrouble(trouble.text);
  if (trouble.refused && !refused_since_) refused_since_ = Clock::now();
  context_->events.Log(LogLevel::kWarn, std::string(rd_kafka_err2name(error)) + ": " + trouble.text);
}

void Generation::OnStatistics(std::string_view json) {
  const auto statistics = statistics_.Read(json);
  if (!statistics) return;
  if (std::ranges::any_of(statistics->brokers, &KafkaBrokerStatistics::up)) refused_since_.reset();
  if (road_ == Road::kMain) context_->health.OnStatistics(*statistics, Clock::now());
  context_->events.Statistics(*statistics);
}

}  // namespace outbox
