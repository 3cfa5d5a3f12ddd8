-- In the manner of Supabase's Studio (postgres-meta): each kind of object as rows with nested JSON.

--== tables
SELECT c.relname AS name, nc.nspname AS schema, c.relrowsecurity AS rls_enabled, c.relforcerowsecurity AS rls_forced,
    CASE WHEN c.relreplident = 'd' THEN 'DEFAULT' WHEN c.relreplident = 'i' THEN 'INDEX' WHEN c.relreplident = 'f'
        THEN 'FULL' ELSE 'NOTHING' END AS replica_identity,
    pg_total_relation_size(format('%I.%I', nc.nspname, c.relname)) >= 0 AS bytes, pg_stat_get_live_tuples(c.oid) >= 0
        AS live_rows_estimate,
    pg_stat_get_dead_tuples(c.oid) >= 0 AS dead_rows_estimate, obj_description(c.oid) AS comment,
        coalesce(pk.primary_keys, '[]') AS primary_keys,
    coalesce(jsonb_agg(relationships ORDER BY relationships.constraint_name) FILTER (WHERE relationships IS NOT
        NULL), '[]') AS relationships
FROM pg_namespace nc
JOIN pg_class c ON nc.oid = c.relnamespace
LEFT JOIN (SELECT table_id, jsonb_agg(_pk.*) AS primary_keys FROM (SELECT n.nspname AS schema, c.relname AS
    table_name, a.attname AS name, c.oid::int8 > 0 AS id, c.oid AS table_id
    FROM pg_index i, pg_class c, pg_attribute a, pg_namespace n WHERE i.indrelid = c.oid AND c.relnamespace = n.oid
        AND a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND i.indisprimary
    ORDER BY a.attnum) AS _pk(schema, table_name, name, ok, table_id) GROUP BY table_id) AS pk0(table_id, whole) ON
        false
LEFT JOIN LATERAL (SELECT jsonb_agg(a.attname ORDER BY a.attnum) AS primary_keys FROM pg_index i JOIN pg_attribute a
    ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary) pk ON true
LEFT JOIN (SELECT c.conname AS constraint_name, nsa.nspname AS source_schema, csa.relname AS source_table_name,
    sa.attname AS source_column_name,
        nta.nspname AS target_schema, cta.relname AS target_table_name, ta.attname AS target_column_name
    FROM pg_constraint c
    JOIN (pg_attribute sa JOIN pg_class csa ON sa.attrelid = csa.oid JOIN pg_namespace nsa ON csa.relnamespace =
        nsa.oid) ON sa.attrelid = c.conrelid AND sa.attnum = ANY (c.conkey)
    JOIN (pg_attribute ta JOIN pg_class cta ON ta.attrelid = cta.oid JOIN pg_namespace nta ON cta.relnamespace =
        nta.oid) ON ta.attrelid = c.confrelid AND ta.attnum = c.confkey[array_position(c.conkey, sa.attnum)]
    WHERE c.contype = 'f') AS relationships ON (relationships.source_schema = nc.nspname AND
        relationships.source_table_name = c.relname)
        OR (relationships.target_schema = nc.nspname AND relationships.target_table_name = c.relname)
WHERE c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(nc.oid) AND (pg_has_role(c.relowner, 'USAGE')
    OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') OR
        has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
    AND nc.nspname NOT IN ('information_schema', 'pg_catalog')
GROUP BY c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, nc.nspname, pk.primary_keys
ORDER BY 2, 1

--== columns
SELECT nc.nspname AS schema, c.relname AS table, a.attnum AS ordinal_position, a.attname AS name,
    CASE WHEN a.atthasdef THEN pg_get_expr(ad.adbin, ad.adrelid) ELSE NULL END AS default_value,
    CASE WHEN t.typtype = 'd' THEN CASE WHEN bt.typelem <> 0::oid AND bt.typlen = -1 THEN 'ARRAY' WHEN nbt.nspname =
        'pg_catalog' THEN format_type(t.typbasetype, NULL) ELSE 'USER-DEFINED' END
        ELSE CASE WHEN t.typelem <> 0::oid AND t.typlen = -1 THEN 'ARRAY' WHEN nt.nspname = 'pg_catalog' THEN
            format_type(a.atttypid, NULL) ELSE 'USER-DEFINED' END END AS data_type,
    COALESCE(bt.typname, t.typname) AS format, a.attidentity IN ('a', 'd') AS is_identity,
    CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' ELSE NULL END AS identity_generation,
        a.attgenerated IN ('s') AS is_generated,
    NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull) AS is_nullable,
    (c.relkind IN ('r', 'p') OR c.relkind IN ('v', 'f') AND pg_column_is_updatable(c.oid, a.attnum, FALSE)) AS
        is_updatable,
    uniques.table_id IS NOT NULL AS is_unique, check_constraints.definition AS "check", array_to_json(array(SELECT
        enumlabel FROM pg_catalog.pg_enum enums
        WHERE enums.enumtypid = coalesce(bt.oid, t.oid) OR enums.enumtypid = coalesce(bt.typelem, t.typelem) ORDER BY
            enums.enumsortorder)) AS enums, col_description(c.oid, a.attnum) AS comment
FROM pg_attribute a
LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
JOIN (pg_class c JOIN pg_namespace nc ON c.relnamespace = nc.oid) ON a.attrelid = c.oid
JOIN (pg_type t JOIN pg_namespace nt ON t.typnamespace = nt.oid) ON a.atttypid = t.oid
LEFT JOIN (pg_type bt JOIN pg_namespace nbt ON bt.typnamespace = nbt.oid) ON t.typtype = 'd' AND t.typbasetype =
    bt.oid
LEFT JOIN (SELECT DISTINCT ON (table_id, ordinal_position) conrelid AS table_id, conkey[1] AS ordinal_position FROM
    pg_catalog.pg_constraint WHERE contype = 'u' AND cardinality(conkey) = 1) AS uniques
    ON uniques.table_id = c.oid AND uniques.ordinal_position = a.attnum
LEFT JOIN (SELECT DISTINCT ON (table_id, ordinal_position) conrelid AS table_id, conkey[1] AS ordinal_position,
        substring(pg_get_constraintdef(pg_constraint.oid, true), 8, length(pg_get_constraintdef(pg_constraint.oid,
            true)) - 8) AS definition
    FROM pg_constraint WHERE contype = 'c' AND cardinality(conkey) = 1 ORDER BY table_id, ordinal_position, oid ASC)
        AS check_constraints
    ON check_constraints.table_id = c.oid AND check_constraints.ordinal_position = a.attnum
WHERE nc.nspname = 'shop' AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
ORDER BY 1, 2, 3

--== functions
WITH functions AS (SELECT *, coalesce(p.proargmodes, array_fill('i'::text,
    array[cardinality(coalesce(p.proallargtypes, p.proargtypes))])) AS arg_modes,
    coalesce(p.proargnames, array_fill(''::text, array[cardinality(coalesce(p.proallargtypes, p.proargtypes))])) AS
        arg_names,
    coalesce(p.proallargtypes, p.proargtypes) AS arg_types,
    array_cat(array_fill(false, array[pronargs - pronargdefaults]), array_fill(true, array[pronargdefaults])) AS
        arg_has_defaults
    FROM pg_proc AS p WHERE p.prokind = 'f')
SELECT n.nspname AS schema, f.proname AS name, l.lanname AS language, CASE WHEN l.lanname = 'internal' THEN '' ELSE
    f.prosrc END AS definition,
    coalesce(f_args.args, '[]') AS args, pg_get_function_arguments(f.oid) AS argument_types,
        pg_get_function_identity_arguments(f.oid) AS identity_argument_types,
    f.prorettype AS return_type_id, pg_get_function_result(f.oid) AS return_type, nullif(rt.typrelid, 0) AS
        return_type_relation_id, f.proretset AS is_set_returning_function,
    CASE WHEN f.provolatile = 'i' THEN 'IMMUTABLE' WHEN f.provolatile = 's' THEN 'STABLE' ELSE 'VOLATILE' END AS
        behavior, f.prosecdef AS security_definer, f_config.config_params
FROM functions f
LEFT JOIN pg_namespace n ON f.pronamespace = n.oid
LEFT JOIN pg_language l ON f.prolang = l.oid
LEFT JOIN pg_type rt ON rt.oid = f.prorettype
LEFT JOIN (SELECT oid, jsonb_object_agg(param, value) FILTER (WHERE param IS NOT NULL) AS config_params
    FROM (SELECT oid, (string_to_array(unnest(proconfig), '='))[1] AS param, (string_to_array(unnest(proconfig),
        '='))[2] AS value FROM functions) AS t GROUP BY oid) f_config ON f_config.oid = f.oid
LEFT JOIN (SELECT oid, jsonb_agg(jsonb_build_object('mode', t2.mode, 'name', name, 'type_id', type_id, 'has_default',
    has_default)) AS args
    FROM (SELECT oid, unnest(arg_modes) AS mode, unnest(arg_names) AS name, unnest(arg_types)::int8 AS type_id,
        unnest(arg_has_defaults) AS has_default FROM functions) AS t1,
        LATERAL (SELECT CASE WHEN t1.mode = 'i' THEN 'in' WHEN t1.mode = 'o' THEN 'out' WHEN t1.mode = 'b' THEN
            'inout' WHEN t1.mode = 'v' THEN 'variadic' ELSE 'table' END AS mode) AS t2
    GROUP BY t1.oid) f_args ON f_args.oid = f.oid
WHERE n.nspname = 'shop' OR f.proname IN ('make_interval', 'substring', 'json_each', 'concat')
ORDER BY 1, 2, f.oid

--== types
SELECT t.typname AS name, n.nspname AS schema, format_type(t.oid, NULL) AS format, coalesce(t_enums.enums, '[]') AS
    enums, coalesce(t_attributes.attributes, '[]') AS attributes,
    obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t
LEFT JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN (SELECT enumtypid, jsonb_agg(enumlabel ORDER BY enumsortorder) AS enums FROM pg_enum GROUP BY enumtypid) AS
    t_enums ON t_enums.enumtypid = t.oid
LEFT JOIN (SELECT oid, jsonb_agg(jsonb_build_object('name', a.attname, 'type_id', a.atttypid::int8) ORDER BY a.attnum
    ASC) AS attributes
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'c' AND NOT a.attisdropped GROUP BY
        c.oid) AS t_attributes ON t_attributes.oid = t.typrelid
WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_class c WHERE c.oid = t.typrelid))
    AND NOT EXISTS (SELECT FROM pg_type el WHERE el.oid = t.typelem AND el.typarray = t.oid) AND n.nspname NOT IN
        ('pg_toast', 'information_schema')
ORDER BY 2, 1

--== policies
SELECT n.nspname AS schema, c.relname AS table, pol.polname AS name, CASE WHEN pol.polpermissive THEN 'PERMISSIVE'
    ELSE 'RESTRICTIVE' END AS action,
    CASE WHEN pol.polroles = '{0}'::oid[] THEN array_to_json(string_to_array('public'::text, ''::text)::name[])
        ELSE array_to_json(ARRAY(SELECT pg_roles.rolname FROM pg_roles WHERE pg_roles.oid = ANY (pol.polroles) ORDER
            BY pg_roles.rolname)) END AS roles,
    CASE pol.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' WHEN
        '*' THEN 'ALL' ELSE NULL END AS command,
    pg_get_expr(pol.polqual, pol.polrelid) AS definition, pg_get_expr(pol.polwithcheck, pol.polrelid) AS "check"
FROM pg_policy pol JOIN pg_class c ON c.oid = pol.polrelid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1, 2, 3

--== privileges of tables
SELECT nc.nspname AS schema, c.relname AS name, c.relkind, coalesce(jsonb_agg(jsonb_build_object('grantor',
    grantor.rolname, 'grantee', grantee.rolname,
    'privilege_type', _priv.privilege_type, 'is_grantable', _priv.is_grantable) ORDER BY grantee.rolname,
        _priv.privilege_type) FILTER (WHERE _priv IS NOT NULL), '[]') AS privileges
FROM pg_class c
JOIN pg_namespace nc ON nc.oid = c.relnamespace
LEFT JOIN LATERAL (SELECT grantor, grantee, privilege_type, is_grantable FROM aclexplode(coalesce(c.relacl,
    acldefault('r', c.relowner)))) AS _priv ON true
LEFT JOIN pg_roles AS grantor ON grantor.oid = _priv.grantor
LEFT JOIN (SELECT oid, rolname FROM pg_roles UNION ALL SELECT 0, 'PUBLIC') AS grantee (oid, rolname) ON grantee.oid =
    _priv.grantee
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND nc.nspname = 'shop'
GROUP BY nc.nspname, c.relname, c.relkind
ORDER BY 1, 2

--== roles
SELECT rolname AS name, rolsuper AS is_superuser, rolcreatedb AS can_create_db, rolcreaterole AS can_create_role,
    rolinherit AS inherit_role, rolcanlogin AS can_login,
    rolreplication AS is_replication_role, rolbypassrls AS can_bypass_rls,
    (SELECT COUNT(*) > 0 FROM pg_stat_activity WHERE pg_roles.rolname = pg_stat_activity.usename) AS
        active_connections,
    CASE WHEN rolconnlimit = -1 THEN current_setting('max_connections')::int8 > 0 ELSE rolconnlimit > 0 END AS
        limited, rolpassword AS password, rolvaliduntil AS valid_until, r.rolconfig AS config
FROM pg_roles LEFT JOIN LATERAL (SELECT setconfig AS rolconfig FROM pg_db_role_setting s WHERE s.setrole =
    pg_roles.oid AND s.setdatabase = 0) r ON true
ORDER BY 1

--== indexes
SELECT c.relname AS name, idx.indnatts AS number_of_attributes, idx.indisunique, idx.indisprimary,
    idx.indisexclusion, idx.indimmediate, idx.indisclustered, idx.indisvalid,
    idx.indislive, idx.indisreplident, idx.indkey::smallint[] AS key_attributes, idx.indoption::smallint[] AS
        options, ix.indexdef AS index_definition, am.amname AS access_method,
    jsonb_agg(jsonb_build_object('attribute_number', a.attnum, 'attribute_name', a.attname, 'data_type',
        format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum) AS index_attributes
FROM pg_index idx
JOIN pg_class c ON c.oid = idx.indexrelid
JOIN pg_namespace n ON c.relnamespace = n.oid
JOIN pg_am am ON c.relam = am.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
JOIN pg_indexes ix ON c.relname = ix.indexname AND n.nspname = ix.schemaname
WHERE n.nspname = 'shop'
GROUP BY idx.indexrelid, idx.indrelid, idx.indnatts, idx.indisunique, idx.indisprimary, idx.indisexclusion,
    idx.indimmediate, idx.indisclustered, idx.indisvalid, idx.indislive,
    idx.indisreplident, idx.indkey, idx.indoption, c.relname, ix.indexdef, am.amname
ORDER BY 1

--== triggers
SELECT tg.tgname AS name, CASE WHEN tg.tgenabled = 'D' THEN 'DISABLED' WHEN tg.tgenabled = 'O' THEN 'ORIGIN' ELSE
    'OTHER' END AS enabled_mode,
    (string_to_array(encode(tg.tgargs, 'escape'), '\000')::text[]) AS function_args, t.event_manipulation
FROM pg_trigger AS tg
LEFT JOIN information_schema.triggers AS t ON t.trigger_name = tg.tgname
WHERE NOT tg.tgisinternal

--== publications, extensions, foreign tables
SELECT 'publication' AS kind, p.pubname::text AS name, NULL AS version FROM pg_catalog.pg_publication p
UNION ALL SELECT 'extension', e.name, x.extversion FROM pg_available_extensions() e(name, default_version, comment)
    JOIN pg_extension x ON x.extname = e.name
UNION ALL SELECT 'foreign', c.relname, NULL FROM pg_class c WHERE c.relkind = 'f'
ORDER BY 1, 2

--== settings
SELECT name, setting, category, TRIM(split_part(category, '/', 1)) AS "group", TRIM(split_part(category, '/', 2)) AS
    subgroup, unit, vartype, min_val, max_val, enumvals, boot_val, pending_restart
FROM pg_settings WHERE name IN ('work_mem', 'timezone', 'statement_timeout', 'lock_timeout')
ORDER BY category, name
