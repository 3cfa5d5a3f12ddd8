-- Values at the edges of what columns of arrays hold: decimals, NaN, padding, laziness, joins and groups
CREATE TABLE v (
    id int PRIMARY KEY, s int2, i int4, b int8, f4 float4, f8 float8,
    n numeric(15,2), m numeric(30,4), w numeric(38,0), u numeric, c char(5), t text, vc varchar(10),
    d date, ts timestamp, tz timestamptz, o bool);
INSERT INTO v VALUES
    (1, 1, 10, 100, 1.5, 2.5, 1.25, 3.0001, 7, 1.0, 'ab', 'hello world', 'x', '2001-02-03', '2001-02-03 04:05:06', '2001-02-03 04:05:06+00', true),
    (2, -1, -10, -100, -1.5, -2.5, -1.25, -3.0001, -7, 1.00, 'ab   ', 'hello', 'xy', '1999-12-31', '1999-12-31', '1999-12-31 00:00:00+00', false),
    (3, 32767, 2147483647, 9223372036854775807, 'NaN', 'NaN', 'NaN', 'NaN', 99999999999999999999999999999999999999, 'NaN', '', '', '', 'infinity', 'infinity', 'infinity', NULL),
    (4, -32768, -2147483648, -9223372036854775808, 'Infinity', '-Infinity', 9999999999999.99, 99999999999999999999999999.9999, -99999999999999999999999999999999999999, 'Infinity', 'abcde', 'a%b_c\d', 'x', '-infinity', '-infinity', '-infinity', true),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (6, 0, 0, 0, '-0', '-0', 0, 0, 0, 0.000, E'a\t', 'ünïcödé text', 'ü', '0044-03-15 BC', '0044-03-15 12:00 BC', '0044-03-15 12:00+00 BC', false),
    (7, 2, 3, 4, 0, 0, 0.10, 0.1000, 1, 2, 'b', 'special requests', 'z', '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59+00', true),
    (8, 2, 3, 4, 1e30, 1e300, 100, 100, 2, 2.0, 'b', 'specialrequests special', 'z', '2001-02-03', '2001-02-03', '2001-02-03+00', true);
-- Decimals: scales as shown, NaN, and more digits than 38.
SELECT id, n + m, n - m, n * m, n * 2, n * n * n, -n, n + 1, 1 - n, n + i, m * b FROM v ORDER BY id;
SELECT sum(n), sum(m), sum(w), sum(n * m), avg(n), avg(m), min(n), max(n), min(w), max(w) FROM v;
SELECT sum(n), sum(m), sum(w), sum(n * m), avg(n), avg(m), min(n), max(n), min(w), max(w) FROM v WHERE id <> 3;
SELECT sum(n * n * n * n * n * n) FROM v WHERE id <> 3;
SELECT sum(m * m), sum(w * w), sum(w * w * w) FROM v WHERE id <> 3;
SELECT id % 2 AS k, sum(n), sum(m * n), avg(w), sum(w) FROM v GROUP BY id % 2 ORDER BY 1;
SELECT o, sum(w * w * w) FROM v WHERE id <> 3 GROUP BY o ORDER BY 2, 1;
SELECT sum(w + w), sum(w - w), max(w + w) FROM v;
SELECT id, w + w, w * 10, w * w FROM v ORDER BY id;
SELECT n, count(*) FROM v GROUP BY n ORDER BY n;
SELECT n, m FROM v ORDER BY n DESC NULLS LAST, m LIMIT 5;
SELECT id FROM v WHERE n > 1 ORDER BY id;
SELECT id FROM v WHERE n = 0.1 ORDER BY id;
SELECT id FROM v WHERE n < 0.123456 ORDER BY id;
SELECT id FROM v WHERE n >= m ORDER BY id;
SELECT id FROM v WHERE n = 'NaN' ORDER BY id;
SELECT id FROM v WHERE n IN (0.1, 100.000, 1.255, NULL) ORDER BY id;
SELECT id FROM v WHERE n NOT IN (0.1, 100.000, 1.255) ORDER BY id;
SELECT id FROM v WHERE n BETWEEN -1.250 AND 1.250 ORDER BY id;
SELECT a.id, b.id FROM v a JOIN v b ON a.n = b.m ORDER BY 1, 2;
SELECT a.id, b.id FROM v a JOIN v b ON a.n = b.u ORDER BY 1, 2;
SELECT u, count(*) FROM v WHERE id NOT IN (1, 2, 7, 8) GROUP BY u ORDER BY u;
SELECT sum(CASE WHEN o THEN n ELSE 0 END), sum(CASE WHEN o THEN n ELSE 0.0000 END) FROM v WHERE id <> 3;
SELECT sum(CASE WHEN id > 100 THEN n ELSE 0 END), sum(CASE WHEN id > 100 THEN n END) FROM v;
SELECT s, sum(CASE WHEN o THEN n WHEN s = 2 THEN 1.5 ELSE 0 END) FROM v GROUP BY s ORDER BY s;
SELECT sum(n)::text, (sum(n) / 7)::text, round(avg(n), 3)::text FROM v WHERE id <> 3;
SELECT id, coalesce(n, 0.00), coalesce(n, 0), CASE WHEN o THEN n END FROM v ORDER BY id;
SELECT count(n), count(*), count(DISTINCT n), count(DISTINCT c), sum(DISTINCT i), avg(DISTINCT s) FROM v;
SELECT o, count(DISTINCT i), sum(DISTINCT i) FROM v GROUP BY o ORDER BY o;
SELECT o, count(DISTINCT i), sum(i) FROM v GROUP BY o ORDER BY o;
-- Integers: overflow, and only where PostgreSQL looks.
SELECT sum(i), sum(s), sum(b), avg(i), avg(s), avg(b), min(i), max(b) FROM v;
SELECT sum(b), avg(b) FROM v WHERE b > 0;
SELECT i + 1 FROM v WHERE id = 3;
SELECT i + 1 FROM v WHERE id < 3 ORDER BY 1;
SELECT s * s FROM v WHERE id = 4;
SELECT b - 1 FROM v WHERE id = 4;
SELECT i / 0 FROM v;
SELECT i / -1 FROM v WHERE id = 4;
SELECT id FROM v WHERE i <> 0 AND 10 / i > 1 ORDER BY id;
SELECT id FROM v WHERE i = 0 OR 10 / i > 1 ORDER BY id;
SELECT id, CASE WHEN i = 0 THEN NULL ELSE 100 / i END FROM v ORDER BY id;
SELECT id, CASE i WHEN 3 THEN 'three' WHEN 10 THEN 'ten' ELSE 'other' END FROM v ORDER BY id;
SELECT sum(100 / i) FILTER (WHERE i <> 0), count(*) FILTER (WHERE i > 0), sum(n) FILTER (WHERE o) FROM v WHERE id <> 3;
SELECT sum(CASE WHEN i = 0 THEN 0 ELSE 100 / i END) FROM v;
SELECT id FROM v WHERE s = b OR i = b ORDER BY id;
SELECT id FROM v WHERE i < 5000000000 AND s > -100000 ORDER BY id;
SELECT id FROM v WHERE i IN (3, 10, 5000000000) ORDER BY id;
SELECT a.id, b.id FROM v a JOIN v b ON a.s = b.b ORDER BY 1, 2;
-- Floats: NaN is the greatest, -0 is 0.
SELECT id, f8 FROM v ORDER BY f8, id;
SELECT id, f4 FROM v ORDER BY f4 DESC NULLS LAST, id;
SELECT id FROM v WHERE f8 > 1e299 ORDER BY id;
SELECT id FROM v WHERE f8 = 0 ORDER BY id;
SELECT id FROM v WHERE f8 = 'NaN' OR f4 = 'NaN' ORDER BY id;
SELECT id FROM v WHERE f4 < f8 ORDER BY id;
SELECT f8 * 1e200 FROM v WHERE id = 8;
SELECT f8 / 0 FROM v WHERE id = 1;
SELECT f8 + f4, f8 * 2, f8 - 1 FROM v WHERE id NOT IN (3, 4) ORDER BY id;
SELECT f8, count(*) FROM v GROUP BY f8 ORDER BY f8;
SELECT a.id, b.id FROM v a JOIN v b ON a.f8 = b.f4 ORDER BY 1, 2;
-- Text: bytes, patterns, blanks of char(n).
SELECT id FROM v WHERE c = 'ab' ORDER BY id;
SELECT id FROM v WHERE c <> 'b' ORDER BY id;
SELECT id FROM v WHERE c IN ('ab', 'b  ', 'too long for it', NULL) ORDER BY id;
SELECT id FROM v WHERE c < 'ab' ORDER BY id;
SELECT c, count(*), min(c), max(c) FROM v GROUP BY c ORDER BY c;
SELECT id, c FROM v ORDER BY c, id;
SELECT id FROM v WHERE c = t ORDER BY id;
SELECT a.id, b.id FROM v a JOIN v b ON a.c = b.c ORDER BY 1, 2;
SELECT a.id, b.id FROM v a JOIN v b ON a.vc = b.t ORDER BY 1, 2;
SELECT id FROM v WHERE t LIKE 'hello%' ORDER BY id;
SELECT id FROM v WHERE t LIKE '%special%requests%' ORDER BY id;
SELECT id FROM v WHERE t NOT LIKE '%special%requests%' ORDER BY id;
SELECT id FROM v WHERE t LIKE '%' ORDER BY id;
SELECT id FROM v WHERE t LIKE '' ORDER BY id;
SELECT id FROM v WHERE t LIKE 'special%special' ORDER BY id;
SELECT id FROM v WHERE t LIKE '%s%' ORDER BY id;
SELECT id FROM v WHERE t LIKE 'a\%b\_c%' ORDER BY id;
SELECT id FROM v WHERE t LIKE '_n_c%' ORDER BY id;
SELECT id FROM v WHERE c LIKE 'b' ORDER BY id;
SELECT id FROM v WHERE c LIKE 'b    ' ORDER BY id;
SELECT id FROM v WHERE t LIKE 'abc\';
SELECT id, substring(t FROM 1 FOR 3), substring(t FROM 3 FOR 100), substring(c FROM 1 FOR 4) || '|' FROM v ORDER BY id;
SELECT substring(t FROM 1 FOR 2) AS p, count(*) FROM v GROUP BY p ORDER BY p;
SELECT id FROM v WHERE substring(t FROM 1 FOR 2) IN ('he', 'sp', 'ün') ORDER BY id;
SELECT substring(t FROM 1 FOR -1) FROM v;
SELECT min(t), max(t), min(vc), max(vc) FROM v;
SELECT t FROM v ORDER BY t DESC NULLS FIRST LIMIT 3;
-- Dates and times.
SELECT id, extract(year FROM d), extract(month FROM d), extract(day FROM d) FROM v ORDER BY id;
SELECT id, extract(year FROM ts), extract(month FROM ts), extract(day FROM ts) FROM v ORDER BY id;
SELECT extract(year FROM d) AS y, count(*) FROM v GROUP BY y ORDER BY y;
SELECT extract(year FROM ts) AS y, sum(n) FROM v WHERE isfinite(ts) GROUP BY y ORDER BY y;
SELECT id FROM v WHERE d < date '2001-02-03' + interval '1' day ORDER BY id;
SELECT id FROM v WHERE d <= date '2001-02-04' - interval '1' second ORDER BY id;
SELECT id FROM v WHERE d >= timestamp '2001-02-03 00:00:00.000001' ORDER BY id;
SELECT id FROM v WHERE d > timestamp '2001-02-02 23:00' ORDER BY id;
SELECT id FROM v WHERE d = timestamp '2001-02-03' ORDER BY id;
SELECT id FROM v WHERE d <> timestamp '2001-02-03 01:00' ORDER BY id;
SELECT id FROM v WHERE d < timestamp 'infinity' ORDER BY id;
SELECT id FROM v WHERE ts > '2001-01-01' ORDER BY id;
SELECT id FROM v WHERE ts <= '2001-01-01' ORDER BY id;
SELECT id FROM v WHERE ts >= '294276-01-01' ORDER BY id;
SELECT id FROM v WHERE tz > '1999-12-31 00:00+00' ORDER BY id;
SELECT id FROM v WHERE tz < '294276-01-01' ORDER BY id;
SELECT id FROM v WHERE ts > '-infinity' ORDER BY id;
SELECT id, ts FROM v ORDER BY ts, id;
SELECT id, tz FROM v ORDER BY tz DESC, id LIMIT 4;
SELECT id, d FROM v ORDER BY d NULLS FIRST, id;
SELECT min(d), max(d), min(ts), max(ts), min(tz), max(tz) FROM v;
SELECT a.id, b.id FROM v a JOIN v b ON a.ts = b.d ORDER BY 1, 2;
SELECT a.id, b.id FROM v a JOIN v b ON a.ts < b.ts AND a.d = b.d ORDER BY 1, 2;
-- Three-valued logic.
SELECT id FROM v WHERE o IS NOT TRUE ORDER BY id;
SELECT id FROM v WHERE NOT (o AND i > 0) ORDER BY id;
SELECT id FROM v WHERE (o OR i > 0) IS NULL ORDER BY id;
SELECT id FROM v WHERE i IS DISTINCT FROM 3 ORDER BY id;
SELECT o, count(*) FROM v GROUP BY o ORDER BY o NULLS FIRST;
-- Joins of every kind, with conditions and NULLs.
CREATE TABLE j (k int, x numeric(10,3), y char(7), z text);
INSERT INTO j VALUES (1, 1.250, 'ab', 'hello'), (2, 0.100, 'b', NULL), (2, NULL, 'ab', 'hello'), (NULL, 5, NULL, 'x'), (9, 'NaN', 'zzz', '');
SELECT v.id, j.k FROM v LEFT JOIN j ON v.s = j.k ORDER BY 1, 2;
SELECT v.id, j.k, j.z FROM v RIGHT JOIN j ON v.id = j.k AND v.t = j.z ORDER BY 1, 2, 3;
SELECT v.id, j.k, j.z FROM v FULL JOIN j ON v.id = j.k ORDER BY 1, 2, 3;
SELECT v.id, j.k FROM v JOIN j ON v.n = j.x ORDER BY 1, 2;
SELECT v.id, j.k FROM v JOIN j ON v.c = j.y ORDER BY 1, 2;
SELECT v.id, j.k FROM v LEFT JOIN j ON v.id = j.k AND v.i > 0 AND j.z LIKE 'h%' ORDER BY 1, 2;
SELECT id FROM v WHERE EXISTS (SELECT FROM j WHERE j.k = v.s AND j.z <> v.t) ORDER BY id;
SELECT id FROM v WHERE NOT EXISTS (SELECT FROM j WHERE j.k = v.s) ORDER BY id;
SELECT id FROM v WHERE s IN (SELECT k FROM j) ORDER BY id;
SELECT id FROM v WHERE s NOT IN (SELECT k FROM j) ORDER BY id;
SELECT id FROM v WHERE s NOT IN (SELECT k FROM j WHERE k IS NOT NULL) ORDER BY id;
SELECT id FROM v WHERE s NOT IN (SELECT k FROM j WHERE k > 100) ORDER BY id;
-- Correlated aggregates, and subqueries with one value.
SELECT id FROM v WHERE n > (SELECT avg(x) FROM j WHERE j.k = v.s) ORDER BY id;
SELECT id FROM v WHERE i > (SELECT 0.5 * sum(x) FROM j WHERE j.k = v.s AND j.y = v.c) ORDER BY id;
SELECT id, (SELECT count(*) FROM j WHERE j.k = v.s), (SELECT max(z) FROM j WHERE j.k = v.s) FROM v ORDER BY id;
SELECT id FROM v WHERE (SELECT count(*) FROM j WHERE j.k = v.s) = 0 ORDER BY id;
SELECT v.id, j.k FROM v JOIN j ON v.s = j.k WHERE v.n <= (SELECT min(x) FROM j j2 WHERE j2.k = v.s) ORDER BY 1, 2;
SELECT id FROM v WHERE n > (SELECT avg(x) FROM j WHERE x < 100) ORDER BY id;
SELECT id FROM v WHERE n > (SELECT x FROM j) ORDER BY id;
SELECT id FROM v WHERE id > 100 AND n > (SELECT x FROM j) ORDER BY id;
SELECT s, sum(i) FROM v WHERE id NOT IN (3, 4) GROUP BY s HAVING sum(i) > (SELECT avg(k) FROM j) ORDER BY s;
-- Sorting, limits, sets.
SELECT id, n FROM v ORDER BY n NULLS FIRST, id DESC LIMIT 3 OFFSET 1;
SELECT id FROM v ORDER BY o DESC NULLS LAST, c, f8, id LIMIT 4;
SELECT DISTINCT s, o FROM v ORDER BY s, o;
SELECT DISTINCT n, c FROM v ORDER BY n, c;
SELECT n FROM (SELECT n FROM v UNION ALL SELECT x FROM j) q ORDER BY n, n::text;
SELECT c FROM v UNION SELECT y FROM j ORDER BY 1;
SELECT max(n), min(x) FROM v, j WHERE v.id = j.k;
SELECT k, max(i), count(*) FROM (SELECT s AS k, i FROM v UNION ALL SELECT k, k FROM j) q GROUP BY k ORDER BY k;
WITH q AS (SELECT s, sum(n) AS total FROM v WHERE id <> 3 GROUP BY s) SELECT * FROM q WHERE total = (SELECT max(total) FROM q) ORDER BY 1;
SELECT a.id FROM v a, (VALUES (1, 'ab'), (2, 'b')) w (k, c) WHERE a.s = w.k AND a.c = w.c ORDER BY a.id;
