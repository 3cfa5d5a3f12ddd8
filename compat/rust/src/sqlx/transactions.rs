//! Transactions: nested by savepoints, rolled back when dropped, of chosen kinds.

use checks::{Checks, Result};
use sqlx::{Connection, PgConnection, query, query_scalar, raw_sql};

use crate::{
    connecting::{connect, pool_of},
    errors::fails,
};

pub fn add(checks: &mut Checks) {
    checks.add("transactions", transactions());
    checks.add("transactions dropped are rolled back", dropped());
    checks.add("transactions nested", nested());
    checks.add("transactions of chosen kinds", kinds());
    checks.add("transactions by closures", closures());
    checks.add("a failed transaction", failed());
    checks.add("transactions of a pool", of_a_pool());
    checks.add("locks of rows", locks());
}

async fn count(c: &mut PgConnection) -> Result<i64> {
    Ok(query_scalar("SELECT count(*) FROM tx").fetch_one(c).await?)
}

async fn transactions() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TABLE tx (a int)").execute(&mut *c).await?;
    let mut transaction = c.begin().await?;
    query("INSERT INTO tx VALUES (1)").execute(&mut *transaction).await?;
    println!("{} {}", transaction.is_in_transaction(), count(&mut transaction).await?);
    transaction.commit().await?;
    let mut transaction = c.begin().await?;
    query("INSERT INTO tx VALUES (2)").execute(&mut *transaction).await?;
    transaction.rollback().await?;
    println!("{} {}", c.is_in_transaction(), count(c).await?);
    Ok(())
}

async fn dropped() -> Result {
    let c = &mut connect().await?;
    {
        let mut transaction = c.begin().await?;
        query("INSERT INTO tx VALUES (3)").execute(&mut *transaction).await?;
    }
    println!("{}", count(c).await?);
    Ok(())
}

async fn nested() -> Result {
    let c = &mut connect().await?;
    let mut outer = c.begin().await?;
    query("INSERT INTO tx VALUES (4)").execute(&mut *outer).await?;
    let mut inner = outer.begin().await?;
    query("INSERT INTO tx VALUES (5)").execute(&mut *inner).await?;
    let mut innermost = inner.begin().await?;
    fails(query("INSERT INTO tx VALUES ('x')").execute(&mut *innermost).await)?;
    fails(query("SELECT 1").execute(&mut *innermost).await)?;
    innermost.rollback().await?;
    println!("{}", count(&mut inner).await?);
    inner.commit().await?;
    let mut again = outer.begin().await?;
    query("INSERT INTO tx VALUES (6)").execute(&mut *again).await?;
    drop(again);
    println!("{}", count(&mut outer).await?);
    outer.commit().await?;
    println!("{}", count(c).await?);
    Ok(())
}

async fn kinds() -> Result {
    let c = &mut connect().await?;
    for begin in [
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE",
        "BEGIN TRANSACTION READ ONLY",
        "START TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    ] {
        let mut transaction = c.begin_with(begin).await?;
        let kind: (String, String) = sqlx::query_as("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
            .fetch_one(&mut *transaction)
            .await?;
        println!("{kind:?}");
        if kind.1 == "on" {
            fails(query("INSERT INTO tx VALUES (9)").execute(&mut *transaction).await)?;
        }
        transaction.rollback().await?;
    }
    fails(c.begin_with("SELECT 1").await.map(drop))
}

async fn closures() -> Result {
    let c = &mut connect().await?;
    let inserted: std::result::Result<u64, sqlx::Error> = c
        .transaction(|t| {
            Box::pin(async move {
                Ok(query("INSERT INTO tx VALUES (7)").execute(&mut **t).await?.rows_affected())
            })
        })
        .await;
    println!("{}", inserted?);
    let failed: std::result::Result<(), sqlx::Error> = c
        .transaction(|t| {
            Box::pin(async move {
                query("INSERT INTO tx VALUES (8)").execute(&mut **t).await?;
                query("SELECT 1/0").execute(&mut **t).await.map(drop)
            })
        })
        .await;
    fails(failed)?;
    println!("{}", count(c).await?);
    Ok(())
}

async fn failed() -> Result {
    let c = &mut connect().await?;
    let mut transaction = c.begin().await?;
    fails(query("SELECT 1/0").execute(&mut *transaction).await)?;
    fails(query("SELECT 1").execute(&mut *transaction).await)?;
    println!("{}", transaction.commit().await.is_ok());
    println!("{}", c.is_in_transaction());
    println!("{}", count(c).await?);
    Ok(())
}

async fn of_a_pool() -> Result {
    let pool = pool_of(2).await?;
    let transaction = pool.begin().await?;
    println!("{}", pool.try_begin().await?.is_some());
    drop(transaction);
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    query("INSERT INTO tx VALUES (10)").execute(&mut *transaction).await?;
    let others: i64 = query_scalar("SELECT count(*) FROM tx WHERE a = 10").fetch_one(&pool).await?;
    transaction.commit().await?;
    println!(
        "{others} {}",
        query_scalar::<_, i64>("SELECT count(*) FROM tx WHERE a = 10").fetch_one(&pool).await?
    );
    Ok(())
}

/// A queue of jobs as many write it.
async fn locks() -> Result {
    let (one, two) = (&mut connect().await?, &mut connect().await?);
    raw_sql("CREATE TABLE job (id int PRIMARY KEY, done bool NOT NULL DEFAULT false); INSERT INTO job VALUES (1), (2), (3)").execute(&mut *one).await?;
    let take = "UPDATE job SET done = true WHERE id = (SELECT id FROM job WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id";
    let mut first = one.begin().await?;
    let mut second = two.begin().await?;
    println!("{:?}", query_scalar::<_, i32>(take).fetch_optional(&mut *first).await?);
    println!("{:?}", query_scalar::<_, i32>(take).fetch_optional(&mut *second).await?);
    fails(query("SELECT * FROM job WHERE id = 1 FOR UPDATE NOWAIT").execute(&mut *second).await)?;
    first.commit().await?;
    second.rollback().await?;
    println!(
        "{}",
        query_scalar::<_, i64>("SELECT count(*) FROM job WHERE NOT done").fetch_one(two).await?
    );
    Ok(())
}
