CREATE TABLE entry (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    amount numeric(12, 2) NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    data jsonb
);
CREATE INDEX entry_account ON entry (account);
CREATE INDEX entry_data ON entry USING gin (data jsonb_path_ops);

CREATE VIEW balance AS
    SELECT account.email, coalesce(sum(amount), 0) AS amount
    FROM account LEFT JOIN entry ON entry.account = account.id
    GROUP BY account.id;

CREATE FUNCTION balance_of(who text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT amount FROM balance WHERE email = who;
$$;
