-- SPDX-License-Identifier: Apache-2.0
-- Roles that grants are given to. They cannot log in: GRANT them to the users of your services
-- (outbox_producer), of the relay (outbox_relay), and of people (outbox_operator, outbox_viewer).
-- Roles belong to the whole cluster, so `outbox-relay schema print --role-prefix` can rename them.
DO $roles$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['outbox_owner', 'outbox_producer', 'outbox_relay', 'outbox_operator', 'outbox_viewer']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
      BEGIN
        EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- Installing into another database at the same moment made it.
      END;
    END IF;
  END LOOP;
END
$roles$;
