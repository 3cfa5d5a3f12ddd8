//! Statements: prepared and not, their parameters' and columns' types, rows as a stream, several at
//! once, and the simple protocol.

use std::time::Duration;

use checks::{Checks, Result};
use futures::{StreamExt, TryStreamExt, future::join_all, pin_mut};
use tokio_postgres::{
    SimpleQueryMessage,
    types::{ToSql, Type},
};

use crate::{connecting::connect, errors::fails, types::show_statement};

pub fn add(checks: &mut Checks) {
    checks.add("inferred types of parameters", inferred());
    checks.add("columns and where they come from", columns());
    checks.add("types said by the client", said());
    checks.add("unnamed statements with types", typed());
    checks.add("statements are closed", closed());
    checks.add("statements after their table changed", replanned());
    checks.add("rows affected", affected());
    checks.add("rows as a stream", stream());
    checks.add("pipelined statements", pipelined());
    checks.add("rows abandoned", abandoned());
    checks.add("simple query", simple());
    checks.add("simple query of several statements", simple_several());
    checks.add("batches", batches());
    checks.add("upsert and returning", upsert());
    checks.add("limits and lists as parameters", lists());
}

async fn inferred() -> Result {
    let client = connect().await?;
    client
        .batch_execute(
            "CREATE TABLE inferred (id bigserial PRIMARY KEY, n numeric(6,2), t varchar(9), c char(3), d date, \
             ts timestamptz DEFAULT now(), a int[], j jsonb, u uuid, b bytea, r int4range, i inet, o oid, q \"char\")",
        )
        .await?;
    for statement in [
        "INSERT INTO inferred (n, t, c, d, ts, a, j, u, b, r, i, o, q) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        "SELECT * FROM inferred WHERE id = $1 AND n > $2 AND t LIKE $3 AND c = $4 AND d BETWEEN $5 AND $6",
        "SELECT id FROM inferred WHERE a @> $1 AND $2 = ANY (a) AND j ->> $3 = $4 AND j @> $5 AND r && $6 AND i << $7",
        "SELECT id FROM inferred WHERE ts > now() - $1::interval AND ts + $2 > $3 AND d - $4 > $5 AND d + $6 < $7",
        "UPDATE inferred SET n = n + $1, t = t || $2, a = a || $3, ts = $4 WHERE id IN ($5, $6) RETURNING n, t, a",
        "SELECT $1 + 1, $2 || 'x', $3 AND true, coalesce($4, 1.5), CASE WHEN $5 THEN $6 ELSE 1 END, NULLIF($7, 'x')",
        "SELECT generate_series($1, $2), length($3), to_char($4::numeric, $5), date_trunc($6, $7::timestamptz)",
        "SELECT id FROM inferred ORDER BY id LIMIT $1 OFFSET $2",
        "SELECT id FROM inferred WHERE id = ANY ($1) OR u = ANY ($2) OR t = ANY ($3)",
        "VALUES ($1, 1), ('x', $2)",
        "SELECT * FROM (VALUES ($1::int, $2)) v (a, b) WHERE b = 'x'",
        "DELETE FROM inferred WHERE o = $1 AND q = $2 AND b = $3",
        "SELECT $1, $2 IS NULL, ARRAY[$3, 1], ROW($4::text, $5::int)",
        "WITH w AS (SELECT $1::int AS x) SELECT x + $2 FROM w WHERE x > $3",
    ] {
        match client.prepare(statement).await {
            Ok(statement) => show_statement(&statement),
            error => fails(error)?,
        }
    }
    Ok(())
}

async fn columns() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE origin (a int, b varchar(7), c numeric(5,2)); CREATE VIEW origins AS SELECT c, a FROM origin")
        .await?;
    for query in [
        "SELECT a, b, c, a + 1, b || 'x', c::int, count(*) OVER () FROM origin",
        "SELECT o.b AS renamed, v.a FROM origin o JOIN origins v USING (c)",
        "SELECT x.c FROM (SELECT c FROM origin) x UNION SELECT c FROM origin",
        "INSERT INTO origin VALUES (1) RETURNING b, a",
        "SELECT 1",
        "SELECT FROM origin",
        "SHOW work_mem",
        "EXPLAIN SELECT 1",
        "CREATE TABLE never_made (a int)",
    ] {
        show_statement(&client.prepare(query).await?);
    }
    Ok(())
}

async fn said() -> Result {
    let client = connect().await?;
    let statement = client
        .prepare_typed("SELECT $1, $2::text, $3", &[Type::INT8, Type::INT4, Type::UNKNOWN])
        .await?;
    show_statement(&statement);
    let row = client.query_one(&statement, &[&1i64, &2i32, &"x"]).await?;
    println!("{} {} {}", row.get::<_, i64>(0), row.get::<_, &str>(1), row.get::<_, &str>(2));
    show_statement(&client.prepare_typed("SELECT $1::int", &[Type::BOOL, Type::BOOL]).await?);
    fails(client.prepare_typed("SELECT $1 + 1", &[Type::TEXT]).await)
}

async fn typed() -> Result {
    let client = connect().await?;
    let rows = client
        .query_typed(
            "SELECT $1 + $2, $3",
            &[(&1i32, Type::INT4), (&2i64, Type::INT8), (&"x", Type::TEXT)],
        )
        .await?;
    println!("{} {}", rows[0].get::<_, i64>(0), rows[0].get::<_, &str>(1));
    client.batch_execute("CREATE TABLE typed (a int)").await?;
    println!(
        "{}",
        client
            .execute_typed(
                "INSERT INTO typed SELECT generate_series(1, $1)",
                &[(&4i32, Type::INT4)]
            )
            .await?
    );
    println!("{}", client.query_typed("SELECT a FROM typed", &[]).await?.len());
    println!(
        "{:?}",
        client
            .query_typed_opt("SELECT a FROM typed WHERE a = $1", &[(&9i32, Type::INT4)])
            .await?
            .is_none()
    );
    fails(client.query_typed("SELECT nothing", &[]).await)
}

/// Dropping a statement closes it when the client next speaks.
async fn closed() -> Result {
    let client = connect().await?;
    let count = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 11%'";
    let statement = client.prepare("SELECT 11, $1::int").await?;
    println!("{}", client.query_one_scalar::<i64, _>(count, &[]).await?);
    drop(statement);
    println!("{}", client.query_one_scalar::<i64, _>(count, &[]).await?);
    let row = client.query_one("SELECT parameter_types::text[], from_sql, generic_plans + custom_plans > 0 FROM pg_prepared_statements WHERE statement LIKE 'SELECT parameter_types%'", &[]).await?;
    println!(
        "{:?} {} {}",
        row.get::<_, Vec<String>>(0),
        row.get::<_, bool>(1),
        row.get::<_, bool>(2)
    );
    Ok(())
}

async fn replanned() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE replanned (a int); INSERT INTO replanned VALUES (1)")
        .await?;
    let all = client.prepare("SELECT * FROM replanned").await?;
    let one = client.prepare("SELECT a FROM replanned WHERE a = $1").await?;
    client.batch_execute("ALTER TABLE replanned ADD COLUMN b text").await?;
    fails(client.query(&all, &[]).await)?;
    println!("{}", client.query(&one, &[&1i32]).await?.len());
    client.batch_execute("ALTER TABLE replanned RENAME COLUMN a TO z").await?;
    fails(client.query(&one, &[&1i32]).await)?;
    client.batch_execute("DROP TABLE replanned").await?;
    fails(client.query(&one, &[&1i32]).await)
}

async fn affected() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE affected (a int)").await?;
    for statement in [
        "INSERT INTO affected SELECT generate_series(1, 10)",
        "UPDATE affected SET a = a + 1 WHERE a > 5",
        "DELETE FROM affected WHERE a < 3",
        "SELECT * FROM affected",
        "CREATE TABLE affected_too AS SELECT * FROM affected",
        "INSERT INTO affected VALUES (1) RETURNING a",
        "MERGE INTO affected USING (VALUES (1), (77)) v (x) ON a = x WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (x)",
        "TRUNCATE affected",
        "SET work_mem = '5MB'",
        "",
        "-- nothing",
    ] {
        println!("{} {statement}", client.execute(statement, &[]).await?);
    }
    Ok(())
}

async fn stream() -> Result {
    let client = connect().await?;
    let parameters: [&(dyn ToSql + Sync); 1] = [&50_000i32];
    let rows = client
        .query_raw("SELECT g, repeat('x', 20) FROM generate_series(1, $1) g", parameters)
        .await?;
    pin_mut!(rows);
    let mut sum = 0i64;
    while let Some(row) = rows.try_next().await? {
        sum += i64::from(row.get::<_, i32>(0));
    }
    println!("{sum} {:?}", rows.rows_affected());
    Ok(())
}

async fn pipelined() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE pipelined (a int PRIMARY KEY)").await?;
    let insert = client.prepare("INSERT INTO pipelined VALUES ($1)").await?;
    let keys: Vec<i32> = (0..200).chain([7]).chain(200..210).collect();
    let results =
        join_all(keys.iter().map(|key| async { client.execute(&insert, &[key]).await })).await;
    println!("{}", results.iter().filter(|result| result.is_ok()).count());
    let prepared = join_all((0..20).map(|n| {
        let client = &client;
        async move {
            client
                .query_one_scalar::<i32, _>(
                    &format!("SELECT {n} + count(*)::int FROM pipelined"),
                    &[],
                )
                .await
        }
    }));
    println!("{:?}", prepared.await.into_iter().collect::<std::result::Result<Vec<_>, _>>()?);
    Ok(())
}

async fn abandoned() -> Result {
    let client = connect().await?;
    let parameters: [&(dyn ToSql + Sync); 0] = [];
    {
        let rows = client.query_raw("SELECT generate_series(1, 100000)", parameters).await?;
        pin_mut!(rows);
        println!("{}", rows.next().await.ok_or("a row")??.get::<_, i32>(0));
    }
    let slow = client.query("SELECT pg_sleep(0.2)", &[]);
    println!("{}", tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
    println!("{}", client.query_one_scalar::<String, _>("SELECT 'next'", &[]).await?);
    Ok(())
}

async fn simple() -> Result {
    let client = connect().await?;
    show_simple(
        client
            .simple_query(
                "SELECT 1 AS one, NULL AS two, true, 1.50, now() IS NULL, '{a,b}'::text[]",
            )
            .await?,
    );
    show_simple(client.simple_query("SELECT").await?);
    show_simple(client.simple_query("").await?);
    show_simple(client.simple_query("SELECT 1 WHERE false").await?);
    fails(client.simple_query("SELECT $1").await)
}

async fn simple_several() -> Result {
    let client = connect().await?;
    let several = "CREATE TABLE several (a int); INSERT INTO several VALUES (1), (2); SELECT a FROM several; \
         COMMIT; BEGIN; DELETE FROM several; ROLLBACK; SELECT count(*) FROM several; ; SHOW server_version_num";
    let messages = client.simple_query(several).await?;
    // All but the version of the server.
    show_simple(messages.into_iter().rev().skip(2).rev().collect());
    fails(client.simple_query("INSERT INTO several VALUES (3); SELECT 1/0; SELECT 2").await)?;
    show_simple(client.simple_query("SELECT count(*) FROM several").await?);
    Ok(())
}

fn show_simple(messages: Vec<SimpleQueryMessage>) {
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                println!(
                    "columns {:?}",
                    columns.iter().map(|column| column.name()).collect::<Vec<_>>()
                );
            }
            SimpleQueryMessage::Row(row) => {
                println!("row {:?}", (0..row.len()).map(|n| row.get(n)).collect::<Vec<_>>())
            }
            SimpleQueryMessage::CommandComplete(rows) => println!("complete {rows}"),
            other => println!("{other:?}"),
        }
    }
}

async fn batches() -> Result {
    let client = connect().await?;
    client
        .batch_execute(
            "CREATE TABLE batched (a int); -- a comment; with a semicolon\n\
             CREATE FUNCTION batched_twice(int) RETURNS int LANGUAGE sql AS $$ SELECT $1 * 2; $$;\n\
             INSERT INTO batched VALUES (batched_twice(2)), (1); /* ; */ SELECT * FROM batched;",
        )
        .await?;
    println!("{}", client.query_one_scalar::<i64, _>("SELECT sum(a) FROM batched", &[]).await?);
    fails(
        client
            .batch_execute("INSERT INTO batched VALUES (5); INSERT INTO nowhere VALUES (1)")
            .await,
    )?;
    println!("{}", client.query_one_scalar::<i64, _>("SELECT count(*) FROM batched", &[]).await?);
    Ok(())
}

async fn upsert() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE upserted (k text PRIMARY KEY, n int NOT NULL DEFAULT 1)")
        .await?;
    let upsert = client
        .prepare("INSERT INTO upserted (k) VALUES ($1) ON CONFLICT (k) DO UPDATE SET n = upserted.n + EXCLUDED.n RETURNING n, xmax <> 0")
        .await?;
    for key in ["a", "b", "a"] {
        println!("{}", client.query_one(&upsert, &[&key]).await?.get::<_, i32>(0));
    }
    println!(
        "{}",
        client.execute("INSERT INTO upserted VALUES ($1) ON CONFLICT DO NOTHING", &[&"a"]).await?
    );
    Ok(())
}

async fn lists() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE listed (a int8 PRIMARY KEY, b text); INSERT INTO listed SELECT g, 'v' || g FROM generate_series(1, 50) g").await?;
    let rows = client
        .query("SELECT b FROM listed ORDER BY a DESC LIMIT $1 OFFSET $2", &[&2i64, &3i64])
        .await?;
    println!("{:?}", rows.iter().map(|row| row.get::<_, &str>("b")).collect::<Vec<_>>());
    let (keys, texts) = (vec![100i64, 101], vec!["x", "y"]);
    println!(
        "{}",
        client
            .execute(
                "INSERT INTO listed SELECT * FROM UNNEST($1::int8[], $2::text[])",
                &[&keys, &texts]
            )
            .await?
    );
    println!(
        "{}",
        client
            .execute("DELETE FROM listed WHERE a = ANY($1) OR b = ANY($2)", &[&keys, &vec!["v1"]])
            .await?
    );
    let parameters: Vec<i64> = (0..2000).collect();
    let places: Vec<_> = (1..=parameters.len()).map(|n| format!("${n}")).collect();
    let query = format!("SELECT count(*) FROM listed WHERE a IN ({})", places.join(", "));
    let parameters: Vec<_> = parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    println!("{}", client.query_one_scalar::<i64, _>(&query, &parameters).await?);
    Ok(())
}
