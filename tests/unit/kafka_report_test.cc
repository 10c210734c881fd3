// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_report.h"

#include "support/catch.h"

namespace outbox {
namespace {

constexpr auto kNo = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
constexpr auto kPerhaps = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
constexpr auto kYes = RD_KAFKA_MSG_STATUS_PERSISTED;

struct Row {
  rd_kafka_resp_err_t error;
  rd_kafka_msg_status_t status;
  ReportKind kind;
  Reason reason;
};

constexpr Row kRows[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, kYes, ReportKind::kPersisted, Reason::kNone},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, kNo, ReportKind::kOutage, Reason::kTimeout},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, kPerhaps, ReportKind::kOutage, Reason::kTimeout},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, kNo, ReportKind::kOutage, Reason::kTimeout},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, kNo, ReportKind::kOutage, Reason::kTimeout},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, kPerhaps, ReportKind::kOutage, Reason::kTimeout},
    {RD_KAFKA_RESP_ERR__TRANSPORT, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR__TRANSPORT, kPerhaps, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR__RESOLVE, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, kNo, ReportKind::kOutage, Reason::kTransport},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, kNo, ReportKind::kOutage, Reason::kNotEnoughReplicas},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, kPerhaps, ReportKind::kOutage,
     Reason::kNotEnoughReplicas},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, kNo, ReportKind::kOutage, Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR__SSL, kNo, ReportKind::kOutage, Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, kNo, ReportKind::kOutage, Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, kNo, ReportKind::kOutage, Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, kNo, ReportKind::kOutage, Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, kNo, ReportKind::kOutage, Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, kNo, ReportKind::kOutage,
     Reason::kAuthentication},
    {RD_KAFKA_RESP_ERR__PURGE_QUEUE, kNo, ReportKind::kOutage, Reason::kPurged},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, kPerhaps, ReportKind::kOutage, Reason::kPurged},
    {RD_KAFKA_RESP_ERR__FATAL, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR__FENCED, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR__INCONSISTENT, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, kNo, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, kPerhaps, ReportKind::kOutage, Reason::kFatal},
    {RD_KAFKA_RESP_ERR__DESTROY, kNo, ReportKind::kOutage, Reason::kShutdown},
    {RD_KAFKA_RESP_ERR_NO_ERROR, kNo, ReportKind::kOutage, Reason::kOther},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, kNo, ReportKind::kTopicUnknown, Reason::kTopic},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, kNo, ReportKind::kTopicUnknown, Reason::kTopic},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, kNo, ReportKind::kTopicUnknown, Reason::kTopic},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, kNo, ReportKind::kTopicUnauthorized, Reason::kTopic},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, kNo, ReportKind::kRefused, Reason::kTooLarge},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, kNo, ReportKind::kRefused, Reason::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, kNo, ReportKind::kRefused, Reason::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, kNo, ReportKind::kRefused, Reason::kInvalid},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, kNo, ReportKind::kRefused, Reason::kInvalid},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, kNo, ReportKind::kRefused, Reason::kInvalid},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, kNo, ReportKind::kRefused, Reason::kPolicy},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, kNo, ReportKind::kRefused, Reason::kPolicy},
    {RD_KAFKA_RESP_ERR_UNKNOWN, kNo, ReportKind::kRefused, Reason::kOther},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, kNo, ReportKind::kRefused, Reason::kOther},
    {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, kNo, ReportKind::kRefused, Reason::kOther},
    // The status decides.
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, kYes, ReportKind::kPersisted, Reason::kNone},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, kPerhaps, ReportKind::kOutage, Reason::kInvalid},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, kPerhaps, ReportKind::kOutage, Reason::kTopic},
};

TEST_CASE("each error of the client has one meaning", "[kafka]") {
  for (const auto& row : kRows) {
    INFO(rd_kafka_err2name(row.error) << ", status " << row.status);
    const Report report = ToReport(row.error, row.status);
    CHECK(report.kind == row.kind);
    CHECK(report.reason == row.reason);
    CHECK(report.maybe_persisted == (row.status == kPerhaps));
    CHECK(report.code == (row.status == kYes ? 0 : row.error));
  }
}

TEST_CASE("a report is described in the client's words", "[kafka]") {
  CHECK(DescribeReport(ToReport(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, kNo)) ==
        "Broker: Message size too large (MSG_SIZE_TOO_LARGE)");
  CHECK(DescribeReport(ToReport(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, kPerhaps)) ==
        "Local: Purged in flight (_PURGE_INFLIGHT), perhaps persisted");
  CHECK(DescribeReport(InvalidHeaders()) == "headers are not a JSON object");
  CHECK(DescribeReport(Report{}) == "not reported");
  CHECK(DescribeReport(ToReport(RD_KAFKA_RESP_ERR_NO_ERROR, kYes)) == "persisted");
}

}  // namespace
}  // namespace outbox
