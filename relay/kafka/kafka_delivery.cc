// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_delivery.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "kafka/kafka_headers.h"
#include "kafka/kafka_report.h"

namespace outbox {
namespace {

// librdkafka wants pointers to mutable bytes that it never writes to. A null pointer means absent,
// so what is empty but present needs an address.
rd_kafka_vu_t Bytes(rd_kafka_vtype_t type, std::string_view bytes) {
  rd_kafka_vu_t value{};
  value.vtype = type;
  value.u.mem.ptr = const_cast<char*>(bytes.data() != nullptr ? bytes.data() : "");
  value.u.mem.size = bytes.size();
  return value;
}

}  // namespace

KafkaDelivery::KafkaDelivery(std::shared_ptr<Flight> flight, std::shared_ptr<Generation> generation,
                             Lineage& alone, const std::atomic<MessageTimestamp>& timestamp)
    : flight_(std::move(flight)), alone_(alone), created_at_(timestamp == MessageTimestamp::kCreatedAt) {
  passage(Road::kMain).generation = std::move(generation);
}

KafkaDelivery::~KafkaDelivery() {
  for (const Road road : {Road::kMain, Road::kAlone}) {
    if (flight_->unreported(road) > 0) {
      passage(road).generation->End(GiveUpReason::kOther, "a delivery ended with unreported messages");
    }
  }
  flight_->Land();
  for (const auto& by : passages_) {
    if (by.generation) by.generation->Landed();
  }
}

void KafkaDelivery::GiveUp(GiveUpReason reason) {
  for (const Road road : {Road::kMain, Road::kAlone}) {
    if (flight_->unreported(road) > 0) passage(road).generation->End(reason, "given up");
  }
}

HandOver KafkaDelivery::Publish(const Message& message, std::size_t index, Road road) {
  if (road == Road::kAlone && !BoardAlone()) return HandOver::kEnded;
  Passage& by = passage(road);
  if (by.generation->ended()) return HandOver::kEnded;
  Slot& slot = flight_->slot(index);
  if (message.oversize > 0) return AfterError(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, slot, road);
  HeadersHandle headers = MakeHeaders(message);
  if (!headers) return Judge(slot, InvalidHeaders());

  rd_kafka_resp_err_t error{};
  {
    Gate& gate = flight_->gate(road);
    const std::lock_guard lock(gate.mutex);
    if (gate.closed) return HandOver::kEnded;
    flight_->Mark(slot, road);
    error = Produce(by, message, std::move(headers), slot);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      flight_->HandedOver(road);
      return HandOver::kAccepted;
    }
    flight_->Unmark(slot);
  }
  return AfterError(error, slot, road);
}

bool KafkaDelivery::BoardAlone() {
  Passage& by = passage(Road::kAlone);
  if (by.generation) return true;
  auto generation = alone_.Current();
  if (!generation || !generation->Board(flight_)) return false;
  by.generation = std::move(generation);
  return true;
}

rd_kafka_resp_err_t KafkaDelivery::Produce(Passage& by, const Message& message, HeadersHandle headers,
                                           Slot& slot) {
  if (by.topic == nullptr || by.topic_name != message.topic) {
    by.topic = by.generation->topics().Handle(message.topic);
    by.topic_name = message.topic;
    if (by.topic == nullptr) return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  }
  std::array<rd_kafka_vu_t, 7> values;
  std::size_t count = 0;
  values[count].vtype = RD_KAFKA_VTYPE_RKT;
  values[count++].u.rkt = by.topic;
  values[count].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  values[count++].u.i = 0;  // neither copy nor free: the flight keeps the bytes
  values[count].vtype = RD_KAFKA_VTYPE_OPAQUE;
  values[count++].u.ptr = &slot;
  values[count].vtype = RD_KAFKA_VTYPE_HEADERS;
  values[count++].u.headers = headers.get();
  if (message.payload) values[count++] = Bytes(RD_KAFKA_VTYPE_VALUE, *message.payload);
  if (message.key) values[count++] = Bytes(RD_KAFKA_VTYPE_KEY, *message.key);
  if (created_at_) {
    values[count].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    values[count++].u.i64 = std::chrono::floor<milliseconds>(message.created_at).count();
  }
  const KafkaError error(rd_kafka_produceva(by.generation->client(), values.data(), count));
  if (error) return rd_kafka_error_code(error.get());
  static_cast<void>(headers.release());  // the message's since it was accepted
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

HandOver KafkaDelivery::AfterError(rd_kafka_resp_err_t error, Slot& slot, Road road) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return HandOver::kFull;
  Generation& generation = *passage(road).generation;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    generation.End(GiveUpReason::kFatal, "fatal error at hand-over");
    return HandOver::kEnded;
  }
  const Report report = ToReport(error, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
  if (road == Road::kMain && report.reason != Reason::kTooLarge) {
    generation.End(GiveUpReason::kOther, DescribeReport(report));
  }
  return Judge(slot, report);
}

HandOver KafkaDelivery::Judge(Slot& slot, const Report& report) {
  flight_->Judge(slot, report);
  return HandOver::kAccepted;
}

}  // namespace outbox
