-- SPDX-License-Identifier: Apache-2.0
-- Who may do what. Nobody here may change the table's definition, and producers cannot see
-- payloads or touch the state of a message.

-- INSERT ... RETURNING and object-relational mappers read back id and message_id.
GRANT INSERT (message_id, topic, key, type, payload, payload_bytes, headers, created_at) ON outbox TO outbox_producer;
GRANT SELECT (id, message_id) ON outbox TO outbox_producer;

GRANT SELECT, DELETE ON outbox TO outbox_relay;
GRANT UPDATE (status, attempts, next_attempt_at, last_error, sent_at) ON outbox TO outbox_relay;
GRANT SELECT ON SEQUENCE outbox_id_seq TO outbox_relay;
GRANT SELECT ON outbox_control, outbox_version TO outbox_relay;
GRANT SELECT, INSERT ON outbox_marker TO outbox_relay;

-- To replay is to insert a copy, with an id and xid of its own.
GRANT SELECT, DELETE ON outbox TO outbox_operator;
GRANT INSERT (message_id, topic, key, type, payload, payload_bytes, headers, created_at) ON outbox TO outbox_operator;
GRANT UPDATE (status, attempts, next_attempt_at, last_error, sent_at) ON outbox TO outbox_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_control TO outbox_operator;
GRANT SELECT, INSERT ON outbox_audit TO outbox_operator;
GRANT SELECT ON outbox_version, outbox_marker TO outbox_operator;
GRANT SELECT ON outbox_status TO outbox_operator, outbox_relay, outbox_viewer;
GRANT SELECT (id, message_id, topic, key, type, created_at, status, attempts, next_attempt_at, last_error, sent_at, lane)
  ON outbox TO outbox_viewer;
GRANT SELECT ON outbox_control, outbox_audit, outbox_version TO outbox_viewer;
GRANT SELECT ON SEQUENCE outbox_id_seq TO outbox_operator, outbox_viewer;

REVOKE ALL ON FUNCTION outbox_hold(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION outbox_hold(text, text) TO outbox_operator, outbox_relay;
DO $schema$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO outbox_producer, outbox_relay, outbox_operator, outbox_viewer',
                 current_schema());
  EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO outbox_owner', current_schema());
END
$schema$;
