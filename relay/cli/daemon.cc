// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <random>

#include "cli/exit_code.h"
#include "cli/status_source.h"
#include "cli/version.h"
#include "log/log.h"
#include "postgres/log_store.h"
#include "postgres/postgres_store.h"
#include "system/time_of_day.h"

namespace outbox {
namespace {

constexpr milliseconds kTick{200};
constexpr milliseconds kStateEvery{1'000};
constexpr milliseconds kStopTick{50};
constexpr microseconds kExtendBy{10'000'000};
constexpr seconds kSettleWithin{90};  // after the grace; what takes longer is stuck, and systemd's to end

std::uint64_t Random() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator();
}

std::unique_ptr<KafkaPublisher> MakePublisher(const Settings& settings, KafkaEvents events) {
  const auto batches = static_cast<std::int64_t>(settings.delivery.workers);
  KafkaPublisherOptions options{
      .outbox_name = settings.outbox.name, .kafka = settings.kafka, .timestamp = settings.outbox.timestamp};
  options.queue_messages = std::max(options.queue_messages, 2 * batches * settings.delivery.batch_messages);
  options.queue_bytes = std::max(options.queue_bytes, 4 * batches * settings.delivery.batch_bytes);
  try {
    return std::make_unique<KafkaPublisher>(std::move(options), std::move(events));
  } catch (const std::invalid_argument& error) {
    throw ConfigError(error.what());
  }
}

std::unique_ptr<OutboxStore> MakeStore(const Settings& settings, Observer& observer) {
  if (settings.outbox.completion == Completion::kLog)
    return std::make_unique<LogStore>(settings.postgres, settings.outbox, observer);
  return std::make_unique<PostgresStore>(settings.postgres, settings.outbox, observer);
}

const char* Name(Completion completion) {
  switch (completion) {
    case Completion::kMark:
      return "mark";
    case Completion::kDelete:
      return "delete";
    case Completion::kLog:
      return "log";
  }
  return "";
}

std::vector<HealthCheck> ToHealth(const std::vector<Relay::Check>& checks) {
  std::vector<HealthCheck> health;
  for (const auto& check : checks) health.push_back({check.name, check.ok, check.detail});
  return health;
}

bool AllOk(const std::vector<Relay::Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const auto& check) { return check.ok; });
}

}  // namespace

Tunables ToTunables(const Settings& settings, std::int64_t max_payload) {
  const DeliverySettings& delivery = settings.delivery;
  return {.batch_messages = delivery.batch_messages,
          .batch_bytes = delivery.batch_bytes,
          .max_payload = max_payload,
          .retry = {.max_attempts = delivery.max_attempts,
                    .backoff = {delivery.backoff_initial, delivery.backoff_max}},
          .shutdown_grace = delivery.shutdown_grace,
          .trip_after = delivery.trip_after,
          .poll_min = settings.outbox.poll_min,
          .poll_max = settings.outbox.poll_max,
          .retention = settings.retention.sent,
          .cadence = settings.cadence,
          .dead_letters = settings.dead_letters,
          .pace = settings.pace};
}

Daemon::Daemon(ConfigRequest request, Config config, DaemonOptions options)
    : request_(std::move(request)),
      config_(std::move(config)),
      options_(options),
      started_(std::chrono::steady_clock::now()),
      metrics_(config_.settings.outbox.name, ThisBuild()),
      log_(metrics_),
      publisher_(MakePublisher(config_.settings, Events())),
      store_(MakeStore(config_.settings, log_)),
      env_{.now = std::chrono::steady_clock::now, .random = Random, .time_of_day = TimeOfDay},
      live_(MakeTunables(config_.settings)),
      relay_(*store_, *publisher_, log_, live_, env_, config_.settings) {
  SetLogCounter([this](LogLevel level) { metrics_.CountLog(level); });
  if (config_.settings.http.listen.empty()) return;
  HttpSources sources;
  sources.metrics = [this] { return metrics_.Text(); };
  sources.liveness = [this] { return ToHealth(relay_.Liveness()); };
  sources.readiness = [this] { return ToHealth(relay_.Readiness()); };
  if (config_.settings.http.status_page) {
    sources.status = [this, owner = StatusOwner{.outbox = config_.settings.outbox.name,
                                                .command = CommandOf(request_),
                                                .on_failed = config_.settings.outbox.on_failed,
                                                .started = started_}] {
      return MakeStatus(owner, metrics_.Snapshot(), relay_.Readiness());
    };
  }
  try {
    http_ = std::make_unique<HttpServer>(ParseEndpoint(config_.settings.http.listen), std::move(sources));
  } catch (const ListenError& error) {
    throw ConfigError(fmt::format("http.listen: {}", error.what()));
  }
}

Tunables Daemon::MakeTunables(const Settings& settings) const {
  Tunables tunables = ToTunables(settings, publisher_->max_message_bytes());
  if (options_.once) tunables.cadence.mode = CadenceMode::kContinuous;  // somebody wants it now
  return tunables;
}

Daemon::~Daemon() { SetLogCounter(nullptr); }

KafkaEvents Daemon::Events() {
  KafkaEvents events;
  events.generation_ended = [this](std::string_view reason, std::string_view detail) {
    log_.Limited(LogLevel::kDebug, "generation detail", detail);
    log_.OnGenerationEnded(reason);
  };
  events.fatal_error = [this](std::string_view detail) {
    log_.Limited(LogLevel::kWarn, "fatal", fmt::format("librdkafka ended a producer: {}", detail));
    metrics_.OnKafkaFatal();
  };
  events.statistics = [this](const KafkaStatistics& statistics) {
    ProducerFigures figures{.main = statistics.road == Road::kMain,
                            .queued_messages = statistics.queue_messages,
                            .epoch_bumps = statistics.epoch_bumps,
                            .brokers = {}};
    for (const auto& broker : statistics.brokers) {
      if (broker.needed)
        figures.brokers.push_back({broker.name, broker.up, broker.request_timeouts, broker.disconnects});
    }
    metrics_.OnProducerFigures(figures);
  };
  events.log = [this](LogLevel level, std::string_view text) {
    // Its first word names the place: FAIL, ERROR, REQTMOUT.
    log_.Limited(level, fmt::format("librdkafka {}", text.substr(0, text.find(':'))),
                 fmt::format("librdkafka: {}", text));
  };
  return events;
}

void Daemon::Start() {
  LogInfo("outbox-relay {} starts: outbox {}, schema {}, {} workers, completion {}{}", ThisBuild().version,
          config_.settings.outbox.name, config_.settings.outbox.schema, config_.settings.delivery.workers,
          Name(config_.settings.outbox.completion),
          http_ ? fmt::format(", http port {}", http_->port()) : "");
  relay_.Start();
  notifier_.Ready();
}

int Daemon::Run(Signals& signals) {
  Start();
  for (;;) {
    const auto signal = signals.Wait(kTick);
    if (signal == Signal::kTerminate) return Stop(signals, options_.once ? OnceCode() : kExitDone);
    if (signal == Signal::kHangUp) Reload();
    if (const auto code = Tick(std::chrono::steady_clock::now())) return Stop(signals, *code);
  }
}

std::optional<int> Daemon::Tick(TimePoint now) {
  Watch(now);
  if (const std::string conflict = relay_.Conflict(); !conflict.empty()) {
    LogError("{}", conflict);
    return kExitConfig;
  }
  if (relay_.cannot_continue()) {
    LogError(
        "producers that were given up have not ended for ten minutes; leaving, so that the supervisor starts "
        "anew");
    return kExitBug;
  }
  return options_.once ? OnceDone(now) : std::nullopt;
}

std::optional<int> Daemon::OnceDone(TimePoint now) {
  if (relay_.drained()) return OnceCode();
  if (options_.max_time && now - started_ >= *options_.max_time) return kExitTryAgain;
  return std::nullopt;
}

int Daemon::OnceCode() const {
  if (metrics_.Snapshot().failed > 0) return kExitNo;
  try {
    const TableSample sample = store_->ConnectKeeper()->Sample();
    return sample.pending + sample.retrying > 0 ? kExitTryAgain : kExitDone;
  } catch (const StoreUnavailable&) {
    return kExitTryAgain;
  }
}

// The watchdog is pinged as long as no thread hangs; an outage hangs nobody.
void Daemon::Watch(TimePoint now) {
  const auto watchdog = notifier_.watchdog();
  if (watchdog && now - last_ping_ >= *watchdog / 3 && AllOk(relay_.Liveness())) {
    notifier_.Ping();
    last_ping_ = now;
  }
  if (now - last_status_ < kStateEvery) return;
  last_status_ = now;
  metrics_.SetReady(AllOk(relay_.Readiness()));
  metrics_.SetKafkaUp(publisher_->Health().brokers_up > 0);
  TellCadence();
  notifier_.Status(StatusLine());
  log_.WriteKeptBack();
}

void Daemon::TellCadence() {
  const std::string until = relay_.silent_until();
  if (metrics_.SetSilent(until)) {
    LogInfo("{}", until.empty() ? "claiming, by cadence" : fmt::format("silent {}, by cadence", until));
  }
}

std::string Daemon::StatusLine() const {
  return MakeStatusLine(metrics_.Snapshot(), std::chrono::steady_clock::now());
}

// All or nothing: what cannot change while we run makes the whole reload fail.
void Daemon::Reload() {
  notifier_.Reloading();
  try {
    Config next = LoadConfig(request_);
    CheckSecrets(next.settings);
    const auto fixed = FixedChanges(config_.settings, next.settings);
    if (!fixed.empty()) {
      std::string keys;
      for (const auto& key : fixed) keys += (keys.empty() ? "" : ", ") + key;
      throw ConfigError("these keys cannot change while the relay runs: " + keys +
                        "; restart it, or set them back");
    }
    SetUpLog(next.settings.log);
    publisher_->SetTimestamp(next.settings.outbox.timestamp);
    live_.Set(MakeTunables(next.settings));
    relay_.OnReload();
    config_ = std::move(next);
    metrics_.SetConfigReloaded(true);
    LogInfo("configuration reloaded");
  } catch (const ConfigError& error) {
    metrics_.SetConfigReloaded(false);
    LogError("configuration not reloaded, the old one stays in force: {}", error.what());
  }
  notifier_.Ready();
}

int Daemon::Stop(Signals& signals, int code) {
  notifier_.Stopping();
  LogInfo("stopping: waiting up to {} s for what is in flight",
          config_.settings.delivery.shutdown_grace.count() / 1000);
  std::future<void> stopped = std::async(std::launch::async, [this] { relay_.Stop(); });
  const auto too_long =
      std::chrono::steady_clock::now() + config_.settings.delivery.shutdown_grace + kSettleWithin;
  while (stopped.wait_for(kStopTick) != std::future_status::ready) {
    if (std::chrono::steady_clock::now() < too_long) notifier_.ExtendTimeout(kExtendBy);
    if (signals.Wait(milliseconds(0)) == Signal::kTerminate) {
      LogWarn("told again: giving up what is in flight");
      relay_.GiveUpNow();
    }
  }
  LogInfo("stopped");
  http_.reset();
  return code;
}

}  // namespace outbox
