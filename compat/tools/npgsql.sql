-- In the manner of Npgsql (Power BI, Entity Framework): its load of types at connection, its schema collections.

--== version of the server
SELECT current_setting('server_version_num')::int / 10000 AS major

--== load of types
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
    elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind, CASE
    WHEN elemproc.proname = 'array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
    FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE
    WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype, CASE
    WHEN proc.proname = 'array_recv' THEN typ.typelem WHEN typ.typtype = 'r' THEN rngsubtype
    WHEN typ.typtype = 'm' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
    WHEN typ.typtype = 'd' THEN typ.typbasetype END AS elemtypoid FROM pg_type AS typ LEFT
    JOIN pg_class AS cls ON cls.oid = typ.typrelid LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT
    JOIN pg_range ON pg_range.rngtypid = typ.oid) AS typ LEFT
    JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid LEFT
    JOIN pg_class AS elemcls ON elemcls.oid = elemtyp.typrelid LEFT
    JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive) AS t
JOIN pg_namespace AS ns ON ns.oid = typnamespace
WHERE t.oid < 10000 AND (typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind = 'c')
    OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown'))
    OR (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd')
    OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void'))
    OR (elemtyptype = 'c' AND elemrelkind = 'c'))))
ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'c' THEN 1 WHEN typtype = 'r' THEN 2
    WHEN typtype = 'm' THEN 3 WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4 WHEN typtype = 'a' THEN 5
    ELSE 6 END, t.oid

--== fields of composite types
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON ns.oid = typ.typnamespace
JOIN pg_class AS cls ON cls.oid = typ.typrelid
JOIN pg_attribute AS att ON att.attrelid = typ.typrelid
WHERE typ.typtype = 'c' AND cls.relkind = 'c' AND attnum > 0 AND NOT attisdropped
ORDER BY typ.oid, att.attnum

--== labels of enums
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY oid, enumsortorder

--== columns of a result, by table and attribute
SELECT typ.oid AS typoid, nspname, relname, attname, attrelid = 'shop.customer'::regclass AS own, attnum,
    attnotnull, attidentity != '' AS isidentity, CASE WHEN typ.typtype = 'd' THEN typ.typtypmod
    ELSE atttypmod END AS typmod, CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef
    WHERE adrelid = cls.oid AND adnum = attr.attnum) ELSE NULL END AS default, CASE
    WHEN ((cls.relkind = ANY (ARRAY['r'::"char", 'p'::"char"]))
    OR ((cls.relkind = ANY (ARRAY['v'::"char", 'f'::"char"]))
    AND pg_column_is_updatable(cls.oid::regclass, attr.attnum, false))) AND attr.attidentity NOT IN ('a')
    THEN 'true'::boolean ELSE 'false'::boolean END AS is_updatable,
    EXISTS (SELECT * FROM pg_index WHERE pg_index.indrelid = cls.oid AND pg_index.indisprimary
    AND attnum = ANY (indkey)) AS isprimarykey,
    EXISTS (SELECT * FROM pg_index WHERE pg_index.indrelid = cls.oid AND pg_index.indisunique
    AND pg_index.indnkeyatts = 1 AND attnum = pg_index.indkey[0]) AS isunique
FROM pg_attribute AS attr
JOIN pg_type AS typ ON attr.atttypid = typ.oid
JOIN pg_class AS cls ON cls.oid = attr.attrelid
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
WHERE atttypid <> 0 AND relkind IN ('r', 'v', 'm') AND NOT attisdropped
    AND nspname NOT IN ('pg_catalog', 'information_schema') AND attnum > 0 AND nspname = 'shop'
ORDER BY attrelid, attnum

--== collection: Databases
SELECT d.datname, u.usename, pg_catalog.pg_encoding_to_char(d.encoding)
FROM pg_catalog.pg_database d
LEFT JOIN pg_catalog.pg_user u ON d.datdba = u.usesysid
ORDER BY 1

--== collection: Tables
SELECT table_catalog, table_schema, table_name, table_type
FROM information_schema.tables
WHERE table_type IN ('BASE TABLE', 'FOREIGN', 'FOREIGN TABLE')
    AND table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY table_name

--== collection: Columns
SELECT table_catalog, table_schema, table_name, column_name, ordinal_position, column_default, is_nullable,
    udt_name::regtype::text AS data_type, character_maximum_length, character_octet_length, numeric_precision,
    numeric_precision_radix, numeric_scale, datetime_precision, character_set_catalog, collation_catalog
FROM information_schema.columns
WHERE table_schema = 'shop'
ORDER BY table_name, ordinal_position

--== collection: Views
SELECT table_catalog, table_schema, table_name, check_option, is_updatable, is_insertable_into
FROM information_schema.views
WHERE table_schema = 'shop'

--== collection: Users
SELECT usename, usesysid FROM pg_catalog.pg_user ORDER BY usename

--== collection: Indexes
SELECT t.relname AS table_name, i.relname AS index_name, a.attname AS column_name
FROM pg_catalog.pg_class i
JOIN pg_catalog.pg_index ix ON ix.indexrelid = i.oid
JOIN pg_catalog.pg_class t ON ix.indrelid = t.oid
JOIN pg_attribute a ON t.oid = a.attrelid AND a.attnum = ANY (ix.indkey)
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind = 'i' AND n.nspname = 'shop' AND t.relkind = 'r'
ORDER BY 1, 2, 3

--== collection: Constraints
SELECT pgn.nspname AS "CONSTRAINT_SCHEMA", pgc.conname AS "CONSTRAINT_NAME", pgtn.nspname AS "TABLE_SCHEMA",
    pgt.relname AS "TABLE_NAME", "CONSTRAINT_TYPE", pgc.condeferrable AS "IS_DEFERRABLE",
    pgc.condeferred AS "INITIALLY_DEFERRED"
FROM pg_catalog.pg_constraint pgc
JOIN pg_catalog.pg_namespace pgn ON pgc.connamespace = pgn.oid
JOIN pg_catalog.pg_class pgt ON pgc.conrelid = pgt.oid
JOIN pg_catalog.pg_namespace pgtn ON pgt.relnamespace = pgtn.oid
JOIN (SELECT 'PRIMARY KEY' AS "CONSTRAINT_TYPE", 'p' AS contype UNION ALL SELECT 'FOREIGN KEY', 'f'
    UNION ALL SELECT 'UNIQUE KEY', 'u') mapping_table ON mapping_table.contype = pgc.contype
WHERE pgtn.nspname = 'shop'
ORDER BY 2

--== reserved words
SELECT word, catcode FROM pg_get_keywords() ORDER BY word

--== Power BI: relationships
SELECT rc.constraint_name, kcu.table_schema, kcu.table_name, kcu.column_name,
    fk.table_name AS referenced_table, fk.column_name AS referenced_column, kcu.ordinal_position
FROM information_schema.referential_constraints rc
INNER JOIN information_schema.key_column_usage kcu ON kcu.constraint_schema = rc.constraint_schema
    AND kcu.constraint_name = rc.constraint_name
INNER JOIN information_schema.key_column_usage fk ON rc.unique_constraint_schema = fk.constraint_schema
    AND rc.unique_constraint_name = fk.constraint_name
    AND kcu.position_in_unique_constraint = fk.ordinal_position
ORDER BY 1, 7

--== Power BI: character set
SELECT character_set_name FROM information_schema.character_sets

--== discard of a pooled session
DISCARD ALL
