-- In the manner of what Rust's diesel print-schema, sea-orm-cli generate entity and refinery ask.

--== diesel: tables
SELECT table_name, table_schema FROM information_schema.tables
WHERE table_schema = 'shop' AND table_name NOT LIKE '\_\_%' AND table_type LIKE 'BASE TABLE'
ORDER BY table_name

--== diesel: columns
SELECT column_name, udt_name, udt_schema, is_nullable, character_maximum_length,
    col_description(CAST(CONCAT(quote_ident(table_schema), '.', quote_ident(table_name)) AS regclass), ordinal_position)
FROM information_schema.columns
WHERE table_name = 'customer' AND table_schema = 'shop'
ORDER BY ordinal_position

--== diesel: primary key
SELECT column_name FROM information_schema.key_column_usage
WHERE constraint_name = ANY (SELECT constraint_name FROM information_schema.table_constraints
        WHERE constraint_type = 'PRIMARY KEY')
    AND table_name = 'orders' AND table_schema = 'shop'
ORDER BY ordinal_position

--== diesel: foreign keys
SELECT sch.nspname AS self_schema, tbl.relname AS self_table, ARRAY_AGG(col.attname ORDER BY u.place) AS self_columns,
    f_sch.nspname AS foreign_schema, f_tbl.relname AS foreign_table, ARRAY_AGG(f_col.attname ORDER BY f_u.place)
FROM pg_constraint c
LEFT JOIN LATERAL UNNEST(c.conkey) WITH ORDINALITY AS u (attnum, place) ON TRUE
LEFT JOIN LATERAL UNNEST(c.confkey) WITH ORDINALITY AS f_u (attnum, place) ON f_u.place = u.place
JOIN pg_class tbl ON tbl.oid = c.conrelid
JOIN pg_namespace sch ON sch.oid = tbl.relnamespace
LEFT JOIN pg_attribute col ON col.attrelid = tbl.oid AND col.attnum = u.attnum
LEFT JOIN pg_class f_tbl ON f_tbl.oid = c.confrelid
LEFT JOIN pg_namespace f_sch ON f_sch.oid = f_tbl.relnamespace
LEFT JOIN pg_attribute f_col ON f_col.attrelid = f_tbl.oid AND f_col.attnum = f_u.attnum
WHERE (sch.nspname = 'shop' OR f_sch.nspname = 'shop') AND c.contype = 'f'
GROUP BY 1, 2, 4, 5
ORDER BY self_schema, self_table

--== sea-orm: columns
SELECT column_name, CASE WHEN data_type = 'USER-DEFINED' THEN udt_name ELSE data_type END, column_default,
    generation_expression, is_nullable, is_identity, numeric_precision, numeric_precision_radix, numeric_scale,
    character_maximum_length, character_octet_length, datetime_precision, interval_type, interval_precision, udt_name,
    (SELECT e.data_type FROM information_schema.element_types e WHERE c.data_type = 'ARRAY'
        AND e.object_schema = c.table_schema AND e.object_name = c.table_name
        AND e.collection_type_identifier = c.dtd_identifier)
FROM information_schema.columns c
WHERE table_schema = 'shop' AND table_name = 'customer'
ORDER BY ordinal_position

--== sea-orm: tables that are no partitions
SELECT table_name, user_defined_type_schema, user_defined_type_name FROM information_schema.tables
WHERE table_schema = 'shop' AND table_type = 'BASE TABLE' AND table_name NOT IN (SELECT relname FROM pg_inherits
        JOIN pg_class ON pg_inherits.inhrelid = pg_class.oid AND pg_class.relkind IN ('r', 'p'))
ORDER BY table_name

--== sea-orm: constraints
SELECT tc.constraint_schema, tc.constraint_name, tc.table_name, tc.constraint_type, tc.is_deferrable,
    tc.initially_deferred, cc.check_clause, kcu.column_name, kcu.ordinal_position, kcu.position_in_unique_constraint,
    rc.unique_constraint_schema, rc.unique_constraint_name, rc.match_option, rc.update_rule, rc.delete_rule,
    rc.table_name, rc.column_name
FROM information_schema.table_constraints tc
LEFT JOIN information_schema.check_constraints cc ON tc.constraint_name = cc.constraint_name
    AND tc.constraint_catalog = cc.constraint_catalog AND tc.constraint_schema = cc.constraint_schema
LEFT JOIN information_schema.key_column_usage kcu ON tc.constraint_name = kcu.constraint_name
    AND tc.constraint_schema = kcu.constraint_schema AND tc.table_schema = kcu.table_schema
    AND tc.table_name = kcu.table_name
LEFT JOIN (SELECT DISTINCT r.constraint_name, r.unique_constraint_schema, r.unique_constraint_name, r.match_option,
        r.update_rule, r.delete_rule, u.table_name, u.column_name
    FROM information_schema.referential_constraints r
    LEFT JOIN information_schema.constraint_column_usage u ON r.constraint_name = u.constraint_name) rc
    ON tc.constraint_name = rc.constraint_name
WHERE tc.table_schema = 'shop' AND tc.table_name IN ('orders', 'part') AND tc.constraint_name NOT LIKE '%not_null'
ORDER BY tc.constraint_name, kcu.ordinal_position, rc.unique_constraint_name, rc.column_name

--== sea-orm: unique indexes
SELECT idx.relname, insp.nspname, tbl.relname, col.attname, pg_index.indpred IS NOT NULL
FROM pg_index
JOIN pg_class idx ON idx.oid = pg_index.indexrelid
JOIN pg_namespace insp ON insp.oid = idx.relnamespace
JOIN pg_class tbl ON tbl.oid = pg_index.indrelid
JOIN pg_namespace tnsp ON tnsp.oid = tbl.relnamespace
JOIN pg_attribute col ON col.attrelid = idx.oid
WHERE pg_index.indisunique AND NOT pg_index.indisprimary AND tnsp.nspname = 'shop'
ORDER BY pg_index.indexrelid, col.attnum

--== sea-orm-migration: enums to drop
SELECT typname FROM pg_type
LEFT JOIN pg_namespace ON pg_type.typnamespace = pg_namespace.oid
LEFT JOIN pg_depend ON pg_depend.objid = pg_type.oid AND pg_depend.refclassid = CAST('pg_extension' AS regclass)
WHERE pg_namespace.nspname = 'shop' AND pg_type.typelem = 0 AND pg_depend.objid IS NULL AND typtype = 'e'

--== refinery: its table
CREATE TABLE IF NOT EXISTS refinery_schema_history (version int4 PRIMARY KEY, name varchar(255),
    applied_on varchar(255), checksum varchar(255))

--== refinery: the last migration
SELECT version, name, applied_on, checksum FROM refinery_schema_history
WHERE version = (SELECT MAX(version) FROM refinery_schema_history)
