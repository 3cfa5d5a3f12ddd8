-- A schema with one of everything that psql describes. Each block is a check of its own, named by
-- its first line; what a server refuses is missed in the descriptions that follow, and only there.

--== schemas and comments
CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'orders and who placed them';
CREATE SCHEMA archive;
CREATE SCHEMA typed;
CREATE SCHEMA code;
CREATE SCHEMA beyond;
CREATE SCHEMA extended;

--== roles
CREATE ROLE compat_reader;
CREATE ROLE compat_clerk LOGIN CONNECTION LIMIT 5 PASSWORD 'clerk' VALID UNTIL '2100-01-01';
CREATE ROLE compat_manager CREATEDB CREATEROLE;
GRANT compat_reader TO compat_clerk;
GRANT compat_clerk TO compat_manager WITH ADMIN OPTION;
COMMENT ON ROLE compat_reader IS 'reads and nothing else';
ALTER ROLE compat_clerk SET statement_timeout = '10s';

--== enum, domain, composite and range types
CREATE TYPE typed.state AS ENUM ('new', 'paid', 'shipped');
ALTER TYPE typed.state ADD VALUE 'packed' BEFORE 'shipped';
COMMENT ON TYPE typed.state IS 'how far an order is';
CREATE DOMAIN typed.email AS varchar(80) CHECK (VALUE LIKE '%@%');
CREATE DOMAIN typed.price AS numeric(10, 2) NOT NULL DEFAULT 0 CONSTRAINT price_positive CHECK (VALUE >= 0);
COMMENT ON DOMAIN typed.email IS 'an address';
CREATE TYPE typed.address AS (street text, city varchar(40), zip char(5));
CREATE TYPE typed.span AS RANGE (subtype = float8);

--== sequences
CREATE SEQUENCE sales.invoice_number AS integer START 1000 INCREMENT 5 MAXVALUE 2000000 CYCLE;
CREATE SEQUENCE sales.plain;
COMMENT ON SEQUENCE sales.plain IS 'counts';

--== tables
CREATE TABLE sales.customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email varchar(80) UNIQUE,
    born date,
    balance numeric(12, 2) DEFAULT 0.00 NOT NULL,
    tags text[] DEFAULT '{}',
    profile jsonb,
    "Mixed Case" boolean DEFAULT true,
    CONSTRAINT customer_balance_check CHECK (balance >= -1000)
);
COMMENT ON TABLE sales.customer IS 'people who buy';
COMMENT ON COLUMN sales.customer.email IS 'where invoices go';
CREATE TABLE sales."order" (
    id serial PRIMARY KEY,
    customer bigint NOT NULL REFERENCES sales.customer ON DELETE CASCADE,
    placed timestamptz DEFAULT now() NOT NULL,
    number integer DEFAULT nextval('sales.invoice_number') NOT NULL,
    note char(10) COLLATE "C",
    UNIQUE (customer, number) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE sales.item (
    "order" integer REFERENCES sales."order" (id) ON UPDATE CASCADE ON DELETE RESTRICT,
    line smallint,
    price numeric NOT NULL,
    quantity integer DEFAULT 1 NOT NULL,
    total numeric GENERATED ALWAYS AS (price * quantity) STORED,
    shipped interval,
    raw bytea,
    token uuid,
    at time,
    PRIMARY KEY ("order", line)
);
CREATE UNLOGGED TABLE archive.scratch (a int, b text) WITH (fillfactor = 70);
CREATE TABLE archive.no_columns ();

--== a table of user-defined types
CREATE TABLE typed.kinds (
    id int PRIMARY KEY,
    state typed.state DEFAULT 'new',
    contact typed.email,
    cost typed.price,
    address typed.address,
    span typed.span,
    states typed.state[]
);

--== tables of further types
CREATE TABLE typed.network (address inet, net cidr, card macaddr, card8 macaddr8, flags bit(8), more bit varying(16), price money);
CREATE TABLE typed.shapes (p point, b box, c circle, l lseg, w path, g polygon);
CREATE TABLE typed.search (v tsvector, q tsquery, x xml);
CREATE TABLE typed.ranges (i int4range, n numrange, t tstzrange, d daterange, m int4multirange);

--== indexes
CREATE INDEX item_price ON sales.item (price DESC NULLS LAST, quantity) INCLUDE (total);
CREATE INDEX customer_lower_name ON sales.customer (lower(name));
CREATE UNIQUE INDEX order_open ON sales."order" (customer) WHERE (note IS NULL);
CREATE INDEX customer_name_pattern ON sales.customer (name text_pattern_ops);
COMMENT ON INDEX sales.item_price IS 'dear ones first';

--== other access methods
CREATE TABLE beyond.indexed (a int, j jsonb, at date, r int4range);
CREATE INDEX indexed_hash ON beyond.indexed USING hash (a);
CREATE INDEX indexed_gin ON beyond.indexed USING gin (j);
CREATE INDEX indexed_brin ON beyond.indexed USING brin (at);
CREATE INDEX indexed_gist ON beyond.indexed USING gist (r);

--== views
CREATE VIEW sales.turnover AS
    SELECT c.name, count(*) AS items, sum(i.total) AS total
    FROM sales.customer c
    JOIN sales."order" o ON o.customer = c.id
    LEFT JOIN sales.item i ON i."order" = o.id
    GROUP BY c.name
    ORDER BY c.name;
CREATE VIEW sales.rich WITH (security_barrier) AS
    SELECT id, name FROM sales.customer WHERE balance > 1000 WITH LOCAL CHECK OPTION;
COMMENT ON VIEW sales.turnover IS 'who brings what';

--== functions and procedures in SQL
CREATE FUNCTION code.add(a integer, b integer DEFAULT 1) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT AS 'SELECT a + b';
CREATE FUNCTION code.names(prefix text, OUT id bigint, OUT name text) RETURNS SETOF record
    LANGUAGE sql STABLE AS 'SELECT id, name FROM sales.customer WHERE name LIKE prefix || ''%''';
CREATE FUNCTION code.twice(x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN x * 2;
CREATE PROCEDURE code.touch(p bigint) LANGUAGE sql AS 'UPDATE sales.customer SET balance = balance WHERE id = p';
COMMENT ON FUNCTION code.add(integer, integer) IS 'adds';

--== aggregates, operators and casts
CREATE AGGREGATE code.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE OPERATOR code.### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl);

--== materialized views
CREATE MATERIALIZED VIEW beyond.summary AS SELECT count(*) AS n, max(name) AS last FROM sales.customer;
CREATE UNIQUE INDEX summary_n ON beyond.summary (n);

--== partitions
CREATE TABLE beyond.log (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE beyond.log_2024 PARTITION OF beyond.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE beyond.log_other PARTITION OF beyond.log DEFAULT;

--== inheritance
CREATE TABLE beyond.base (id int, name text);
CREATE TABLE beyond.derived (extra text) INHERITS (beyond.base);

--== rules and row security
CREATE TABLE beyond.ruled (a int);
CREATE RULE keep AS ON DELETE TO beyond.ruled DO INSTEAD NOTHING;
ALTER TABLE beyond.ruled ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON beyond.ruled FOR SELECT TO compat_reader USING (a > 0);

--== extensions
CREATE EXTENSION "uuid-ossp" SCHEMA extended;
CREATE EXTENSION hstore SCHEMA extended;
CREATE EXTENSION citext SCHEMA extended;
CREATE EXTENSION pg_trgm SCHEMA extended;
CREATE EXTENSION pgcrypto SCHEMA extended;
CREATE EXTENSION unaccent SCHEMA extended;

--== privileges
GRANT USAGE ON SCHEMA sales TO compat_reader, compat_clerk;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO compat_reader;
GRANT INSERT, UPDATE ON sales.customer TO compat_clerk WITH GRANT OPTION;
GRANT SELECT (id), UPDATE (note) ON sales."order" TO compat_clerk;
GRANT USAGE ON SEQUENCE sales.plain TO compat_clerk;
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO compat_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE compat_manager REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER TABLE archive.scratch OWNER TO compat_manager;

--== rows
INSERT INTO sales.customer (name, email, born, balance, tags, profile) VALUES
    ('Ada', 'ada@example.org', '1815-12-10', 10.50, '{a,"b c",NULL}', '{"k": [1, 2.50, null]}'),
    ('Bob''s "shop"', NULL, NULL, -3, DEFAULT, NULL),
    (E'tab\there\\n', 'c@example.org', '0044-03-15 BC', 0, '{}', '[]');
INSERT INTO sales."order" (customer, placed, note) VALUES
    (1, '2024-02-29 12:00:00.123456+02', 'first'), (2, '2000-01-01 00:00:00Z', 'padded'), (1, 'infinity', NULL);
INSERT INTO sales.item ("order", line, price, quantity, shipped, raw, token, at) VALUES
    (1, 1, 9.99, 3, '1 mon 2 days 03:04:05.6', '\x00ff5c', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '23:59:59.5'),
    (1, 2, 0.0001, 1, NULL, NULL, NULL, NULL),
    (2, 1, 1e30, 2, '-1 year', '\x', NULL, '00:00');
INSERT INTO archive.scratch VALUES (1, 'x'), (2, NULL);
SELECT setval('sales.invoice_number', 1500);
