// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "metrics/producer_figures.h"
#include "metrics/snapshot.h"
#include "outbox/observer.h"
#include "outbox/settings.h"

namespace outbox {

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string librdkafka;
  std::string libpq;
};

// Counts what the relay does and tells it to Prometheus and to the status page; docs/metrics.md lists
// everything. Made once by main, which registers it as an observer. Thread-safe; no call blocks on
// anything but short locks, and none is made once a message.
class Metrics final : public Observer {
 public:
  using Clock = std::function<TimePoint()>;

  // `outbox` becomes the label of that name on every series.
  Metrics(const std::string& outbox, const BuildInfo& build, Clock clock = std::chrono::steady_clock::now);
  ~Metrics() override;

  void OnClaim(const ClaimReport& claim) override;
  void OnClaimed(const BatchLoad& load) override;
  void OnReleased(const BatchLoad& load) override;
  void OnGenerationEnded(std::string_view reason) override;
  void OnBreaker(BreakerState state, std::string_view why) override;
  void OnTopicPaused(std::string_view topic, TopicPause why, std::string_view detail) override;
  void OnTopicResumed(std::string_view topic, TopicPause why) override;
  void OnStore(bool up, StoreUnavailable::Reason reason, std::string_view detail) override;
  void OnStoreReconnected() override;
  void OnListening(bool, std::string_view) override {}  // polling goes on: no figure changes
  void OnSweep(std::size_t messages_only_it_found) override;
  void OnSample(const TableSample& sample) override;
  void OnSampleFailed(std::string_view why) override;
  void OnPurge(std::int64_t messages) override;
  void OnControl(const SharedControl& control) override;

  // What the observer's calls do not tell.
  void OnProducerFigures(const ProducerFigures& figures);  // of each producer, every few seconds
  void OnKafkaFatal();                                     // a fatal error of a producer
  void SetKafkaUp(bool up);                                // a broker is connected
  void CountLog(LogLevel level);
  void SetReady(bool ready);
  void SetConfigReloaded(bool ok);
  // Empty: messages are claimed; else how long they are not, by cadence. True: it has begun or ended.
  bool SetSilent(const std::string& until);

  // For content type "text/plain; version=0.0.4; charset=utf-8".
  std::string Text() const;
  RelaySnapshot Snapshot() const;

 private:
  struct Parts;  // keeps the client library out of this header

  Clock clock_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace outbox
