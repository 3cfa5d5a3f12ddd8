-- In the manner of Tableau and Superset: temporary tables, limits of zero rows, information_schema.

--== session start
SELECT current_database(), version() LIKE 'PostgreSQL 15%' AS known,
    pg_catalog.set_config('DateStyle', 'ISO', false), current_setting('server_encoding')

--== temporary tables are possible
CREATE TEMPORARY TABLE "#Tableau_probe" ("COL" INTEGER) ON COMMIT PRESERVE ROWS

--== describe by no rows
SELECT * FROM (SELECT id, name, balance, born, at, tags, data FROM shop.customer) "Custom SQL Query" LIMIT 0

--== schemas by pattern
SELECT schema_name, catalog_name
FROM information_schema.schemata
WHERE schema_name NOT LIKE 'pg|_%' ESCAPE '|'
ORDER BY 1

--== relation kinds
SELECT c.relname, c.relkind::text IN ('r', 'v', 'm', 'f', 'p') AS shown
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND pg_table_is_visible(c.oid) IS NOT NULL
ORDER BY 1

--== aggregates with casts and truncations
SELECT SUM("t0"."balance") AS "sum:balance:ok",
    DATE_TRUNC('QUARTER', CAST("t0"."born" AS TIMESTAMP)) AS "tqr:born:ok",
    CAST(TRUNC(EXTRACT(YEAR FROM "t0"."born")) AS INTEGER) AS "yr:born:ok"
FROM "shop"."customer" "t0"
GROUP BY 2, 3

--== top n in a sub-query
SELECT "customer"."name" AS "name"
FROM "shop"."customer" "customer"
INNER JOIN (SELECT "customer"."name" AS "name", SUM("customer"."balance") AS "$__alias__0"
    FROM "shop"."customer" "customer" GROUP BY 1 ORDER BY 2 DESC,
    1 ASC LIMIT 1) "t0" ON ("customer"."name" = "t0"."name")
GROUP BY 1

--== level of detail
SELECT AVG("t0"."n") AS "avg"
FROM (SELECT "name", COUNT(1) AS "n" FROM "shop"."customer" GROUP BY "name") "t0"
HAVING (COUNT(1) > 0)

--== bins, null handling and string functions
SELECT FLOOR(COALESCE("balance", 0) / 10.0) AS bin, NULLIF(TRIM("name"), '') AS trimmed,
    POSITION('a' IN "name") AS at, SUBSTRING("name", 1, 2) AS head, CASE WHEN "name" IN ('Ada') THEN 'x'
    ELSE NULL END AS grouped
FROM "shop"."customer"
ORDER BY "name"

--== Superset: schema and view names
SELECT table_name
FROM information_schema.views
WHERE table_schema = 'shop'
UNION SELECT matviewname
FROM pg_matviews
WHERE schemaname = 'shop'

--== Superset: time grains
SELECT DATE_TRUNC('week', at) IS NOT NULL AS w,
    DATE_TRUNC('minute', at) + 15 * floor(extract(minute
    FROM at) / 15) * interval '1 minute' IS NOT NULL AS quarter
FROM shop.customer
LIMIT 1

--== Superset: now as an expression
SELECT to_date('2024-02-29', 'YYYY-MM-DD') AS d,
    to_timestamp('2024-02-29 12:30:00.5', 'YYYY-MM-DD HH24:MI:SS.US') AS t

--== Grafana: time series macros
SELECT floor(extract(epoch FROM at) / 60) * 60 IS NOT NULL AS "time", avg(balance) AS "value"
FROM shop.customer
WHERE at BETWEEN '2000-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z'
GROUP BY 1

--== Grafana: pick a table
SELECT CASE WHEN quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user
    ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','),
    1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
    string_to_array(current_setting('search_path'), ',') s) THEN quote_ident(table_name)
    ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache')
ORDER BY 1
