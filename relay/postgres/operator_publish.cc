// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_publish.h"

#include "postgres/operator_answer.h"

namespace outbox {
namespace {

constexpr const char* kInsert = R"(/* outbox-relay: publish */
WITH made AS (
  INSERT INTO {table} (topic, key, type, payload, headers)
  VALUES ($1::text, CASE WHEN $2::boolean THEN $3::text END, nullif($4::text, ''), $5::text,
          nullif($6::text, '{}')::jsonb)
  RETURNING id, message_id, topic
), note AS (
  INSERT INTO {schema}.outbox_audit (task, command, os_user, host, filter, messages, detail)
  SELECT $7::uuid, 'publish', $8::text, $9::text, jsonb_build_object('topic', m.topic), 1,
    jsonb_build_object('id', m.id)
  FROM made m
)
SELECT id, message_id FROM made)";

constexpr const char* kFate = R"(/* outbox-relay: fate */
SELECT o.status, extract(epoch FROM o.sent_at - o.created_at) AS latency
FROM {outbox} o WHERE o.id = $1::bigint)";

}  // namespace

InsertedMessage InsertMessage(OperatorSession& session, const TestMessage& message, const Caller& caller) {
  const OperatorAnswer answer = session.Ask(
      kInsert, {message.topic, message.key ? "t" : "f", message.key.value_or(""), message.type.value_or(""),
                message.payload, message.headers, caller.task, caller.os_user, caller.host});
  return {answer.Number(0, "id"), answer.Text(0, "message_id")};
}

MessageFate ReadFate(OperatorSession& session, std::int64_t id) {
  const OperatorAnswer answer = session.Ask(kFate, {std::to_string(id)});
  if (answer.size() == 0) return {"deleted", std::nullopt};
  MessageFate fate{answer.Text(0, "status"), std::nullopt};
  if (const auto latency = answer.Maybe(0, "latency")) fate.latency = std::stod(*latency);
  return fate;
}

}  // namespace outbox
