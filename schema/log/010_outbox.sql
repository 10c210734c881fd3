-- SPDX-License-Identifier: Apache-2.0
-- The outbox as a log: services insert, and nothing is ever updated. It goes into the first schema of
-- search_path. Everything may be run again at any time, also while services and relays are at work.

DO $type$
BEGIN
  IF to_regtype(format('%I.outbox_message_status', current_schema())) IS NULL THEN
    CREATE TYPE outbox_message_status AS ENUM ('pending', 'retrying', 'sent', 'failed');
  END IF;
END
$type$;
COMMENT ON TYPE outbox_message_status IS
  'Of a parked message. pending: to be published; retrying: refused by the broker, due again at next_attempt_at; failed: given up until an operator acts';

-- xid must stay the first column: defaults are evaluated in column order, so a row's transaction id
-- exists before its id is drawn. The order in which the relay reads depends on that.
-- There is no default partition: a row outside of all partitions is an error, never in the way.
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
  CONSTRAINT outbox_topic_length CHECK (octet_length(topic) BETWEEN 1 AND 249),
  CONSTRAINT outbox_key_length CHECK (octet_length(key) <= 2048),
  CONSTRAINT outbox_one_payload CHECK (payload IS NULL OR payload_bytes IS NULL),
  CONSTRAINT outbox_headers_object CHECK (jsonb_typeof(headers) = 'object')
) PARTITION BY RANGE (id);

COMMENT ON TABLE outbox IS
  'Transactional outbox, kept as a log: insert a message here in the same transaction as the change it tells of; outbox-relay publishes it to Kafka afterwards';
COMMENT ON COLUMN outbox.xid IS 'Transaction that inserted the row; never set it, and keep it the first column';
COMMENT ON COLUMN outbox.id IS 'Order within a unit (topic, key); drawn by the database, never restarted';
COMMENT ON COLUMN outbox.message_id IS 'What a consumer drops repeats by; sent as header "id"';
COMMENT ON COLUMN outbox.topic IS 'Kafka topic, up to 249 bytes';
COMMENT ON COLUMN outbox.key IS 'Kafka message key; up to 2048 bytes; messages of one topic and key keep their order; null: no order';
COMMENT ON COLUMN outbox.type IS 'Type of the event; sent as header "type"';
COMMENT ON COLUMN outbox.payload IS 'Message value as text; json and jsonb assign to it by themselves; null here and in payload_bytes: a tombstone';
COMMENT ON COLUMN outbox.payload_bytes IS 'Message value as bytes, instead of payload';
COMMENT ON COLUMN outbox.headers IS 'JSON object whose members are sent as headers';
COMMENT ON COLUMN outbox.created_at IS 'When the row was inserted; start of its delivery latency';

-- Messages that cannot stay in the log, because something must be written about them. Usually empty.
CREATE TABLE IF NOT EXISTS outbox_parked (
  xid             xid8        NOT NULL,
  id              bigint      PRIMARY KEY,
  message_id      uuid        NOT NULL,
  topic           text        NOT NULL,
  key             text,
  type            text,
  payload         text,
  payload_bytes   bytea,
  headers         jsonb,
  created_at      timestamptz NOT NULL,
  status          outbox_message_status NOT NULL DEFAULT 'pending',
  attempts        integer     NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  last_error      text,
  sent_at         timestamptz,
  lane            smallint    GENERATED ALWAYS AS (
    CASE WHEN key IS NULL THEN (id & 63)::smallint
         ELSE (hashtextextended(key, 0) & 63)::smallint END) STORED
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
ALTER TABLE outbox_parked ALTER COLUMN lane SET (n_distinct = 64);

DO $indexes$
BEGIN
  IF to_regclass(format('%I.outbox_pending_idx', current_schema())) IS NULL THEN
    CREATE INDEX outbox_pending_idx ON outbox_parked (lane, id) WHERE status = 'pending';
  END IF;
  IF to_regclass(format('%I.outbox_waiting_idx', current_schema())) IS NULL THEN
    CREATE INDEX outbox_waiting_idx ON outbox_parked (lane, topic, key, id) WHERE status IN ('retrying', 'failed');
  END IF;
  IF to_regclass(format('%I.outbox_retrying_idx', current_schema())) IS NULL THEN
    CREATE INDEX outbox_retrying_idx ON outbox_parked (lane, next_attempt_at) WHERE status = 'retrying';
  END IF;
END
$indexes$;
COMMENT ON TABLE outbox_parked IS
  'Messages that Kafka refused, later ones of their units, and those of paused topics: copies, the log has done with them';
COMMENT ON COLUMN outbox_parked.xid IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.id IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.message_id IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.topic IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.key IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.type IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.payload IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.payload_bytes IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.headers IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.created_at IS 'As in outbox';
COMMENT ON COLUMN outbox_parked.status IS 'pending, retrying or failed; a message that was sent is gone from here';
COMMENT ON COLUMN outbox_parked.attempts IS 'How often the broker refused this message; an outage does not count';
COMMENT ON COLUMN outbox_parked.next_attempt_at IS 'When a retrying message is due again';
COMMENT ON COLUMN outbox_parked.last_error IS 'Why the last attempt was refused';
COMMENT ON COLUMN outbox_parked.sent_at IS 'Always null';
COMMENT ON COLUMN outbox_parked.lane IS 'Hash of the key, 0 to 63';
COMMENT ON INDEX outbox_pending_idx IS 'Parked messages that were not refused, by lane, in id order';
COMMENT ON INDEX outbox_waiting_idx IS 'Units (topic, key) with a message that was refused';
COMMENT ON INDEX outbox_retrying_idx IS 'Refused messages by the time when they are due again';

CREATE TABLE IF NOT EXISTS outbox_progress (
  singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  version           bigint NOT NULL DEFAULT 0,
  writer            uuid,
  system_identifier bigint NOT NULL,
  snapshot          pg_snapshot,
  upto              bigint NOT NULL DEFAULT 0,
  next_snapshot     pg_snapshot,
  last_drawn        bigint,
  late_from         bigint,
  phase             text CHECK (phase IN ('late', 'new')),
  last_id           bigint,
  pairs             text NOT NULL DEFAULT '',
  moved_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE outbox_progress IS 'One row: how far the relay has read the log; every message before this point is sent or parked';
COMMENT ON COLUMN outbox_progress.singleton IS 'There is one row';
COMMENT ON COLUMN outbox_progress.version IS 'Counts the changes: who knows another one has lost the right to change it';
COMMENT ON COLUMN outbox_progress.writer IS 'Which relay changed it last';
COMMENT ON COLUMN outbox_progress.system_identifier IS 'Of the server whose transaction ids the snapshots are made of';
COMMENT ON COLUMN outbox_progress.snapshot IS 'Every row that it sees with an id up to "upto" is done';
COMMENT ON COLUMN outbox_progress.upto IS 'See snapshot';
COMMENT ON COLUMN outbox_progress.next_snapshot IS 'While a tick lasts: it reads what this one sees';
COMMENT ON COLUMN outbox_progress.last_drawn IS 'While a tick lasts: up to this id';
COMMENT ON COLUMN outbox_progress.late_from IS 'While a tick lasts: no row that was committed late has an id up to this one';
COMMENT ON COLUMN outbox_progress.phase IS 'While a tick lasts: "late", rows up to "upto"; "new", those above';
COMMENT ON COLUMN outbox_progress.last_id IS 'While a tick lasts: this phase is done up to here';
COMMENT ON COLUMN outbox_progress.pairs IS 'XID:ID,...: a transaction with a higher xid owns only higher ids';
COMMENT ON COLUMN outbox_progress.moved_at IS 'When it was changed';
INSERT INTO outbox_progress (system_identifier) SELECT system_identifier FROM pg_control_system()
ON CONFLICT DO NOTHING;

-- The relay has no right to create or drop tables, so the owner does it for him.
-- Makes partitions until so many lie ahead of the last drawn id; returns how many do. It waits for nobody for
-- long: it is asked again every few seconds, and there are some ahead.
CREATE OR REPLACE FUNCTION outbox_make_partitions(ahead integer DEFAULT 4) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '100ms' AS $$
DECLARE
  rows_each bigint := coalesce((SELECT value::bigint FROM outbox_control WHERE name = 'partition_rows'), 10000000);
  last      bigint;
  upper     bigint := 1;
BEGIN
  IF NOT pg_try_advisory_xact_lock('outbox'::regclass::oid::integer, 1003) THEN
    RETURN NULL;
  END IF;
  SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END INTO last FROM outbox_id_seq;
  SELECT coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(\d+)''\)'))[1]::bigint),
                  last / rows_each * rows_each + 1) INTO upper
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'outbox'::regclass;
  -- To attach takes a lock that producers do not wait for, unlike CREATE TABLE ... PARTITION OF.
  WHILE upper <= last + ahead * rows_each LOOP
    EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', 'outbox_' || upper);
    EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                   'outbox_' || upper, upper, upper + rows_each);
    upper := upper + rows_each;
  END LOOP;
  RETURN ((upper - 1 - last) / rows_each)::integer;
EXCEPTION WHEN lock_not_available THEN
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION outbox_make_partitions(integer) IS 'Makes partitions until so many lie ahead of the last drawn id; returns how many do; null: somebody was in the way, another time';

-- Drops the partitions whose last row is older than that and whose rows are all done: the upper bound lies
-- below the point up to which everything was read, and below whatever a transaction that was still open then
-- can own. Producers must not queue behind it, so it gets its lock at once or tries another time; and since
-- somebody may have committed while it waited, it looks only when it has the lock. Returns how many ids
-- are gone. With outbox_control's partitions = 'detach' they are left to whoever archives them.
CREATE OR REPLACE FUNCTION outbox_drop_partitions(older_than interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '100ms' AS $$
DECLARE
  part  record;
  young boolean;
  done  bigint;
  gone  bigint := 0;
BEGIN
  FOR part IN
    SELECT c.oid::regclass AS name, bounds[1]::bigint AS first, bounds[2]::bigint AS upper
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(\d+)''\) TO \(''(\d+)''\)') AS bounds
    WHERE i.inhparent = 'outbox'::regclass
      AND bounds[2]::bigint <= (SELECT upto FROM outbox_progress)
    ORDER BY 3
  LOOP
    EXECUTE format('SELECT created_at > clock_timestamp() - $1 FROM %s ORDER BY id DESC LIMIT 1', part.name)
      INTO young USING older_than;
    EXIT WHEN young;
    -- Whoever reads this old partition is waited for before any producer must wait.
    BEGIN
      EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', part.name);
      LOCK TABLE ONLY outbox IN ACCESS EXCLUSIVE MODE;
    EXCEPTION WHEN lock_not_available THEN
      EXIT;  -- another time; those before it are gone
    END;
    SELECT max(split_part(pair, ':', 2)::bigint) INTO done
      FROM outbox_progress p, unnest(string_to_array(p.pairs, ',')) AS pair
      WHERE split_part(pair, ':', 1)::xid8 < pg_snapshot_xmin(p.snapshot) AND part.upper <= p.upto + 1;
    EXIT WHEN done IS NULL OR part.upper > done + 1;
    EXECUTE format('ALTER TABLE outbox DETACH PARTITION %s', part.name);
    IF NOT EXISTS (SELECT FROM outbox_control WHERE name = 'partitions' AND value = 'detach') THEN
      EXECUTE format('DROP TABLE %s', part.name);
    END IF;
    gone := gone + part.upper - part.first;
  END LOOP;
  RETURN gone;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END
$$;
COMMENT ON FUNCTION outbox_drop_partitions(interval) IS 'Drops partitions whose rows are all done and older than that; returns how many ids they held';
REVOKE ALL ON FUNCTION outbox_make_partitions(integer), outbox_drop_partitions(interval) FROM PUBLIC;
DO $path$
BEGIN
  EXECUTE format('ALTER FUNCTION outbox_make_partitions(integer) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION outbox_drop_partitions(interval) SET search_path = %I, pg_temp', current_schema());
END
$path$;
