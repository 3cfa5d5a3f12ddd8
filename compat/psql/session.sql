-- What a session in psql does beyond describing: each block is a check.

--== gset, gexec, gdesc
SELECT 1 AS a, 'two' AS b \gset
\echo :a :b
SELECT 1::int2 AS a, 'x'::varchar(5) AS b, 1.5::numeric(6,2) AS c, ARRAY[1] AS d, now() AS e \gdesc
SELECT format('SELECT %s AS n', g) FROM generate_series(1, 2) g \gexec

--== crosstabview
SELECT * FROM (VALUES ('a', 'x', 1), ('a', 'y', 2), ('b', 'x', 3)) AS t(r, c, v) \crosstabview

--== errors with all their fields
\set VERBOSITY verbose
CREATE TABLE public.strict (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0));
INSERT INTO public.strict VALUES (1, 1), (1, 2);
INSERT INTO public.strict VALUES (2, NULL);
INSERT INTO public.strict VALUES (3, -1);
SELECT * FROM public.absent;
SELECT absent FROM public.strict;
SELECT 1/0;
SELEC 1;
DROP TABLE public.strict;

--== errverbose, SQLSTATE and LAST_ERROR_MESSAGE
SELECT 'x'::int;
\echo :SQLSTATE :LAST_ERROR_MESSAGE :ERROR :ROW_COUNT
SELECT 1;
\echo :SQLSTATE :ERROR :ROW_COUNT

--== ON_ERROR_ROLLBACK
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT 1/0;
SELECT 'still here';
COMMIT;

--== prompt of transactions by AUTOCOMMIT off
\set AUTOCOMMIT off
CREATE TABLE public.pending (a int);
ROLLBACK;
SELECT * FROM public.pending;

--== copy to and from standard streams
CREATE TABLE public.copied (a int, b text, c numeric);
\copy public.copied from pstdin
1	one	1.5
2	\N	\N
3	tab\there	-2
\.
\copy public.copied from pstdin
COPY public.copied TO STDOUT;
COPY public.copied TO STDOUT (FORMAT csv, HEADER, NULL 'nil', QUOTE '''');
\copy (SELECT a, upper(b) FROM public.copied ORDER BY a) to pstdout with (format csv)
DROP TABLE public.copied;

--== FETCH_COUNT by a cursor
\set FETCH_COUNT 2
SELECT g FROM generate_series(1, 5) g;

--== output formats
\pset format csv
SELECT 1 AS a, NULL AS b, 'x,y' AS c;
\pset format html
SELECT 1 AS a, '<b>' AS b;
\pset format unaligned
\pset null '(none)'
SELECT 1 AS a, NULL AS b;
\x
SELECT 1 AS a, NULL AS b;

--== several statements in one
SELECT 1 \; SELECT 2 \; SELECT 3;
BEGIN \; SELECT 1/0 \; SELECT 2;
ROLLBACK;

--== if, variables and quoting
\set n 5
\if :{?n}
SELECT :n AS n, :'n' AS literal, :"n" FROM (SELECT 1 AS "5") q;
\else
\echo no
\endif

--== listen and notify
LISTEN compat;
NOTIFY compat, 'hello';
SELECT 'done';

--== server settings at connection
SHOW server_encoding;
SHOW client_encoding;
SHOW standard_conforming_strings;
SHOW integer_datetimes;
SHOW DateStyle;
SHOW TimeZone;
SHOW is_superuser;
SHOW session_authorization;
SHOW application_name;
SHOW server_version_num;

--== large objects
\lo_list
SELECT lo_from_bytea(0, '\x0102') > 0 AS made;

--== bind and prepared statements
PREPARE q(int, text) AS SELECT $1 + 1, upper($2);
EXECUTE q(1, 'a');
SELECT name, statement, parameter_types FROM pg_prepared_statements;
DEALLOCATE q;

--== cursors
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT g FROM generate_series(1, 10) g;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
MOVE LAST IN c;
FETCH c;
FETCH PRIOR FROM c;
SELECT name, statement, is_scrollable FROM pg_cursors;
COMMIT;
