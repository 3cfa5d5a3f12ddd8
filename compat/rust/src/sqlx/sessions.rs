//! Listeners, advisory locks, and what ends a statement or a session early.

use std::time::Duration;

use checks::{Checks, Result};
use sqlx::{
    Connection, Either, PgConnection,
    postgres::{PgAdvisoryLock, PgListener},
    query, query_scalar, raw_sql,
};

use crate::{
    connecting::{connect, pool_of},
    errors::fails,
};

pub fn add(checks: &mut Checks) {
    checks.add("listener", listener());
    checks.add("listener that loses its connection", reconnecting());
    checks.add("listener in transactions", in_transactions());
    checks.add("advisory locks", advisory_locks());
    checks.add("cancelled by another session", cancelled());
    checks.add("statement timeout", timeout());
    checks.add("terminated by another session", terminated());
    checks.add("settings and temporary tables", settings());
}

async fn next(listener: &mut PgListener) -> Result {
    let heard = tokio::time::timeout(Duration::from_secs(5), listener.recv()).await??;
    println!("{} {:?} {}", heard.channel(), heard.payload(), heard.process_id() > 0);
    Ok(())
}

async fn listener() -> Result {
    let pool = pool_of(2).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen_all(["news", "Other News"]).await?;
    query("NOTIFY news, 'hello'").execute(&pool).await?;
    query("SELECT pg_notify('Other News', $1)").bind("it's").execute(&pool).await?;
    query("SELECT pg_notify('news', '')").execute(&pool).await?;
    for _ in 0..3 {
        next(&mut listener).await?;
    }
    listener.unlisten("news").await?;
    raw_sql("NOTIFY news, 'unheard'; NOTIFY \"Other News\", 'heard'").execute(&pool).await?;
    next(&mut listener).await?;
    listener.unlisten_all().await?;
    raw_sql("NOTIFY \"Other News\"").execute(&pool).await?;
    println!(
        "{}",
        tokio::time::timeout(Duration::from_millis(200), listener.recv()).await.is_err()
    );
    Ok(())
}

async fn reconnecting() -> Result {
    let pool = pool_of(2).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("again").await?;
    let pid: i32 = query_scalar("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN \"again\"%' AND pid <> pg_backend_pid()").fetch_one(&pool).await?;
    println!(
        "{}",
        query_scalar::<_, bool>("SELECT pg_terminate_backend($1)")
            .bind(pid)
            .fetch_one(&pool)
            .await?
    );
    println!("{}", listener.try_recv().await?.is_none());
    query("NOTIFY again, 'after'").execute(&pool).await?;
    next(&mut listener).await
}

async fn in_transactions() -> Result {
    let pool = pool_of(2).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("tx").await?;
    let mut transaction = pool.begin().await?;
    query("NOTIFY tx, 'rolled back'").execute(&mut *transaction).await?;
    transaction.rollback().await?;
    let mut transaction = pool.begin().await?;
    raw_sql("NOTIFY tx, 'twice'; NOTIFY tx, 'twice'; NOTIFY tx, 'once'")
        .execute(&mut *transaction)
        .await?;
    println!(
        "{}",
        tokio::time::timeout(Duration::from_millis(100), listener.recv()).await.is_err()
    );
    transaction.commit().await?;
    next(&mut listener).await?;
    next(&mut listener).await
}

async fn advisory_locks() -> Result {
    let lock = PgAdvisoryLock::new("my lock");
    println!("{:?}", lock.key());
    let guard = lock.acquire(connect().await?).await?;
    let attempt = lock.try_acquire(connect().await?).await?;
    println!("{}", matches!(attempt, Either::Right(_)));
    let Either::Right(mut other) = attempt else { return Err("it was free".into()) };
    println!("{}", held(&mut other).await?);
    let first = guard.release_now().await?;
    println!("{}", held(&mut other).await?);
    let Either::Left(guard) = lock.try_acquire(other).await? else {
        return Err("it was not free".into());
    };
    drop(guard);
    let (_, released) = lock.force_release(first).await?;
    println!("{released}");
    Ok(())
}

async fn held(c: &mut PgConnection) -> Result<i64> {
    let query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    Ok(query_scalar(query).fetch_one(c).await?)
}

async fn cancelled() -> Result {
    let (c, other) = (&mut connect().await?, &mut connect().await?);
    let pid: i32 = query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *c).await?;
    let (sleeping, cancelled) =
        futures::join!(query("SELECT pg_sleep(15)").execute(&mut *c), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            query_scalar::<_, bool>("SELECT pg_cancel_backend($1)").bind(pid).fetch_one(other).await
        });
    println!("{}", cancelled?);
    fails(sleeping)?;
    println!("{}", query_scalar::<_, i32>("SELECT 1").fetch_one(c).await?);
    Ok(())
}

async fn timeout() -> Result {
    let c = &mut connect().await?;
    query("SET statement_timeout = '200ms'").execute(&mut *c).await?;
    fails(query("SELECT pg_sleep(15)").execute(&mut *c).await)?;
    fails(
        query("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")
            .execute(c)
            .await,
    )
}

async fn terminated() -> Result {
    let (mut c, other) = (connect().await?, &mut connect().await?);
    let pid: i32 = query_scalar("SELECT pg_backend_pid()").fetch_one(&mut c).await?;
    println!(
        "{}",
        query_scalar::<_, bool>("SELECT pg_terminate_backend($1)")
            .bind(pid)
            .fetch_one(other)
            .await?
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    fails(query("SELECT 1").execute(&mut c).await)?;
    println!("{}", c.ping().await.is_err());
    Ok(())
}

async fn settings() -> Result {
    let c = &mut connect().await?;
    raw_sql("SET search_path = nowhere; SET work_mem = '7MB'; CREATE TEMP TABLE passing (a int)")
        .execute(&mut *c)
        .await?;
    println!("{}", query_scalar::<_, String>("SHOW search_path").fetch_one(&mut *c).await?);
    println!("{}", query("SELECT * FROM passing").fetch_all(&mut *c).await?.len());
    println!(
        "{}",
        query_scalar::<_, String>("SELECT set_config('app.who', $1, false)")
            .bind("me")
            .fetch_one(&mut *c)
            .await?
    );
    raw_sql("RESET ALL; DISCARD TEMP").execute(&mut *c).await?;
    fails(query("SELECT * FROM passing").execute(&mut *c).await)?;
    println!("{}", query_scalar::<_, String>("SHOW work_mem").fetch_one(c).await?);
    Ok(())
}
