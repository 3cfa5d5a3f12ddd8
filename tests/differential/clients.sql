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
SELECT acldefault('x', 10);
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
