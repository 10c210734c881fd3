// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "kafka/generation.h"
#include "kafka/kafka_conf.h"

namespace outbox {

// The generations of one road, one after the other, each made on the first need after the last one
// ended: at once if that one had persisted anything, else with growing pauses. Thread-safe.
class Lineage {
 public:
  Lineage(const KafkaPublisherOptions& options, Road road, std::shared_ptr<KafkaContext> context)
      : options_(options), road_(road), context_(std::move(context)) {}

  // The living generation. Null while none can be made.
  std::shared_ptr<Generation> Current();

  // Makes the first one. Throws std::invalid_argument if the configuration does not allow one.
  void Begin();

  void Retire();

 private:
  void Bury(TimePoint now);  // holds mutex_
  std::shared_ptr<Generation> Start() const;

  const KafkaPublisherOptions& options_;
  const Road road_;
  const std::shared_ptr<KafkaContext> context_;
  std::mutex mutex_;
  std::shared_ptr<Generation> current_;  // protected by mutex_, like all below
  int fruitless_ = 0;                    // generations in a row that persisted nothing
  TimePoint not_before_{};
};

}  // namespace outbox
