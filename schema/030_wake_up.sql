-- SPDX-License-Identifier: Apache-2.0
-- Optional (`schema apply --with-notify`): wakes a sleeping relay when rows were inserted. NOTIFY
-- holds a lock of the whole server while a transaction commits, so it is sent only by those who get
-- an advisory lock at once: under load one transaction in many notifies, and polling finds the rest.
CREATE OR REPLACE FUNCTION outbox_wake_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_catalog.pg_try_advisory_xact_lock(TG_RELID::integer, 1000) THEN
    PERFORM pg_catalog.pg_notify(pg_catalog.concat('outbox_', TG_RELID), '');
  END IF;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION outbox_wake_up() FROM PUBLIC;
COMMENT ON FUNCTION outbox_wake_up() IS 'Wakes a sleeping relay; one transaction at a time';
DO $trigger$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'outbox'::regclass AND tgname = 'outbox_wake_up') THEN
    CREATE TRIGGER outbox_wake_up AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake_up();
  END IF;
END
$trigger$;
COMMENT ON TRIGGER outbox_wake_up ON outbox IS 'Wakes a sleeping relay; see outbox_wake_up()';
