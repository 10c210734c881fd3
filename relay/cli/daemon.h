// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/live_settings.h"
#include "core/relay.h"
#include "http/http_server.h"
#include "kafka/kafka_publisher.h"
#include "log/log_observer.h"
#include "metrics/metrics.h"
#include "outbox/store.h"
#include "system/notifier.h"
#include "system/signals.h"

namespace outbox {

struct DaemonOptions {
  bool once = false;                // drain and end
  std::optional<seconds> max_time;  // for once: then end all the same
};

// One relay as a process: makes the adapters, introduces them to the core, and then only listens to
// signals, pings the watchdog, and tells systemd how it goes. Used by the main thread.
class Daemon {
 public:
  // Throws ConfigError for everything that only an operator can mend, a taken port included.
  Daemon(ConfigRequest request, Config config, DaemonOptions options);
  ~Daemon();

  int Run(Signals& signals);  // Start, Tick until a signal or a value, Stop; the exit code

  // The parts of Run, for a caller with a loop of its own.
  void Start();
  std::optional<int> Tick(TimePoint now);  // several times a second; a value: leave with this exit code
  int Stop(Signals& signals, int code);    // drains, or gives up if told again; returns `code`

  int http_port() const { return http_ ? http_->port() : 0; }
  const Metrics& metrics() const { return metrics_; }

 private:
  std::optional<int> OnceDone(TimePoint now);
  void Reload();
  void Watch(TimePoint now);
  int OnceCode() const;
  void TellCadence();
  std::string StatusLine() const;
  Tunables MakeTunables(const Settings& settings) const;
  KafkaEvents Events();

  ConfigRequest request_;
  Config config_;
  const DaemonOptions options_;
  const TimePoint started_;
  Notifier notifier_;
  Metrics metrics_;
  LogObserver log_;
  std::unique_ptr<KafkaPublisher> publisher_;
  const std::unique_ptr<OutboxStore> store_;
  Environment env_;
  LiveSettings live_;
  Relay relay_;
  std::unique_ptr<HttpServer> http_;
  TimePoint last_status_{};
  TimePoint last_ping_{};
};

Tunables ToTunables(const Settings& settings, std::int64_t max_payload);

}  // namespace outbox
