-- SPDX-License-Identifier: Apache-2.0
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
