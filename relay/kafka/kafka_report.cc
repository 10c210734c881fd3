// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_report.h"

namespace outbox {
namespace {

struct Meaning {
  ReportKind kind;
  Reason reason;
};

constexpr Meaning Outage(Reason reason) { return {ReportKind::kOutage, reason}; }
constexpr Meaning Refused(Reason reason) { return {ReportKind::kRefused, reason}; }

// An error that is not listed is a refusal of the message: it is tried again alone, and then charged.
Meaning MeaningOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return Outage(Reason::kTimeout);

    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
      return Outage(Reason::kTransport);

    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return Outage(Reason::kNotEnoughReplicas);

    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return Outage(Reason::kAuthentication);

    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
      return Outage(Reason::kPurged);

    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__INCONSISTENT:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
      return Outage(Reason::kFatal);

    case RD_KAFKA_RESP_ERR__DESTROY:
      return Outage(Reason::kShutdown);

    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return Outage(Reason::kOther);

    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {ReportKind::kTopicUnknown, Reason::kTopic};

    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {ReportKind::kTopicUnauthorized, Reason::kTopic};

    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return Refused(Reason::kTooLarge);

    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
      return Refused(Reason::kInvalid);

    // The limit behind RECORD_LIST_TOO_LARGE is the topic's segment size, and what it judges is the
    // whole request: unlike MSG_SIZE_TOO_LARGE it does not condemn one message at once.
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return Refused(Reason::kPolicy);

    default:
      return Refused(Reason::kOther);
  }
}

}  // namespace

Report ToReport(rd_kafka_resp_err_t error, rd_kafka_msg_status_t status) {
  if (status == RD_KAFKA_MSG_STATUS_PERSISTED) return {.kind = ReportKind::kPersisted};
  const Meaning meaning = MeaningOf(error);
  Report report{.kind = meaning.kind, .reason = meaning.reason, .code = error};
  if (status == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED) {
    // Nobody refused what may be in the log.
    report.kind = ReportKind::kOutage;
    report.maybe_persisted = true;
  }
  return report;
}

Report InvalidHeaders() {
  return {.kind = ReportKind::kRefused, .reason = Reason::kMalformed, .code = RD_KAFKA_RESP_ERR__INVALID_ARG};
}

std::string DescribeReport(const Report& report) {
  switch (report.kind) {
    case ReportKind::kNone:
      return "not reported";
    case ReportKind::kPersisted:
      return "persisted";
    case ReportKind::kOutage:
    case ReportKind::kTopicUnknown:
    case ReportKind::kTopicUnauthorized:
    case ReportKind::kRefused:
      break;
  }
  const auto error = static_cast<rd_kafka_resp_err_t>(report.code);
  if (report.reason == Reason::kMalformed) return "headers are not a JSON object";
  std::string text = rd_kafka_err2str(error);
  text += " (";
  text += rd_kafka_err2name(error);
  text += report.maybe_persisted ? "), perhaps persisted" : ")";
  return text;
}

}  // namespace outbox
