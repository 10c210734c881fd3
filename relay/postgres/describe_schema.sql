-- SPDX-License-Identifier: Apache-2.0
-- What the first schema of search_path holds of an outbox, one fact a row: kind, name, definition.
-- Reads catalogues only, so any role may run it. Two servers with the same outbox answer the same.
WITH
ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = current_schema()),
relation AS (
  SELECT c.* FROM pg_class c JOIN ours ON c.relnamespace = ours.oid
  WHERE relname IN ('outbox', 'outbox_control', 'outbox_audit', 'outbox_marker', 'outbox_version', 'outbox_status',
                    'outbox_parked', 'outbox_progress', 'outbox_position', 'outbox_messages')
    AND relkind IN ('r', 'p', 'v', 'm', 'f')
),
attribute AS (
  SELECT relation.relname, relation.relkind, a.*, pg_get_expr(d.adbin, d.adrelid) AS expression
  FROM relation JOIN pg_attribute a ON a.attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
),
sequence AS (
  SELECT c.oid, c.relname, s.* FROM pg_class c JOIN ours ON c.relnamespace = ours.oid
  JOIN pg_sequence s ON s.seqrelid = c.oid WHERE c.relname = 'outbox_id_seq'
),
function AS (
  SELECT p.* FROM pg_proc p JOIN ours ON p.pronamespace = ours.oid WHERE proname IN ('outbox_hold', 'outbox_wake_up',
    'outbox_make_partitions', 'outbox_drop_partitions')
),
role AS (
  SELECT oid, rolname, rolsuper FROM pg_roles
  WHERE rolname IN ('outbox_owner', 'outbox_producer', 'outbox_relay', 'outbox_operator', 'outbox_viewer')
),
granted AS (
  -- Effective rights: also what comes by PUBLIC, by membership, or by owning the object.
  SELECT rolname, relname AS object, privilege,
    CASE WHEN has_table_privilege(role.oid, relation.oid, privilege) THEN ''
      ELSE (SELECT ' (' || string_agg(attname, ', ' ORDER BY attnum) || ')' FROM attribute
            WHERE attrelid = relation.oid AND privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
              AND has_column_privilege(role.oid, relation.oid, attnum,
                    CASE WHEN privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN privilege ELSE 'SELECT' END))
    END AS columns
  FROM role CROSS JOIN relation CROSS JOIN
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
  WHERE rolname <> 'outbox_owner'
  UNION ALL
  SELECT rolname, 'SEQUENCE ' || relname, privilege,
    CASE WHEN has_sequence_privilege(role.oid, sequence.oid, privilege) THEN '' END
  FROM role CROSS JOIN sequence CROSS JOIN unnest(ARRAY['SELECT', 'USAGE', 'UPDATE']) AS privilege
  WHERE rolname <> 'outbox_owner'
  UNION ALL
  SELECT rolname, 'FUNCTION ' || format('%s(%s)', proname, pg_get_function_identity_arguments(function.oid)), 'EXECUTE',
    CASE WHEN has_function_privilege(role.oid, function.oid, 'EXECUTE') THEN '' END
  FROM role CROSS JOIN function WHERE rolname <> 'outbox_owner'
),
fact (kind, name, definition) AS (
  SELECT 'table', relname::text, concat(
    CASE relpersistence WHEN 'u' THEN 'unlogged ' WHEN 't' THEN 'temporary ' END,
    CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' ELSE 'relation of kind ' || relkind::text END,
    CASE WHEN relrowsecurity THEN ' with row security' END)
  FROM relation
  UNION ALL
  SELECT 'first column', relname::text, attname::text FROM attribute a
  WHERE relname = 'outbox' AND NOT EXISTS (SELECT FROM attribute b WHERE b.attrelid = a.attrelid AND b.attnum < a.attnum)
  UNION ALL
  SELECT 'column', relname || '.' || attname, format_type(atttypid, atttypmod) FROM attribute
  UNION ALL
  SELECT 'nullability', relname || '.' || attname, CASE WHEN attnotnull THEN 'NOT NULL' ELSE 'NULL' END
  FROM attribute WHERE relkind <> 'v'
  UNION ALL
  SELECT 'default', relname || '.' || attname, coalesce(expression, 'none')
  FROM attribute WHERE relkind <> 'v' AND attgenerated = '' AND attidentity = ''
  UNION ALL
  SELECT 'generated', relname || '.' || attname, btrim(regexp_replace(expression, '\s+', ' ', 'g'))
  FROM attribute WHERE attgenerated = 's'
  UNION ALL
  SELECT 'identity', relname || '.' || attname, CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END
  FROM attribute WHERE attidentity <> ''
  UNION ALL
  SELECT 'statistics', relname || '.' || attname, array_to_string(attoptions, ', ')
  FROM attribute WHERE attoptions IS NOT NULL
  UNION ALL
  SELECT 'sequence', relname::text, concat('AS ', format_type(seqtypid, NULL), ' INCREMENT ', seqincrement,
    ' CACHE ', seqcache, CASE WHEN seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END)
  FROM sequence
  UNION ALL
  SELECT 'index', relation.relname || '.' || c.relname, concat(CASE WHEN indisunique THEN 'UNIQUE ' END,
    substring(pg_get_indexdef(indexrelid, 0, true) FROM ' USING (.*)$'),
    CASE WHEN NOT (indisvalid AND indisready) THEN ' INVALID' END)
  FROM pg_index i JOIN relation ON i.indrelid = relation.oid JOIN pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT 'constraint', relname || '.' || conname, pg_get_constraintdef(k.oid, true)
  FROM pg_constraint k JOIN relation ON k.conrelid = relation.oid WHERE contype IN ('c', 'f', 'p', 'u', 'x')
  UNION ALL
  SELECT 'enum', typname::text, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
  FROM pg_type t JOIN ours ON t.typnamespace = ours.oid JOIN pg_enum e ON e.enumtypid = t.oid
  WHERE typname = 'outbox_message_status' GROUP BY typname
  UNION ALL
  SELECT 'function', format('%s(%s)', proname, pg_get_function_identity_arguments(function.oid)), concat(
    'returns ', format_type(prorettype, NULL), CASE WHEN prosecdef THEN ', security definer' END,
    (SELECT string_agg(CASE setting WHEN format('search_path=%I, pg_temp', nspname) THEN ', search_path pinned'
                            ELSE ', ' || setting END, '' ORDER BY setting) FROM unnest(proconfig) AS setting), ', body ', md5(prosrc))
  FROM function CROSS JOIN ours
  UNION ALL
  SELECT 'trigger', relname || '.' || tgname, concat(CASE WHEN tgenabled = 'D' THEN 'disabled ' END,
    regexp_replace(pg_get_triggerdef(t.oid, true), '^CREATE (CONSTRAINT )?TRIGGER \S+ ', ''))
  FROM pg_trigger t JOIN relation ON t.tgrelid = relation.oid WHERE NOT tgisinternal
  UNION ALL
  SELECT 'role', rolname::text, CASE WHEN rolsuper THEN 'superuser' ELSE 'plain' END FROM role
  UNION ALL
  SELECT 'ownership', rolname::text, coalesce((SELECT string_agg(relname, ', ' ORDER BY relname) FROM relation
    WHERE pg_has_role(role.oid, relowner, 'MEMBER')), 'none')
  FROM role WHERE rolname <> 'outbox_owner'
  UNION ALL
  SELECT 'schema', rolname::text, CASE WHEN has_schema_privilege(role.oid, ours.oid, 'USAGE') THEN 'USAGE' ELSE 'none' END
  FROM role CROSS JOIN ours
  UNION ALL
  SELECT 'privilege', format('%s ON %s TO %s', privilege, object, rolname),
    format('GRANT %s%s ON %s TO %s', privilege, columns, object, rolname)
  FROM granted WHERE columns IS NOT NULL
)
SELECT kind, name, definition FROM fact ORDER BY kind COLLATE "C", name COLLATE "C"
