-- What clients and tools ask: pg_dump, drivers' introspection, psql's commands.
-- pg_dump keeps views from fooling it.
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (1, 'one');
CREATE VIEW v AS SELECT a, b FROM t;
SET restrict_nonsystem_relation_kind = 'view, foreign-table';
SHOW restrict_nonsystem_relation_kind;
SELECT * FROM v;
SELECT EXISTS (SELECT FROM v);
INSERT INTO v VALUES (2, 'two');
UPDATE v SET b = 'x';
DELETE FROM v;
SELECT * FROM t;
CREATE VIEW v2 AS SELECT a FROM v;
SELECT count(*) > 0 FROM information_schema.tables;
SELECT count(*) > 0 FROM pg_views;
SET restrict_nonsystem_relation_kind = 'View';
SELECT * FROM v2;
SET restrict_nonsystem_relation_kind = 'table';
SET restrict_nonsystem_relation_kind = 'view,,';
SET restrict_nonsystem_relation_kind = view, 'foreign-table';
SHOW restrict_nonsystem_relation_kind;
SET restrict_nonsystem_relation_kind = 'foreign-table';
SELECT * FROM v;
RESET restrict_nonsystem_relation_kind;
SELECT * FROM v2;
SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind';
SELECT * FROM v;
SELECT set_config('restrict_nonsystem_relation_kind', '', false);
-- Access lists.
SELECT k, acldefault(k::"char", 10) FROM unnest('{c,r,s,d,f,l,L,n,p,t,F,S,T}'::text[]) WITH ORDINALITY u (k, n) ORDER BY n;
SELECT acldefault('r', 99999), acldefault('d', 99999), acldefault(NULL, 10);
CREATE ROLE "kdb odd=""name";
GRANT SELECT ON t TO "kdb odd=""name";
GRANT UPDATE ON t TO PUBLIC;
SELECT relacl FROM pg_class WHERE oid = 't'::regclass;
SELECT has_table_privilege('kdb odd="name', 't', 'SELECT'), has_table_privilege('kdb odd="name', 't', 'DELETE');
REVOKE SELECT ON t FROM "kdb odd=""name";
SELECT relacl FROM pg_class WHERE oid = 't'::regclass;
GRANT SELECT (a) ON t TO "kdb odd=""name";
SELECT attacl FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a';
ALTER TABLE t OWNER TO "kdb odd=""name";
SELECT relacl FROM pg_class WHERE oid = 't'::regclass;
ALTER TABLE t OWNER TO postgres;
REVOKE ALL (a) ON t FROM "kdb odd=""name";
DROP OWNED BY "kdb odd=""name";
DROP ROLE "kdb odd=""name";
-- A name is an array of letters.
SELECT ('abc'::name)[0], ('abc'::name)[2], ('abc'::name)[3], ('abc'::name)[64], ('abc'::name)[-1], ('abc'::name)[NULL], pg_typeof(('abc'::name)[0]);
SELECT ('abc'::name)[0:1];
SELECT count(*) FROM pg_type WHERE typname[0] = '_' AND typelem = 23;
CREATE VIEW letters AS SELECT relname[0] AS first FROM pg_class;
SELECT pg_get_viewdef('letters'::regclass);
-- asyncpg's introspection has a recursive query in another's first arm.
WITH RECURSIVE t (o, depth) AS (
    SELECT x.o, 0 FROM (SELECT 1 AS o, (WITH RECURSIVE b (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM b WHERE i < 3) SELECT max(i) FROM b) AS m) x
    UNION ALL SELECT tt.o + 1, tt.depth + 1 FROM t tt WHERE tt.depth < 2
) SELECT * FROM t;
WITH RECURSIVE t (n) AS (
    WITH u AS (SELECT 5 AS k UNION SELECT 6)
    SELECT min(k) FROM u UNION ALL SELECT n + 1 FROM t WHERE n < 8
) SELECT * FROM t;
WITH RECURSIVE t (n) AS (
    (WITH RECURSIVE u (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM u WHERE k < 3) SELECT k FROM u)
    UNION ALL SELECT n * 10 FROM t WHERE n < 100
) SELECT n FROM t ORDER BY n;
-- Connections.
SELECT count(*), bool_or(ssl), max(version), max(cipher), max(bits), max(client_dn) FROM pg_stat_ssl WHERE pid = pg_backend_pid();
SELECT gss_authenticated, principal, encrypted FROM pg_stat_gssapi WHERE pid = pg_backend_pid();
-- pgjdbc reads keys by fields of a polymorphic function's rows.
CREATE TABLE keyed (a int, b text, c int, PRIMARY KEY (c, a));
SELECT a.attname, (k).n, (k).x FROM (SELECT indrelid, information_schema._pg_expandarray(indkey) AS k FROM pg_index WHERE indrelid = 'keyed'::regclass) t JOIN pg_attribute a ON a.attnum = (k).x AND a.attrelid = t.indrelid ORDER BY 2;
SELECT (information_schema._pg_expandarray(ARRAY['x', 'y'])).*;
SELECT result.a_attnum, (result.keys).n, pg_typeof((result.keys).x) FROM (SELECT a.attnum AS a_attnum, information_schema._pg_expandarray(i.indkey) AS keys FROM pg_attribute a JOIN pg_index i ON a.attrelid = i.indrelid WHERE i.indrelid = 'keyed'::regclass AND a.attnum > 0) result WHERE result.a_attnum = (result.keys).x ORDER BY 1;
-- Definitions of what is built in.
SELECT oid, pg_get_functiondef(oid) FROM pg_proc WHERE prokind <> 'a' AND pronamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND proname !~ '^(kalamdb|schema_|storage_)' AND oid < 9900 ORDER BY oid;
SELECT pg_get_functiondef('sum(int)'::regprocedure);
SELECT pg_get_functiondef(1);
SELECT p.oid, pg_get_expr(proargdefaults, 'pg_proc'::regclass) FROM pg_proc p WHERE proargdefaults IS NOT NULL AND oid < 9900 ORDER BY 1;
SELECT indexrelid, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 1, true), pg_get_indexdef(indexrelid, 9, true), pg_get_indexdef(indexrelid, 0, true) FROM pg_index WHERE indrelid < 16384 ORDER BY 1;
SELECT count(*) FROM pg_conversion WHERE pg_conversion_is_visible(oid);
SELECT pg_ts_config_is_visible(c.oid), pg_ts_parser_is_visible(p.oid), cfgname FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = cfgparser ORDER BY 3;
SELECT pg_ts_dict_is_visible(d.oid), pg_ts_template_is_visible(t.oid), dictname FROM pg_ts_dict d JOIN pg_ts_template t ON t.oid = dicttemplate ORDER BY 3;
SELECT pg_ts_dict_is_visible(1), pg_conversion_is_visible(1), pg_tablespace_size(1);
SELECT spcname, pg_tablespace_size(oid) >= 0, pg_tablespace_size(spcname) >= 0 FROM pg_tablespace ORDER BY 1;
SELECT pg_tablespace_size('nope');
CREATE VIEW checked WITH (security_barrier) AS SELECT a, c FROM keyed WHERE a > 0 WITH LOCAL CHECK OPTION;
SELECT reloptions FROM pg_class WHERE oid = 'checked'::regclass;
-- Rows of catalogs come in the order that PostgreSQL's lie in.
SELECT array_agg(typname) FROM pg_type WHERE oid < 16384;
SELECT array_agg(opcname) FROM pg_opclass;
SELECT am.amname, string_agg(pg_catalog.format_type(oc.opcintype, NULL), ', ') FROM pg_opclass oc JOIN pg_am am ON am.oid = opcmethod JOIN pg_opfamily f ON f.oid = opcfamily WHERE f.opfname = 'integer_ops' GROUP BY 1 ORDER BY 1;
-- Who was granted what.
CREATE ROLE kdb_granted;
CREATE TABLE granted (a int, b text);
CREATE VIEW granted_view AS SELECT a FROM granted;
GRANT SELECT, INSERT ON granted TO kdb_granted WITH GRANT OPTION;
GRANT UPDATE (b), SELECT (b) ON granted TO kdb_granted;
GRANT DELETE ON granted TO PUBLIC;
SELECT * FROM information_schema.table_privileges WHERE table_schema = 'script' AND table_name LIKE 'granted%' ORDER BY table_name, grantee, privilege_type;
SELECT * FROM information_schema.role_table_grants WHERE table_schema = 'script' AND table_name LIKE 'granted%' ORDER BY table_name, grantee, privilege_type;
SELECT * FROM information_schema.column_privileges WHERE table_schema = 'script' AND table_name LIKE 'granted%' ORDER BY table_name, column_name, grantee, privilege_type, is_grantable;
SELECT * FROM information_schema.role_column_grants WHERE table_schema = 'script' AND table_name LIKE 'granted%' ORDER BY table_name, column_name, grantee, privilege_type, is_grantable;
SELECT * FROM information_schema.table_privileges WHERE table_schema IN ('pg_catalog', 'information_schema') ORDER BY table_name, grantee, privilege_type;
GRANT USAGE ON SCHEMA script TO kdb_granted;
SET ROLE kdb_granted;
SELECT * FROM information_schema.table_privileges WHERE table_schema = 'script' ORDER BY table_name, grantee, privilege_type;
SELECT * FROM information_schema.role_table_grants WHERE table_schema = 'script' ORDER BY table_name, grantee, privilege_type;
SELECT * FROM information_schema.role_column_grants WHERE table_schema = 'script' ORDER BY table_name, column_name, grantee, privilege_type, is_grantable;
RESET ROLE;
DROP OWNED BY kdb_granted;
DROP ROLE kdb_granted;
SELECT character_set_name, character_repertoire, form_of_use, default_collate_schema FROM information_schema.character_sets;
-- A row for each table, index and sequence, whatever was counted.
CREATE TABLE counted (id serial PRIMARY KEY);
SELECT relname, schemaname, idx_scan IS NULL, seq_scan >= 0, last_vacuum FROM pg_stat_all_tables WHERE schemaname = 'script' AND relname IN ('counted', 'granted') ORDER BY 1;
SELECT relname, idx_blks_read IS NULL, toast_blks_read, heap_blks_hit >= 0 FROM pg_statio_user_tables WHERE schemaname = 'script' AND relname = 'counted';
SELECT s.relname FROM pg_statio_all_tables s JOIN pg_class c ON c.oid = s.relid WHERE c.relkind = 'r' AND c.oid < 16384 ORDER BY 1;
SELECT relname, indexrelname FROM pg_stat_user_indexes WHERE schemaname = 'script' AND relname = 'counted';
SELECT relname, indexrelname FROM pg_statio_sys_indexes WHERE relname = 'pg_class' ORDER BY 2;
SELECT relname, blks_read >= 0 FROM pg_statio_user_sequences WHERE schemaname = 'script' AND relname = 'counted_id_seq';
SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'pg_catalog';
-- drizzle-kit compares types by their names.
SELECT '{int,int8,"character varying",NULL}'::regtype[], '{{pg_class,pg_type}}'::regclass[], '{}'::regproc[];
SELECT 'int8'::regtype = ANY ('{int,int8,int2}'::regtype[]), '{nosuch}'::regtype[];
SELECT 'int8'::regtype = ANY ('{int,int8,int2}'::regtype[]);
SELECT oid FROM pg_attrdef GROUP BY oid HAVING count(*) > 1;
-- What depends on a table, for who draws diagrams.
CREATE TABLE ref (id int PRIMARY KEY);
CREATE TABLE dep (id serial PRIMARY KEY, a int, b text UNIQUE, c numeric DEFAULT 1, g int GENERATED ALWAYS AS (a * 2) STORED, rid int REFERENCES ref, CHECK (a > 0), CHECK (a < 100 AND c > 0), e bigint GENERATED ALWAYS AS IDENTITY);
CREATE INDEX ON dep (a);
CREATE INDEX ON dep (lower(b));
CREATE INDEX ON dep (a, (c + 1)) WHERE rid IS NOT NULL;
CREATE INDEX ON dep ((a + rid));
CREATE UNIQUE INDEX ON dep (a) WHERE a > 5;
CREATE VIEW dep_view AS SELECT a, b FROM dep WHERE rid > 0;
SELECT deptype, (SELECT relname FROM pg_class WHERE oid = d.objid AND classid = 'pg_class'::regclass), (SELECT conname FROM pg_constraint WHERE oid = d.objid AND classid = 'pg_constraint'::regclass), (SELECT adnum FROM pg_attrdef WHERE oid = d.objid AND classid = 'pg_attrdef'::regclass), classid::regclass, refobjid::regclass::text, objsubid, refobjsubid FROM pg_depend d WHERE refclassid = 'pg_class'::regclass AND refobjid IN ('ref'::regclass, 'dep'::regclass, 'dep_view'::regclass, 'ref_pkey'::regclass, 'dep_id_seq'::regclass) AND NOT EXISTS (SELECT FROM pg_class WHERE oid = objid AND relkind = 't') ORDER BY 1, 2, 3, 4, classid, refobjid::regclass::text, 7, 8;
-- Kinds of tokens of text search, as psql lists them (\dFp+, \dF+).
SELECT * FROM ts_token_type('default') ORDER BY tokid;
SELECT alias FROM ts_token_type((SELECT oid FROM pg_ts_parser)) WHERE tokid = 3;
SELECT * FROM ts_token_type('nonsense');
-- Constants are computed when a prepared statement runs, not when it is prepared.
PREPARE failing AS SELECT 1 / 0 AS a, 'x' AS b;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'failing';
EXECUTE failing;
DEALLOCATE failing;
PREPARE failing (int) AS SELECT 'x'::int + $1;
