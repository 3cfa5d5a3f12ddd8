CREATE TYPE account_kind AS ENUM ('person', 'company');

CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind account_kind NOT NULL DEFAULT 'person',
    email text NOT NULL UNIQUE CHECK (email LIKE '%@%'),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE account IS 'who; and what';
