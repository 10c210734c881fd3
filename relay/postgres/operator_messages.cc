// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_messages.h"

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

std::optional<std::int64_t> MaybeNumber(const OperatorAnswer& answer, int row, const char* column) {
  if (!answer.Maybe(row, column)) return std::nullopt;
  return answer.Number(row, column);
}

// Lane, topic and key are $1 to $3; without a key there is no unit. $4: the message's id.
constexpr const char* kQueue = R"(/* outbox-relay: what is around a message */
SELECT
  (SELECT c.value = 'block' FROM {schema}.outbox_control c WHERE c.name = 'on_failed') AS blocks,
  (SELECT count(*) FROM (SELECT FROM {outbox} o WHERE o.lane = $1::smallint AND o.status = 'pending'
     AND o.topic = $2::text AND o.key = $3::text AND o.id < $4::bigint LIMIT 1000) b) AS before,
  (SELECT count(*) FROM (SELECT FROM {outbox} o WHERE o.lane = $1::smallint AND o.status = 'pending'
     AND o.topic = $2::text AND o.key = $3::text AND o.id > $4::bigint LIMIT 1000) b) AS behind)";

// Message by message, because a log has no table in which all can be joined at once.
const std::string kOfFound = "CROSS JOIN LATERAL (SELECT m.* FROM {outbox} m WHERE m.id = f.id OFFSET 0) o";

std::string WaitingSql() {
  return "/* outbox-relay: what waits in a unit */ SELECT " + StateColumns() +
         " FROM {outbox} o WHERE o.lane = $1::smallint AND o.topic = $2::text AND o.key = $3::text"
         " AND o.status IN ('retrying', 'failed') ORDER BY o.id LIMIT 1000";
}

}  // namespace

std::string StateColumns() {
  return "o.id, o.message_id, o.topic, o.key, o.type, o.status, o.attempts, o.last_error, o.lane, " +
         IsoTime("o.created_at") + " AS created_at, " + IsoTime("o.next_attempt_at") +
         " AS next_attempt_at, " + IsoTime("o.sent_at") + " AS sent_at";
}

MessageState StateOf(const OperatorAnswer& answer, int row) {
  MessageState state;
  state.id = answer.Number(row, "id");
  state.message_id = answer.Text(row, "message_id");
  state.topic = answer.Text(row, "topic");
  state.key = answer.Maybe(row, "key");
  state.type = answer.Maybe(row, "type");
  state.status = answer.Text(row, "status");
  state.attempts = answer.Number(row, "attempts");
  state.created_at = answer.Maybe(row, "created_at");
  state.next_attempt_at = answer.Maybe(row, "next_attempt_at");
  state.last_error = answer.Maybe(row, "last_error");
  state.sent_at = answer.Maybe(row, "sent_at");
  state.lane = static_cast<int>(answer.Number(row, "lane"));
  return state;
}

std::vector<MessageState> StatesOf(const OperatorAnswer& answer) {
  std::vector<MessageState> states;
  for (int row = 0; row < answer.size(); ++row) states.push_back(StateOf(answer, row));
  return states;
}

std::vector<MessageState> ListMessages(OperatorSession& session, const FoundRange& range, std::int64_t most) {
  return StatesOf(session.Ask("/* outbox-relay: list */ " + range.Sql(session) + " SELECT " + StateColumns() +
                                  " FROM found f " + kOfFound + " ORDER BY o.id DESC",
                              range.Parameters(AllLanes(), most)));
}

std::int64_t CountMessages(OperatorSession& session, const FoundRange& range) {
  return session
      .Ask("/* outbox-relay: count */ " + range.Sql(session) + " SELECT count(*) AS many FROM found",
           range.Parameters(AllLanes(), INT64_MAX))
      .Number(0, "many");
}

std::vector<MessageDetail> ReadDetails(OperatorSession& session, const FoundRange& range) {
  const OperatorAnswer answer =
      session.Ask("/* outbox-relay: show */ " + range.Sql(session) + " SELECT " + StateColumns() +
                      ", o.xid, o.headers, octet_length(o.payload) AS payload_size,"
                      " octet_length(o.payload_bytes) AS payload_bytes_size"
                      " FROM found f " +
                      kOfFound + " ORDER BY o.id DESC",
                  range.Parameters(AllLanes(), 1'000));
  std::vector<MessageDetail> details;
  for (int row = 0; row < answer.size(); ++row) {
    details.push_back({StateOf(answer, row), answer.Text(row, "xid"), answer.Maybe(row, "headers"),
                       MaybeNumber(answer, row, "payload_size"),
                       MaybeNumber(answer, row, "payload_bytes_size")});
  }
  return details;
}

MessageValue ReadValue(OperatorSession& session, std::int64_t id) {
  const OperatorAnswer answer = session.Ask(
      "/* outbox-relay: show payload */ SELECT o.payload, encode(o.payload_bytes, 'hex') AS hex"
      " FROM {outbox} o WHERE o.id = $1::bigint",
      {std::to_string(id)});
  if (answer.size() == 0) return {};
  return {answer.Maybe(0, "payload"), answer.Maybe(0, "hex")};
}

Obstacles ReadObstacles(OperatorSession& session, const MessageState& message) {
  Obstacles obstacles;
  obstacles.holder = session.HolderOf(message.lane);
  if (!message.key) return obstacles;
  const std::string lane = std::to_string(message.lane);
  obstacles.waiting = StatesOf(session.Ask(WaitingSql(), {lane, message.topic, *message.key}));
  const OperatorAnswer queue =
      session.Ask(kQueue, {lane, message.topic, *message.key, std::to_string(message.id)});
  obstacles.blocks = queue.Is(0, "blocks");
  obstacles.pending_before = queue.Number(0, "before");
  obstacles.pending_behind = queue.Number(0, "behind");
  return obstacles;
}

}  // namespace outbox
