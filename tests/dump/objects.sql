-- One of every object kind, with data, for the dump test.
CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'orders and who placed them';
CREATE SEQUENCE sales.invoice_number AS integer START 1000 INCREMENT 5 MAXVALUE 2000000 CYCLE;
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
    note char(10),
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
CREATE INDEX item_price ON sales.item (price DESC NULLS LAST, quantity) INCLUDE (total);
CREATE INDEX customer_lower_name ON sales.customer (lower(name));
CREATE UNIQUE INDEX order_open ON sales."order" (customer) WHERE (note IS NULL);
CREATE VIEW sales.turnover AS
    SELECT c.name, count(*) AS items, sum(i.total) AS total
    FROM sales.customer c
    JOIN sales."order" o ON o.customer = c.id
    LEFT JOIN sales.item i ON i."order" = o.id
    WHERE c.balance > (SELECT min(balance) - 1 FROM sales.customer)
    GROUP BY c.name
    HAVING count(*) > 0
    ORDER BY c.name;
CREATE TABLE public.no_key (a int, b text DEFAULT 'x''y');
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
INSERT INTO public.no_key VALUES (1, DEFAULT), (NULL, NULL), (1, 'again');
SELECT setval('sales.invoice_number', 1500);
CREATE MATERIALIZED VIEW sales.best (who, "of all") WITH (fillfactor = 80) AS
    SELECT t.name, t.total FROM sales.turnover t WHERE t.items > 1;
CREATE UNIQUE INDEX best_who ON sales.best (who);
CREATE MATERIALIZED VIEW sales.later AS SELECT b.who FROM sales.best b WITH NO DATA;
COMMENT ON MATERIALIZED VIEW sales.best IS 'of the best';
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT USAGE ON SEQUENCES TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
CREATE FUNCTION sales.tax(amount numeric, rate numeric DEFAULT 0.2) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT round(amount * rate, 2) $$;
CREATE FUNCTION sales.orders_of(who text) RETURNS TABLE (id int, note text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = sales AS $$
    SELECT o.id, o.note FROM "order" o JOIN customer c ON o.customer = c.id WHERE c.name = who
$$;
CREATE PROCEDURE sales.forget(who text) LANGUAGE sql AS 'UPDATE sales.customer SET email = NULL WHERE name = who';
CREATE FUNCTION sales.next(number int) RETURNS int LANGUAGE sql RETURN number + 1;
CREATE FUNCTION sales.first(top int) RETURNS SETOF text LANGUAGE sql SET search_path = '' BEGIN ATOMIC
    SELECT word FROM (VALUES ('a', 1), ('b', 2)) AS v(word, at) WHERE at <= top ORDER BY at;
END;
COMMENT ON FUNCTION sales.tax(numeric, numeric) IS 'what the state gets';
REVOKE EXECUTE ON FUNCTION sales.tax(numeric, numeric) FROM PUBLIC;
CREATE VIEW sales.taxed AS SELECT i."order", sales.tax(i.price, 0.2) AS tax FROM sales.item i;
CREATE SCHEMA parts;
CREATE TABLE parts.log (id int NOT NULL, at date NOT NULL, what text DEFAULT 'none', customer int REFERENCES sales.customer, CHECK (id > 0), PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE parts.log_old PARTITION OF parts.log (what DEFAULT 'old') FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE parts.log_new PARTITION OF parts.log FOR VALUES FROM ('2020-01-01') TO ('2030-01-01') PARTITION BY HASH (id);
CREATE TABLE parts.log_new_0 PARTITION OF parts.log_new FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts.log_new_1 (at date NOT NULL, id int NOT NULL, customer int, what text DEFAULT 'none', CONSTRAINT log_id_check CHECK (id > 0));
ALTER TABLE parts.log_new ATTACH PARTITION parts.log_new_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE parts.log_other PARTITION OF parts.log DEFAULT;
CREATE INDEX log_what ON parts.log (lower(what), at DESC) WHERE id > 10;
CREATE TABLE parts.place (country text, "City" text COLLATE "C") PARTITION BY LIST (lower(country));
CREATE TABLE parts.place_a PARTITION OF parts.place ("City" NOT NULL) FOR VALUES IN ('a', 'it''s', NULL);
CREATE TABLE parts.place_rest PARTITION OF parts.place DEFAULT;
INSERT INTO parts.log SELECT g, date '2019-12-25' + g, 'day ' || g, NULL FROM generate_series(1, 20) g;
INSERT INTO parts.log VALUES (1, '2050-05-05', NULL, 1);
INSERT INTO parts.place VALUES ('A', 'x'), (NULL, 'y'), ('Z', NULL);
COMMENT ON TABLE parts.log IS 'in parts';
CREATE TABLE parts.base (id serial, name text NOT NULL, kind text DEFAULT 'base', CONSTRAINT named CHECK (name <> ''));
CREATE TABLE parts.left_child (a int, kind text DEFAULT 'left', CHECK (a > 0)) INHERITS (parts.base);
CREATE TABLE parts.right_child (b int, name text) INHERITS (parts.base);
CREATE TABLE parts.grandchild (c int, kind text DEFAULT 'grand') INHERITS (parts.left_child, parts.right_child);
CREATE TABLE parts.adopted (id int NOT NULL, name text NOT NULL, kind text, extra int, CONSTRAINT named CHECK (name <> ''));
ALTER TABLE parts.adopted INHERIT parts.base;
INSERT INTO parts.base (name) VALUES ('one');
INSERT INTO parts.left_child (name, a) VALUES ('two', 2);
INSERT INTO parts.grandchild (name, a, b, c) VALUES ('three', 3, 3, 3);
CREATE VIEW parts.alone AS SELECT name FROM ONLY parts.base;
