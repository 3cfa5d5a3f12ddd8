//! What a session is beside its statements: cancelling, notices, notifications, settings, its end.

use std::{future::poll_fn, time::Duration};

use checks::{Checks, Result, variable};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, NoTls, config::SslMode};

use crate::{
    connecting::{config, connect, make_tls},
    errors::{describe_fields, fails},
};

pub fn add(checks: &mut Checks) {
    checks.add("cancel", cancel());
    checks.add("cancel over TLS", cancel_over_tls());
    checks.add("cancel when nothing runs", cancel_of_nothing());
    checks.add("statement timeout", timeout());
    checks.add("notices", notices());
    checks.add("notifications", notifications());
    checks.add("notifications of transactions", notifications_of_transactions());
    checks.add("parameters of the server", parameters());
    checks.add("settings of a session", settings());
    checks.add("temporary tables and discard", discard());
    checks.add("the connection is alive, then closed", closing());
    checks.add("terminated by another session", terminated());
    checks.add("advisory locks", advisory_locks());
    checks.add("idle in transaction", idle_in_transaction());
}

/// A client, and what the server tells it unasked.
async fn connect_and_hear() -> Result<(Client, UnboundedReceiver<AsyncMessage>)> {
    let (client, mut connection) = config().connect(NoTls).await?;
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    Ok((client, receiver))
}

async fn hear(receiver: &mut UnboundedReceiver<AsyncMessage>) -> Result {
    match tokio::time::timeout(Duration::from_secs(5), receiver.recv()).await?.ok_or("the end")? {
        AsyncMessage::Notice(notice) => println!("notice {}", describe_fields(&notice)),
        AsyncMessage::Notification(n) => println!("notification {} {:?}", n.channel(), n.payload()),
        _ => println!("?"),
    }
    Ok(())
}

async fn cancel() -> Result {
    let client = connect().await?;
    let token = client.cancel_token();
    let (sleeping, cancelled) = futures::join!(client.query("SELECT pg_sleep(15)", &[]), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel_query(NoTls).await
    });
    cancelled?;
    fails(sleeping)?;
    println!("{}", client.query("SELECT 1", &[]).await?.len());
    Ok(())
}

async fn cancel_over_tls() -> Result {
    let (client, connection) = config().ssl_mode(SslMode::Require).connect(make_tls()?).await?;
    tokio::spawn(connection);
    let token = client.cancel_token();
    let tls = make_tls()?;
    let (counting, cancelled) = futures::join!(
        client.query(
            "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
            &[]
        ),
        async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            token.cancel_query(tls).await
        }
    );
    cancelled?;
    fails(counting)
}

async fn cancel_of_nothing() -> Result {
    let client = connect().await?;
    client.cancel_token().cancel_query(NoTls).await?;
    println!("{}", client.query("SELECT 1", &[]).await?.len());
    Ok(())
}

async fn timeout() -> Result {
    let client = connect().await?;
    client.batch_execute("SET statement_timeout = 200").await?;
    fails(client.query("SELECT pg_sleep(15)", &[]).await)?;
    client.batch_execute("SET statement_timeout = 0; CREATE TABLE locked (a int)").await?;
    let holder = connect().await?;
    holder.batch_execute("BEGIN; LOCK TABLE locked").await?;
    client.batch_execute("SET lock_timeout = 200").await?;
    fails(client.batch_execute("BEGIN; LOCK TABLE locked").await)?;
    fails(client.batch_execute("ROLLBACK; BEGIN; LOCK TABLE locked NOWAIT").await)
}

async fn notices() -> Result {
    let (client, mut heard) = connect_and_hear().await?;
    client.batch_execute("DROP TABLE IF EXISTS never_was").await?;
    hear(&mut heard).await?;
    client
        .batch_execute("CREATE TABLE noticed (a int); CREATE TABLE IF NOT EXISTS noticed (a int)")
        .await?;
    hear(&mut heard).await?;
    client
        .batch_execute(
            "CREATE TABLE noticed_too (a int); CREATE VIEW noticing AS SELECT * FROM noticed",
        )
        .await?;
    client.batch_execute("DROP TABLE noticed CASCADE").await?;
    hear(&mut heard).await?;
    client.batch_execute("COMMIT").await?;
    hear(&mut heard).await?;
    client.batch_execute("SET client_min_messages = error; DROP TABLE IF EXISTS never_was").await?;
    println!("{}", heard.try_recv().is_err());
    Ok(())
}

async fn notifications() -> Result {
    let ((listener, mut heard), speaker) = (connect_and_hear().await?, connect().await?);
    listener.batch_execute("LISTEN news; LISTEN \"Other News\"").await?;
    speaker
        .batch_execute(
            "NOTIFY news; NOTIFY news, 'hello'; NOTIFY \"Other News\", 'é'; NOTIFY unheard",
        )
        .await?;
    for _ in 0..3 {
        hear(&mut heard).await?;
    }
    speaker.execute("SELECT pg_notify($1, $2)", &[&"news", &"by function"]).await?;
    hear(&mut heard).await?;
    let channels = listener.query("SELECT pg_listening_channels() ORDER BY 1", &[]).await?;
    println!("{:?}", channels.iter().map(|row| row.get::<_, &str>(0)).collect::<Vec<_>>());
    listener.batch_execute("UNLISTEN news; NOTIFY news; NOTIFY \"Other News\", 'own'").await?;
    hear(&mut heard).await
}

async fn notifications_of_transactions() -> Result {
    let ((listener, mut heard), mut speaker) = (connect_and_hear().await?, connect().await?);
    listener.batch_execute("LISTEN done").await?;
    let transaction = speaker.transaction().await?;
    transaction.batch_execute("NOTIFY done, 'rolled back'").await?;
    transaction.rollback().await?;
    let transaction = speaker.transaction().await?;
    transaction
        .batch_execute("NOTIFY done, 'twice'; NOTIFY done, 'twice'; NOTIFY done, 'once'")
        .await?;
    println!("{}", heard.try_recv().is_err());
    transaction.commit().await?;
    hear(&mut heard).await?;
    hear(&mut heard).await?;
    fails(speaker.execute("SELECT pg_notify('done', repeat('x', 8000))", &[]).await)
}

async fn parameters() -> Result {
    let (client, mut connection) = config().application_name("compat").connect(NoTls).await?;
    for name in [
        "server_encoding",
        "client_encoding",
        "DateStyle",
        "IntervalStyle",
        "TimeZone",
        "integer_datetimes",
        "is_superuser",
        "session_authorization",
        "standard_conforming_strings",
        "application_name",
        "in_hot_standby",
        "default_transaction_read_only",
    ] {
        println!("{name} {:?}", connection.parameter(name));
    }
    // The server tells the client of what changes.
    let change = async {
        client
            .batch_execute("SET application_name = 'changed'; SET TimeZone = 'Europe/Berlin'")
            .await
    };
    let listen = poll_fn(|context| connection.poll_message(context).map(|_| ()));
    tokio::select! { done = change => done?, () = listen => {} }
    println!(
        "{:?} {:?}",
        connection.parameter("application_name"),
        connection.parameter("TimeZone")
    );
    Ok(())
}

async fn settings() -> Result {
    let mut client = connect().await?;
    client
        .batch_execute(
            "SET search_path = a, \"B c\"; SET TIME ZONE 'Asia/Tokyo'; SET extra_float_digits = 3",
        )
        .await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute("SET LOCAL search_path = only_here; SET work_mem = '6MB'").await?;
    println!("{}", transaction.query_one("SHOW search_path", &[]).await?.get::<_, &str>(0));
    transaction.rollback().await?;
    for name in ["search_path", "TimeZone", "extra_float_digits", "work_mem"] {
        println!(
            "{name} {}",
            client.query_one_scalar::<String, _>(&format!("SHOW {name}"), &[]).await?
        );
    }
    fails(client.batch_execute("SET nothing = 1").await)?;
    let own: String =
        client.query_one_scalar("SELECT set_config('app.who', $1, false)", &[&"me"]).await?;
    println!("{own} {}", client.query_one_scalar::<String, _>("SHOW app.who", &[]).await?);
    Ok(())
}

async fn discard() -> Result {
    let client = connect().await?;
    let kept = client.prepare("SELECT 1").await?;
    client
        .batch_execute("CREATE TEMP TABLE passing (a int); SET work_mem = '7MB'; LISTEN x")
        .await?;
    println!("{}", client.query("SELECT * FROM passing", &[]).await?.len());
    client.batch_execute("DISCARD ALL").await?;
    fails(client.query("SELECT * FROM passing", &[]).await)?;
    // Its name, in the message, counts what was prepared before.
    let gone = client.query(&kept, &[]).await.err().and_then(|error| error.code().cloned());
    println!("{gone:?}");
    println!("{}", client.query_one_scalar::<String, _>("SHOW work_mem", &[]).await?);
    Ok(())
}

async fn closing() -> Result {
    let (client, connection) = config().connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    client.check_connection().await?;
    println!("{}", client.is_closed());
    drop(client);
    println!("{:?}", connection.await?.is_ok());
    Ok(())
}

async fn terminated() -> Result {
    let (client, other) = (connect().await?, connect().await?);
    let pid: i32 = client.query_one_scalar("SELECT pg_backend_pid()", &[]).await?;
    println!(
        "{}",
        other.query_one_scalar::<bool, _>("SELECT pg_terminate_backend($1, 5000)", &[&pid]).await?
    );
    println!("{}", client.query("SELECT 1", &[]).await.is_err());
    println!("{}", client.is_closed());
    let left: i64 = other
        .query_one_scalar("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", &[&pid])
        .await?;
    println!("{left} {}", variable("PGDATABASE"));
    Ok(())
}

async fn advisory_locks() -> Result {
    let (mut one, two) = (connect().await?, connect().await?);
    one.execute("SELECT pg_advisory_lock($1)", &[&77i64]).await?;
    let attempt = "SELECT pg_try_advisory_lock($1)";
    println!("{}", two.query_one_scalar::<bool, _>(attempt, &[&77i64]).await?);
    println!("{}", one.query_one_scalar::<bool, _>("SELECT pg_advisory_unlock(77)", &[]).await?);
    println!("{}", two.query_one_scalar::<bool, _>(attempt, &[&77i64]).await?);
    let transaction = one.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&1i32, &2i32]).await?;
    println!(
        "{}",
        two.query_one_scalar::<bool, _>("SELECT pg_try_advisory_lock_shared(1, 2)", &[]).await?
    );
    transaction.commit().await?;
    println!(
        "{}",
        two.query_one_scalar::<bool, _>("SELECT pg_try_advisory_lock_shared(1, 2)", &[]).await?
    );
    Ok(())
}

async fn idle_in_transaction() -> Result {
    let (mut client, other) = (connect().await?, connect().await?);
    client.batch_execute("SET application_name = 'idler'").await?;
    let transaction = client.transaction().await?;
    transaction.query("SELECT 1 AS idle", &[]).await?;
    let row = other
        .query_one(
            "SELECT state, backend_type, usename::text, client_addr IS NOT NULL, xact_start IS NOT NULL, wait_event_type, wait_event \
             FROM pg_stat_activity WHERE application_name = 'idler'",
            &[],
        )
        .await?;
    println!("{} {} {}", row.get::<_, &str>(0), row.get::<_, &str>(1), row.get::<_, &str>(2));
    println!("{} {}", row.get::<_, bool>(3), row.get::<_, bool>(4));
    println!("{:?} {:?}", row.get::<_, Option<&str>>(5), row.get::<_, Option<&str>>(6));
    Ok(())
}
