//! Databases made and dropped, and the migrations of migrations/ up and down in one.

use checks::{Checks, Result, in_one_line, variable};
use sqlx::{
    Connection, PgConnection, PgPool, Postgres,
    migrate::{MigrateDatabase, MigrateError, Migrator},
    postgres::PgPoolOptions,
    query, query_as, query_scalar,
};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

pub fn add(checks: &mut Checks) {
    checks.add("create and drop a database", databases());
    checks.add("migrations up", up());
    checks.add("migrations made the schema", schema());
    checks.add("migrations again, at once", at_once());
    checks.add("migrations that changed", changed());
    checks.add("migrations down", down());
    checks.add("migrations that fail", failing());
    checks.add("drop a database in use", drop_in_use());
}

fn url(database: &str) -> String {
    let (host, port) = (variable("PGHOST"), variable("PGPORT"));
    format!(
        "postgres://{}:{}@{host}:{port}/{database}?sslmode=disable",
        variable("PGUSER"),
        variable("PGPASSWORD")
    )
}

async fn connect() -> Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(1).connect(&url("migrated")).await?)
}

async fn databases() -> Result {
    println!("{}", Postgres::database_exists(&url("migrated")).await?);
    Postgres::create_database(&url("migrated")).await?;
    println!("{}", Postgres::database_exists(&url("migrated")).await?);
    crate::errors::fails(Postgres::create_database(&url("migrated")).await)?;
    Postgres::drop_database(&url("migrated")).await?;
    println!("{}", Postgres::database_exists(&url("migrated")).await?);
    Postgres::drop_database(&url("migrated")).await?;
    Postgres::create_database(&url("migrated")).await?;
    Ok(())
}

async fn applied(c: &PgPool) -> Result {
    let rows: Vec<(i64, String, bool, i32)> =
        query_as("SELECT version, description, success, length(checksum) FROM _sqlx_migrations ORDER BY version").fetch_all(c).await?;
    println!("{rows:?}");
    Ok(())
}

async fn up() -> Result {
    let c = &connect().await?;
    MIGRATIONS.run_to(20240101000000, c).await?;
    applied(c).await?;
    MIGRATIONS.run(c).await?;
    applied(c).await?;
    println!(
        "{}",
        query_scalar::<_, i64>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            .fetch_one(c)
            .await?
    );
    Ok(())
}

async fn schema() -> Result {
    let c = &connect().await?;
    query("INSERT INTO account (email) VALUES ('a@b'), ('c@d')").execute(c).await?;
    query("INSERT INTO entry (account, amount, data) SELECT id, 2.50, '{\"a\": 1}' FROM account")
        .execute(c)
        .await?;
    println!("{}", query_scalar::<_, String>("SELECT balance_of('a@b')::text").fetch_one(c).await?);
    let indexes: Vec<String> = query_scalar(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
    )
    .fetch_all(c)
    .await?;
    for index in indexes {
        println!("{index}");
    }
    println!(
        "{}",
        query_scalar::<_, String>("SELECT obj_description('account'::regclass)")
            .fetch_one(c)
            .await?
    );
    Ok(())
}

/// Several programs migrate when they start; an advisory lock lets one after the other.
async fn at_once() -> Result {
    let runs =
        (0..4).map(|_| async { MIGRATIONS.run(&connect().await?).await.map_err(Into::into) });
    let results: Vec<Result> = futures::future::join_all(runs).await;
    println!("{}", results.iter().filter(|result| result.is_ok()).count());
    applied(&connect().await?).await
}

async fn changed() -> Result {
    let c = &connect().await?;
    query("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 20240201000000")
        .execute(c)
        .await?;
    show_failure(MIGRATIONS.run(c).await);
    query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 20240201000000")
        .bind(
            &*MIGRATIONS
                .iter()
                .find(|m| m.version == 20240201000000)
                .ok_or("a migration")?
                .checksum,
        )
        .execute(c)
        .await?;
    query("INSERT INTO _sqlx_migrations VALUES (1, 'of another program', now(), true, '', 0)")
        .execute(c)
        .await?;
    show_failure(MIGRATIONS.run(c).await);
    query("DELETE FROM _sqlx_migrations WHERE version = 1").execute(c).await?;
    MIGRATIONS.run(c).await?;
    Ok(())
}

fn show_failure(result: std::result::Result<(), MigrateError>) {
    match result {
        Ok(()) => println!("nothing failed"),
        // sqlx would say at which line of the server's source.
        Err(MigrateError::ExecuteMigration(sqlx::Error::Database(error), version)) => {
            println!("{version} {}", error.message());
        }
        Err(error) => println!("{}", in_one_line(&error)),
    }
}

async fn down() -> Result {
    let c = &connect().await?;
    MIGRATIONS.undo(c, 20240101000000).await?;
    applied(c).await?;
    MIGRATIONS.undo(c, 0).await?;
    applied(c).await?;
    let left: Vec<String> = query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    .fetch_all(c)
    .await?;
    println!("{left:?}");
    MIGRATIONS.run(c).await?;
    Ok(())
}

/// A migration fails as a whole.
async fn failing() -> Result {
    use sqlx::{
        SqlStr,
        migrate::{Migration, MigrationType},
    };
    let c = &connect().await?;
    let sql = SqlStr::from_static("CREATE TABLE half (a int);\nSELECT 1/0;");
    let migration =
        Migration::new(20250101000000, "half".into(), MigrationType::Simple, sql, false);
    let mut migrator =
        Migrator::with_migrations(MIGRATIONS.iter().cloned().chain([migration]).collect());
    show_failure(migrator.set_locking(true).run(c).await);
    applied(c).await?;
    println!(
        "{:?}",
        query_scalar::<_, Option<String>>("SELECT to_regclass('half')::text").fetch_one(c).await?
    );
    Ok(())
}

async fn drop_in_use() -> Result {
    let mut c = PgConnection::connect(&url("migrated")).await?;
    crate::errors::fails(Postgres::drop_database(&url("migrated")).await)?;
    Postgres::force_drop_database(&url("migrated")).await?;
    println!("{}", Postgres::database_exists(&url("migrated")).await?);
    println!("{}", c.ping().await.is_err());
    Ok(())
}
