//! COPY in and out, as text and in binary.

use std::pin::pin;

use bytes::Bytes;
use checks::{Checks, Result, hex};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{SinkExt, StreamExt, TryStreamExt, pin_mut, stream};
use tokio_postgres::{
    Client, CopyInSink,
    binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream},
    types::Type,
};
use uuid::Uuid;

use crate::{connecting::connect, errors::fails};

pub fn add(checks: &mut Checks) {
    checks.add("copy in as text", text_in());
    checks.add("copy in that fails", failing());
    checks.add("copy in given up", given_up());
    checks.add("copy out as text and CSV", text_out());
    checks.add("copy in binary, in and out", binary());
    checks.add("copy in binary of wrong types", binary_of_wrong_types());
    checks.add("copy of many rows", many());
    checks.add("copy in a transaction", in_transaction());
}

async fn text_in() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE copied (a int, b text)").await?;
    let sink = client.copy_in("COPY copied FROM STDIN").await?;
    pin_mut!(sink);
    let parts = ["1\tone\n2\t", "\\N\n", "3\tback\\\\slash\n"].map(|part| Ok(Bytes::from(part)));
    sink.send_all(&mut stream::iter(parts)).await?;
    println!("{}", sink.finish().await?);
    let sink = client
        .copy_in(
            "COPY copied (b, a) FROM STDIN WITH (FORMAT csv, HEADER, NULL 'nil', DELIMITER ';')",
        )
        .await?;
    pin_mut!(sink);
    sink.send(Bytes::from("b;a\n\"quo\"\"te;\";4\nnil;5\n")).await?;
    println!("{}", sink.finish().await?);
    for row in client.query("SELECT a, b FROM copied ORDER BY a", &[]).await? {
        println!("{:?} {:?}", row.get::<_, Option<i32>>(0), row.get::<_, Option<&str>>(1));
    }
    Ok(())
}

async fn failing() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE copied_wrongly (a int PRIMARY KEY, b text NOT NULL)")
        .await?;
    for data in ["x\ty\n", "1\n", "1\ta\tb\n", "1\t\\N\n", "1\ta\n1\tb\n"] {
        let sink = client.copy_in("COPY copied_wrongly FROM STDIN").await?;
        pin_mut!(sink);
        let sent = sink.send(Bytes::from(data)).await;
        match sent {
            Ok(()) => fails(sink.finish().await)?,
            error => fails(error)?,
        }
    }
    println!(
        "{}",
        client.query_one("SELECT count(*) FROM copied_wrongly", &[]).await?.get::<_, i64>(0)
    );
    Ok(())
}

/// A sink that is dropped unfinished fails the statement; the session goes on.
async fn given_up() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE given_up (a int)").await?;
    {
        let sink = client.copy_in("COPY given_up FROM STDIN").await?;
        pin_mut!(sink);
        sink.send(Bytes::from("1\n2\n")).await?;
    }
    println!("{}", client.query_one("SELECT count(*) FROM given_up", &[]).await?.get::<_, i64>(0));
    Ok(())
}

async fn text_out() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE copied_out (a int, b text); INSERT INTO copied_out VALUES (1, E'tab\\t'), (2, NULL), (3, 'c,d\"')")
        .await?;
    for statement in [
        "COPY copied_out TO STDOUT",
        "COPY copied_out (b) TO STDOUT WITH (FORMAT csv, HEADER)",
        "COPY (SELECT a * 2, b FROM copied_out ORDER BY a DESC) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)",
        "COPY (SELECT 1 WHERE false) TO STDOUT",
    ] {
        println!("{:?}", read(&client, statement).await?);
    }
    fails(client.copy_out("COPY nowhere TO STDOUT").await.map(drop))
}

async fn read(client: &Client, statement: &str) -> Result<Bytes> {
    let parts: Vec<Bytes> = client.copy_out(statement).await?.try_collect().await?;
    Ok(parts.concat().into())
}

async fn binary() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TABLE copied_binary (a int, b text, c uuid, d jsonb, e int[], f date, g timestamptz, h bool, i float8)")
        .await?;
    let types = [
        Type::INT4,
        Type::TEXT,
        Type::UUID,
        Type::JSONB,
        Type::INT4_ARRAY,
        Type::DATE,
        Type::TIMESTAMPTZ,
        Type::BOOL,
        Type::FLOAT8,
    ];
    let sink = client.copy_in("COPY copied_binary FROM STDIN BINARY").await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let day = NaiveDate::from_ymd_opt(2024, 2, 29);
    for n in 0..3i32 {
        let document = serde_json::json!({ "n": n });
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
            &n,
            &format!("t\t{n}"),
            &Uuid::from_u128(1),
            &document,
            &vec![Some(n), None],
            &day,
            &DateTime::<Utc>::UNIX_EPOCH,
            &(n == 1),
            &1.5f64,
        ];
        writer.as_mut().write(&row).await?;
    }
    let nothing = None::<crate::types::Raw>;
    writer
        .as_mut()
        .write(&[
            &nothing, &nothing, &nothing, &nothing, &nothing, &nothing, &nothing, &nothing,
            &nothing,
        ])
        .await?;
    println!("{}", writer.finish().await?);
    println!("{}", hex(&read(&client, "COPY copied_binary TO STDOUT BINARY").await?));
    let stream = client
        .copy_out("COPY (SELECT a, b, e, g FROM copied_binary) TO STDOUT (FORMAT binary)")
        .await?;
    let mut rows = pin!(BinaryCopyOutStream::new(
        stream,
        &[Type::INT4, Type::TEXT, Type::INT4_ARRAY, Type::TIMESTAMPTZ]
    ));
    while let Some(row) = rows.try_next().await? {
        let array: Option<Vec<Option<i32>>> = row.get(2);
        println!(
            "{:?} {:?} {array:?} {:?}",
            row.get::<Option<i32>>(0),
            row.get::<Option<&str>>(1),
            row.get::<Option<DateTime<Utc>>>(3)
        );
    }
    Ok(())
}

async fn binary_of_wrong_types() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE copied_narrow (a int2)").await?;
    let sink = client.copy_in("COPY copied_narrow FROM STDIN BINARY").await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::INT4]));
    writer.as_mut().write(&[&1i32]).await?;
    fails(writer.finish().await)?;
    let sink = client.copy_in("COPY copied_narrow FROM STDIN BINARY").await?;
    pin_mut!(sink);
    sink.send(Bytes::from_static(b"no header at all, but long enough")).await?;
    fails(sink.finish().await)
}

async fn many() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TABLE copied_many (a int8, b text)").await?;
    let sink = client.copy_in("COPY copied_many FROM STDIN BINARY").await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::INT8, Type::TEXT]));
    for n in 0..20_000i64 {
        writer.as_mut().write(&[&n, &format!("text number {n}")]).await?;
    }
    println!("{}", writer.finish().await?);
    let mut parts = pin!(client.copy_out("COPY copied_many TO STDOUT").await?);
    let mut length = 0;
    while let Some(part) = parts.next().await {
        length += part?.len();
    }
    println!("{length}");
    Ok(())
}

async fn in_transaction() -> Result {
    let mut client = connect().await?;
    client.batch_execute("CREATE TABLE copied_in_tx (a int)").await?;
    let transaction = client.transaction().await?;
    let sink: CopyInSink<Bytes> = transaction.copy_in("COPY copied_in_tx FROM STDIN").await?;
    pin_mut!(sink);
    sink.send(Bytes::from("1\n")).await?;
    sink.finish().await?;
    println!("{}", transaction.query("SELECT * FROM copied_in_tx", &[]).await?.len());
    transaction.rollback().await?;
    println!("{}", client.query("SELECT * FROM copied_in_tx", &[]).await?.len());
    Ok(())
}
