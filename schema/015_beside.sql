-- SPDX-License-Identifier: Apache-2.0
-- What stands beside the outbox, whatever its layout.

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
