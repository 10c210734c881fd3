-- SPDX-License-Identifier: Apache-2.0
-- Who may do what with that which stands beside the outbox.
GRANT SELECT ON SEQUENCE outbox_id_seq TO outbox_relay, outbox_operator, outbox_viewer;
GRANT SELECT ON outbox_control, outbox_version TO outbox_relay;
GRANT SELECT, INSERT ON outbox_marker TO outbox_relay;

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_control TO outbox_operator;
GRANT SELECT, INSERT ON outbox_audit TO outbox_operator;
GRANT SELECT ON outbox_version, outbox_marker TO outbox_operator;
GRANT SELECT ON outbox_status TO outbox_operator, outbox_relay, outbox_viewer;
GRANT SELECT ON outbox_control, outbox_audit, outbox_version TO outbox_viewer;

REVOKE ALL ON FUNCTION outbox_hold(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION outbox_hold(text, text) TO outbox_operator, outbox_relay;
DO $schema$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO outbox_producer, outbox_relay, outbox_operator, outbox_viewer',
                 current_schema());
  EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO outbox_owner', current_schema());
END
$schema$;
