//! Transactions, savepoints, and portals, which live in them.

use checks::{Checks, Result};
use futures::{TryStreamExt, pin_mut};
use tokio_postgres::{IsolationLevel, types::ToSql};

use crate::{connecting::connect, errors::fails};

pub fn add(checks: &mut Checks) {
    checks.add("transactions", transactions());
    checks.add("transactions dropped are rolled back", dropped());
    checks.add("savepoints", savepoints());
    checks.add("isolation levels and modes", modes());
    checks.add("a failed transaction", failed());
    checks.add("serialization failures", serialization());
    checks.add("portals", portals());
    checks.add("several portals", several_portals());
    checks.add("portals of changes", portals_of_changes());
}

async fn transactions() -> Result {
    let mut client = connect().await?;
    client.batch_execute("CREATE TABLE tx (a int PRIMARY KEY)").await?;
    let transaction = client.transaction().await?;
    transaction.execute("INSERT INTO tx VALUES ($1)", &[&1i32]).await?;
    println!("{}", transaction.query("SELECT * FROM tx", &[]).await?.len());
    transaction.commit().await?;
    let transaction = client.transaction().await?;
    transaction
        .batch_execute("INSERT INTO tx VALUES (2); CREATE TABLE rolled_back (a int)")
        .await?;
    transaction.rollback().await?;
    println!("{}", client.query("SELECT * FROM tx", &[]).await?.len());
    fails(client.query("SELECT * FROM rolled_back", &[]).await)
}

async fn dropped() -> Result {
    let mut client = connect().await?;
    client.batch_execute("CREATE TABLE tx_dropped (a int)").await?;
    client.transaction().await?.execute("INSERT INTO tx_dropped VALUES (1)", &[]).await?;
    println!("{}", client.query("SELECT * FROM tx_dropped", &[]).await?.len());
    Ok(())
}

async fn savepoints() -> Result {
    let mut client = connect().await?;
    client.batch_execute("CREATE TABLE tx_nested (a int PRIMARY KEY)").await?;
    let mut outer = client.transaction().await?;
    outer.execute("INSERT INTO tx_nested VALUES (1)", &[]).await?;
    {
        let mut middle = outer.transaction().await?;
        fails(middle.execute("INSERT INTO tx_nested VALUES (1)", &[]).await)?;
        fails(middle.execute("SELECT 1", &[]).await)?;
        fails(middle.transaction().await.map(drop))?;
        middle.rollback().await?;
    }
    let mut named = outer.savepoint("named").await?;
    named.execute("INSERT INTO tx_nested VALUES (2)", &[]).await?;
    let inner = named.transaction().await?;
    inner.execute("INSERT INTO tx_nested VALUES (3)", &[]).await?;
    drop(inner);
    named.commit().await?;
    outer.commit().await?;
    let rows = client.query("SELECT a FROM tx_nested ORDER BY a", &[]).await?;
    println!("{:?}", rows.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>());
    Ok(())
}

async fn modes() -> Result {
    let mut client = connect().await?;
    for level in [
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ] {
        for read_only in [true, false] {
            let transaction = client
                .build_transaction()
                .isolation_level(level)
                .read_only(read_only)
                .deferrable(true)
                .start()
                .await?;
            let row = transaction
                .query_one(
                    "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only'), \
                     current_setting('transaction_deferrable')",
                    &[],
                )
                .await?;
            println!("{:?}", (0..3).map(|n| row.get::<_, String>(n)).collect::<Vec<_>>());
            if read_only {
                fails(transaction.execute("CREATE TABLE never (a int)", &[]).await)?;
            }
        }
    }
    Ok(())
}

async fn failed() -> Result {
    let mut client = connect().await?;
    let transaction = client.transaction().await?;
    fails(transaction.query("SELECT 1/0", &[]).await)?;
    fails(transaction.query("SELECT 1", &[]).await)?;
    fails(transaction.prepare("SELECT 1").await)?;
    println!("{:?}", transaction.commit().await.is_ok());
    println!("{}", client.query("SELECT 1", &[]).await?.len());
    Ok(())
}

async fn serialization() -> Result {
    let (mut first, mut second) = (connect().await?, connect().await?);
    first.batch_execute("CREATE TABLE tx_serial (a int); INSERT INTO tx_serial VALUES (1)").await?;
    for level in [IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
        let one = first.build_transaction().isolation_level(level).start().await?;
        let two = second.build_transaction().isolation_level(level).start().await?;
        one.query("SELECT * FROM tx_serial", &[]).await?;
        two.query("SELECT * FROM tx_serial", &[]).await?;
        one.execute("UPDATE tx_serial SET a = a + 1", &[]).await?;
        one.commit().await?;
        fails(two.execute("UPDATE tx_serial SET a = a + 1", &[]).await)?;
    }
    Ok(())
}

async fn portals() -> Result {
    let mut client = connect().await?;
    let transaction = client.transaction().await?;
    let statement = transaction.prepare("SELECT generate_series(1, $1)").await?;
    let portal = transaction.bind(&statement, &[&10i32]).await?;
    for rows_max in [3, 3, 3, 3, 3] {
        let rows = transaction.query_portal(&portal, rows_max).await?;
        println!("{:?}", rows.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>());
    }
    let all = transaction.bind("SELECT generate_series(1, 5000)", &[]).await?;
    println!("{}", transaction.query_portal(&all, 0).await?.len());
    let early = transaction.bind("SELECT generate_series(1, 1000000)", &[]).await?;
    println!("{}", transaction.query_portal(&early, 1).await?.len());
    drop(early);
    let row = transaction
        .query_one(
            "SELECT count(*), bool_and(NOT is_holdable AND NOT is_scrollable) FROM pg_cursors",
            &[],
        )
        .await?;
    println!("{} {}", row.get::<_, i64>(0), row.get::<_, bool>(1));
    transaction.commit().await?;
    Ok(())
}

async fn several_portals() -> Result {
    let mut client = connect().await?;
    let transaction = client.transaction().await?;
    let statement = transaction.prepare("SELECT g FROM generate_series($1::int, $1 + 9) g").await?;
    let (ones, hundreds) = (
        transaction.bind(&statement, &[&1i32]).await?,
        transaction.bind(&statement, &[&100i32]).await?,
    );
    for _ in 0..3 {
        let (left, right) = futures::try_join!(
            transaction.query_portal(&ones, 4),
            transaction.query_portal(&hundreds, 4)
        )?;
        println!(
            "{:?} {:?}",
            left.first().map(|row| row.get::<_, i32>(0)),
            right.last().map(|row| row.get::<_, i32>(0))
        );
    }
    let rows = transaction.query_portal_raw(&ones, 1).await?;
    pin_mut!(rows);
    println!("{:?} {:?}", rows.try_next().await?.is_none(), rows.rows_affected());
    Ok(())
}

async fn portals_of_changes() -> Result {
    let mut client = connect().await?;
    client.batch_execute("CREATE TABLE tx_portal (a int)").await?;
    let transaction = client.transaction().await?;
    let parameters: [&(dyn ToSql + Sync); 1] = [&5i32];
    let portal = transaction
        .bind("INSERT INTO tx_portal SELECT generate_series(1, $1) RETURNING a", &parameters)
        .await?;
    println!("{}", transaction.query_portal(&portal, 2).await?.len());
    println!(
        "{}",
        transaction.query_one("SELECT count(*) FROM tx_portal", &[]).await?.get::<_, i64>(0)
    );
    println!("{}", transaction.query_portal(&portal, 0).await?.len());
    println!("{}", transaction.query_portal(&portal, 0).await?.len());
    Ok(())
}
