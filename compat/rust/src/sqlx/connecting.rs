//! Connecting by libpq's variables, by URL, by TLS; pools.

use std::time::Duration;

use checks::{Checks, Result, variable};
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
    query_scalar,
};

use crate::errors::fails;

pub fn add(checks: &mut Checks) {
    for (name, mode) in [
        ("disable", PgSslMode::Disable),
        ("prefer", PgSslMode::Prefer),
        ("require", PgSslMode::Require),
        ("verify-ca", PgSslMode::VerifyCa),
        ("verify-full", PgSslMode::VerifyFull),
    ] {
        checks.add(format!("connect sslmode={name}"), ssl_mode(mode));
    }
    checks.add("connect by URL", url());
    checks.add("connect with options", options());
    checks.add("connect with wrong password", refused(plain().password("wrong")));
    checks.add("connect to no database", refused(plain().database("nowhere")));
    checks.add("connect with a wrong option", refused(plain().options([("nothing", "1")])));
    checks.add("pool", pool());
    checks.add("pool waits and times out", pool_exhausted());
    checks.add("pool with hooks", pool_with_hooks());
    checks.add("ping and close", ping_and_close());
}

/// sqlx would choose TLS by itself.
fn plain() -> PgConnectOptions {
    PgConnectOptions::new().ssl_mode(PgSslMode::Disable)
}

pub async fn connect() -> Result<PgConnection> {
    Ok(plain().connect().await?)
}

pub async fn pool_of(connections: u32) -> Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(connections).connect_with(plain()).await?)
}

async fn ssl_mode(mode: PgSslMode) -> Result {
    let mut connection = PgConnectOptions::new().ssl_mode(mode).connect().await?;
    show_who(&mut connection).await
}

async fn show_who(connection: &mut PgConnection) -> Result {
    let who: (String, String, Option<i32>) =
        sqlx::query_as("SELECT current_user, current_database(), NULL::int")
            .fetch_one(connection)
            .await?;
    println!("{who:?}");
    Ok(())
}

async fn url() -> Result {
    let url = format!(
        "postgres://{}:{}@{}:{}/{}?sslmode=disable&application_name=by%20URL&statement-cache-capacity=5&options[work_mem]=6MB",
        variable("PGUSER"),
        variable("PGPASSWORD"),
        variable("PGHOST"),
        variable("PGPORT"),
        variable("PGDATABASE"),
    );
    let mut connection = PgConnection::connect(&url).await?;
    for setting in [
        "application_name",
        "work_mem",
        "DateStyle",
        "TimeZone",
        "client_encoding",
        "extra_float_digits",
    ] {
        let value: String = query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await?;
        println!("{setting} {value}");
    }
    show_who(&mut connection).await
}

async fn options() -> Result {
    let mut connection = plain()
        .application_name("compat")
        .options([("search_path", "x, y"), ("statement_timeout", "4321")])
        .extra_float_digits(None)
        .connect()
        .await?;
    for setting in ["application_name", "search_path", "statement_timeout", "extra_float_digits"] {
        let value: String = query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await?;
        println!("{setting} {value}");
    }
    println!("{:?}", sqlx::postgres::PgConnectOptions::get_ssl_mode(&plain()));
    Ok(())
}

async fn refused(options: PgConnectOptions) -> Result {
    fails(options.connect().await)
}

async fn pool() -> Result {
    let pool = pool_of(4).await?;
    let queries = (0..40)
        .map(|n| query_scalar("SELECT $1::int * 2 FROM pg_sleep(0.01)").bind(n).fetch_one(&pool));
    let doubled: Vec<i32> = futures::future::try_join_all(queries).await?;
    println!("{} {}", doubled.iter().sum::<i32>(), pool.size() <= 4);
    pool.close().await;
    println!("{}", pool.is_closed());
    fails(query_scalar::<_, i32>("SELECT 1").fetch_one(&pool).await)
}

async fn pool_exhausted() -> Result {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(200))
        .connect_with(plain())
        .await?;
    let held = pool.acquire().await?;
    fails(pool.acquire().await)?;
    drop(held);
    println!("{}", pool.acquire().await.is_ok());
    Ok(())
}

async fn pool_with_hooks() -> Result {
    let pool = PgPoolOptions::new()
        .min_connections(2)
        .max_connections(2)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql("SET work_mem = '9MB'; SET TIME ZONE 'Asia/Tokyo'")
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                Ok(meta.idle_for < Duration::from_secs(60) && connection.ping().await.is_ok())
            })
        })
        .connect_with(plain())
        .await?;
    for _ in 0..3 {
        let (memory, zone): (String, String) =
            sqlx::query_as("SELECT current_setting('work_mem'), current_setting('TimeZone')")
                .fetch_one(&pool)
                .await?;
        println!("{memory} {zone}");
    }
    Ok(())
}

async fn ping_and_close() -> Result {
    let mut connection = connect().await?;
    connection.ping().await?;
    println!("{}", connection.server_version_num().is_some_and(|version| version >= 150_000));
    connection.close().await?;
    Ok(())
}
