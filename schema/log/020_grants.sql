-- SPDX-License-Identifier: Apache-2.0
-- Who may do what with messages. Nobody here may change a table's definition, and nobody may change
-- the log; producers cannot see payloads.

-- INSERT ... RETURNING and object-relational mappers read back id and message_id.
GRANT INSERT (message_id, topic, key, type, payload, payload_bytes, headers, created_at) ON outbox TO outbox_producer;
GRANT SELECT (id, message_id) ON outbox TO outbox_producer;

GRANT SELECT ON outbox TO outbox_relay;
GRANT SELECT, INSERT, DELETE ON outbox_parked TO outbox_relay;
GRANT UPDATE (status, attempts, next_attempt_at, last_error, sent_at) ON outbox_parked TO outbox_relay;
GRANT SELECT ON outbox_progress TO outbox_relay;
GRANT UPDATE (version, writer, snapshot, upto, next_snapshot, last_drawn, late_from, phase, last_id, pairs, moved_at)
  ON outbox_progress TO outbox_relay;
GRANT EXECUTE ON FUNCTION outbox_make_partitions(integer), outbox_drop_partitions(interval) TO outbox_relay;
GRANT EXECUTE ON FUNCTION outbox_drop_partitions(interval) TO outbox_operator;

-- To replay is to insert a copy, with an id and xid of its own.
GRANT SELECT ON outbox TO outbox_operator;
GRANT INSERT (message_id, topic, key, type, payload, payload_bytes, headers, created_at) ON outbox TO outbox_operator;
GRANT SELECT, DELETE ON outbox_parked TO outbox_operator;
GRANT UPDATE (status, attempts, next_attempt_at, last_error, sent_at) ON outbox_parked TO outbox_operator;
GRANT SELECT ON outbox_progress TO outbox_operator, outbox_viewer;
GRANT SELECT (id, message_id, topic, key, type, created_at) ON outbox TO outbox_viewer;
GRANT SELECT (id, message_id, topic, key, type, created_at, status, attempts, next_attempt_at, last_error, sent_at, lane)
  ON outbox_parked TO outbox_viewer;

GRANT SELECT ON outbox_position TO outbox_relay, outbox_operator, outbox_viewer;
GRANT SELECT ON outbox_messages TO outbox_relay, outbox_operator;
GRANT SELECT (id, message_id, topic, key, type, created_at, status, attempts, next_attempt_at, last_error, sent_at, lane)
  ON outbox_messages TO outbox_viewer;
