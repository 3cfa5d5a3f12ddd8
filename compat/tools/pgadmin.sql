-- In the manner of pgAdmin's browser and DataGrip's introspector: nodes of a tree by kind, changes since a
    transaction.

--== pgAdmin: session
SELECT roles.oid AS id, roles.rolname AS name, roles.rolsuper AS is_superuser,
    CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END AS can_create_role, CASE WHEN roles.rolsuper THEN
        true ELSE roles.rolcreatedb END AS can_create_db,
    CASE WHEN 'pg_signal_backend' = ANY (ARRAY(WITH RECURSIVE cte AS (SELECT pg_roles.oid, pg_roles.rolname FROM
        pg_roles WHERE pg_roles.oid = roles.oid
        UNION ALL SELECT m.roleid, pgr.rolname FROM cte cte_1 JOIN pg_auth_members m ON m.member = cte_1.oid JOIN
            pg_roles pgr ON pgr.oid = m.roleid) SELECT rolname FROM cte)) THEN True ELSE False END AS
            can_signal_backend
FROM pg_catalog.pg_roles AS roles
WHERE rolname = current_user

--== pgAdmin: settings of the session
SELECT set_config('bytea_output', 'hex', false) FROM pg_show_all_settings() WHERE name = 'bytea_output'

--== pgAdmin: databases
SELECT db.oid AS did, db.datname AS name, ta.spcname AS spcname, db.datallowconn,
    pg_catalog.pg_encoding_to_char(db.encoding) AS encoding,
    pg_catalog.pg_get_userbyid(db.datdba) AS datowner, db.datcollate, db.datctype, db.datconnlimit,
        pg_catalog.has_database_privilege(db.oid, 'CREATE') AS cancreate,
    pg_catalog.current_setting('default_tablespace') AS default_tablespace, descr.description AS comments,
        db.datistemplate AS is_template,
    pg_catalog.array_to_string(datacl::text[], ', ') AS acl,
    (SELECT pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.array_to_string(defaclacl::text[], ', ') FROM
        pg_catalog.pg_default_acl WHERE defaclobjtype = 'r' AND defaclnamespace = 0::oid), ', ')) AS tblacl
FROM pg_catalog.pg_database db
LEFT OUTER JOIN pg_catalog.pg_tablespace ta ON db.dattablespace = ta.oid
LEFT OUTER JOIN pg_catalog.pg_shdescription descr ON (db.oid = descr.objoid AND descr.classoid =
    'pg_database'::regclass)
WHERE db.oid > 0::oid
ORDER BY datname

--== pgAdmin: schemas
SELECT nsp.nspname AS name, pg_catalog.has_schema_privilege(nsp.oid, 'CREATE') AS can_create,
    pg_catalog.has_schema_privilege(nsp.oid, 'USAGE') AS has_usage, des.description
FROM pg_catalog.pg_namespace nsp
LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid = nsp.oid AND des.classoid = 'pg_namespace'::regclass)
WHERE nspname NOT LIKE 'pg!_%' escape '!' AND NOT ((nsp.nspname = 'pg_catalog' AND EXISTS (SELECT 1 FROM
    pg_catalog.pg_class WHERE relname = 'pg_class' AND relnamespace = nsp.oid LIMIT 1))
    OR (nsp.nspname = 'information_schema' AND EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'tables' AND
        relnamespace = nsp.oid LIMIT 1)))
ORDER BY nspname

--== pgAdmin: tables of a schema
SELECT rel.relname AS name, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = rel.oid AND tgisinternal =
    FALSE) AS triggercount,
    (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = rel.oid AND tgisinternal = FALSE AND tgenabled = 'O')
        AS has_enable_triggers,
    (CASE WHEN rel.relkind = 'p' THEN true ELSE false END) AS is_partitioned, (SELECT count(1) FROM
        pg_catalog.pg_inherits WHERE inhrelid = rel.oid LIMIT 1) AS is_inherits, des.description
FROM pg_catalog.pg_class rel
LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid = rel.oid AND des.objsubid = 0 AND des.classoid =
    'pg_class'::regclass)
WHERE rel.relkind IN ('r', 's', 't', 'p') AND rel.relnamespace = 'shop'::regnamespace AND NOT rel.relispartition
ORDER BY rel.relname

--== pgAdmin: properties of tables
SELECT rel.relname AS name, rel.reltablespace AS spcoid, rel.relacl::text AS relacl_str, (CASE WHEN
    length(spc.spcname::text) > 0 OR rel.relkind = 'p' THEN spc.spcname
    ELSE (SELECT sp.spcname FROM pg_catalog.pg_database dtb JOIN pg_catalog.pg_tablespace sp ON dtb.dattablespace =
        sp.oid WHERE dtb.oid = (SELECT oid FROM pg_database WHERE datname = current_database())) END) AS spcname,
    (CASE rel.relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index'
        END) AS replica_identity,
    pg_catalog.pg_get_userbyid(rel.relowner) AS relowner, rel.relkind, rel.relhassubclass, con.conname, con.conkey,
    EXISTS (SELECT 1 FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_proc pt ON pt.oid = tgfoid AND pt.proname =
        'logtrigger' WHERE tgrelid = rel.oid) AS isrepl,
    pg_catalog.array_to_string(rel.reloptions, ',') AS reloptions,
        substring(pg_catalog.array_to_string(rel.reloptions, ',') FROM 'fillfactor=([0-9]*)') AS fillfactor,
    (substring(pg_catalog.array_to_string(rel.reloptions, ',') FROM 'autovacuum_enabled=([a-z|0-9]*)'))::boolean AS
        autovacuum_enabled, typ.typname AS reloftype, rel.relpersistence,
    (SELECT pg_catalog.array_agg(provider || '=' || label) FROM pg_catalog.pg_seclabels sl1 WHERE sl1.objoid =
        rel.oid AND sl1.objsubid = 0) AS seclabels,
    (CASE WHEN rel.oid <= 16383 THEN true ELSE false END) AS is_sys_table
FROM pg_catalog.pg_class rel
LEFT OUTER JOIN pg_catalog.pg_tablespace spc ON spc.oid = rel.reltablespace
LEFT OUTER JOIN pg_catalog.pg_constraint con ON con.conrelid = rel.oid AND con.contype = 'p'
LEFT JOIN pg_catalog.pg_type typ ON rel.reloftype = typ.oid
WHERE rel.relkind IN ('r', 's', 't', 'p') AND rel.relnamespace = 'shop'::regnamespace
ORDER BY rel.relname

--== pgAdmin: columns
SELECT att.attname AS name, att.atttypid, att.attlen, att.attnum, att.attndims, att.atttypmod, att.attacl::text,
    att.attnotnull, att.attoptions, att.attstattarget, att.attstorage, att.attidentity,
    pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS defval, pg_catalog.format_type(ty.oid, NULL) AS typname,
        pg_catalog.format_type(ty.oid, att.atttypmod) AS displaytypname,
    CASE WHEN ty.typelem > 0 THEN ty.typelem ELSE ty.oid END AS elemoid, (SELECT nspname FROM pg_catalog.pg_namespace
        WHERE oid = ty.typnamespace) AS typnspname, ty.typstorage AS defaultstorage,
    description, pi.indkey::text, (SELECT count(1) FROM pg_catalog.pg_type t2 WHERE t2.typname = ty.typname) > 1 AS
        isdup,
    CASE WHEN length(coll.collname::text) > 0 AND length(nspc.nspname::text) > 0 THEN
        pg_catalog.concat(pg_catalog.quote_ident(nspc.nspname), '.', pg_catalog.quote_ident(coll.collname)) ELSE ''
        END AS collspcname,
    EXISTS (SELECT 1 FROM pg_catalog.pg_constraint WHERE conrelid = att.attrelid AND contype = 'f' AND att.attnum =
        ANY (conkey)) AS is_fk,
    seq.seqstart, seq.seqincrement, seq.seqcycle, tab.relkind, att.attgenerated = 's' AS stored
FROM pg_catalog.pg_attribute att
JOIN pg_catalog.pg_type ty ON ty.oid = atttypid
LEFT OUTER JOIN pg_catalog.pg_attrdef def ON adrelid = att.attrelid AND adnum = att.attnum
LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid = att.attrelid AND des.objsubid = att.attnum AND
    des.classoid = 'pg_class'::regclass)
LEFT OUTER JOIN (pg_catalog.pg_depend dep JOIN pg_catalog.pg_class cs ON dep.classid = 'pg_class'::regclass AND
    dep.objid = cs.oid AND cs.relkind = 'S') ON dep.refobjid = att.attrelid AND dep.refobjsubid = att.attnum
LEFT OUTER JOIN pg_catalog.pg_index pi ON pi.indrelid = att.attrelid AND indisprimary
LEFT OUTER JOIN pg_catalog.pg_collation coll ON att.attcollation = coll.oid
LEFT OUTER JOIN pg_catalog.pg_namespace nspc ON coll.collnamespace = nspc.oid
LEFT OUTER JOIN pg_catalog.pg_sequence seq ON cs.oid = seq.seqrelid
LEFT OUTER JOIN pg_catalog.pg_class tab ON tab.oid = att.attrelid
WHERE tab.relnamespace = 'shop'::regnamespace AND tab.relkind = 'r' AND att.attnum > 0 AND att.attisdropped IS FALSE
ORDER BY tab.relname, att.attnum

--== pgAdmin: access lists
SELECT 'relacl' AS deftype, COALESCE(gt.rolname, 'PUBLIC') AS grantee, g.rolname AS grantor,
    pg_catalog.array_agg(privilege_type ORDER BY privilege_type) AS privileges, pg_catalog.array_agg(is_grantable) AS
    grantable
FROM (SELECT d.grantee, d.grantor, d.is_grantable, CASE d.privilege_type WHEN 'CONNECT' THEN 'c' WHEN 'CREATE' THEN
    'C' WHEN 'DELETE' THEN 'd' WHEN 'EXECUTE' THEN 'X' WHEN 'INSERT' THEN 'a' WHEN 'REFERENCES' THEN 'x'
        WHEN 'SELECT' THEN 'r' WHEN 'TEMPORARY' THEN 'T' WHEN 'TRIGGER' THEN 't' WHEN 'TRUNCATE' THEN 'D' WHEN
            'UPDATE' THEN 'w' WHEN 'USAGE' THEN 'U' ELSE 'UNKNOWN' END AS privilege_type
    FROM (SELECT rel.relacl FROM pg_catalog.pg_class rel WHERE rel.oid = 'shop.customer'::regclass) acl,
        (SELECT (d).grantee AS grantee, (d).grantor AS grantor, (d).is_grantable AS is_grantable, (d).privilege_type
            AS privilege_type
        FROM (SELECT pg_catalog.aclexplode(rel.relacl) AS d FROM pg_catalog.pg_class rel WHERE rel.oid =
            'shop.customer'::regclass) a) d) d
LEFT JOIN pg_catalog.pg_roles g ON (d.grantor = g.oid)
LEFT JOIN pg_catalog.pg_roles gt ON (d.grantee = gt.oid)
GROUP BY g.rolname, gt.rolname
ORDER BY grantee

--== pgAdmin: dependents of a table
SELECT DISTINCT dep.deptype, dep.classid::regclass::text AS class, cl.relkind, CASE WHEN cl.relkind IS NOT NULL THEN
    CASE WHEN cl.relkind = 'r' THEN cl.relkind::text || COALESCE(dep.refobjsubid::character varying, '') ELSE
    cl.relkind::text END
    WHEN co.oid IS NOT NULL THEN 'C'::text || contype::text WHEN ad.oid IS NOT NULL THEN 'A' ELSE '' END AS type,
    COALESCE(coc.relname, clrw.relname) AS ownertable, CASE WHEN cl.relname IS NOT NULL THEN cl.relname ELSE
        COALESCE(co.conname::text, tg.tgname, ty.typname, ns.nspname, pr.proname, rw.rulename) END AS refname
FROM pg_catalog.pg_depend dep
LEFT JOIN pg_catalog.pg_class cl ON dep.objid = cl.oid
LEFT JOIN pg_catalog.pg_proc pr ON dep.objid = pr.oid
LEFT JOIN pg_catalog.pg_namespace ns ON dep.objid = ns.oid
LEFT JOIN pg_catalog.pg_trigger tg ON dep.objid = tg.oid
LEFT JOIN pg_catalog.pg_type ty ON dep.objid = ty.oid
LEFT JOIN pg_catalog.pg_constraint co ON dep.objid = co.oid
LEFT JOIN pg_catalog.pg_class coc ON co.conrelid = coc.oid
LEFT JOIN pg_catalog.pg_rewrite rw ON dep.objid = rw.oid
LEFT JOIN pg_catalog.pg_class clrw ON clrw.oid = rw.ev_class
LEFT JOIN pg_catalog.pg_attrdef ad ON ad.oid = dep.objid
WHERE dep.refobjid = 'shop.part'::regclass AND dep.classid IN (SELECT oid FROM pg_catalog.pg_class WHERE relname IN
    ('pg_class', 'pg_constraint', 'pg_rewrite', 'pg_type', 'pg_attrdef'))
    AND coalesce(cl.relname, '') NOT LIKE 'pg_toast%'
ORDER BY 1, 2, 6

--== pgAdmin: dashboard
SELECT 'session_stats' AS chart_name, (SELECT count(*) > 0 FROM pg_catalog.pg_stat_activity WHERE datname =
    current_database()) AS total,
    (SELECT sum(xact_commit) + sum(xact_rollback) > 0 FROM pg_catalog.pg_stat_database WHERE datname =
        current_database()) AS transactions,
    (SELECT sum(tup_inserted) >= 0 FROM pg_catalog.pg_stat_database WHERE datname = current_database()) AS inserts,
        (SELECT sum(blks_read) >= 0 FROM pg_catalog.pg_stat_database WHERE datname = current_database()) AS reads

--== pgAdmin: sessions
SELECT datname, usename, application_name, client_addr IS NOT NULL AS client, backend_start <= now() AS started,
    xact_start IS NOT NULL AS in_transaction, state, wait_event_type IS NULL AS not_waiting,
    pg_catalog.pg_blocking_pids(pid) AS blocking_pids, backend_type, query_start <= clock_timestamp() AS begun
FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid = pg_backend_pid() ORDER BY pid

--== DataGrip: databases, roles and now
SELECT N.oid::bigint > 0 AS id, datname AS name, D.description, datistemplate AS is_template, datallowconn AS
    allow_connections, pg_catalog.pg_get_userbyid(N.datdba) AS "owner"
FROM pg_catalog.pg_database N LEFT JOIN pg_catalog.pg_shdescription D ON N.oid = D.objoid
ORDER BY CASE WHEN datname = pg_catalog.current_database() THEN -1::bigint ELSE N.oid::bigint END

--== DataGrip: state numbers of schemas
SELECT N.nspname AS name, N.xmin IS NOT NULL AS has_state, D.description, pg_catalog.pg_get_userbyid(N.nspowner) AS
    "owner"
FROM pg_catalog.pg_namespace N LEFT JOIN pg_catalog.pg_description D ON N.oid = D.objoid
WHERE N.nspname NOT LIKE 'pg\_toast%' AND N.nspname NOT LIKE 'pg\_temp%'
ORDER BY CASE WHEN nspname = pg_catalog.current_schema() THEN -1::bigint ELSE 0 END, 1

--== DataGrip: tables changed since a transaction
SELECT T.relkind AS table_kind, T.relname AS table_name, pg_catalog.array_to_string(T.reloptions, ',') AS options,
    T.relpersistence, T.relispartition AS is_partition,
    pg_catalog.pg_get_partkeydef(T.oid) AS partition_key, pg_catalog.pg_get_expr(T.relpartbound, T.oid) AS
        partition_expression, T.relam IS NOT NULL AS am, pg_catalog.pg_get_userbyid(T.relowner) AS "owner",
    CASE WHEN T.relkind = 'm' THEN T.relispopulated END AS populated, (SELECT count(*) FROM pg_catalog.pg_inherits
        WHERE inhrelid = T.oid) AS ancestors
FROM pg_catalog.pg_class T
WHERE relnamespace = 'shop'::regnamespace::oid AND relkind IN ('r', 'm', 'v', 'f', 'p') AND pg_catalog.age(T.xmin) <=
    coalesce(nullif(greatest(pg_catalog.age('0'::varchar::xid), -1), -1), 2147483647)
ORDER BY table_name

--== DataGrip: columns
WITH T AS (SELECT T.oid AS table_id, T.relname AS table_name FROM pg_catalog.pg_class T WHERE T.relnamespace =
    'shop'::regnamespace::oid AND T.relkind IN ('r', 'm', 'v', 'f', 'p'))
SELECT T.table_name, C.attnum AS column_position, C.attname AS column_name, C.atttypmod AS type_mod, C.attndims AS
    dimensions_number, pg_catalog.format_type(C.atttypid, C.atttypmod) AS type_spec,
    C.attnotnull AS mandatory, pg_catalog.pg_get_expr(D.adbin, D.adrelid) AS column_default_expression, NOT
        C.attislocal AS column_is_inherited, C.attfdwoptions AS options, C.attisdropped AS column_is_dropped,
    C.attidentity AS identity_kind, C.attgenerated AS generated
FROM T JOIN pg_catalog.pg_attribute C ON T.table_id = C.attrelid LEFT JOIN pg_catalog.pg_attrdef D ON (C.attrelid,
    C.attnum) = (D.adrelid, D.adnum)
WHERE C.attnum > 0
ORDER BY table_name, attnum

--== DataGrip: indexes with operator classes
SELECT tab.relname AS table_name, ind_head.relname AS index_name, ind_stor.indisunique AS is_unique,
    ind_stor.indisprimary AS is_primary, false AS nulls_not_distinct,
    ind_stor.indkey::text AS column_positions, pg_catalog.array_to_string(ARRAY(SELECT
        pg_catalog.pg_get_indexdef(ind_head.oid, k, true) FROM pg_catalog.generate_series(1, ind_stor.indnatts) k),
        ';') AS names,
    pg_catalog.pg_get_expr(ind_stor.indpred, ind_stor.indrelid) AS condition, ARRAY(SELECT CASE WHEN coll = 0 THEN
        NULL ELSE coll::regcollation::text END FROM unnest(ind_stor.indcollation) coll) AS collations,
    ARRAY(SELECT CASE WHEN opcdefault THEN NULL ELSE opcname END FROM unnest(ind_stor.indclass) WITH ORDINALITY c(o,
        n) JOIN pg_catalog.pg_opclass ON pg_opclass.oid = c.o ORDER BY n) AS classes,
    pg_catalog.age(ind_head.xmin) IS NOT NULL AS aged, opcmethod AS access_method_id
FROM pg_catalog.pg_class tab
JOIN pg_catalog.pg_index ind_stor ON ind_stor.indrelid = tab.oid
JOIN pg_catalog.pg_class ind_head ON ind_head.oid = ind_stor.indexrelid
LEFT JOIN pg_catalog.pg_opclass ON pg_opclass.oid = ANY (indclass)
WHERE tab.relnamespace = 'shop'::regnamespace AND tab.relkind IN ('r', 'm', 'v', 'p')
ORDER BY 1, 2, access_method_id, opcname

--== DataGrip: constraints
SELECT T.relname AS table_name, C.conname AS con_name, C.contype::text AS con_kind, C.conkey AS con_columns,
    C.confrelid::regclass::text AS ref_table, C.confkey AS ref_columns, C.condeferrable, C.condeferred,
    confupdtype AS on_update, confdeltype AS on_delete, connoinherit AS no_inherit, pg_catalog.pg_get_expr(conbin,
        T.oid) AS con_expression, conindid::regclass::text AS index_name, conparentid = 0 AS own
FROM pg_catalog.pg_constraint C JOIN pg_catalog.pg_class T ON C.conrelid = T.oid
WHERE relkind IN ('r', 'v', 'f', 'p') AND relnamespace = 'shop'::regnamespace AND contype IN ('p', 'u', 'f', 'c', 'x')
ORDER BY 1, 2

--== DataGrip: source of views
SELECT T.relkind AS view_kind, T.relname, pg_catalog.pg_get_viewdef(T.oid, true) AS source_text FROM
    pg_catalog.pg_class T
JOIN pg_catalog.pg_namespace N ON N.oid = T.relnamespace WHERE N.nspname = 'shop' AND T.relkind IN ('m', 'v')

--== DataGrip: operators, casts and aggregates of the system
SELECT count(*), sum(O.oprcanmerge::int), sum(O.oprcanhash::int), max(O.oprname) FROM pg_catalog.pg_operator O WHERE
    O.oprnamespace = 'pg_catalog'::regnamespace
UNION ALL SELECT count(*), sum((C.castcontext = 'i')::int), sum((C.castmethod = 'f')::int), max(C.castmethod::text)
    FROM pg_catalog.pg_cast C WHERE C.oid < 16384
UNION ALL SELECT count(*), sum((A.aggkind = 'o')::int), sum((A.agghasloc)::int), max(A.agginitval) FROM (SELECT *,
    aggsortop <> 0 AS agghasloc FROM pg_catalog.pg_aggregate) A
