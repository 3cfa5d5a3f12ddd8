//! describe(): what `query!` asks at compile time. Beside types, sqlx wants to know which columns may
//! be NULL: by pg_attribute for columns of tables, and by EXPLAIN for the inner sides of outer joins.
//! PostgreSQL may exchange these; the tables here are such that it does not.

use checks::{Checks, Result};
use sqlx::{Column, Either, Executor, SqlStr, TypeInfo, raw_sql};

use crate::{connecting::connect, errors::fails};

const SCHEMA: &str = "
    CREATE TABLE described_user (id bigint PRIMARY KEY, email text NOT NULL, name varchar(20), born date);
    CREATE TABLE described_post (id uuid PRIMARY KEY, author bigint NOT NULL REFERENCES described_user, title text NOT NULL,
        tags text[] NOT NULL DEFAULT '{}', score numeric(5,2));
    CREATE VIEW described_view AS SELECT id, email FROM described_user;
    INSERT INTO described_user SELECT g, g || '@x', 'n' FROM generate_series(1, 20) g;
    INSERT INTO described_post SELECT gen_random_uuid(), g, 't' FROM generate_series(1, 5) g;
    ANALYZE;
";

pub fn add(checks: &mut Checks) {
    checks.add("describe: schema", async {
        raw_sql(SCHEMA).execute(&mut connect().await?).await?;
        Ok(())
    });
    for (name, statement) in [
        ("a table", "SELECT * FROM described_user"),
        ("a lookup", "SELECT id, email, name FROM described_user WHERE id = $1"),
        (
            "expressions",
            "SELECT 1, 'x', NULL, id + 1, coalesce(name, ''), name || email, now() FROM described_user",
        ),
        ("an aggregate", "SELECT count(*), max(id), array_agg(email) FROM described_user"),
        (
            "a group",
            "SELECT author, count(*) AS posts FROM described_post GROUP BY author HAVING count(*) > $1",
        ),
        (
            "an inner join",
            "SELECT u.email, p.title FROM described_user u JOIN described_post p ON p.author = u.id",
        ),
        (
            "a left join",
            "SELECT u.email, p.title, p.id FROM described_user u LEFT JOIN described_post p ON p.author = u.id",
        ),
        (
            "a left join of one",
            "SELECT u.email, p.title FROM described_user u LEFT JOIN described_post p ON p.author = u.id WHERE u.id = 3",
        ),
        (
            "a right join",
            "SELECT u.email, p.title FROM described_post p RIGHT JOIN described_user u ON p.author = u.id",
        ),
        (
            "a full join",
            "SELECT u.email, p.title FROM described_user u FULL JOIN described_post p ON p.author = u.id",
        ),
        (
            "a sub-query",
            "SELECT email, (SELECT title FROM described_post WHERE author = u.id LIMIT 1) FROM described_user u",
        ),
        (
            "a common table",
            "WITH w AS (SELECT email, id FROM described_user) SELECT email FROM w WHERE id = ANY($1)",
        ),
        ("a union", "SELECT email FROM described_user UNION ALL SELECT title FROM described_post"),
        ("a view", "SELECT * FROM described_view"),
        ("an insert", "INSERT INTO described_user (id, email, name, born) VALUES ($1, $2, $3, $4)"),
        (
            "an insert returning",
            "INSERT INTO described_post (id, author, title) VALUES ($1, $2, $3) RETURNING id, score, tags",
        ),
        ("an update returning", "UPDATE described_user SET name = $2 WHERE id = $1 RETURNING *"),
        (
            "an upsert",
            "INSERT INTO described_user (id, email) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email RETURNING id, name",
        ),
        ("a delete", "DELETE FROM described_post WHERE author = $1 AND score < $2"),
        ("a set", "SELECT g FROM generate_series(1, $1::int) g"),
        ("values", "SELECT * FROM (VALUES (1, 'x'), (2, NULL)) v (a, b)"),
        (
            "forced",
            "SELECT u.id AS \"id!\", email AS \"email?\", tags AS \"tags: Vec<String>\" FROM described_user u JOIN described_post ON author = u.id",
        ),
        (
            "an order and limit",
            "SELECT title FROM described_post ORDER BY score DESC NULLS LAST LIMIT $1 OFFSET $2",
        ),
        (
            "a window",
            "SELECT title, rank() OVER (PARTITION BY author ORDER BY score) FROM described_post",
        ),
        ("no rows", "CREATE TABLE described_never (a int)"),
        ("settings", "SHOW work_mem"),
        (
            "a join by types that differ",
            "SELECT * FROM described_user JOIN described_post USING (id)",
        ),
        ("an unknown column", "SELECT nothing FROM described_user"),
        ("a type that differs", "SELECT id FROM described_user WHERE id = 'x'"),
    ] {
        checks.add(format!("describe {name}"), describe(statement));
    }
}

async fn describe(statement: &'static str) -> Result {
    let described = match connect().await?.describe(SqlStr::from_static(statement)).await {
        Ok(described) => described,
        error => return fails(error.map(drop)),
    };
    if let Some(Either::Left(parameters)) = described.parameters() {
        println!("({})", parameters.iter().map(|info| info.name()).collect::<Vec<_>>().join(", "));
    }
    for column in described.columns() {
        println!(
            "{} {} nullable {:?} {:?}",
            column.name(),
            column.type_info().name(),
            described.nullable(column.ordinal()),
            column.origin()
        );
    }
    Ok(())
}
