//! Errors by SQLSTATE, with every field that says what they are about.

use checks::{Checks, Result, in_one_line};
use tokio_postgres::{
    Error,
    error::{DbError, ErrorPosition, SqlState},
    types::ToSql,
};

use crate::connecting::connect;

pub fn add(checks: &mut Checks) {
    checks.add("errors with their fields", fields());
    checks.add("errors of exclusion constraints", exclusion());
    checks.add("errors of parameters", of_parameters());
    checks.add("errors of rows", of_rows());
    checks.add("errors by class", by_class());
    checks.add("errors raised by domains and casts", of_types());
    checks.add("errors end what is pipelined", pipelined());
}

/// Prints how something failed that must.
pub fn fails<T>(result: std::result::Result<T, Error>) -> Result {
    match result {
        Ok(_) => Err("nothing failed".into()),
        Err(error) => {
            println!("{}", describe(&error));
            Ok(())
        }
    }
}

fn describe(error: &Error) -> String {
    error.as_db_error().map_or_else(|| in_one_line(error), describe_fields)
}

/// All but where in the server's source it was raised.
pub fn describe_fields(error: &DbError) -> String {
    let mut text = format!(
        "{} {:?} {} {:?}",
        error.severity(),
        error.parsed_severity(),
        error.code().code(),
        error.message()
    );
    if let Some(ErrorPosition::Original(position)) = error.position() {
        text += &format!(" position={position}");
    }
    let fields = [
        ("detail", error.detail()),
        ("hint", error.hint()),
        ("where", error.where_()),
        ("schema", error.schema()),
        ("table", error.table()),
        ("column", error.column()),
        ("datatype", error.datatype()),
        ("constraint", error.constraint()),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            text += &format!(" {name}={value:?}");
        }
    }
    text
}

async fn fields() -> Result {
    let client = connect().await?;
    client
        .batch_execute(
            "CREATE TABLE err (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0), c int REFERENCES err, d varchar(2))",
        )
        .await?;
    for statement in [
        "SELEC",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM err",
        "SELECT er.a FROM err",
        "SELECT 1/0",
        "SELECT 'x'::int",
        "SELECT nothing(1)",
        "SELECT 1 + true",
        "SELECT a, count(*) FROM err",
        "INSERT INTO err VALUES (1, NULL)",
        "INSERT INTO err VALUES (1, -1)",
        "INSERT INTO err VALUES (1, 1, 9)",
        "INSERT INTO err VALUES (1, 1), (1, 1)",
        "INSERT INTO err VALUES (1, 1, NULL, 'long')",
        "INSERT INTO err (a, a) VALUES (1, 1)",
        "CREATE TABLE err (a int)",
        "DROP TABLE nowhere",
        "DROP TYPE nothing",
        "SET work_mem = 'much'",
        "SELECT 1; SELECT 2",
        "COMMIT PREPARED 'nothing'",
        "SELECT 2147483647 + 1",
        "SELECT '2024-02-30'::date",
        "SELECT '{1'::int[]",
        "SELECT '{\"a\":'::jsonb",
    ] {
        fails(client.query(statement, &[]).await)?;
    }
    Ok(())
}

async fn exclusion() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE excluded (r int4range, EXCLUDE USING gist (r WITH &&))")
        .await?;
    fails(client.execute("INSERT INTO excluded VALUES ('[1,5)'), ('[3,4)')", &[]).await)
}

async fn of_parameters() -> Result {
    let client = connect().await?;
    fails(client.query("SELECT $1", &[&1i32]).await)?;
    fails(client.query("SELECT $1::int", &[&"x"]).await)?;
    fails(client.query("SELECT $2::int", &[&1i32, &2i32]).await)?;
    fails(client.query("SELECT $1 + $2", &[&"1", &"2"]).await)?;
    fails(client.query("SELECT $1::int + 1", &[&i32::MAX]).await)?;
    fails(client.query("SELECT $0", &[]).await)?;
    fails(client.query_typed("SELECT $1", &[(&1i32, tokio_postgres::types::Type::TEXT)]).await)?;
    fails(client.query("SELECT $1::text", &[&"nul\0"]).await)
}

/// What the client finds wrong itself, after the server has said what it sends.
async fn of_rows() -> Result {
    let client = connect().await?;
    fails(client.query_one("SELECT generate_series(1, 2)", &[]).await)?;
    fails(client.query_one("SELECT 1 WHERE false", &[]).await)?;
    let row = client.query_one("SELECT 1::int8, NULL::int", &[]).await?;
    fails(row.try_get::<_, i32>(0))?;
    fails(row.try_get::<_, i32>(1))?;
    fails(row.try_get::<_, i64>("nothing"))
}

async fn by_class() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE class (a int PRIMARY KEY)").await?;
    let expected = [
        ("SELECT * FROM nowhere", SqlState::UNDEFINED_TABLE),
        ("INSERT INTO class VALUES (1), (1)", SqlState::UNIQUE_VIOLATION),
        ("INSERT INTO class VALUES (NULL)", SqlState::NOT_NULL_VIOLATION),
        ("SELECT 1/0", SqlState::DIVISION_BY_ZERO),
        ("SELECT 'x'::uuid", SqlState::INVALID_TEXT_REPRESENTATION),
        ("CREATE SCHEMA pg_mine", SqlState::RESERVED_NAME),
    ];
    for (statement, state) in expected {
        let code = client.execute(statement, &[]).await.err().and_then(|e| e.code().cloned());
        println!("{}", code == Some(state));
    }
    Ok(())
}

async fn of_types() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0)").await?;
    let parameters: [&(dyn ToSql + Sync); 1] = [&3i32];
    fails(client.query("SELECT $1::int::even", &parameters).await)?;
    fails(client.query("SELECT $1::int4::int2", &[&70_000i32]).await)?;
    fails(client.query("SELECT $1::text::even", &[&"x"]).await)
}

async fn pipelined() -> Result {
    let client = connect().await?;
    let (first, second, third) = futures::join!(
        client.query("SELECT 1", &[]),
        client.query("SELECT 1/0", &[]),
        client.query("SELECT 3", &[]),
    );
    println!("{} {}", first?.len(), third?.len());
    fails(second)
}
