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
