-- SPDX-License-Identifier: Apache-2.0
-- The objects belong to outbox_owner, as which nobody logs in, where the role that runs this may hand
-- them over: a superuser, or a member of outbox_owner. Else they stay with it.
DO $owner$
DECLARE
  ours    regnamespace := quote_ident(current_schema());
  owner   regrole := 'outbox_owner';
  handing text;
BEGIN
  FOR handing IN
    SELECT format('ALTER TABLE %I.%I OWNER TO %s', current_schema(), relname, owner) FROM pg_class
    WHERE relnamespace = ours AND relowner <> owner
      AND relname IN ('outbox', 'outbox_control', 'outbox_audit', 'outbox_marker', 'outbox_version', 'outbox_status',
                      'outbox_parked', 'outbox_progress', 'outbox_position', 'outbox_messages')
    UNION ALL
    SELECT format('ALTER FUNCTION %s OWNER TO %s', oid::regprocedure, owner) FROM pg_proc
    WHERE pronamespace = ours AND proowner <> owner AND proname IN ('outbox_hold', 'outbox_wake_up', 'outbox_make_partitions', 'outbox_drop_partitions')
    UNION ALL
    SELECT format('ALTER TYPE %s OWNER TO %s', oid::regtype, owner) FROM pg_type
    WHERE typnamespace = ours AND typowner <> owner AND typname = 'outbox_message_status'
  LOOP
    EXECUTE handing;
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the outbox belongs to %, which may not give it to %', current_user, owner;
END
$owner$;
