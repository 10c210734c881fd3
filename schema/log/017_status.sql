-- SPDX-License-Identifier: Apache-2.0
-- What lies behind the last id that the relay has read in order. (Rows that commit late are not counted.)
CREATE OR REPLACE VIEW outbox_status AS
WITH here AS (
  SELECT coalesce(CASE WHEN p.phase = 'new' THEN p.last_id END, p.upto) AS id FROM outbox_progress p
)
SELECT
  (SELECT count(*) FROM (SELECT FROM outbox o WHERE o.id > (SELECT here.id FROM here) ORDER BY o.id LIMIT 10001) pending)
    AS pending_capped,
  (SELECT count(*) FROM (SELECT FROM outbox_parked WHERE status = 'retrying' LIMIT 1001) retrying) AS retrying_capped,
  (SELECT count(*) FROM (SELECT FROM outbox_parked WHERE status = 'failed' LIMIT 1001) failed) AS failed_capped,
  (SELECT extract(epoch FROM clock_timestamp() - o.created_at)::double precision FROM outbox o
     WHERE o.id > (SELECT here.id FROM here) AND isfinite(o.created_at) ORDER BY o.id LIMIT 1) AS oldest_pending_seconds,
  (SELECT coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint FROM pg_inherits i
     WHERE i.inhparent = 'outbox'::regclass) AS size_bytes,
  (SELECT max(version) FROM outbox_version) AS schema_version;
COMMENT ON VIEW outbox_status IS
  'The state of the outbox for SQL exporters, also while every relay is down; counts stop at 10001 pending and 1001 others';
COMMENT ON COLUMN outbox_status.pending_capped IS 'Messages behind the last id that the relay has read, at most 10001';
COMMENT ON COLUMN outbox_status.retrying_capped IS 'Retrying messages, at most 1001';
COMMENT ON COLUMN outbox_status.failed_capped IS 'Failed messages, at most 1001';
COMMENT ON COLUMN outbox_status.oldest_pending_seconds IS 'Age of the oldest pending message; null: none';
COMMENT ON COLUMN outbox_status.size_bytes IS 'Size of the outbox with its indexes';
COMMENT ON COLUMN outbox_status.schema_version IS 'Version of this schema';
