// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string_view>

#include "kafka/flight.h"
#include "kafka/generation.h"
#include "kafka/lineage.h"
#include "outbox/publisher.h"

namespace outbox {

// One worker's batch on its way through librdkafka. The generation of kAlone is bound when the first
// message goes that way; Publish answers kEnded while none can be made.
//
// A judgement that needs no broker (a size above the local limit, headers that are no JSON object)
// is reported before Publish returns, which says kAccepted: it stands as if made alone, and the
// generation goes on. So the caller looks at report() before it hands over the next message of the
// unit.
class KafkaDelivery final : public Delivery {
 public:
  KafkaDelivery(std::shared_ptr<Flight> flight, std::shared_ptr<Generation> generation, Lineage& alone,
                const std::atomic<MessageTimestamp>& timestamp);
  ~KafkaDelivery() override;
  KafkaDelivery(const KafkaDelivery&) = delete;
  KafkaDelivery& operator=(const KafkaDelivery&) = delete;

  HandOver Publish(const Message& message, std::size_t index, Road road) override;
  const Report& report(std::size_t index) const override { return flight_->report(index); }
  std::size_t unreported() const override { return flight_->unreported(); }
  void Wait(TimePoint until) override { flight_->Wait(until); }
  bool ended() const override { return passage(Road::kMain).generation->ended(); }
  bool Established(std::string_view topic) const override {
    return passage(Road::kMain).generation->Established(topic);
  }
  void GiveUp(GiveUpReason reason) override;

 private:
  // The way by one road, with a memory of the last topic: most batches have few.
  struct Passage {
    std::shared_ptr<Generation> generation;
    std::string_view topic_name;
    rd_kafka_topic_t* topic = nullptr;
  };

  const Passage& passage(Road road) const { return passages_[static_cast<std::size_t>(road)]; }
  Passage& passage(Road road) { return passages_[static_cast<std::size_t>(road)]; }
  bool BoardAlone();
  rd_kafka_resp_err_t Produce(Passage& by, const Message& message, HeadersHandle headers, Slot& slot);
  HandOver AfterError(rd_kafka_resp_err_t error, Slot& slot, Road road);
  HandOver Judge(Slot& slot, const Report& report);

  const std::shared_ptr<Flight> flight_;
  std::array<Passage, 2> passages_;
  Lineage& alone_;
  const bool created_at_;
};

}  // namespace outbox
