-- In the manner of Metabase's sync: whole schemas in one query, privileges of the session, fingerprints of columns.

--== schemas that are not the system's
SELECT nspname AS schema
FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(nspname, 'USAGE')
ORDER BY nspname

--== tables with estimates and comments
SELECT n.nspname AS schema, c.relname AS name, CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p'
    THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm'
    THEN 'MATERIALIZED VIEW' END AS type, d.description, c.reltuples >= -1 AS estimated
FROM pg_catalog.pg_class c
INNER JOIN pg_catalog.pg_namespace n ON c.relnamespace = n.oid
LEFT JOIN pg_catalog.pg_description d ON c.oid = d.objoid AND d.objsubid = 0
    AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = n.oid AND n.nspname !~ 'information_schema|catalog_history|pg_.*'
    AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
ORDER BY type, schema, name

--== fields of tables
SELECT c.column_name AS name, c.udt_schema, c.udt_name AS "database-type", c.ordinal_position - 1 AS position,
    c.table_schema, c.table_name, pk.column_name IS NOT NULL AS pk,
    col_description(CAST(CAST(format('%I.%I', CAST(c.table_schema AS text),
    CAST(c.table_name AS text)) AS regclass) AS oid), c.ordinal_position) AS comment,
    (c.column_default IS NULL OR LOWER(c.column_default) = 'null') AND c.is_nullable = 'NO'
    AND NOT (c.column_default IS NOT NULL AND c.column_default LIKE '%nextval(%'
    OR c.is_identity <> 'NO') AS required, c.is_generated
FROM information_schema.columns c
LEFT JOIN (SELECT tc.table_schema, tc.table_name, kc.column_name FROM information_schema.table_constraints tc
    INNER JOIN information_schema.key_column_usage kc ON tc.constraint_name = kc.constraint_name
    AND tc.table_schema = kc.table_schema AND tc.table_name = kc.table_name
    WHERE tc.constraint_type = 'PRIMARY KEY') pk ON c.table_schema = pk.table_schema
    AND c.table_name = pk.table_name AND c.column_name = pk.column_name
WHERE c.table_schema !~ '^information_schema|catalog_history|pg_'
ORDER BY c.table_schema, c.table_name, c.ordinal_position

--== fields of materialized views
SELECT pa.attname, pt.typname, pn.nspname, pc.relname
FROM pg_catalog.pg_class pc
INNER JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
INNER JOIN pg_catalog.pg_attribute pa ON pa.attrelid = pc.oid
INNER JOIN pg_catalog.pg_type pt ON pt.oid = pa.atttypid
WHERE pc.relkind = 'm' AND pa.attnum >= 1

--== foreign keys
SELECT fn.nspname AS fk_schema, fc.relname AS fk_table, fa.attname AS fk_column, pn.nspname AS pk_schema,
    pc.relname AS pk_table, pa.attname AS pk_column
FROM pg_constraint c
JOIN pg_class fc ON c.conrelid = fc.oid
JOIN pg_namespace fn ON fc.relnamespace = fn.oid
JOIN pg_attribute fa ON fa.attrelid = fc.oid AND fa.attnum = ANY (c.conkey)
JOIN pg_class pc ON c.confrelid = pc.oid
JOIN pg_namespace pn ON pc.relnamespace = pn.oid
JOIN pg_attribute pa ON pa.attrelid = pc.oid AND pa.attnum = c.confkey[array_position(c.conkey, fa.attnum)]
WHERE c.contype = 'f'
ORDER BY 1, 2, 3

--== indexed columns
SELECT tmp.table_schema, tmp.table_name,
    trim(both '"' FROM pg_catalog.pg_get_indexdef(tmp.ci_oid, tmp.pos, false)) AS field
FROM (SELECT n.nspname AS table_schema, ct.relname AS table_name, ci.oid AS ci_oid,
    (information_schema._pg_expandarray(i.indkey)).n AS pos FROM pg_catalog.pg_class ct
    JOIN pg_catalog.pg_namespace n ON ct.relnamespace = n.oid
    JOIN pg_catalog.pg_index i ON ct.oid = i.indrelid JOIN pg_catalog.pg_class ci ON ci.oid = i.indexrelid
    WHERE pg_catalog.pg_get_expr(i.indpred, i.indrelid) IS NULL
    AND n.nspname !~ '^information_schema|pg_') tmp
WHERE tmp.pos = 1
ORDER BY 1, 2, 3

--== privileges of this session
WITH table_privileges AS (SELECT NULL AS role, t.schemaname AS schema, t.objectname AS table,
    pg_catalog.has_any_column_privilege(current_user, format('%I.%I', t.schemaname, t.objectname),
    'update') AS update, pg_catalog.has_any_column_privilege(current_user,
    format('%I.%I', t.schemaname, t.objectname), 'select') AS select,
    pg_catalog.has_any_column_privilege(current_user, format('%I.%I', t.schemaname, t.objectname),
    'insert') AS insert, pg_catalog.has_table_privilege(current_user,
    format('%I.%I', t.schemaname, t.objectname), 'delete') AS delete
    FROM (SELECT schemaname, tablename AS objectname FROM pg_catalog.pg_tables UNION SELECT schemaname,
    viewname FROM pg_catalog.pg_views UNION SELECT schemaname, matviewname FROM pg_catalog.pg_matviews) AS t
    WHERE t.schemaname !~ '^pg_' AND t.schemaname <> 'information_schema'
    AND pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')) SELECT t.*
FROM table_privileges t
ORDER BY 2, 3

--== enum values
SELECT nspname, typname, enumlabel
FROM pg_enum e
JOIN pg_type t ON t.oid = e.enumtypid
JOIN pg_namespace n ON n.oid = t.typnamespace
ORDER BY nspname, typname, enumsortorder

--== time zone of the database
SHOW timezone

--== fingerprint of a column
SELECT count(DISTINCT name) AS distinct_count,
    avg(CASE WHEN name IS NULL OR name = '' THEN 1 ELSE 0 END) AS empty, avg(length(name)) AS length,
    sum(CASE WHEN name LIKE '%@%' THEN 1 ELSE 0 END) AS emails
FROM shop.customer

--== buckets by time
SELECT date_trunc('month', (at AT TIME ZONE 'UTC')) IS NOT NULL AS month,
    (CAST(extract(dow FROM born) AS integer) + 1) AS day, count(*)
FROM shop.customer
GROUP BY 1, 2
ORDER BY 1, 2

--== percentile and histogram
SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY balance) AS p90, stddev_pop(balance) AS dev,
    width_bucket(0::numeric, 0, 10, 5) AS bucket
FROM shop.customer

--== fields of JSON
SELECT (data #>> array['a', 'b']::text[])::decimal AS nested, jsonb_typeof(data) FROM shop.customer
