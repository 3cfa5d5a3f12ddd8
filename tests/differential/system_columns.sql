-- xmin, xmax, cmin and cmax: in RETURNING, of a transaction's own rows, and afterwards, by which applications notice that a row has changed
CREATE TABLE t (a int PRIMARY KEY, b text);
CREATE TABLE seen (a int, x text);
INSERT INTO t VALUES (1, 'x'), (2, 'y') RETURNING a, xmin = pg_current_xact_id()::xid, xmax, cmin, cmax;
INSERT INTO t VALUES (1, 'x'), (3, 'z') ON CONFLICT (a) DO UPDATE SET b = 'conflict' RETURNING a, xmin = pg_current_xact_id()::xid, xmax <> 0;
INSERT INTO t VALUES (1, 'x') ON CONFLICT (a) DO UPDATE SET b = excluded.b WHERE t.xmin::text = '0' RETURNING xmin;
INSERT INTO t VALUES (4, 'w') RETURNING (SELECT t.xmin = pg_current_xact_id()::xid), (SELECT count(*) FROM t s WHERE s.xmin = t.xmin);
UPDATE t SET b = b || '!' RETURNING a, xmin = pg_current_xact_id()::xid, xmax, cmin, cmax;
UPDATE t SET b = xmin::text WHERE a = 4 RETURNING b = xmin::text;
UPDATE t SET b = 'w' FROM t o WHERE o.a = 3 AND t.a = 4 RETURNING t.xmin = o.xmin, o.xmin = pg_current_xact_id()::xid;
DELETE FROM t WHERE a = 4 RETURNING xmin = pg_current_xact_id()::xid, xmax = pg_current_xact_id()::xid;
-- What RETURNING has told is what the row has from then on.
WITH w AS (UPDATE t SET b = 'told' WHERE a = 1 RETURNING a, xmin) INSERT INTO seen SELECT a, xmin::text FROM w;
WITH w AS (INSERT INTO t VALUES (5, 'new') RETURNING a, xmin) INSERT INTO seen SELECT a, xmin::text FROM w;
SELECT t.a, b, t.xmin::text = x FROM t LEFT JOIN seen USING (a) ORDER BY a;
UPDATE t SET b = 'again' WHERE a = 1 AND xmin::text = (SELECT x FROM seen WHERE a = 1) RETURNING b;
UPDATE t SET b = 'too late' WHERE a = 1 AND xmin::text = (SELECT x FROM seen WHERE a = 1) RETURNING b;
UPDATE t SET b = 'in time' WHERE a = 5 AND xmin::text = (SELECT x FROM seen WHERE a = 5) RETURNING b;
-- A row that a later change of its table leaves alone has the transaction that wrote it.
TRUNCATE seen;
WITH w AS (UPDATE t SET b = 'told' RETURNING a, xmin) INSERT INTO seen SELECT a, xmin::text FROM w;
ALTER TABLE t ADD COLUMN c int DEFAULT 7;
SELECT t.a, c, t.xmin::text = x FROM t LEFT JOIN seen USING (a) ORDER BY a;
SELECT count(DISTINCT xmin::text), count(*) FROM t;
-- Within a transaction.
BEGIN;
INSERT INTO t VALUES (6, 'mine');
SELECT a, xmin = pg_current_xact_id()::xid, xmax FROM t ORDER BY a;
UPDATE t SET b = 'mine' WHERE a = 1 RETURNING xmin = pg_current_xact_id()::xid;
SELECT count(*) FROM t WHERE xmin = pg_current_xact_id()::xid;
INSERT INTO seen SELECT a + 100, xmin::text FROM t WHERE a = 6;
DELETE FROM t WHERE a = 6 RETURNING xmin = pg_current_xact_id()::xid, xmax = pg_current_xact_id()::xid;
INSERT INTO t VALUES (6, 'once more');
COMMIT;
SELECT count(*) FROM t, seen WHERE seen.a = 106 AND xmin::text = x;
SELECT t.a, xmin::text = pg_current_xact_id()::text FROM t ORDER BY a;
-- By way of a view, of parents and of partitions.
CREATE VIEW v AS SELECT a, b, xmin AS x FROM t;
UPDATE v SET b = 'view' WHERE a = 1 RETURNING x = pg_current_xact_id()::xid;
INSERT INTO v (a, b) VALUES (9, 'view') RETURNING x = pg_current_xact_id()::xid;
CREATE TABLE p (k int, v text) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
INSERT INTO p VALUES (1, 'a'), (2, 'b');
UPDATE p SET v = 'c' RETURNING xmin = pg_current_xact_id()::xid;
DELETE FROM p RETURNING xmin = pg_current_xact_id()::xid, xmax = pg_current_xact_id()::xid;
