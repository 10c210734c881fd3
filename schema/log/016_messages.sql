-- SPDX-License-Identifier: Apache-2.0
-- A log as people see it: with the columns that the table has in the other layout.

-- Where the relay is. Two snapshots while a tick lasts, so what is done is:
--   id <= upto and visible in snapshot, or id <= last_id and visible in next_snapshot.
CREATE OR REPLACE VIEW outbox_position AS
SELECT p.snapshot, p.upto, p.next_snapshot, p.last_id, greatest(p.upto, p.last_id) AS read_to,
  least(coalesce(p.late_from, p.upto), p.upto,
    coalesce((SELECT max(split_part(pair, ':', 2)::bigint) FROM unnest(string_to_array(p.pairs, ',')) AS pair
              WHERE split_part(pair, ':', 1)::xid8 < pg_snapshot_xmin(coalesce(p.next_snapshot, p.snapshot))), 0)) AS all_done
FROM outbox_progress p;
COMMENT ON VIEW outbox_position IS 'One row: how far the relay has read the log, from outbox_progress';
COMMENT ON COLUMN outbox_position.snapshot IS 'As in outbox_progress';
COMMENT ON COLUMN outbox_position.upto IS 'As in outbox_progress';
COMMENT ON COLUMN outbox_position.next_snapshot IS 'As in outbox_progress';
COMMENT ON COLUMN outbox_position.last_id IS 'As in outbox_progress';
COMMENT ON COLUMN outbox_position.read_to IS 'No message above this id is done';
COMMENT ON COLUMN outbox_position.all_done IS 'Every message up to this id is done, and no open transaction can add one';

-- A union of three, each with a status of its own, so that whoever asks for one status reads only one.
-- What operators discarded is in the log still, but not in here. In order, and what is parked is looked for row by row, so that to tell of the newest is not to read all.
CREATE OR REPLACE VIEW outbox_messages AS
(SELECT o.xid, o.id, o.message_id, o.topic, o.key, o.type, o.payload, o.payload_bytes, o.headers, o.created_at,
  o.status, o.attempts, o.next_attempt_at, o.last_error, o.sent_at, o.lane
FROM outbox_parked o)
UNION ALL
(SELECT o.xid, o.id, o.message_id, o.topic, o.key, o.type, o.payload, o.payload_bytes, o.headers, o.created_at,
  'pending'::outbox_message_status, 0, NULL::timestamptz, NULL::text, NULL::timestamptz,
  (CASE WHEN o.key IS NULL THEN o.id & 63 ELSE hashtextextended(o.key, 0) & 63 END)::smallint
FROM outbox o
WHERE o.id > (SELECT all_done FROM outbox_position) AND NOT (
    o.id <= (SELECT upto FROM outbox_position)
      AND coalesce(pg_visible_in_snapshot(o.xid, (SELECT snapshot FROM outbox_position)), false)
    OR o.id <= coalesce((SELECT last_id FROM outbox_position), 0)
      AND coalesce(pg_visible_in_snapshot(o.xid, (SELECT next_snapshot FROM outbox_position)), false))
  AND (SELECT p.id FROM outbox_parked p WHERE p.id = o.id) IS NULL
ORDER BY o.id DESC)
UNION ALL
(SELECT o.xid, o.id, o.message_id, o.topic, o.key, o.type, o.payload, o.payload_bytes, o.headers, o.created_at,
  'sent'::outbox_message_status, 0, NULL::timestamptz, NULL::text, NULL::timestamptz,
  (CASE WHEN o.key IS NULL THEN o.id & 63 ELSE hashtextextended(o.key, 0) & 63 END)::smallint
FROM outbox o
WHERE o.id <= (SELECT read_to FROM outbox_position) AND (
    o.id <= (SELECT all_done FROM outbox_position) OR o.id <= (SELECT upto FROM outbox_position)
      AND coalesce(pg_visible_in_snapshot(o.xid, (SELECT snapshot FROM outbox_position)), false)
    OR o.id <= coalesce((SELECT last_id FROM outbox_position), 0)
      AND coalesce(pg_visible_in_snapshot(o.xid, (SELECT next_snapshot FROM outbox_position)), false))
  AND (SELECT p.id FROM outbox_parked p WHERE p.id = o.id) IS NULL
  AND o.id <> ALL (ARRAY(
    SELECT (d->>'id')::bigint FROM outbox_audit a CROSS JOIN LATERAL
      jsonb_array_elements(CASE WHEN jsonb_typeof(a.detail) = 'array' THEN a.detail ELSE '[]' END) AS d
    WHERE a.command IN ('discard', 'unblock --discard')))
ORDER BY o.id DESC);
COMMENT ON VIEW outbox_messages IS
  'The messages of the log and what has become of them; to be asked with a condition on id, or with a limit';
COMMENT ON COLUMN outbox_messages.status IS 'sent: the relay is done with it; what was discarded is not here';
COMMENT ON COLUMN outbox_messages.attempts IS 'As in outbox_parked';
COMMENT ON COLUMN outbox_messages.next_attempt_at IS 'As in outbox_parked';
COMMENT ON COLUMN outbox_messages.last_error IS 'As in outbox_parked';
COMMENT ON COLUMN outbox_messages.sent_at IS 'Always null: a log does not tell';
COMMENT ON COLUMN outbox_messages.lane IS 'As in outbox_parked';
COMMENT ON COLUMN outbox_messages.xid IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.id IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.message_id IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.topic IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.key IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.type IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.payload IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.payload_bytes IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.headers IS 'As in outbox';
COMMENT ON COLUMN outbox_messages.created_at IS 'As in outbox';
