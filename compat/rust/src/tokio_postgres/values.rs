//! Values of Rust's types: as parameters, as columns, and as PostgreSQL writes them.

use std::{collections::HashMap, fmt::Debug, net::IpAddr, time::SystemTime};

use bit_vec::BitVec;
use checks::{Checks, Result};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use cidr::{IpCidr, IpInet};
use eui48::MacAddress;
use geo_types::{Coord, LineString, Point, Rect};
use rust_decimal::Decimal;
use tokio_postgres::{
    Client,
    types::{Date, FromSqlOwned, Json, PgLsn, Timestamp, ToSql},
};
use uuid::Uuid;

use crate::connecting::connect;

pub fn add(checks: &mut Checks) {
    checks.add("values bool and numbers", numbers());
    checks.add("values numeric", numeric());
    checks.add("values text", text());
    checks.add("values bytea", bytes());
    checks.add("values of time", times());
    checks.add("values at the ends of time", ends_of_time());
    checks.add("values uuid, json, jsonb", documents());
    checks.add("values of networks", networks());
    checks.add("values of geometry", geometry());
    checks.add("values of bits and positions", bits());
    checks.add("values arrays", arrays());
    checks.add("values hstore", hstore());
    checks.add("values ltree and citext", extensions());
    checks.add("nulls of every type", nulls());
}

/// Sends a value as a parameter of a type and shows what comes back.
async fn echo<T: ToSql + FromSqlOwned + Sync + Debug>(
    client: &Client,
    kind: &str,
    value: T,
) -> Result {
    let row =
        client.query_one(&format!("SELECT $1::{kind}, ($1::{kind})::text"), &[&value]).await?;
    println!("{kind} {value:?} {:?} {:?}", row.try_get::<_, T>(0)?, row.get::<_, &str>(1));
    Ok(())
}

async fn numbers() -> Result {
    let client = connect().await?;
    echo(&client, "bool", true).await?;
    echo(&client, "\"char\"", -1i8).await?;
    echo(&client, "int2", i16::MIN).await?;
    echo(&client, "int4", i32::MIN).await?;
    echo(&client, "int8", i64::MIN).await?;
    echo(&client, "oid", u32::MAX).await?;
    for value in [1.1f32, f32::MIN_POSITIVE, f32::INFINITY] {
        echo(&client, "float4", value).await?;
    }
    for value in [0.1f64, f64::MAX, f64::NEG_INFINITY, f64::NAN, -0.0] {
        echo(&client, "float8", value).await?;
    }
    Ok(())
}

async fn numeric() -> Result {
    let client = connect().await?;
    for value in
        ["0", "1.10", "-0.00001", "79228162514264337593543950335", "10000", "0.0001", "123456.7890"]
    {
        echo(&client, "numeric", value.parse::<Decimal>()?).await?;
    }
    echo(&client, "numeric(6,2)", "1234.565".parse::<Decimal>()?).await
}

async fn text() -> Result {
    let client = connect().await?;
    for kind in ["text", "varchar", "bpchar", "name", "char(5)", "varchar(3)"] {
        echo(&client, kind, "é☃ 🐘".to_string()).await?;
    }
    echo(&client, "text", String::new()).await?;
    let long = "x".repeat(100_000);
    println!("{}", client.query_one_scalar::<i32, _>("SELECT length($1)", &[&long]).await?);
    Ok(())
}

async fn bytes() -> Result {
    let client = connect().await?;
    echo(&client, "bytea", vec![0u8, 255, 92, 39]).await?;
    echo(&client, "bytea", Vec::<u8>::new()).await
}

async fn times() -> Result {
    let client = connect().await?;
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a day")?;
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).ok_or("a time")?;
    echo(&client, "date", day).await?;
    echo(&client, "time", time).await?;
    echo(&client, "timestamp", day.and_time(time)).await?;
    echo(&client, "timestamptz", day.and_time(time).and_utc()).await?;
    let zoned: DateTime<FixedOffset> = "2024-02-29T12:34:56.789+05:30".parse()?;
    echo(&client, "timestamptz", zoned).await?;
    echo(&client, "timestamptz", SystemTime::UNIX_EPOCH).await?;
    echo(&client, "date", NaiveDate::from_ymd_opt(-43, 3, 15).ok_or("a day")?).await?;
    echo(&client, "timestamp(0)", day.and_time(time)).await
}

async fn ends_of_time() -> Result {
    let client = connect().await?;
    echo(&client, "date", Date::<NaiveDate>::PosInfinity).await?;
    echo(&client, "date", Date::<NaiveDate>::NegInfinity).await?;
    echo(&client, "timestamp", Timestamp::<NaiveDateTime>::PosInfinity).await?;
    echo(&client, "timestamptz", Timestamp::<DateTime<Utc>>::NegInfinity).await
}

async fn documents() -> Result {
    let client = connect().await?;
    echo(&client, "uuid", Uuid::from_u128(0xa0eebc99_9c0b_4ef8_bb6d_6bb9bd380a11)).await?;
    let document = serde_json::json!({"b": [1, 2.50, null, "é"], "a": {"deep": [[]]}});
    echo(&client, "json", document.clone()).await?;
    echo(&client, "jsonb", document).await?;
    echo(&client, "jsonb", Json(vec![Some(1), None])).await
}

async fn networks() -> Result {
    let client = connect().await?;
    echo(&client, "inet", "192.168.1.5".parse::<IpAddr>()?).await?;
    echo(&client, "inet", "2001:db8::1".parse::<IpAddr>()?).await?;
    echo(&client, "inet", "192.168.1.5/24".parse::<IpInet>()?).await?;
    echo(&client, "cidr", "10.1.0.0/16".parse::<IpCidr>()?).await?;
    echo(&client, "cidr", "2001:db8::/32".parse::<IpCidr>()?).await?;
    echo(&client, "macaddr", MacAddress::new([8, 0, 43, 1, 2, 3])).await
}

async fn geometry() -> Result {
    let client = connect().await?;
    echo(&client, "point", Point::new(1.5, -2.0)).await?;
    echo(&client, "box", Rect::new(Coord { x: 3.0, y: 4.0 }, Coord { x: 1.0, y: 2.0 })).await?;
    echo(&client, "path", LineString::from(vec![(1.0, 2.0), (3.0, 4.0)])).await
}

async fn bits() -> Result {
    let client = connect().await?;
    echo(&client, "bit(10)", BitVec::from_fn(10, |n| n % 3 == 0)).await?;
    echo(&client, "varbit", BitVec::from_fn(5, |n| n % 2 == 0)).await?;
    echo(&client, "varbit", BitVec::new()).await?;
    echo(&client, "pg_lsn", "16/B374D848".parse::<PgLsn>().map_err(|_| "a position")?).await
}

async fn arrays() -> Result {
    let client = connect().await?;
    echo(&client, "int4[]", vec![Some(1), None, Some(3)]).await?;
    echo(&client, "int4[]", Vec::<i32>::new()).await?;
    echo(
        &client,
        "text[]",
        vec!["a,b".to_string(), "quo\"te".into(), String::new(), "NULL".into()],
    )
    .await?;
    echo(&client, "varchar[]", vec!["x".to_string()]).await?;
    echo(&client, "bytea[]", vec![vec![0u8, 1], vec![]]).await?;
    echo(&client, "bool[]", vec![true, false]).await?;
    echo(&client, "float8[]", vec![1.5, f64::INFINITY]).await?;
    echo(&client, "numeric[]", vec!["1.10".parse::<Decimal>()?]).await?;
    echo(&client, "uuid[]", vec![Uuid::from_u128(1)]).await?;
    echo(&client, "jsonb[]", vec![serde_json::json!({"a": 1})]).await?;
    echo(&client, "timestamptz[]", vec![DateTime::<Utc>::UNIX_EPOCH]).await?;
    echo(&client, "inet[]", vec!["10.0.0.1".parse::<IpAddr>()?]).await?;
    echo(&client, "oid[]", vec![1u32]).await?;
    // An array of another type, and what a list is mostly sent for.
    let ids = [1i64, 3];
    let rows = client
        .query("SELECT g FROM generate_series(1, 5::int8) g WHERE g = ANY($1)", &[&&ids[..]])
        .await?;
    println!("{:?}", rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>());
    println!("{:?}", client.query_one_scalar::<[i32; 2], _>("SELECT ARRAY[1, 2]", &[]).await?);
    Ok(())
}

async fn hstore() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS hstore").await?;
    echo(&client, "hstore", HashMap::from([("key".to_string(), Some("a \"b\"".to_string()))]))
        .await?;
    echo(&client, "hstore", HashMap::from([("null".to_string(), None::<String>)])).await?;
    echo(&client, "hstore", HashMap::<String, Option<String>>::new()).await
}

async fn extensions() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS citext").await?;
    echo(&client, "citext", "MiXed".to_string()).await?;
    println!(
        "{}",
        client.query_one_scalar::<bool, _>("SELECT $1::citext = 'mixed'", &[&"MIXED"]).await?
    );
    echo(&client, "citext[]", vec!["A".to_string()]).await
}

async fn nulls() -> Result {
    let client = connect().await?;
    for kind in [
        "bool",
        "int2",
        "int8",
        "float4",
        "numeric",
        "text",
        "bytea",
        "date",
        "timestamptz",
        "uuid",
        "jsonb",
    ] {
        let row = client
            .query_one(
                &format!("SELECT $1::{kind} IS NULL, $1::{kind}"),
                &[&None::<crate::types::Raw>],
            )
            .await?;
        println!(
            "{kind} {} {:?}",
            row.get::<_, bool>(0),
            row.get::<_, Option<crate::types::Raw>>(1)
        );
    }
    Ok(())
}
