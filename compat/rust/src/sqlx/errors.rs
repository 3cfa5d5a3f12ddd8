//! Errors: by kind, by SQLSTATE, with their fields.

use checks::{Checks, Result, in_one_line};
use sqlx::{
    Error,
    postgres::{PgDatabaseError, PgErrorPosition},
    query, query_scalar,
};

use crate::connecting::connect;

pub fn add(checks: &mut Checks) {
    checks.add("errors with their fields", fields());
    checks.add("errors by kind", kinds());
    checks.add("errors of rows and values", of_rows());
    checks.add("the session goes on after errors", goes_on());
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
    match error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()) {
        Some(error) => describe_fields(error),
        None => in_one_line(error),
    }
}

fn describe_fields(error: &PgDatabaseError) -> String {
    let mut text = format!("{:?} {} {:?}", error.severity(), error.code(), error.message());
    match error.position() {
        Some(PgErrorPosition::Original(position)) => text += &format!(" position={position}"),
        Some(PgErrorPosition::Internal { position, query }) => {
            text += &format!(" internal={position} {query:?}")
        }
        None => {}
    }
    let fields = [
        ("detail", error.detail()),
        ("hint", error.hint()),
        ("where", error.r#where()),
        ("schema", error.schema()),
        ("table", error.table()),
        ("column", error.column()),
        ("type", error.data_type()),
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
    let mut c = connect().await?;
    sqlx::raw_sql(
        "CREATE TABLE err (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0), c int REFERENCES err, UNIQUE (b, c)); \
         CREATE DOMAIN short AS text CONSTRAINT is_short CHECK (length(VALUE) < 3)",
    )
    .execute(&mut c)
    .await?;
    for statement in [
        "SELEC",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM err",
        "SELECT 1/0",
        "SELECT 'x'::int",
        "SELECT nothing(1)",
        "SELECT 'long'::short",
        "INSERT INTO err VALUES (1, NULL)",
        "INSERT INTO err VALUES (1, -1)",
        "INSERT INTO err VALUES (1, 1, 9)",
        "INSERT INTO err VALUES (1, 1), (1, 2)",
        "INSERT INTO err VALUES (1, 1, 1), (2, 1, 1)",
        "CREATE TABLE err (a int)",
        "SELECT 1; SELECT 2",
        "SELECT $1",
        "SELECT nowhere.nothing()",
        "ALTER TABLE err ADD COLUMN a int",
        "DROP SCHEMA public",
    ] {
        fails(query(statement).execute(&mut c).await)?;
    }
    Ok(())
}

async fn kinds() -> Result {
    let mut c = connect().await?;
    sqlx::raw_sql(
        "CREATE TABLE kinds (id int PRIMARY KEY, email text UNIQUE, age int CHECK (age > 0), parent int REFERENCES kinds, \
         name text NOT NULL DEFAULT ''); INSERT INTO kinds VALUES (1, 'a@b', 1)",
    )
    .execute(&mut c)
    .await?;
    for statement in [
        "INSERT INTO kinds VALUES (1)",
        "INSERT INTO kinds VALUES (2, 'a@b')",
        "INSERT INTO kinds VALUES (2, 'c', -1)",
        "INSERT INTO kinds VALUES (2, 'c', 1, 99)",
        "INSERT INTO kinds (id, name) VALUES (2, NULL)",
        "SELECT 1/0",
    ] {
        let error = query(statement).execute(&mut c).await.err().ok_or("nothing failed")?;
        let error = error.as_database_error().ok_or("not the server's")?;
        println!(
            "{:?} {} {} {} table={:?} constraint={:?}",
            error.kind(),
            error.is_unique_violation(),
            error.is_foreign_key_violation(),
            error.is_check_violation(),
            error.table(),
            error.constraint()
        );
    }
    Ok(())
}

async fn of_rows() -> Result {
    let mut c = connect().await?;
    fails(query_scalar::<_, i32>("SELECT 1 WHERE false").fetch_one(&mut c).await)?;
    fails(query_scalar::<_, i32>("SELECT 1::int8").fetch_one(&mut c).await)?;
    fails(query_scalar::<_, i32>("SELECT NULL::int").fetch_one(&mut c).await)?;
    fails(query("SELECT $1::int, $2::int").bind(1).execute(&mut c).await)?;
    fails(query("SELECT $1::int").bind("text").execute(&mut c).await)
}

async fn goes_on() -> Result {
    let mut c = connect().await?;
    for n in 0..5 {
        println!("{}", query("SELECT 1/0").execute(&mut c).await.is_err());
        println!("{}", query_scalar::<_, i32>("SELECT $1").bind(n).fetch_one(&mut c).await?);
    }
    Ok(())
}
