-- CREATE VIEW, what pg_get_viewdef says of it, and changes through views.

CREATE TABLE t (a int PRIMARY KEY, b text, c numeric(10,2), d date, e int[], j jsonb);
CREATE TABLE u (a int, x varchar(20), y timestamp, z float8);
CREATE TABLE w (k bigint, x varchar(20), "Odd Name" text);
INSERT INTO t VALUES (1, 'one', 1.5, '2020-01-01', '{1,2}', '{"k": 1}'), (2, 'two', 2.5, '2021-02-02', '{3}', '{"k": [2]}'), (3, NULL, NULL, NULL, NULL, NULL);
INSERT INTO u VALUES (1, 'ux', '2020-01-01 10:00', 1.5), (2, 'uy', NULL, -2.5), (4, 'uz', '2022-01-01', 0);
INSERT INTO w VALUES (10, 'ux', 'odd'), (20, 'zz', NULL);

-- Expressions.
CREATE VIEW v01 AS SELECT * FROM t;
CREATE VIEW v02 AS SELECT a, b AS bee, a + 1, a * (2 + a) AS p, -a AS neg FROM t;
CREATE VIEW v03 (one, two) AS SELECT a, b FROM t WHERE a > 1 AND (b = 'two' OR b IS NULL) AND NOT c < 3;
CREATE VIEW v04 AS SELECT a FROM t WHERE a IN (1, 2, 3) AND b NOT IN ('x', 'y') AND a BETWEEN 0 AND 9 AND b LIKE 't%' AND b ILIKE '%O' AND b !~ 'q';
CREATE VIEW v05 AS SELECT CASE WHEN a = 1 THEN 'one' WHEN a = 2 THEN 'two' ELSE 'many' END AS word, CASE a WHEN 1 THEN 'x' END AS simple, a FROM t;
CREATE VIEW v06 AS SELECT coalesce(b, 'none') AS c1, nullif(a, 2) AS n1, greatest(a, 3) AS g1, least(c, 0) AS l1 FROM t;
CREATE VIEW v07 AS SELECT a::text AS t1, b::varchar(3) AS t2, c::int AS t3, '2020-01-01'::date AS t4, 1.5 AS t5, 'x' AS t6, NULL AS t7, true AS t8, a::numeric(5,1) AS t9, -1 AS t10, 10000000000 AS t11, '-3'::int AS t12, 1.5::float8 AS t13 FROM t;
CREATE VIEW v08 AS SELECT e[1] AS e1, e[1:2] AS e2, e[:1] AS e3, j -> 'k' AS j1, j ->> 'k' AS j2, j['k'] AS j3, ARRAY[a, 2] AS arr, ARRAY[]::text[] AS empty FROM t;
CREATE VIEW v09 AS SELECT extract(year FROM d) AS y, d + 1 AS d1, d - interval '1 day' AS d2, position('o' IN b) AS p, substring(b FROM 1 FOR 2) AS s, trim(b) AS tr, trim(LEADING 'o' FROM b) AS tl, overlay(b PLACING 'x' FROM 1) AS o, upper(b) AS u, b || '!' AS cat FROM t;
CREATE VIEW v10 AS SELECT a = ANY (e) AS any1, a <> ALL (ARRAY[1, 2]) AS all1, b IS DISTINCT FROM 'one' AS dist, b IS NOT DISTINCT FROM 'one' AS ndist, (a > 1) IS TRUE AS ist, (a > 1) IS NOT UNKNOWN AS isu, b COLLATE "C" > 'a' AS coll FROM t;
CREATE VIEW v11 AS SELECT (a, b) < (2, 'b') AS rc, (a, b) = (1, 'one') AS re, ROW(a, b) IS NULL AS rn FROM t;
CREATE VIEW v12 AS SELECT t AS whole, t.a FROM t;
CREATE VIEW v13 AS SELECT current_user AS cu, current_date > '2000-01-01' AS cd, now() IS NOT NULL AS n;
CREATE VIEW v14 AS SELECT y AT TIME ZONE 'UTC' AS atz, 2 ^ 3 AS pow, @ (-5) AS abs, 5 % 3 AS m, - (-a) AS nn, a - (a - 1) AS l, (a - a) - 1 AS l2, NOT (a > 1 AND a < 3) AS no FROM u;
CREATE VIEW v15 AS SELECT 1 AS a, 2 AS "B", 3 AS "select", 'it''s' AS q, E'back\\slash' AS bs;

-- FROM.
CREATE VIEW v20 AS SELECT t.a, u.x FROM t, u WHERE t.a = u.a;
CREATE VIEW v21 AS SELECT t.a, u.x FROM t JOIN u ON t.a = u.a;
CREATE VIEW v22 AS SELECT a, b, x FROM t JOIN u USING (a);
CREATE VIEW v23 AS SELECT a, b, x FROM t LEFT JOIN u USING (a) WHERE x IS NOT NULL;
CREATE VIEW v24 AS SELECT a, b, x FROM t FULL JOIN u USING (a);
CREATE VIEW v25 AS SELECT a, x FROM t RIGHT JOIN u USING (a);
CREATE VIEW v26 AS SELECT * FROM t NATURAL JOIN u;
CREATE VIEW v27 AS SELECT t.a, u.x, w.k FROM t JOIN u ON t.a = u.a LEFT JOIN w ON u.x = w.x AND w.k > 5;
CREATE VIEW v28 AS SELECT t.a, u.x, w.k FROM t JOIN (u JOIN w USING (x)) ON t.a = u.a;
CREATE VIEW v29 AS SELECT one.a, two.a AS a2 FROM t one CROSS JOIN t AS two;
CREATE VIEW v30 AS SELECT p.q, p.r FROM t AS p (q, r);
CREATE VIEW v31 AS SELECT jj.a, jj.x FROM (t JOIN u USING (a)) jj;
CREATE VIEW v32 AS SELECT s.a, s.n FROM (SELECT a, count(*) AS n FROM t GROUP BY a) s;
CREATE VIEW v33 AS SELECT s.p, s.q FROM (SELECT a, b FROM t WHERE a > 1) AS s (p, q);
CREATE VIEW v34 AS SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v (n, s);
CREATE VIEW v35 AS VALUES (1, 'x'), (2, 'y');
CREATE VIEW v36 (n, s) AS VALUES (1, 'x'), (2, 'y');
CREATE VIEW v37 AS SELECT * FROM generate_series(1, 3);
CREATE VIEW v38 AS SELECT g, o FROM generate_series(1, 3) WITH ORDINALITY AS f (g, o);
CREATE VIEW v39 AS SELECT t.a, l.z FROM t, LATERAL (SELECT u.z FROM u WHERE u.a = t.a) l;
CREATE VIEW v40 AS SELECT t.a, e.el FROM t, unnest(t.e) AS e (el);
CREATE VIEW v41 AS SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS f (a, b);
CREATE VIEW v42 AS SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS f (n, s);
CREATE VIEW v43 AS SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": "x"}]') AS r (a int, b text);
CREATE VIEW v44 AS SELECT v02.a, v02.p FROM v02 JOIN v03 ON v03.one = v02.a;
CREATE VIEW v45 AS SELECT w."Odd Name" FROM w;
CREATE VIEW v46 AS SELECT t.a FROM t WHERE EXISTS (SELECT 1 FROM t t2 WHERE t2.a = t.a + 1);
CREATE VIEW v47 AS SELECT * FROM jsonb_each('{"a": 1}') AS e;
CREATE VIEW v48 AS SELECT t.a AS a, u.a AS b FROM t LEFT JOIN (u CROSS JOIN w) ON t.a = u.a;
CREATE VIEW v49 AS SELECT * FROM (SELECT 1 AS a, 2 AS a2) AS s JOIN (SELECT 1 AS a, 3 AS b) AS s2 USING (a);

-- Grouping, ordering, limits.
CREATE VIEW v50 AS SELECT b, count(*) AS n, sum(a) AS s FROM t GROUP BY b HAVING count(*) > 0;
CREATE VIEW v51 AS SELECT a % 2 AS m, max(c) AS mx FROM t GROUP BY a % 2 ORDER BY a % 2 DESC;
CREATE VIEW v52 AS SELECT b, a, count(*) AS n FROM t GROUP BY ROLLUP (b, a);
CREATE VIEW v53 AS SELECT b, a, grouping(b, a) AS g FROM t GROUP BY GROUPING SETS ((b, a), (b), ());
CREATE VIEW v54 AS SELECT b, a, d FROM t GROUP BY DISTINCT b, CUBE (a, (d, b));
CREATE VIEW v55 AS SELECT a, b FROM t ORDER BY b NULLS FIRST, a DESC NULLS LAST;
CREATE VIEW v56 AS SELECT a, b FROM t ORDER BY a DESC, upper(b), a + 1 LIMIT 2 OFFSET 1;
CREATE VIEW v57 AS SELECT DISTINCT b FROM t;
CREATE VIEW v58 AS SELECT DISTINCT ON (b, upper(b)) b, a FROM t ORDER BY b, upper(b), a;
CREATE VIEW v59 AS SELECT a FROM t ORDER BY b, a FETCH FIRST 2 ROWS WITH TIES;
CREATE VIEW v60 AS SELECT a FROM t ORDER BY a FETCH FIRST ROW ONLY;
CREATE VIEW v61 AS SELECT count(DISTINCT b) AS cd, string_agg(b, ',' ORDER BY a DESC) AS sa, sum(a) FILTER (WHERE a > 1) AS f, array_agg(DISTINCT b ORDER BY b) AS aa FROM t;
CREATE VIEW v62 AS SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS pc, mode() WITHIN GROUP (ORDER BY b DESC) AS mo, rank(2) WITHIN GROUP (ORDER BY a) AS hy FROM t;
CREATE VIEW v63 AS SELECT a, row_number() OVER (ORDER BY a) AS rn, sum(a) OVER (PARTITION BY b ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, count(*) OVER () AS c FROM t;
CREATE VIEW v64 AS SELECT a, rank() OVER w1 AS r, lag(a, 1) OVER w2 AS l FROM t WINDOW w1 AS (PARTITION BY b), w2 AS (ORDER BY a DESC);
CREATE VIEW v65 AS SELECT a, first_value(a) OVER (win ORDER BY a) AS f, sum(a) FILTER (WHERE a > 1) OVER (win ROWS UNBOUNDED PRECEDING) AS s FROM t WINDOW win AS (PARTITION BY b);
CREATE VIEW v66 AS SELECT a, sum(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS s, sum(a) OVER (ORDER BY a GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS g FROM t;
CREATE VIEW v67 AS SELECT a, b FROM t FOR UPDATE;
CREATE VIEW v68 AS SELECT t.a, u.x FROM t JOIN u ON u.a = t.a FOR SHARE OF t NOWAIT FOR KEY SHARE OF u SKIP LOCKED;
CREATE VIEW v69 AS SELECT a FROM t LIMIT ALL;
CREATE VIEW v70 AS SELECT b, 1 AS one FROM t GROUP BY b, 2 ORDER BY 2;

-- Sub-queries, WITH, set operations.
CREATE VIEW v80 AS SELECT a, (SELECT max(u.z) FROM u WHERE u.a = t.a) AS mz, ARRAY(SELECT u.a FROM u ORDER BY u.a) AS arr FROM t;
CREATE VIEW v81 AS SELECT a FROM t WHERE a IN (SELECT a FROM u) AND a NOT IN (SELECT u.a FROM u WHERE u.a > 1);
CREATE VIEW v82 AS SELECT a FROM t WHERE a < ANY (SELECT a FROM u) AND a >= ALL (SELECT 1) AND (a, b) IN (SELECT 1, 'one') AND (a, b) = (SELECT 1, 'one');
CREATE VIEW v83 AS SELECT EXISTS (SELECT FROM u) AS e, NOT EXISTS (SELECT 1 FROM u WHERE z IS NULL) AS ne;
CREATE VIEW v84 AS WITH q AS (SELECT a FROM t), r (n) AS MATERIALIZED (SELECT a + 1 FROM q) SELECT r.n FROM r JOIN q ON q.a = r.n;
CREATE VIEW v85 AS WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) AS s FROM n;
CREATE VIEW v86 AS SELECT a FROM t UNION SELECT a FROM u;
CREATE VIEW v87 AS SELECT a FROM t UNION ALL SELECT a FROM u ORDER BY a LIMIT 3;
CREATE VIEW v88 AS (SELECT a FROM t ORDER BY a LIMIT 1) UNION (SELECT a FROM u EXCEPT SELECT 1);
CREATE VIEW v89 AS SELECT a, b FROM t INTERSECT SELECT a, x FROM u UNION SELECT 1, 'lit';
CREATE VIEW v90 AS SELECT a, 'x' AS k FROM t UNION ALL SELECT k, "Odd Name" FROM w UNION ALL SELECT 1.5, NULL;
CREATE VIEW v91 AS SELECT s.a FROM (SELECT a FROM t UNION SELECT a FROM u) s WHERE s.a > (SELECT min(a) FROM t);
CREATE VIEW v92 AS WITH x AS NOT MATERIALIZED (SELECT 1 AS a UNION SELECT 2) SELECT x.a, (WITH y AS (SELECT x.a + 1 AS b) SELECT b FROM y) AS sub FROM x;
CREATE VIEW v93 AS SELECT t.a, t_1.a AS b FROM t, (SELECT t.a FROM t) t_1;
CREATE VIEW v94 AS SELECT CASE WHEN EXISTS (SELECT 1 FROM u WHERE u.a = t.a) THEN (SELECT count(*) FROM u) ELSE 0 END AS c FROM t;

SELECT * FROM v01 ORDER BY a;
SELECT * FROM v02 ORDER BY a;
SELECT * FROM v24 ORDER BY a;
SELECT * FROM v31 ORDER BY a;
SELECT * FROM v36 ORDER BY n;
SELECT * FROM v42 ORDER BY n;
SELECT * FROM v52 ORDER BY b, a, n;
SELECT * FROM v54 ORDER BY a, b, d;
SELECT * FROM v61;
SELECT * FROM v63 ORDER BY a;
SELECT * FROM v65 ORDER BY a;
SELECT * FROM v80 ORDER BY a;
SELECT * FROM v85;
SELECT * FROM v89 ORDER BY a, b;
SELECT * FROM v90 ORDER BY a, k;

SELECT viewname, pg_get_viewdef(viewname::regclass) FROM pg_views WHERE schemaname = 'script' AND viewname < 'v2' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass, true) FROM pg_views WHERE schemaname = 'script' AND viewname < 'v2' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass) FROM pg_views WHERE schemaname = 'script' AND viewname BETWEEN 'v2' AND 'v5' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass, true) FROM pg_views WHERE schemaname = 'script' AND viewname BETWEEN 'v2' AND 'v5' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass) FROM pg_views WHERE schemaname = 'script' AND viewname BETWEEN 'v5' AND 'v8' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass, true) FROM pg_views WHERE schemaname = 'script' AND viewname BETWEEN 'v5' AND 'v8' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass) FROM pg_views WHERE schemaname = 'script' AND viewname > 'v8' ORDER BY 1;
SELECT viewname, pg_get_viewdef(viewname::regclass, true) FROM pg_views WHERE schemaname = 'script' AND viewname > 'v8' ORDER BY 1;
SELECT table_name, view_definition, check_option, is_updatable, is_insertable_into FROM information_schema.views WHERE table_schema = 'script' ORDER BY 1;
SELECT pg_get_viewdef('v27'), pg_get_viewdef('v27', 60), pg_get_viewdef('v07', 60);

-- Renamed tables and columns show under their new names; replaced views are read as they are now.
ALTER TABLE u RENAME TO uu;
ALTER TABLE uu RENAME COLUMN x TO xx;
SELECT pg_get_viewdef('v20'::regclass), pg_get_viewdef('v39'::regclass, true), pg_get_viewdef('v22'::regclass), pg_get_viewdef('v28'::regclass), pg_get_viewdef('v31'::regclass);
CREATE VIEW base AS SELECT a, b FROM t WHERE a < 3;
CREATE VIEW over_base AS SELECT a, b FROM base;
CREATE OR REPLACE VIEW base AS SELECT a, b FROM t WHERE a > 1;
SELECT * FROM over_base ORDER BY a;

-- Changes through views.
CREATE TABLE base_table (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text DEFAULT 'nobody', n int DEFAULT 7 CHECK (n < 100), hidden text DEFAULT 'h', twice int GENERATED ALWAYS AS (n * 2) STORED);
CREATE VIEW simple AS SELECT n AS number, id, name FROM base_table WHERE n > 0;
INSERT INTO simple (id, name) VALUES (1, 'one') RETURNING *;
INSERT INTO simple VALUES (2, 2, 'two'), (3, 3, 'three');
INSERT INTO simple (number) VALUES (-5);
INSERT INTO simple (number, name) SELECT 4, 'four';
INSERT INTO simple DEFAULT VALUES RETURNING id, number;
INSERT INTO simple (number, name) VALUES (DEFAULT, DEFAULT);
SELECT * FROM base_table ORDER BY id;
SELECT * FROM simple ORDER BY id, number, name;
UPDATE simple SET number = number + 10 WHERE name LIKE 't%' RETURNING id, number, name;
UPDATE simple SET name = (SELECT 'sub ' || simple.number) WHERE id = 1 RETURNING *;
UPDATE simple s SET name = t.b FROM t WHERE t.a = s.id AND t.a = 2 RETURNING s.*, t.a;
UPDATE simple SET number = DEFAULT WHERE id = 2 RETURNING *;
UPDATE simple SET number = 200 WHERE id = 2;
DELETE FROM simple WHERE number = -5;
DELETE FROM simple WHERE id = 3 RETURNING simple.*;
DELETE FROM simple USING t WHERE t.a = simple.id AND t.a = 2 RETURNING id;
SELECT * FROM base_table ORDER BY id, n;
CREATE VIEW outer_view AS SELECT id AS key, name || '!' AS shout, number FROM simple WHERE id < 100;
INSERT INTO outer_view (key, number) VALUES (50, 5) RETURNING *;
UPDATE outer_view SET number = 6 WHERE shout = 'nobody!' AND key = 50 RETURNING key, shout, number;
UPDATE outer_view SET shout = 'x';
INSERT INTO outer_view (shout) VALUES ('x');
DELETE FROM outer_view WHERE key = 50;
CREATE VIEW local_check AS SELECT id, n FROM base_table WHERE n > 10 WITH LOCAL CHECK OPTION;
CREATE VIEW over_check AS SELECT id, n FROM local_check WHERE n < 20 WITH CASCADED CHECK OPTION;
CREATE VIEW no_check AS SELECT id, n FROM base_table WHERE n > 10;
CREATE VIEW local_over AS SELECT id, n FROM no_check WHERE n < 20 WITH LOCAL CHECK OPTION;
INSERT INTO local_check VALUES (60, 5);
INSERT INTO local_check VALUES (60, 15), (61, 16);
INSERT INTO local_check VALUES (62, NULL);
INSERT INTO over_check VALUES (63, 25);
INSERT INTO over_check VALUES (63, 5);
INSERT INTO local_over VALUES (64, 25);
INSERT INTO local_over VALUES (64, 5);
UPDATE over_check SET n = 30 WHERE id = 60;
UPDATE local_check SET n = 12 WHERE id = 60;
SELECT * FROM base_table ORDER BY id, n;
INSERT INTO v50 VALUES ('x');
INSERT INTO v57 VALUES ('x');
UPDATE v56 SET a = 1;
DELETE FROM v87;
DELETE FROM v84;
UPDATE v21 SET a = 1;
UPDATE v61 SET cd = 1;
DELETE FROM v63;
INSERT INTO v06 VALUES (1);
UPDATE v02 SET p = 1;
DELETE FROM v37;
CREATE VIEW no_columns AS SELECT a + 1 AS b FROM t;
INSERT INTO no_columns VALUES (1);
UPDATE no_columns SET b = 1;
DELETE FROM no_columns WHERE b = 4 RETURNING b;
SELECT table_name, is_updatable, is_insertable_into FROM information_schema.views WHERE table_schema = 'script' ORDER BY 1;
SELECT column_name, is_updatable FROM information_schema.columns WHERE table_schema = 'script' AND table_name = 'outer_view' ORDER BY 1;

-- Rows as columns have no type to store.
CREATE VIEW bad AS SELECT ROW(1, 2) AS r;

-- Numbers as 15 reads them.
SELECT 0x1F;
SELECT 1_000;
SELECT 0o7, 2;
SELECT 0b1;
SELECT 1.5_0;
SELECT '0x1F', 1e3, .5 AS "1_0" /* 0x1 */;
-- Views whose GROUP BY rests on a primary key.
create table pk (a int primary key, b text, c int);
create view pv as select a, b, count(*) from pk group by a;
alter table pk drop constraint pk_pkey;
alter table pk drop constraint pk_pkey cascade;
select count(*) from pg_views where viewname='pv';
create table pk2 (a int primary key, b text, c int);
create view pv2 as select b from pk2 group by a;
create view pv3 as select 1 x from (select b from pk2 group by a) s;
create view pv4 as select a from pk2 group by a;
create view pv5 as select a, b from pk2 group by a, b;
drop index pk2_pkey;
alter table pk2 drop constraint pk2_pkey;
alter table pk2 drop column a;
drop table pk2;
drop table pk2 cascade;
drop table pk cascade;
