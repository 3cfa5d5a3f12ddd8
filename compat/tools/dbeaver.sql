-- In the manner of DBeaver's navigator: whole catalog rows by oid, joined with descriptions.

--== session
SELECT current_schema(), session_user, current_database(), inet_server_addr() IS NOT NULL AS at_port

--== settings at connection
SELECT name, setting, unit, category, vartype, context, min_val, max_val, enumvals, boot_val
FROM pg_catalog.pg_settings
WHERE name IN ('search_path', 'max_identifier_length', 'default_with_oids', 'standard_conforming_strings',
    'work_mem', 'session_replication_role')

--== databases
SELECT db.oid, db.datname, db.datdba, db.encoding, db.datistemplate, db.datallowconn, db.datconnlimit,
    shobj_description(db.oid, 'pg_database') AS description
FROM pg_catalog.pg_database db
WHERE datallowconn AND NOT datistemplate
ORDER BY db.datname

--== encodings
SELECT encid AS oid, pg_catalog.pg_encoding_to_char(encid) AS encname
FROM pg_catalog.generate_series(0, 42) AS encid
ORDER BY 1

--== schemas
SELECT n.oid, n.nspname, n.nspowner, n.nspacl::text, d.description
FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0
    AND d.classoid = 'pg_namespace'::regclass
WHERE nspname !~ '^pg_(toast|temp)'
ORDER BY nspname

--== roles
SELECT a.oid, a.rolname, a.rolsuper, a.rolinherit, a.rolcreaterole, a.rolcreatedb, a.rolcanlogin,
    a.rolreplication, a.rolconnlimit, a.rolvaliduntil, a.rolbypassrls, a.rolconfig, pd.description
FROM pg_catalog.pg_roles a
LEFT JOIN pg_catalog.pg_shdescription pd ON a.oid = pd.objoid
ORDER BY a.rolname

--== members of roles
SELECT r.rolname, m.rolname AS member, am.admin_option
FROM pg_catalog.pg_auth_members am
JOIN pg_catalog.pg_roles r ON r.oid = am.roleid
JOIN pg_catalog.pg_roles m ON m.oid = am.member
ORDER BY 1, 2

--== access methods
SELECT am.oid, am.amname, am.amhandler::regproc::text, am.amtype FROM pg_catalog.pg_am am ORDER BY am.oid

--== languages
SELECT l.oid, l.lanname, l.lanpltrusted, l.lanispl FROM pg_catalog.pg_language l ORDER BY l.oid

--== tablespaces
SELECT t.oid, t.spcname, t.spcowner, pg_tablespace_location(t.oid) AS loc
FROM pg_catalog.pg_tablespace t
ORDER BY t.oid

--== extensions that are available
SELECT name, default_version, installed_version
FROM pg_catalog.pg_available_extensions
WHERE name IN ('plpgsql', 'hstore', 'citext', 'uuid-ossp', 'pgcrypto', 'pg_trgm', 'unaccent')
ORDER BY name

--== extensions that are installed
SELECT e.oid, e.extname, e.extversion, n.nspname, e.extrelocatable
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
ORDER BY e.extname

--== collations
SELECT c.oid, c.collname, c.collprovider, c.collencoding, c.collcollate
FROM pg_catalog.pg_collation c
WHERE collname IN ('C', 'POSIX', 'default', 'ucs_basic')
ORDER BY c.oid

--== types of pg_catalog
SELECT t.oid, t.typname, t.typlen, t.typtype, t.typcategory, t.typelem, t.typrelid, t.typbasetype, c.relkind,
    format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid = t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid
WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c')
    AND (et.typcategory IS NULL OR et.typcategory <> 'C') AND t.oid < 10000
ORDER BY t.oid

--== relations of a schema
SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relhasindex, c.relrowsecurity, c.relispartition,
    c.relacl::text, c.reloptions, d.description,
    pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS partition_expr,
    pg_catalog.pg_get_partkeydef(c.oid) AS partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0
    AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c')
ORDER BY c.relname

--== columns of a schema
SELECT c.relname, a.attname, a.attnum, a.attnotnull, a.atttypid, a.atttypmod, a.attidentity, a.attgenerated,
    a.attstorage, a.attcollation, a.attislocal, a.attinhcount,
    pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description, dep.objid AS sequence
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON a.attrelid = c.oid
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
LEFT OUTER JOIN pg_catalog.pg_description dsc ON c.oid = dsc.objoid AND a.attnum = dsc.objsubid
LEFT OUTER JOIN pg_depend dep ON dep.refobjid = a.attrelid AND dep.deptype = 'i'
    AND dep.refobjsubid = a.attnum AND dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind NOT IN ('i', 'I', 'c') AND c.relnamespace = 'shop'::regnamespace
ORDER BY c.relname, a.attnum

--== system columns of a table
SELECT attname, attnum, atttypid::regtype::text, attnotnull
FROM pg_catalog.pg_attribute
WHERE attrelid = 'shop.customer'::regclass AND attnum < 0
ORDER BY attnum DESC

--== constraints of a schema
SELECT c.oid, c.conname, c.contype, c.condeferrable, c.condeferred, c.convalidated, c.conkey, c.confkey,
    c.confupdtype, c.confdeltype, c.confmatchtype, t.relname, rt.relname AS referenced,
    pg_catalog.pg_get_constraintdef(c.oid) AS definition
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid = c.confrelid
WHERE t.relnamespace = 'shop'::regnamespace
ORDER BY c.conname

--== indexes of a schema
SELECT i.indkey, i.indisunique, i.indisprimary, i.indisvalid, i.indnatts, i.indnkeyatts, i.indoption,
    i.indclass::text, i.indcollation::text, c.relname, tc.relname AS of_table, am.amname,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS pred,
    pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) AS expr,
    pg_catalog.pg_get_indexdef(i.indexrelid) AS def
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
INNER JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relnamespace = 'shop'::regnamespace
ORDER BY c.relname

--== columns of an index
SELECT n AS position, pg_catalog.pg_get_indexdef('shop.customer_born'::regclass, n, false) AS def
FROM generate_series(1, 2) n

--== sequences of a schema
SELECT c.relname, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
    s.seqcycle
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
WHERE c.relnamespace = 'shop'::regnamespace
ORDER BY 1

--== view definition
SELECT pg_catalog.pg_get_viewdef('shop.rich'::regclass, true) AS definition

--== functions by name
SELECT p.oid, p.proname, p.prokind, p.prorettype::regtype::text, p.provolatile, p.proisstrict, p.proretset,
    p.pronargs, p.proargtypes::text, p.proallargtypes, p.proargmodes, p.proargnames,
    pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_result(p.oid) AS result,
    pg_get_expr(p.proargdefaults, 0) AS defaults, l.lanname, d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_language l ON p.prolang = l.oid
LEFT OUTER JOIN pg_catalog.pg_description d ON p.oid = d.objoid AND d.objsubid = 0
    AND d.classoid = 'pg_proc'::regclass
WHERE p.pronamespace = 'pg_catalog'::regnamespace
    AND p.proname IN ('substring', 'json_object_agg', 'make_interval', 'generate_series',
    'pg_options_to_table', 'rank', 'sum')
ORDER BY p.oid

--== triggers of a schema
SELECT x.oid, x.tgname, x.tgenabled
FROM pg_catalog.pg_trigger x
JOIN pg_catalog.pg_class t ON t.oid = x.tgrelid
WHERE t.relnamespace = 'shop'::regnamespace AND NOT x.tgisinternal

--== rules and policies
SELECT r.rulename, r.ev_type, r.is_instead, c.relname
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
WHERE c.relnamespace = 'shop'::regnamespace
UNION ALL SELECT polname, polcmd, polpermissive, polrelid::regclass::text
FROM pg_catalog.pg_policy

--== privileges of a table
SELECT grantor, grantee, table_schema, table_name, privilege_type, is_grantable, with_hierarchy
FROM information_schema.table_privileges
WHERE table_schema = 'shop' AND table_name = 'customer'
ORDER BY grantee, privilege_type

--== privileges of columns
SELECT grantor, grantee, table_name, column_name, privilege_type, is_grantable
FROM information_schema.column_privileges
WHERE table_schema = 'shop' AND table_name = 'orders' AND grantee = 'shop_reader'
ORDER BY column_name, privilege_type

--== sizes
SELECT c.relname, pg_catalog.pg_total_relation_size(c.oid) >= 0 AS total,
    pg_catalog.pg_relation_size(c.oid) >= 0 AS main, pg_size_pretty(8192::bigint) AS pretty
FROM pg_class c
WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r'
ORDER BY 1

--== dependencies
SELECT DISTINCT dep.deptype, dep.classid::regclass::text, dep.refclassid::regclass::text, dep.refobjsubid
FROM pg_depend dep
WHERE dep.refobjid IN ('shop.customer'::regclass, 'shop.orders'::regclass)
ORDER BY 1, 2, 3, 4

--== statistics of tables
SELECT relname, seq_scan >= 0 AS seq_scan, n_live_tup >= 0 AS live, last_vacuum IS NULL AS never
FROM pg_catalog.pg_stat_all_tables
WHERE schemaname = 'shop'
ORDER BY relname

--== sessions
SELECT sa.datname, sa.usename, sa.state, sa.query LIKE '%pg_stat_activity%' AS own, sa.backend_type
FROM pg_catalog.pg_stat_activity sa
WHERE sa.pid = pg_backend_pid()

--== locks
SELECT locktype, relation::regclass::text, mode, granted
FROM pg_catalog.pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = 'pg_locks'::regclass

--== search of objects by name
SELECT x.oid, x.conname, x.connamespace::regnamespace::text
FROM pg_catalog.pg_constraint x
WHERE x.conname LIKE '%customer%'
ORDER BY x.conname
LIMIT 100

--== event triggers, foreign data
SELECT 'trigger', evtname
FROM pg_event_trigger
UNION ALL SELECT 'wrapper', fdwname
FROM pg_foreign_data_wrapper
UNION ALL SELECT 'server', srvname
FROM pg_foreign_server
