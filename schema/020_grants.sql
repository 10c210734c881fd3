-- SPDX-License-Identifier: Apache-2.0
-- Who may do what with messages. Nobody here may change the table's definition, and producers cannot
-- see payloads or touch the state of a message.

-- INSERT ... RETURNING and object-relational mappers read back id and message_id.
GRANT INSERT (message_id, topic, key, type, payload, payload_bytes, headers, created_at) ON outbox TO outbox_producer;
GRANT SELECT (id, message_id) ON outbox TO outbox_producer;

GRANT SELECT, DELETE ON outbox TO outbox_relay;
GRANT UPDATE (status, attempts, next_attempt_at, last_error, sent_at) ON outbox TO outbox_relay;

-- To replay is to insert a copy, with an id and xid of its own.
GRANT SELECT, DELETE ON outbox TO outbox_operator;
GRANT INSERT (message_id, topic, key, type, payload, payload_bytes, headers, created_at) ON outbox TO outbox_operator;
GRANT UPDATE (status, attempts, next_attempt_at, last_error, sent_at) ON outbox TO outbox_operator;
GRANT SELECT (id, message_id, topic, key, type, created_at, status, attempts, next_attempt_at, last_error, sent_at, lane)
  ON outbox TO outbox_viewer;
