-- SPDX-License-Identifier: Apache-2.0
-- The outbox: one table that services insert into, and what the relay keeps beside it.
-- It goes into the first schema of search_path. Everything may be run again at any time, also while
-- services and relays are at work: nothing is ever dropped, and nothing that exists is locked in a
-- way that producers would notice.

DO $type$
BEGIN
  IF to_regtype(format('%I.outbox_message_status', current_schema())) IS NULL THEN
    CREATE TYPE outbox_message_status AS ENUM ('pending', 'retrying', 'sent', 'failed');
  END IF;
END
$type$;
COMMENT ON TYPE outbox_message_status IS
  'pending: to be published; retrying: refused by the broker, due again at next_attempt_at; sent: persisted by the broker; failed: given up until an operator acts';

-- xid must stay the first column: defaults are evaluated in column order, so a row's transaction
-- id exists before its id is drawn. The relay's scan starts depend on that order.
CREATE TABLE IF NOT EXISTS outbox (
  xid             xid8        NOT NULL DEFAULT pg_current_xact_id(),
  id              bigint      GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  message_id      uuid        NOT NULL DEFAULT gen_random_uuid(),
  topic           text        NOT NULL,
  key             text,
  type            text,
  payload         text,
  payload_bytes   bytea,
  headers         jsonb,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  status          outbox_message_status NOT NULL DEFAULT 'pending',
  attempts        integer     NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  last_error      text,
  sent_at         timestamptz,
  lane            smallint    GENERATED ALWAYS AS (
    CASE WHEN key IS NULL THEN (id & 63)::smallint
         ELSE (hashtextextended(key, 0) & 63)::smallint END) STORED,
  -- Kafka's limit, and what fits into outbox_waiting_idx: a longer key could be inserted, but once
  -- the broker refuses the message nobody could write that down.
  CONSTRAINT outbox_topic_length CHECK (octet_length(topic) BETWEEN 1 AND 249),
  CONSTRAINT outbox_key_length CHECK (octet_length(key) <= 2048),
  CONSTRAINT outbox_one_payload CHECK (payload IS NULL OR payload_bytes IS NULL),
  CONSTRAINT outbox_headers_object CHECK (jsonb_typeof(headers) = 'object')
) WITH (
  -- Sent rows die young and in great numbers: vacuum by count, early and without pauses.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);

-- The statistics of a table with few keys once led the planner past the index by lane.
ALTER TABLE outbox ALTER COLUMN lane SET (n_distinct = 64);

-- CREATE INDEX IF NOT EXISTS locks writers out before it looks, hence the detour.
DO $indexes$
BEGIN
  -- The relay's way in: what is pending, lane by lane, in id order.
  IF to_regclass(format('%I.outbox_pending_idx', current_schema())) IS NULL THEN
    CREATE INDEX outbox_pending_idx ON outbox (lane, id) WHERE status = 'pending';
  END IF;
  -- Normally all but empty: which units (topic, key) wait behind a refused message.
  IF to_regclass(format('%I.outbox_waiting_idx', current_schema())) IS NULL THEN
    CREATE INDEX outbox_waiting_idx ON outbox (lane, topic, key, id) WHERE status IN ('retrying', 'failed');
  END IF;
  -- Normally empty: which refused messages are due again, without reading the failed ones.
  IF to_regclass(format('%I.outbox_retrying_idx', current_schema())) IS NULL THEN
    CREATE INDEX outbox_retrying_idx ON outbox (lane, next_attempt_at) WHERE status = 'retrying';
  END IF;
END
$indexes$;

COMMENT ON TABLE outbox IS
  'Transactional outbox: insert a message here in the same transaction as the change it tells of; outbox-relay publishes it to Kafka afterwards';
COMMENT ON COLUMN outbox.xid IS 'Transaction that inserted the row; never set it, and keep it the first column';
COMMENT ON COLUMN outbox.id IS 'Order within a unit (topic, key); drawn by the database';
COMMENT ON COLUMN outbox.message_id IS 'What a consumer drops repeats by; sent as header "id"';
COMMENT ON COLUMN outbox.topic IS 'Kafka topic, up to 249 bytes';
COMMENT ON COLUMN outbox.key IS 'Kafka message key; up to 2048 bytes; messages of one topic and key keep their order; null: no order';
COMMENT ON COLUMN outbox.type IS 'Type of the event; sent as header "type"';
COMMENT ON COLUMN outbox.payload IS 'Message value as text; json and jsonb assign to it by themselves; null here and in payload_bytes: a tombstone';
COMMENT ON COLUMN outbox.payload_bytes IS 'Message value as bytes, instead of payload';
COMMENT ON COLUMN outbox.headers IS 'JSON object whose members are sent as headers';
COMMENT ON COLUMN outbox.created_at IS 'When the row was inserted; start of its delivery latency';
COMMENT ON COLUMN outbox.status IS 'pending, retrying, sent or failed; changed by the relay only';
COMMENT ON COLUMN outbox.attempts IS 'How often the broker refused this message; an outage does not count';
COMMENT ON COLUMN outbox.next_attempt_at IS 'When a retrying message is due again';
COMMENT ON COLUMN outbox.last_error IS 'Why the last attempt was refused';
COMMENT ON COLUMN outbox.sent_at IS 'When the message was settled as sent';
COMMENT ON COLUMN outbox.lane IS 'Hash of the key, 0 to 63: what relays share the work by';
COMMENT ON INDEX outbox_pending_idx IS 'Pending messages by lane, in id order: how the relay finds work';
COMMENT ON INDEX outbox_waiting_idx IS 'Units (topic, key) with a message that was refused';
COMMENT ON INDEX outbox_retrying_idx IS 'Refused messages by the time when they are due again';

CREATE TABLE IF NOT EXISTS outbox_control (
  name   text PRIMARY KEY,
  value  text NOT NULL,
  set_by text NOT NULL DEFAULT current_user,
  reason text,
  since  timestamptz NOT NULL DEFAULT clock_timestamp(),
  until  timestamptz
);
COMMENT ON TABLE outbox_control IS 'What all relays of this outbox share: settings that must not differ, and pauses by operators';
COMMENT ON COLUMN outbox_control.name IS 'on_failed, paused, or paused:TOPIC';
COMMENT ON COLUMN outbox_control.value IS 'on_failed: skip or block; a pause: on';
COMMENT ON COLUMN outbox_control.set_by IS 'Role that set it';
COMMENT ON COLUMN outbox_control.reason IS 'Why, in the words of who set it';
COMMENT ON COLUMN outbox_control.since IS 'When it was set';
COMMENT ON COLUMN outbox_control.until IS 'When it ends by itself; null: never';
INSERT INTO outbox_control (name, value) VALUES ('on_failed', 'skip') ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS outbox_audit (
  task     uuid NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  command  text NOT NULL,
  role     text NOT NULL DEFAULT current_user,
  os_user  text,
  host     text,
  filter   jsonb,
  messages bigint,
  reason   text,
  detail   jsonb
);
CREATE INDEX IF NOT EXISTS outbox_audit_at_idx ON outbox_audit (at);
COMMENT ON TABLE outbox_audit IS 'What operators did to messages; one row a change, never a payload';
COMMENT ON COLUMN outbox_audit.task IS 'Identifies one run of a command, which may take several changes';
COMMENT ON COLUMN outbox_audit.at IS 'When';
COMMENT ON COLUMN outbox_audit.command IS 'Which command';
COMMENT ON COLUMN outbox_audit.role IS 'Database role that ran it';
COMMENT ON COLUMN outbox_audit.os_user IS 'User of the operating system';
COMMENT ON COLUMN outbox_audit.host IS 'Machine it was run on';
COMMENT ON COLUMN outbox_audit.filter IS 'Which messages were meant';
COMMENT ON COLUMN outbox_audit.messages IS 'How many messages it changed';
COMMENT ON COLUMN outbox_audit.reason IS 'Why, in the operator''s words';
COMMENT ON COLUMN outbox_audit.detail IS 'What would otherwise be lost: ids, topics and errors of discarded messages';
COMMENT ON INDEX outbox_audit_at_idx IS 'Changes by time';

-- Emptied by PostgreSQL itself after a crash and on a promoted replica, because it is UNLOGGED:
-- a relay that no longer finds its mark knows that what it remembers is of another past.
CREATE UNLOGGED TABLE IF NOT EXISTS outbox_marker (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  token     uuid NOT NULL DEFAULT gen_random_uuid()
);
COMMENT ON TABLE outbox_marker IS 'One row that is gone after a crash or a failover; tells relays to forget what they remember of this server';
COMMENT ON COLUMN outbox_marker.singleton IS 'There is one row at most';
COMMENT ON COLUMN outbox_marker.token IS 'Names this stretch of the server''s life';

CREATE TABLE IF NOT EXISTS outbox_version (
  version    integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE outbox_version IS 'Versions of this schema that were applied; the highest one holds';
COMMENT ON COLUMN outbox_version.version IS 'Version of the schema';
COMMENT ON COLUMN outbox_version.applied_at IS 'When it was applied';

-- For people who must change unsent rows by hand: call this first in the transaction. It waits for
-- what is in flight of the key's lane and keeps relays away from that lane until the transaction
-- ends. Messages without a key lie in every lane, so a null key takes them all, in ascending order.
CREATE OR REPLACE FUNCTION outbox_hold(topic text, key text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock('outbox'::regclass::oid::integer, lane)
  FROM generate_series(0, 63) AS lane
  WHERE key IS NULL OR lane = (hashtextextended(key, 0) & 63)
  ORDER BY lane;
END
$$;
COMMENT ON FUNCTION outbox_hold(text, text) IS
  'Keeps relays away from the messages of a topic and key until the end of this transaction; call it before changing unsent rows by hand';

-- Not SET ... FROM CURRENT: that would also pin "$user" and whatever else search_path holds now.
DO $path$
BEGIN
  EXECUTE format('ALTER FUNCTION outbox_hold(text, text) SET search_path = %I, pg_temp', current_schema());
END
$path$;

-- Lane by lane, because that is how the indexes lead to the few rows that matter among all sent ones.
CREATE OR REPLACE VIEW outbox_status AS
SELECT
  (SELECT count(*) FROM (
     SELECT FROM generate_series(0, 63) AS l(lane) CROSS JOIN LATERAL
       (SELECT FROM outbox o WHERE o.lane = l.lane AND o.status = 'pending' ORDER BY o.id LIMIT 10001) p
     LIMIT 10001) pending) AS pending_capped,
  (SELECT count(*) FROM (
     SELECT FROM generate_series(0, 63) AS l(lane) CROSS JOIN LATERAL
       (SELECT FROM outbox o WHERE o.lane = l.lane AND o.status = 'retrying' ORDER BY o.next_attempt_at LIMIT 1001) r
     LIMIT 1001) retrying) AS retrying_capped,
  (SELECT count(*) FROM (
     SELECT FROM generate_series(0, 63) AS l(lane) CROSS JOIN LATERAL
       (SELECT FROM outbox o WHERE o.lane = l.lane AND o.status = 'failed' ORDER BY o.topic, o.key, o.id LIMIT 1001) f
     LIMIT 1001) failed) AS failed_capped,
  (SELECT extract(epoch FROM clock_timestamp() - min(oldest.created_at) FILTER (WHERE isfinite(oldest.created_at)))::double precision
     FROM generate_series(0, 63) AS l(lane)
     CROSS JOIN LATERAL (SELECT o.created_at FROM outbox o WHERE o.lane = l.lane AND o.status = 'pending'
                         ORDER BY o.id LIMIT 1) oldest) AS oldest_pending_seconds,
  pg_total_relation_size('outbox') AS size_bytes,
  (SELECT max(version) FROM outbox_version) AS schema_version;
COMMENT ON VIEW outbox_status IS
  'The state of the outbox for SQL exporters, also while every relay is down; counts stop at 10001 pending and 1001 others';
COMMENT ON COLUMN outbox_status.pending_capped IS 'Pending messages, at most 10001';
COMMENT ON COLUMN outbox_status.retrying_capped IS 'Retrying messages, at most 1001';
COMMENT ON COLUMN outbox_status.failed_capped IS 'Failed messages, at most 1001';
COMMENT ON COLUMN outbox_status.oldest_pending_seconds IS 'Age of the oldest pending message; null: none';
COMMENT ON COLUMN outbox_status.size_bytes IS 'Size of the outbox with its indexes';
COMMENT ON COLUMN outbox_status.schema_version IS 'Version of this schema';
