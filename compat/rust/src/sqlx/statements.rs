//! Statements: rows as streams, builders, the cache of prepared statements, several in one.

use checks::{Checks, Result};
use futures::{StreamExt, TryStreamExt};
use sqlx::{
    AssertSqlSafe, Column, Connection, Either, Executor, PgConnection, Postgres, QueryBuilder, Row,
    SqlStr, Statement, postgres::PgBindIterExt, query, query_as, query_scalar, raw_sql,
};

use crate::{connecting::connect, errors::fails, types::show};

pub fn add(checks: &mut Checks) {
    checks.add("rows one, none, all", rows());
    checks.add("rows as a stream", stream());
    checks.add("rows of a stream abandoned", abandoned());
    checks.add("rows affected", affected());
    checks.add("several statements", several());
    checks.add("several statements, one of which fails", several_failing());
    checks.add("text mode", text_mode());
    checks.add("prepared statements and their cache", cache());
    checks.add("statements not kept", not_kept());
    checks.add("statements after their table changed", replanned());
    checks.add("builder of values", push_values());
    checks.add("builder of conditions", conditions());
    checks.add("many parameters", many_parameters());
    checks.add("lists by arrays", arrays());
    checks.add("upsert and returning", upsert());
    checks.add("columns and where they come from", columns());
    checks.add("dropped futures", dropped());
}

async fn rows() -> Result {
    let c = &mut connect().await?;
    println!("{:?}", query_as::<_, (i32, String)>("SELECT 1, 'x'").fetch_one(&mut *c).await?);
    println!(
        "{:?}",
        query_scalar::<_, i32>("SELECT 1 WHERE $1").bind(false).fetch_optional(&mut *c).await?
    );
    println!(
        "{:?}",
        query_scalar::<_, i32>("SELECT generate_series(1, $1)").bind(4).fetch_all(&mut *c).await?
    );
    let row = query("SELECT 1 AS a, 2 AS b, 3 AS a").fetch_one(&mut *c).await?;
    println!("{} {} {}", row.try_get::<i32, _>("b")?, row.try_get::<i32, _>(2)?, row.len());
    println!("{}", query("SELECT").fetch_one(c).await?.is_empty());
    Ok(())
}

async fn stream() -> Result {
    let c = &mut connect().await?;
    let mut rows = query("SELECT g, repeat('x', 50) FROM generate_series(1, $1) g")
        .bind(20_000)
        .fetch(&mut *c);
    let mut sum = 0i64;
    while let Some(row) = rows.try_next().await? {
        sum += i64::from(row.try_get::<i32, _>(0)?);
    }
    println!("{sum}");
    Ok(())
}

async fn abandoned() -> Result {
    let c = &mut connect().await?;
    let first =
        query_scalar::<_, i32>("SELECT generate_series(1, 100000)").fetch(&mut *c).next().await;
    println!("{:?}", first.ok_or("a row")??);
    println!(
        "{:?}",
        query_scalar::<_, i32>("SELECT g FROM generate_series(5, 100000) g")
            .fetch_optional(&mut *c)
            .await?
    );
    println!("{}", query_scalar::<_, String>("SELECT 'next'").fetch_one(c).await?);
    Ok(())
}

async fn affected() -> Result {
    let c = &mut connect().await?;
    for statement in [
        "CREATE TABLE affected (a int)",
        "INSERT INTO affected SELECT generate_series(1, 10)",
        "UPDATE affected SET a = a + 1 WHERE a > 5",
        "DELETE FROM affected WHERE a < 3",
        "SELECT * FROM affected",
        "",
    ] {
        println!("{} {statement}", query(statement).execute(&mut *c).await?.rows_affected());
    }
    Ok(())
}

async fn several() -> Result {
    let c = &mut connect().await?;
    let mut results = raw_sql(
        "CREATE TABLE several (a int); INSERT INTO several VALUES (1), (2); SELECT a FROM several ORDER BY a; \
         SELECT 'x' AS b, NULL AS c; UPDATE several SET a = 0",
    )
    .fetch_many(&mut *c);
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => println!("{} affected", done.rows_affected()),
            Either::Right(row) => show(&row)?,
        }
    }
    Ok(())
}

async fn several_failing() -> Result {
    let c = &mut connect().await?;
    fails(raw_sql("CREATE TABLE not_made (a int); SELECT 1/0; SELECT 2").execute(&mut *c).await)?;
    fails(query("SELECT * FROM not_made").execute(&mut *c).await)?;
    fails(
        raw_sql("BEGIN; CREATE TABLE made (a int); COMMIT; SELECT nothing").execute(&mut *c).await,
    )?;
    println!("{}", query("SELECT * FROM made").fetch_all(c).await?.len());
    Ok(())
}

async fn text_mode() -> Result {
    let c = &mut connect().await?;
    for row in raw_sql("SELECT 1::int2, 1.50, 'é', true, '{1,NULL}'::int[], '2024-02-29 12:00Z'::timestamptz, '\\x00ff'::bytea, NULL")
        .fetch_all(&mut *c)
        .await?
    {
        show(&row)?;
    }
    println!(
        "{:?}",
        raw_sql("SELECT ARRAY['a,b', NULL]")
            .fetch_one(c)
            .await?
            .try_get::<Vec<Option<String>>, _>(0)?
    );
    Ok(())
}

async fn cache() -> Result {
    let c = &mut connect().await?;
    for n in 0..150 {
        let statement = format!("SELECT {n} + $1");
        query_scalar::<_, i32>(AssertSqlSafe(statement)).bind(1).fetch_one(&mut *c).await?;
    }
    println!("{}", c.cached_statements_size());
    // The oldest were closed when the cache was full.
    println!("{}", prepared(c).await?);
    c.clear_cached_statements().await?;
    println!("{} {}", c.cached_statements_size(), prepared(c).await?);
    let statement = c.prepare(SqlStr::from_static("SELECT $1::int8 AS v, $2::text AS w")).await?;
    println!("{:?}", statement.parameters());
    println!("{:?}", statement.columns().iter().map(|column| column.name()).collect::<Vec<_>>());
    for n in 0..3i64 {
        println!(
            "{:?}",
            statement.query_as::<(i64, String)>().bind(n).bind("x").fetch_one(&mut *c).await?
        );
    }
    Ok(())
}

async fn prepared(c: &mut PgConnection) -> Result<i64> {
    Ok(query_scalar(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT % + $1'",
    )
    .fetch_one(c)
    .await?)
}

async fn not_kept() -> Result {
    let c = &mut connect().await?;
    for n in 0..3 {
        println!(
            "{}",
            query_scalar::<_, i32>("SELECT 10 + $1")
                .bind(n)
                .persistent(false)
                .fetch_one(&mut *c)
                .await?
        );
    }
    println!("{} {}", c.cached_statements_size(), prepared(c).await?);
    Ok(())
}

async fn replanned() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TABLE replanned (a int); INSERT INTO replanned VALUES (1)")
        .execute(&mut *c)
        .await?;
    let all = "SELECT * FROM replanned";
    println!("{}", query(all).fetch_one(&mut *c).await?.len());
    raw_sql("ALTER TABLE replanned ADD COLUMN b text DEFAULT 'new'").execute(&mut *c).await?;
    fails(query(all).fetch_one(&mut *c).await)?;
    c.clear_cached_statements().await?;
    println!("{}", query(all).fetch_one(c).await?.len());
    Ok(())
}

async fn push_values() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TABLE built (id int PRIMARY KEY, name text, at timestamptz DEFAULT now())")
        .execute(&mut *c)
        .await?;
    let mut builder = QueryBuilder::<Postgres>::new("INSERT INTO built (id, name) ");
    builder.push_values((0..1000).map(|n| (n, format!("name {n}"))), |mut row, (id, name)| {
        row.push_bind(id).push_bind(name);
    });
    builder.push(" ON CONFLICT DO NOTHING RETURNING id");
    println!("{}", builder.build().fetch_all(&mut *c).await?.len());
    println!(
        "{:?}",
        query_as::<_, (i64, String)>("SELECT count(*), max(name) FROM built WHERE at IS NOT NULL")
            .fetch_one(c)
            .await?
    );
    Ok(())
}

async fn conditions() -> Result {
    let c = &mut connect().await?;
    let mut builder = QueryBuilder::<Postgres>::new("SELECT id FROM built WHERE (id, name) IN ");
    builder.push_tuples([(1, "name 1"), (2, "other"), (3, "name 3")], |mut row, (id, name)| {
        row.push_bind(id).push_bind(name);
    });
    builder.push(" OR id IN (");
    let mut list = builder.separated(", ");
    for id in [7, 8] {
        list.push_bind(id);
    }
    list.push_unseparated(") ORDER BY id LIMIT ");
    builder.push_bind(10i64);
    println!("{:?}", builder.build_query_scalar::<i32>().fetch_all(c).await?);
    Ok(())
}

async fn many_parameters() -> Result {
    let c = &mut connect().await?;
    let mut builder = QueryBuilder::<Postgres>::new("SELECT count(*) FROM (");
    builder.push_values(0..60_000i32, |mut row, n| {
        row.push_bind(n);
    });
    builder.push(") v (n)");
    println!("{}", builder.build_query_scalar::<i64>().fetch_one(&mut *c).await?);
    let mut builder = QueryBuilder::<Postgres>::new("SELECT count(*) FROM (");
    builder.push_values(0..70_000i32, |mut row, n| {
        row.push_bind(n);
    });
    builder.push(") v (n)");
    fails(builder.build_query_scalar::<i64>().fetch_one(c).await)
}

async fn arrays() -> Result {
    let c = &mut connect().await?;
    let names = ["x", "y"];
    let inserted =
        query("INSERT INTO built (id, name) SELECT * FROM UNNEST($1::int[], $2::text[])")
            .bind((5000..5002).bind_iter())
            .bind(names.iter().bind_iter())
            .execute(&mut *c)
            .await?;
    println!("{}", inserted.rows_affected());
    println!(
        "{}",
        query("DELETE FROM built WHERE id = ANY($1)")
            .bind(vec![5000, 5001])
            .execute(c)
            .await?
            .rows_affected()
    );
    Ok(())
}

async fn upsert() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TABLE upserted (k text PRIMARY KEY, n int NOT NULL DEFAULT 1)")
        .execute(&mut *c)
        .await?;
    for key in ["a", "b", "a"] {
        let row: (i32, bool) = query_as(
            "INSERT INTO upserted (k) VALUES ($1) ON CONFLICT (k) DO UPDATE SET n = upserted.n + EXCLUDED.n RETURNING n, xmax = 0",
        )
        .bind(key)
        .fetch_one(&mut *c)
        .await?;
        println!("{row:?}");
    }
    Ok(())
}

async fn columns() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TABLE origin (a int, \"B c\" text); CREATE VIEW origins AS SELECT a FROM origin; INSERT INTO origin VALUES (1, 'x')")
        .execute(&mut *c)
        .await?;
    for statement in [
        "SELECT a, \"B c\" AS renamed, a + 1 FROM origin",
        "SELECT o.a, v.a FROM origin o, origins v",
        "SELECT a FROM (SELECT a FROM origin) s",
    ] {
        for column in c.describe(SqlStr::from_static(statement)).await?.columns() {
            println!("{} {:?}", column.name(), column.origin());
        }
    }
    Ok(())
}

/// A future that is dropped leaves its answer on the connection, to be skipped by the next query.
async fn dropped() -> Result {
    let c = &mut connect().await?;
    let slow = query("SELECT pg_sleep(0.3)").execute(&mut *c);
    println!("{}", tokio::time::timeout(std::time::Duration::from_millis(50), slow).await.is_err());
    println!("{}", query_scalar::<_, i32>("SELECT 1").fetch_one(&mut *c).await?);
    let mut transaction = c.begin().await?;
    let slow = query("SELECT pg_sleep(0.3)").execute(&mut *transaction);
    println!("{}", tokio::time::timeout(std::time::Duration::from_millis(50), slow).await.is_err());
    drop(transaction);
    println!("{}", c.is_in_transaction());
    println!("{}", query_scalar::<_, i32>("SELECT 2").fetch_one(c).await?);
    Ok(())
}
