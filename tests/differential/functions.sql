-- CREATE, ALTER, DROP and calls of functions and procedures in LANGUAGE sql.

CREATE TABLE t (a int PRIMARY KEY, b text);
INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three');

-- Scalars.
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT one(), one() + 1;
CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + $2 $$;
SELECT add(1, 2), add(NULL, 2), add(a, 10) FROM t ORDER BY a;
CREATE FUNCTION named(x int, y int DEFAULT 5) RETURNS int LANGUAGE sql AS $$ SELECT x * y + named.x $$;
SELECT named(2), named(2, 3), named(y => 1, x => 4), named(x := 1);
CREATE FUNCTION strict_add(x int, y int) RETURNS int LANGUAGE sql STRICT AS 'SELECT coalesce(x, 0) + coalesce(y, 0)';
SELECT strict_add(1, 2), strict_add(NULL, 2);
CREATE FUNCTION lookup(k int) RETURNS text LANGUAGE sql STABLE AS 'SELECT b FROM t WHERE a = k';
SELECT lookup(2), lookup(99), lookup(a) FROM t WHERE a < 3 ORDER BY a;
SELECT a FROM t WHERE lookup(a) = 'three';
SELECT lookup(max(a)) FROM t;
SELECT upper(lookup(1)) || '!' AS shout ORDER BY lookup(1);
CREATE FUNCTION several() RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2; SELECT 3';
SELECT several();
CREATE FUNCTION many_rows() RETURNS int LANGUAGE sql AS 'SELECT a FROM t ORDER BY a DESC';
SELECT many_rows();
CREATE FUNCTION converted() RETURNS numeric LANGUAGE sql AS 'SELECT 1';
SELECT converted(), pg_typeof(converted());
CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS 'SELECT 1';
SELECT nothing() IS NULL;
CREATE FUNCTION empty_body() RETURNS void LANGUAGE sql AS '';
SELECT empty_body() IS NULL;
CREATE FUNCTION fact(n int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN n <= 1 THEN 1 ELSE n END $$;
CREATE OR REPLACE FUNCTION fact(n int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN n <= 1 THEN 1 ELSE n * fact(n - 1) END $$;
SELECT fact(1), fact(5), fact(20);
CREATE FUNCTION arr(int[]) RETURNS int LANGUAGE sql AS 'SELECT $1[1] + array_length($1, 1)';
SELECT arr('{5,6,7}'), arr(ARRAY[1]);
CREATE FUNCTION total(VARIADIC xs int[]) RETURNS bigint LANGUAGE sql AS 'SELECT sum(x) FROM unnest(xs) AS x';
SELECT total(1), total(1, 2, 3), total(VARIADIC '{4,5}');

-- Overloads and names.
CREATE FUNCTION over(int) RETURNS text LANGUAGE sql AS $$ SELECT 'int' $$;
CREATE FUNCTION over(text) RETURNS text LANGUAGE sql AS $$ SELECT 'text' $$;
SELECT over(1), over('x'), over(1::smallint);
SELECT over(1.5);
SELECT over();
SELECT nowhere(1);
SELECT script.over(1);
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 11';
SELECT one();
CREATE OR REPLACE FUNCTION one() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE OR REPLACE FUNCTION named(z int, y int DEFAULT 5) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION named(x int, y int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE PROCEDURE one() LANGUAGE sql AS 'SELECT 1';

-- Sets and rows.
CREATE FUNCTION series(n int) RETURNS SETOF int LANGUAGE sql AS 'SELECT * FROM generate_series(1, n)';
SELECT * FROM series(3);
SELECT series(2);
SELECT * FROM series(0);
SELECT t.a, s FROM t, series(t.a) AS s ORDER BY 1, 2;
SELECT * FROM series(2) WITH ORDINALITY AS x (v, n);
CREATE FUNCTION pairs(lo int) RETURNS TABLE (id int, word text) LANGUAGE sql AS 'SELECT a, b FROM t WHERE a >= lo ORDER BY a';
SELECT * FROM pairs(2);
SELECT word FROM pairs(1) WHERE id <> 2 ORDER BY id;
SELECT pairs(3);
SELECT (pairs(2)).word;
CREATE FUNCTION of_type(k int) RETURNS t LANGUAGE sql AS 'SELECT * FROM t WHERE a = k';
SELECT * FROM of_type(2);
SELECT (of_type(1)).b, of_type(3);
SELECT * FROM of_type(77);
CREATE FUNCTION all_t() RETURNS SETOF t LANGUAGE sql AS 'SELECT t FROM t ORDER BY a';
SELECT * FROM all_t();
SELECT x.b FROM all_t() AS x WHERE x.a = 2;
CREATE FUNCTION outs(IN x int, OUT twice int, OUT shown text) LANGUAGE sql AS $$ SELECT x * 2, 'n' || x $$;
SELECT * FROM outs(4);
SELECT outs(4), (outs(5)).shown;
CREATE FUNCTION single_out(x int, OUT y bigint) LANGUAGE sql AS 'SELECT x + 1';
SELECT single_out(1), pg_typeof(single_out(1));
SELECT * FROM single_out(2);
CREATE FUNCTION inout(INOUT x int) LANGUAGE sql AS 'SELECT x + 100';
SELECT inout(1);
CREATE FUNCTION rec() RETURNS record LANGUAGE sql AS $$ SELECT 1, 'x'::text $$;
SELECT * FROM rec() AS r (n int, s text);
CREATE FUNCTION takes_row(r t) RETURNS text LANGUAGE sql AS 'SELECT r.b || r.a';
SELECT takes_row(t) FROM t ORDER BY a;
SELECT t.takes_row FROM t ORDER BY a;

-- Writing.
CREATE FUNCTION put(k int, v text) RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (k, v) RETURNING a';
SELECT put(10, 'ten');
SELECT * FROM t ORDER BY a;
CREATE FUNCTION put_and_count(k int) RETURNS bigint LANGUAGE sql AS $$ INSERT INTO t VALUES (k, 'new'); UPDATE t SET b = b || '!' WHERE a = k; SELECT count(*) FROM t $$;
SELECT put_and_count(11);
SELECT put_and_count(12), put_and_count(13);
SELECT * FROM t ORDER BY a;
CREATE FUNCTION wipe(k int) RETURNS void LANGUAGE sql AS 'DELETE FROM t WHERE a = k';
SELECT wipe(a) IS NULL FROM t WHERE a > 10;
SELECT count(*) FROM t;
CREATE FUNCTION sneaky() RETURNS int LANGUAGE sql STABLE AS 'INSERT INTO t VALUES (50, NULL) RETURNING a';
SELECT sneaky();
SELECT put(1, 'again');
BEGIN;
SELECT put(20, 'twenty');
SELECT count(*) FROM t;
ROLLBACK;
SELECT count(*) FROM t;
BEGIN READ ONLY;
SELECT put(21, 'x');
ROLLBACK;
INSERT INTO t SELECT 30, lookup(1);
UPDATE t SET b = lookup(2) WHERE a = 30;
SELECT * FROM t WHERE a = 30;
DELETE FROM t WHERE a = add(15, 15);

-- In other objects.
CREATE VIEW uses AS SELECT a, lookup(a) AS looked, add(a, 1) AS more FROM t;
SELECT * FROM uses ORDER BY a;
SELECT pg_get_viewdef('uses'::regclass);
CREATE TABLE defaults (a int DEFAULT one(), b int CHECK (add(b, 1) > 0));
INSERT INTO defaults (b) VALUES (5);
INSERT INTO defaults (b) VALUES (-5);
SELECT * FROM defaults;
CREATE MATERIALIZED VIEW kept AS SELECT lookup(a) AS l FROM t;
SELECT * FROM kept ORDER BY l;
PREPARE p (int) AS SELECT lookup($1);
EXECUTE p (1);
EXECUTE p (3);
CREATE OR REPLACE FUNCTION lookup(k int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'changed' $$;
EXECUTE p (1);

-- What is wrong with them.
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS $$ SELECT 'x'::text $$;
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1)';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS '';
CREATE FUNCTION bad() RETURNS t LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad() RETURNS t LANGUAGE sql AS 'SELECT 1, 2, 3';
CREATE FUNCTION bad() RETURNS t LANGUAGE sql AS 'SELECT 1, true';
CREATE FUNCTION bad() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad() RETURNS int AS 'SELECT 1';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql;
CREATE FUNCTION bad() RETURNS int LANGUAGE nolanguage AS 'SELECT 1';
CREATE FUNCTION bad() RETURNS nowhere LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad(nowhere) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad(a int DEFAULT 1, b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad(a int, a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad(VARIADIC a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad(VARIADIC a int[], b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bad(OUT a int, OUT b int) RETURNS int LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql COST 0 AS 'SELECT 1';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql ROWS 5 AS 'SELECT 1';
CREATE FUNCTION bad() RETURNS int LANGUAGE sql STRICT STRICT AS 'SELECT 1';
SET check_function_bodies = off;
CREATE FUNCTION unchecked() RETURNS int LANGUAGE sql AS 'SELECT * FROM not_yet';
RESET check_function_bodies;
CREATE TABLE not_yet AS SELECT 7 AS x;
SELECT unchecked();
CREATE FUNCTION fails(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT a / n FROM t ORDER BY a';
SELECT fails(0);
CREATE FUNCTION forever(n int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION forever(n int) RETURNS int LANGUAGE sql AS 'SELECT forever(n + 1) + 1 FROM t';
SELECT sum(series(2));
SELECT a FROM t WHERE series(1) = 1;

-- The standard's form.
CREATE FUNCTION ret(x int) RETURNS int LANGUAGE sql RETURN x + 1;
SELECT ret(1);
CREATE FUNCTION ret2() RETURNS text RETURN 'no language';
SELECT ret2();
CREATE FUNCTION atomic(k int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT t.b FROM t WHERE t.a = k; END;
SELECT atomic(2);
ALTER TABLE t RENAME COLUMN b TO bee;
SELECT atomic(2), ret(5);
DROP TABLE t;
ALTER TABLE t DROP COLUMN bee;
ALTER TABLE t RENAME COLUMN bee TO b;
CREATE FUNCTION bad() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT nowhere; END;

-- Procedures.
CREATE PROCEDURE add_row(k int, v text DEFAULT 'dflt') LANGUAGE sql AS 'INSERT INTO t VALUES (k, v)';
CALL add_row(40, 'forty');
CALL add_row(41);
CALL add_row(v => 'named', k => 42);
SELECT * FROM t WHERE a >= 40 ORDER BY a;
CREATE PROCEDURE change(INOUT x int, INOUT y text) LANGUAGE sql AS $$ SELECT x + 1, y || '?' $$;
CALL change(1, 'what');
CALL add_row();
CALL add_row('x', 'y');
CALL nowhere(1);
CALL one();
SELECT add_row(1, 'x');
BEGIN;
CALL add_row(50, 'fifty');
ROLLBACK;
SELECT count(*) FROM t WHERE a = 50;
CREATE PROCEDURE bad() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE bad() LANGUAGE sql STRICT AS 'SELECT 1';

-- What the catalogs show.
SELECT proname, prokind, provolatile, proisstrict, prosecdef, proretset, pronargs, pronargdefaults, format_type(prorettype, NULL), proargtypes, proallargtypes, proargmodes, proargnames, prosrc, proconfig, proacl FROM pg_proc WHERE pronamespace = 'script'::regnamespace AND proname IN ('add', 'named', 'total', 'outs', 'series', 'add_row', 'strict_add', 'one') ORDER BY proname;
SELECT p.proname, pg_get_function_arguments(p.oid), pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid) FROM pg_proc p WHERE pronamespace = 'script'::regnamespace ORDER BY 1, 2;
SELECT pg_get_functiondef('add'::regproc), pg_get_functiondef('named'::regproc), pg_get_functiondef('add_row'::regproc), pg_get_functiondef('pairs'::regproc), pg_get_functiondef('ret2'::regproc);
SELECT 'add(int, int)'::regprocedure, 'one'::regproc, 'over'::regproc;
SELECT to_regproc('one')::text, to_regprocedure('over(text)')::text, to_regprocedure('over(date)')::text;

-- ALTER, COMMENT.
COMMENT ON FUNCTION add(int, int) IS 'adds';
SELECT obj_description('add'::regproc, 'pg_proc');
ALTER FUNCTION add(int, int) VOLATILE STRICT SECURITY DEFINER COST 5;
ALTER FUNCTION add(int, int) SET search_path = script, pg_catalog;
SELECT pg_get_functiondef('add'::regproc);
SELECT add(1, NULL), add(2, 3);
ALTER FUNCTION add(int, int) RESET ALL;
ALTER FUNCTION add(int, int) RENAME TO plus;
SELECT plus(1, 1);
SELECT add(1, 1);
SELECT more FROM uses WHERE a = 1;
ALTER FUNCTION over RENAME TO x;
ALTER FUNCTION nowhere(int) RENAME TO x;
ALTER PROCEDURE plus(int, int) RENAME TO x;
ALTER FUNCTION over(int) RENAME TO plus;
CREATE SCHEMA fn_other;
ALTER FUNCTION plus(int) SET SCHEMA fn_other;
SELECT fn_other.plus(1);
SELECT plus(1);

-- DROP and dependencies.
DROP FUNCTION plus(int, int);
DROP FUNCTION lookup(int);
DROP FUNCTION one();
DROP FUNCTION over;
DROP FUNCTION nowhere();
DROP FUNCTION nowhere;
DROP FUNCTION IF EXISTS nowhere(int), nowhere;
DROP FUNCTION add_row(int, text);
DROP PROCEDURE ret(int);
DROP PROCEDURE add_row;
DROP ROUTINE change(int, text);
DROP FUNCTION series(int), several();
DROP FUNCTION plus(int, int) CASCADE;
SELECT a FROM defaults;
INSERT INTO defaults VALUES (1, -100);
DROP FUNCTION one() CASCADE;
CREATE TYPE fn_mood AS ENUM ('a');
CREATE FUNCTION moody(fn_mood) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
SELECT moody('a');
DROP TYPE fn_mood;
DROP TYPE fn_mood CASCADE;
DROP SCHEMA fn_other;
DROP SCHEMA fn_other CASCADE;
DROP TABLE t CASCADE;

-- Privileges.
CREATE ROLE fn_owner;
CREATE ROLE fn_caller;
GRANT USAGE, CREATE ON SCHEMA script TO fn_owner;
GRANT USAGE ON SCHEMA script TO fn_caller;
CREATE TABLE secret (x int);
INSERT INTO secret VALUES (42);
GRANT SELECT ON secret TO fn_owner;
SET ROLE fn_owner;
CREATE FUNCTION by_definer() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT current_user || (SELECT x FROM secret) $$;
CREATE FUNCTION by_invoker() RETURNS text LANGUAGE sql AS $$ SELECT current_user || (SELECT x FROM secret) $$;
RESET ROLE;
SET ROLE fn_caller;
SELECT by_definer();
SELECT by_invoker();
DROP FUNCTION by_definer();
ALTER FUNCTION by_definer() SECURITY INVOKER;
CREATE OR REPLACE FUNCTION by_definer() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION by_definer() FROM PUBLIC;
SELECT proacl FROM pg_proc WHERE proname = 'by_definer';
SET ROLE fn_caller;
SELECT by_definer();
SELECT has_function_privilege('by_definer()', 'EXECUTE'), has_function_privilege('by_invoker()', 'EXECUTE');
RESET ROLE;
GRANT EXECUTE ON FUNCTION by_definer() TO fn_caller;
GRANT SELECT ON FUNCTION by_definer() TO fn_caller;
SET ROLE fn_caller;
SELECT by_definer();
RESET ROLE;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA script FROM PUBLIC;
SET ROLE fn_caller;
SELECT by_invoker();
RESET ROLE;
ALTER FUNCTION by_invoker() OWNER TO fn_caller;
DROP ROLE fn_owner;
DROP OWNED BY fn_owner, fn_caller;
DROP ROLE fn_owner, fn_caller;

-- Bodies in the standard's form as text.
CREATE TABLE u (a int, b text);
CREATE FUNCTION st1(a int) RETURNS int LANGUAGE sql RETURN a + 1;
CREATE FUNCTION st2(a int, "X y" text) RETURNS text LANGUAGE sql RETURN (SELECT u.b || "X y" FROM u WHERE u.a = $1 AND b IN (SELECT 'z' ORDER BY 1));
CREATE FUNCTION st3(a int) RETURNS text LANGUAGE sql RETURN CASE WHEN a > 1 THEN 'x' ELSE (WITH w AS (SELECT 1) SELECT b FROM u UNION ALL SELECT 'y' LIMIT 1) END;
CREATE FUNCTION st4(k int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT b FROM u WHERE a = k AND EXISTS (SELECT 1 FROM u u2 WHERE u2.a = st4.k) ORDER BY b LIMIT k; END;
CREATE FUNCTION st5(k int, OUT x bigint, OUT y text) LANGUAGE sql BEGIN ATOMIC SELECT k, 'abc'; END;
CREATE FUNCTION st6() RETURNS void LANGUAGE sql BEGIN ATOMIC END;
CREATE FUNCTION st7(n int) RETURNS TABLE(a int, b text) LANGUAGE sql SET search_path = '' STABLE RETURN (1, 'x'::text);
CREATE FUNCTION st8() RETURNS bigint LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT 1 FROM (VALUES (2)) v LIMIT 1; END;
SELECT proname, pg_get_function_sqlbody(oid), pg_get_functiondef(oid), proconfig FROM pg_proc WHERE proname LIKE 'st_' AND pronamespace = 'script'::regnamespace ORDER BY 1;
SELECT st1(1), st2(1, 'q'), st3(1), st3(2), st4(1), st5(3), st6(), st7(1), st8();

-- Lists of names in SET.
CREATE FUNCTION path1() RETURNS int LANGUAGE sql SET search_path = s, "We ird", 'a,b', "q""q" AS 'SELECT 1';
CREATE FUNCTION path2() RETURNS int LANGUAGE sql IMMUTABLE SET search_path = '' AS 'SELECT 2';
CREATE FUNCTION path3() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT 3';
SELECT proconfig, pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'path_' ORDER BY proname;
SELECT path1(), path2(), path3();
ALTER FUNCTION path2() SET search_path TO "$user", public;
SELECT proconfig FROM pg_proc WHERE proname = 'path2';

-- Records by column definition lists.
CREATE FUNCTION ro2() RETURNS record LANGUAGE sql AS $$ SELECT 1, 'abc'::text $$;
SELECT b + 1 FROM ro2() AS (a int, b int);
SELECT * FROM ro2() AS (a int, b text);
SELECT * FROM ro2() AS (a int);
SELECT * FROM ro2() AS (a int, b text, c int);
SELECT * FROM ro2() AS (a bigint, b varchar);
CREATE FUNCTION ros() RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1, 'abc'::text UNION ALL SELECT 2, 'def' $$;
SELECT b + 1 FROM ros() AS (a int, b int);
SELECT * FROM ros() AS (a bigint, b text) ORDER BY 1;
SELECT * FROM ros() AS (a int);

-- Functions that call themselves.
CREATE FUNCTION fact(n int) RETURNS numeric LANGUAGE sql AS $$ SELECT CASE WHEN n <= 1 THEN 1 ELSE n * fact(n - 1) END $$;
SELECT fact(10);
CREATE OR REPLACE FUNCTION fact(n int) RETURNS numeric LANGUAGE sql AS $$ SELECT CASE WHEN n <= 1 THEN 1 ELSE n * fact(n - 1) END, 2 $$;
SELECT fact(5);
CREATE FUNCTION fact2(n int) RETURNS numeric LANGUAGE sql AS $$ SELECT fact2(n - 1), 1 $$;
SELECT fact2(1);
CREATE FUNCTION fact3(n int) RETURNS numeric LANGUAGE sql RETURN CASE WHEN n <= 1 THEN 1 ELSE n * fact3(n - 1) END;

-- LEAKPROOF is for superusers.
CREATE ROLE fn_nobody;
GRANT CREATE, USAGE ON SCHEMA script TO fn_nobody;
SET ROLE fn_nobody;
CREATE FUNCTION leaky() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1';
CREATE FUNCTION leaky() RETURNS int LANGUAGE sql NOT LEAKPROOF AS 'SELECT 1';
ALTER FUNCTION leaky() LEAKPROOF;
ALTER FUNCTION leaky() NOT LEAKPROOF;
RESET ROLE;
ALTER FUNCTION leaky() LEAKPROOF;
DROP OWNED BY fn_nobody;
DROP ROLE fn_nobody;

-- Changes of data in the standard's form.
CREATE TABLE ids (id int GENERATED ALWAYS AS IDENTITY, "V 1" text DEFAULT 'd', n numeric);
CREATE PROCEDURE ch1(k int) LANGUAGE sql BEGIN ATOMIC INSERT INTO u VALUES (k, 'x'); UPDATE u SET b = 'u' WHERE a = k; DELETE FROM u WHERE a = k RETURNING *; INSERT INTO u (b, a) SELECT 'q', a + 1 FROM u ON CONFLICT DO NOTHING; END;
CREATE FUNCTION ch2(k int) RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC INSERT INTO ids VALUES (DEFAULT, 'a', k), (DEFAULT, 'b', 2); INSERT INTO ids ("V 1") VALUES ('c'); UPDATE ids AS i SET n = v.x + k FROM (VALUES (1), (2)) AS v(x) WHERE v.x = i.id; DELETE FROM ids i USING u WHERE u.a = i.id; INSERT INTO ids AS z (n) VALUES (7) RETURNING z."V 1"; END;
CREATE FUNCTION ch3(k int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC WITH w AS (INSERT INTO u VALUES (k, 'w') RETURNING a) SELECT a FROM w; END;
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname IN ('ch1', 'ch3') ORDER BY proname;
CALL ch1(3);
SELECT ch2(4);
SELECT ch3(5);
SELECT * FROM ids ORDER BY id;
SELECT * FROM u ORDER BY 1, 2;
CREATE VIEW ros_view AS SELECT * FROM ros() AS (a int, b text);
SELECT pg_get_viewdef('ros_view'::regclass);

-- Records made by row constructors.
CREATE FUNCTION rr() returns record language sql as $$select row(1,'abc'::text)$$;
select b+1 from rr() as (a int,b int);
select * from rr() as (a int,b text);
select * from rr() as (a int);
CREATE FUNCTION rrs() returns setof record language sql as $$select row(1,'abc'::text) union all select row(2,'x'::text)$$;
select b+1 from rrs() as (a int,b int);
select * from rrs() as (a int, b text, c int);
DROP FUNCTION IF EXISTS no_such_schema.f(int), no_such_schema.g;
DROP PROCEDURE IF EXISTS no_such_schema.f(int);
DROP AGGREGATE IF EXISTS no_such_schema.f(int);
DROP OPERATOR IF EXISTS no_such_schema.### (int, int);
DROP FUNCTION no_such_schema.f(int);
DROP OPERATOR no_such_schema.### (int, int);
