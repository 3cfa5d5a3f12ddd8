-- In the manner of PostgREST's and Hasura's schema caches: everything in a few large questions, as arrays and JSON.

--== PostgREST: tables with their columns as JSON
WITH columns AS (
    SELECT c.oid AS relid, a.attname::name AS column_name, d.description, NOT (a.attnotnull OR t.typtype = 'd' AND
        t.typnotnull) AS is_nullable,
        CASE WHEN t.typtype = 'd' THEN CASE WHEN nbt.nspname = 'pg_catalog' THEN format_type(t.typbasetype, NULL)
            ELSE format_type(a.atttypid, a.atttypmod) END
            ELSE CASE WHEN nt.nspname = 'pg_catalog' THEN format_type(a.atttypid, NULL) ELSE format_type(a.atttypid,
                a.atttypmod) END END AS data_type,
        format_type(a.atttypid, a.atttypmod) AS nominal_data_type,
        information_schema._pg_char_max_length(information_schema._pg_truetypid(a.*, t.*),
            information_schema._pg_truetypmod(a.*, t.*)) AS character_maximum_length,
        COALESCE(bt.oid, t.oid) AS base_type, CASE WHEN a.attidentity IN ('a', 'd') THEN format('nextval(%L)',
            seq.objid::regclass)
            WHEN a.attgenerated = 's' THEN NULL ELSE pg_get_expr(ad.adbin, ad.adrelid)::text END AS column_default,
        a.attnum::int AS position
    FROM pg_attribute a
    LEFT JOIN pg_description AS d ON d.objoid = a.attrelid AND d.objsubid = a.attnum AND d.classoid =
        'pg_class'::regclass
    LEFT JOIN (pg_depend JOIN pg_sequence ON seqrelid = objid) seq ON seq.refobjid = a.attrelid AND seq.refobjsubid =
        a.attnum AND seq.deptype = 'i'
    LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
    JOIN (pg_class c JOIN pg_namespace nc ON c.relnamespace = nc.oid) ON a.attrelid = c.oid
    JOIN (pg_type t JOIN pg_namespace nt ON t.typnamespace = nt.oid) ON a.atttypid = t.oid
    LEFT JOIN (pg_type bt JOIN pg_namespace nbt ON bt.typnamespace = nbt.oid) ON t.typtype = 'd' AND t.typbasetype =
        bt.oid
    WHERE NOT pg_is_other_temp_schema(nc.oid) AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v',
        'f', 'm', 'p') AND nc.nspname = ANY (ARRAY['shop'])
), columns_agg AS (
    SELECT relid, json_object_agg(column_name, json_build_object('type', data_type, 'nominal', nominal_data_type,
        'null', is_nullable,
        'max', character_maximum_length, 'default', column_default, 'description', description) ORDER BY position) AS
            columns
    FROM columns GROUP BY relid
), pks AS (
    SELECT r.oid, array_agg(a.attname ORDER BY a.attname) AS pk
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY (c.conkey)
    WHERE c.contype = 'p' AND r.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(c.connamespace) GROUP BY r.oid
)
SELECT n.nspname AS table_schema, c.relname AS table_name, d.description AS table_description, c.relkind IN ('v',
    'm') AS is_view,
    c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND (pg_relation_is_updatable(c.oid::regclass, true) & 8) =
        8) AS insertable,
    c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND (pg_relation_is_updatable(c.oid::regclass, true) & 4) =
        4) AS updatable,
    c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND (pg_relation_is_updatable(c.oid::regclass, true) & 16) =
        16) AS deletable,
    coalesce(pks.pk, '{}') AS pk_cols, coalesce(ca.columns, '{}'::json) AS columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
LEFT JOIN pks ON pks.oid = c.oid
LEFT JOIN columns_agg ca ON ca.relid = c.oid
WHERE c.relkind IN ('v', 'r', 'm', 'f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT
    c.relispartition
ORDER BY table_schema, table_name

--== PostgREST: relationships
WITH pks_uniques AS (
    SELECT contype::text, conrelid, array_agg(key ORDER BY key) AS cols
    FROM pg_constraint, LATERAL unnest(conkey) AS _(key)
    WHERE contype IN ('p', 'u') AND connamespace::regnamespace::text <> 'pg_catalog'
    GROUP BY oid, contype, conrelid)
SELECT ns1.nspname AS table_schema, tab.relname AS table_name, ns2.nspname AS foreign_schema, other.relname AS
    foreign_name,
    (ns1.nspname, tab.relname) = (ns2.nspname, other.relname) AS is_self, traint.conname AS constraint_name,
        column_info.cols_and_fcols,
    (column_info.cols IN (SELECT cols FROM pks_uniques WHERE conrelid = traint.conrelid)) AS one_to_one
FROM pg_constraint traint
JOIN LATERAL (
    SELECT array_agg(row(cols.attname, refs.attname) ORDER BY ord) AS cols_and_fcols, array_agg(cols.attnum ORDER BY
        cols.attnum) AS cols
    FROM unnest(traint.conkey, traint.confkey) WITH ORDINALITY AS _(col, ref, ord)
    JOIN pg_attribute cols ON cols.attrelid = traint.conrelid AND cols.attnum = col
    JOIN pg_attribute refs ON refs.attrelid = traint.confrelid AND refs.attnum = ref
) AS column_info ON TRUE
JOIN pg_namespace ns1 ON ns1.oid = traint.connamespace
JOIN pg_class tab ON tab.oid = traint.conrelid
JOIN pg_class other ON other.oid = traint.confrelid
JOIN pg_namespace ns2 ON ns2.oid = other.relnamespace
WHERE traint.contype = 'f' AND traint.conparentid = 0
ORDER BY traint.conrelid, traint.conname

--== PostgREST: functions with their arguments
WITH base_types AS (
    WITH RECURSIVE recurse AS (
        SELECT oid, typbasetype, typnamespace AS base_namespace, COALESCE(NULLIF(typbasetype, 0), oid) AS base_type
            FROM pg_type
        UNION SELECT t.oid, b.typbasetype, b.typnamespace, COALESCE(NULLIF(b.typbasetype, 0), b.oid)
        FROM recurse t JOIN pg_type b ON t.typbasetype = b.oid)
    SELECT oid, base_namespace, base_type FROM recurse WHERE typbasetype = 0
), arguments AS (
    SELECT oid, array_agg((COALESCE(name, ''), type::regtype::text, CASE type WHEN 'bit'::regtype THEN 'bit varying'
        WHEN 'bit[]'::regtype THEN 'bit varying[]'
        WHEN 'character'::regtype THEN 'character varying' ELSE type::regtype::text END, idx <= (pronargs -
            pronargdefaults), COALESCE(mode = 'v', FALSE)) ORDER BY idx) AS args
    FROM pg_proc, unnest(proargnames, proargtypes, proargmodes) WITH ORDINALITY AS _(name, type, mode, idx)
    WHERE type IS NOT NULL GROUP BY oid)
SELECT pn.nspname AS proc_schema, p.proname, d.description, COALESCE(a.args, '{}') AS args, tn.nspname AS
    return_schema, COALESCE(comp.relname, t.typname) AS returns,
    p.proretset AS is_set, t.typtype = 'c' OR COALESCE(proargmodes::text[] && '{t,b,o}', false) AS is_composite,
        p.provolatile, p.provariadic > 0 AS has_variadic,
    lower((regexp_split_to_array((regexp_split_to_array(iso_config, '='))[2], ','))[1]) AS transaction_isolation
FROM pg_proc p
LEFT JOIN arguments a ON a.oid = p.oid
JOIN pg_namespace pn ON pn.oid = p.pronamespace
JOIN base_types bt ON bt.oid = p.prorettype
JOIN pg_type t ON t.oid = bt.base_type
JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_class comp ON comp.oid = t.typrelid
LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
LEFT JOIN LATERAL unnest(proconfig) iso_config ON iso_config LIKE 'default_transaction_isolation%'
WHERE t.oid <> 'trigger'::regtype AND prokind = 'f' AND (pn.nspname = 'shop' OR p.proname IN ('abs',
    'generate_series', 'concat', 'pg_get_keywords'))
ORDER BY 1, 2, p.oid

--== PostgREST: keys that views show, by their rules' trees
WITH RECURSIVE views AS (
    SELECT c.oid AS view_id, n.nspname AS view_schema, c.relname AS view_name, r.ev_action::text LIKE '%targetList%'
        AS has_targets
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_rewrite r ON r.ev_class = c.oid
    WHERE c.relkind IN ('v', 'm') AND n.nspname = 'shop')
SELECT view_schema, view_name, has_targets FROM views ORDER BY 1, 2

--== PostgREST: settings of roles and of the database
WITH role_setting AS (
    SELECT setdatabase, unnest(setconfig) AS setting FROM pg_catalog.pg_db_role_setting
    WHERE setrole = CURRENT_USER::regrole::oid AND setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE
        datname = CURRENT_CATALOG)))
SELECT DISTINCT ON (key) substr(setting, 1, strpos(setting, '=') - 1) AS key, substr(setting, strpos(setting, '=') +
    1) AS value
FROM role_setting ORDER BY key, setdatabase DESC

--== PostgREST: time zones and the server's version
SELECT current_setting('server_version_num')::integer / 10000 AS major, (SELECT count(*) > 500 FROM
    pg_timezone_names) AS zones

--== PostgREST: a request's transaction
SELECT set_config('search_path', '"shop", "public"', true), set_config('role', 'shop_reader', true),
    set_config('request.jwt.claims', '{"role":"shop_reader"}', true), set_config('request.method', 'GET', true)

--== PostgREST: a page of a table as JSON
WITH pgrst_source AS (SELECT "shop"."customer"."id", "shop"."customer"."name", COALESCE("orders_1"."orders_1", '[]')
    AS "orders"
    FROM "shop"."customer" LEFT JOIN LATERAL (SELECT json_agg("orders_1")::jsonb AS "orders_1" FROM (SELECT
        "orders_1"."id", "orders_1"."total"
    FROM "shop"."orders" AS "orders_1" WHERE "orders_1"."customer" = "shop"."customer"."id") AS "orders_1") AS
        "orders_1" ON TRUE
    WHERE "shop"."customer"."name" = ANY ('{Ada,Grace}') ORDER BY "shop"."customer"."name" ASC LIMIT 10 OFFSET 0),
pgrst_source_count AS (SELECT 1 FROM "shop"."customer")
SELECT (SELECT pg_catalog.count(*) FROM pgrst_source_count) AS total_result_set, pg_catalog.count(_postgrest_t) AS
    page_total,
    coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS
        response_headers
FROM (SELECT * FROM pgrst_source) _postgrest_t

--== PostgREST: an insert of JSON
WITH pgrst_source AS (INSERT INTO "shop"."part" ("id", "o") SELECT "pgrst_body"."id", "pgrst_body"."o"
    FROM (SELECT '[{"id": 1}, {"id": 2, "o": null}]'::json AS json_data) pgrst_payload,
    LATERAL (SELECT "id", "o" FROM json_to_recordset(pgrst_payload.json_data) AS _("id" integer, "o" integer))
        pgrst_body
    ON CONFLICT ("id") DO UPDATE SET "o" = EXCLUDED."o" RETURNING "shop"."part".*)
SELECT '' AS total_result_set, pg_catalog.count(t) AS page_total, coalesce(json_agg(t ORDER BY t.id), '[]') AS body
    FROM (SELECT * FROM pgrst_source) t

--== Hasura: tables with their keys
SELECT schema.nspname AS table_schema, "table".relname AS table_name, description.description, "table".relkind,
    coalesce(columns.info, '[]') AS columns, row_to_json(pk) AS primary_key, coalesce(uniques.info, '[]') AS uniques,
        coalesce(fks.info, '[]') AS foreign_keys
FROM pg_catalog.pg_class "table"
JOIN pg_catalog.pg_namespace schema ON schema.oid = "table".relnamespace
LEFT JOIN pg_catalog.pg_description description ON description.classoid = 'pg_catalog.pg_class'::regclass AND
    description.objoid = "table".oid AND description.objsubid = 0
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('name', "column".attname, 'position', "column".attnum,
        'type', json_build_object('name', coalesce(base_type.typname, "type".typname), 'type', "type".typtype),
        'is_nullable', NOT "column".attnotnull, 'description', pg_catalog.col_description("table".oid,
            "column".attnum),
        'mutability', jsonb_build_object('is_insertable', NOT (identitypolyfill.attidentity = 'a' OR
            generatedpolyfill.attgenerated = 's'))) ORDER BY "column".attnum) AS info
    FROM pg_catalog.pg_attribute "column"
    LEFT JOIN (SELECT attrelid, attnum, attidentity::text FROM pg_attribute) AS identitypolyfill ON
        identitypolyfill.attrelid = "column".attrelid AND identitypolyfill.attnum = "column".attnum
    LEFT JOIN (SELECT attrelid, attnum, attgenerated::text FROM pg_attribute) AS generatedpolyfill ON
        generatedpolyfill.attrelid = "column".attrelid AND generatedpolyfill.attnum = "column".attnum
    LEFT JOIN pg_catalog.pg_type "type" ON "type".oid = "column".atttypid
    LEFT JOIN pg_catalog.pg_type base_type ON "type".typtype = 'd' AND base_type.oid = "type".typbasetype
    WHERE "column".attrelid = "table".oid AND "column".attnum > 0 AND NOT "column".attisdropped) columns ON true
LEFT JOIN LATERAL (
    SELECT con.conname AS name, (SELECT jsonb_agg(a.attname ORDER BY k.ord) FROM unnest(con.conkey) WITH ORDINALITY
        k(key, ord)
        JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.key) AS columns
    FROM pg_catalog.pg_constraint con WHERE con.conrelid = "table".oid AND con.contype = 'p') pk(constraint_name,
        columns) ON true
LEFT JOIN LATERAL (SELECT jsonb_agg(con.conname ORDER BY con.conname) AS info FROM pg_catalog.pg_constraint con
    WHERE con.conrelid = "table".oid AND con.contype = 'u') uniques ON true
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('constraint', con.conname, 'foreign_table',
    con.confrelid::regclass::text,
        'mapping', (SELECT jsonb_object_agg(ac.attname, afc.attname) FROM unnest(con.conkey, con.confkey) AS u(key,
            ref)
            JOIN pg_attribute ac ON ac.attrelid = con.conrelid AND ac.attnum = u.key JOIN pg_attribute afc ON
                afc.attrelid = con.confrelid AND afc.attnum = u.ref)) ORDER BY con.conname) AS info
    FROM pg_catalog.pg_constraint con WHERE con.conrelid = "table".oid AND con.contype = 'f') fks ON true
WHERE "table".relkind IN ('r', 't', 'v', 'm', 'f', 'p') AND schema.nspname NOT LIKE 'pg\_%' AND schema.nspname <>
    'information_schema'
ORDER BY 1, 2

--== Hasura: a query with a nested array as JSON
SELECT coalesce(json_agg("root"), '[]') AS "root"
FROM (SELECT row_to_json((SELECT "_e" FROM (SELECT "_root.base"."id" AS "id", "_root.base"."name" AS "name",
    "_root.ar.orders"."orders" AS "orders") AS "_e")) AS "root"
    FROM (SELECT * FROM "shop"."customer" WHERE ("shop"."customer"."name") LIKE ('%a%') ORDER BY id LIMIT 5) AS
        "_root.base"
    LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("orders"), '[]') AS "orders" FROM (SELECT row_to_json((SELECT
        "_e" FROM (SELECT o.id AS id, o.total AS total) AS "_e")) AS "orders"
        FROM shop.orders o WHERE o.customer = "_root.base".id) AS "_orders") AS "_root.ar.orders" ON ('true')) AS
            "_root"
