//! Values of Rust's types: as parameters, as columns, and as PostgreSQL writes them.

use std::{fmt::Debug, net::IpAddr, ops::Bound};

use bit_vec::BitVec;
use checks::{Checks, Result};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use mac_address::MacAddress;
use rust_decimal::Decimal;
use sqlx::{
    AssertSqlSafe, Decode, Encode, PgConnection, Postgres, Row, Type,
    postgres::types::{
        Oid, PgBox, PgCiText, PgCircle, PgHstore, PgInterval, PgLSeg, PgLine, PgMoney, PgPath,
        PgPoint, PgPolygon, PgRange, PgTimeTz,
    },
    query, query_scalar, raw_sql,
    types::{Json, Uuid, ipnet::IpNet},
};

use crate::connecting::connect;

pub fn add(checks: &mut Checks) {
    checks.add("values bool and numbers", numbers());
    checks.add("values numeric and money", numeric());
    checks.add("values text and bytea", texts());
    checks.add("values of time", times());
    checks.add("values uuid, json, jsonb", documents());
    checks.add("values of networks and bits", networks());
    checks.add("values of geometry", geometry());
    checks.add("values ranges", ranges());
    checks.add("values arrays", arrays());
    checks.add("values of extensions", extensions());
    checks.add("nulls", nulls());
}

/// Sends a value as a parameter and shows what comes back, in either format.
async fn echo<T>(c: &mut PgConnection, kind: &str, value: T) -> Result
where
    T: for<'q> Encode<'q, Postgres>
        + for<'r> Decode<'r, Postgres>
        + Type<Postgres>
        + Debug
        + Clone
        + Send
        + 'static,
{
    let statement = format!("SELECT $1::{kind}, ($1::{kind})::text");
    let row = query(AssertSqlSafe(statement)).bind(value.clone()).fetch_one(&mut *c).await?;
    let text: String = row.try_get(1)?;
    println!("{kind} {value:?} {:?} {text:?}", row.try_get::<T, _>(0)?);
    let literal = checks::quoted(&text);
    let row = raw_sql(AssertSqlSafe(format!("SELECT {literal}::{kind}"))).fetch_one(c).await?;
    match row.try_get::<T, _>(0) {
        Ok(value) => println!("  as text {value:?}"),
        // sqlx reads some types in binary only.
        Err(error) => println!("  as text {error}"),
    }
    Ok(())
}

async fn numbers() -> Result {
    let c = &mut connect().await?;
    echo(c, "bool", true).await?;
    echo(c, "\"char\"", 120i8).await?;
    echo(c, "int2", i16::MIN).await?;
    echo(c, "int4", i32::MIN).await?;
    echo(c, "int8", i64::MIN).await?;
    echo(c, "oid", Oid(u32::MAX)).await?;
    echo(c, "float4", 1.1f32).await?;
    echo(c, "float8", f64::MAX).await?;
    echo(c, "float8", f64::NEG_INFINITY).await
}

async fn numeric() -> Result {
    let c = &mut connect().await?;
    for value in ["0", "1.10", "-0.00001", "79228162514264337593543950335", "10000", "123456.7890"]
    {
        echo(c, "numeric", value.parse::<Decimal>()?).await?;
    }
    echo(c, "money", PgMoney(-123_456)).await
}

async fn texts() -> Result {
    let c = &mut connect().await?;
    for kind in ["text", "varchar", "bpchar", "name", "char(5)", "varchar(3)"] {
        echo(c, kind, "é☃ 🐘".to_string()).await?;
    }
    echo(c, "bytea", vec![0u8, 255, 92, 39]).await?;
    echo(c, "bytea", Vec::<u8>::new()).await
}

async fn times() -> Result {
    let c = &mut connect().await?;
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a day")?;
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).ok_or("a time")?;
    echo(c, "date", day).await?;
    echo(c, "time", time).await?;
    echo(c, "timestamp", day.and_time(time)).await?;
    echo(c, "timestamptz", day.and_time(time).and_utc()).await?;
    let zoned: DateTime<FixedOffset> = "2024-02-29T12:34:56.789+05:30".parse()?;
    echo(c, "timestamptz", zoned.to_utc()).await?;
    echo(c, "timetz", PgTimeTz { time, offset: FixedOffset::east_opt(19_800).ok_or("an offset")? })
        .await?;
    echo(c, "interval", PgInterval { months: 14, days: -3, microseconds: 4_000_001 }).await?;
    echo(c, "interval", PgInterval::try_from(std::time::Duration::from_secs(90))?).await
}

async fn documents() -> Result {
    let c = &mut connect().await?;
    echo(c, "uuid", Uuid::from_u128(0xa0eebc99_9c0b_4ef8_bb6d_6bb9bd380a11)).await?;
    let document = serde_json::json!({"b": [1, 2.50, null, "é"], "a": {"deep": [[]]}});
    echo(c, "json", document.clone()).await?;
    echo(c, "jsonb", document).await?;
    echo(c, "jsonb", Json(vec![Some(1), None])).await
}

async fn networks() -> Result {
    let c = &mut connect().await?;
    echo(c, "inet", "192.168.1.5".parse::<IpAddr>()?).await?;
    echo(c, "inet", "2001:db8::1/64".parse::<IpNet>()?).await?;
    echo(c, "cidr", "10.1.0.0/16".parse::<IpNet>()?).await?;
    echo(c, "macaddr", MacAddress::new([8, 0, 43, 1, 2, 3])).await?;
    echo(c, "varbit", BitVec::from_fn(10, |n| n % 3 == 0)).await?;
    echo(c, "bit(5)", BitVec::from_fn(5, |n| n % 2 == 0)).await
}

async fn geometry() -> Result {
    let c = &mut connect().await?;
    let points = vec![PgPoint { x: 1.5, y: -2.0 }, PgPoint { x: 3.0, y: 4.0 }];
    echo(c, "point", points[0].clone()).await?;
    echo(c, "line", PgLine { a: 1.0, b: -1.0, c: 0.0 }).await?;
    echo(c, "lseg", PgLSeg { start_x: 1.0, start_y: 2.0, end_x: 3.0, end_y: 4.0 }).await?;
    echo(
        c,
        "box",
        PgBox { upper_right_x: 3.0, upper_right_y: 4.0, lower_left_x: 1.0, lower_left_y: 2.0 },
    )
    .await?;
    echo(c, "path", PgPath { closed: false, points: points.clone() }).await?;
    echo(c, "polygon", PgPolygon { points }).await?;
    echo(c, "circle", PgCircle { x: 1.0, y: 2.0, radius: 3.0 }).await
}

async fn ranges() -> Result {
    let c = &mut connect().await?;
    echo(c, "int4range", PgRange::from(1..10)).await?;
    echo(c, "int4range", PgRange::from(1..=10)).await?;
    echo(c, "int8range", PgRange { start: Bound::Unbounded, end: Bound::Excluded(5i64) }).await?;
    echo(
        c,
        "numrange",
        PgRange { start: Bound::Excluded(Decimal::ONE), end: Bound::Included(Decimal::TEN) },
    )
    .await?;
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a day")?;
    echo(c, "daterange", PgRange::from(day..)).await?;
    echo(c, "tstzrange", PgRange::from(DateTime::<Utc>::UNIX_EPOCH..)).await?;
    echo(c, "int4range[]", vec![PgRange::from(1..3), PgRange::from(..7)]).await?;
    let found: bool =
        query_scalar("SELECT 5 <@ $1").bind(PgRange::from(1..10)).fetch_one(c).await?;
    println!("{found}");
    Ok(())
}

async fn arrays() -> Result {
    let c = &mut connect().await?;
    echo(c, "int4[]", vec![Some(1), None, Some(3)]).await?;
    echo(c, "int8[]", Vec::<i64>::new()).await?;
    echo(c, "text[]", vec!["a,b".to_string(), "quo\"te".into(), String::new(), "NULL".into()])
        .await?;
    echo(c, "bool[]", vec![true, false]).await?;
    echo(c, "float8[]", vec![1.5, f64::INFINITY]).await?;
    echo(c, "numeric[]", vec!["1.10".parse::<Decimal>()?]).await?;
    echo(c, "uuid[]", vec![Uuid::from_u128(1)]).await?;
    echo(c, "jsonb[]", vec![Json(1)]).await?;
    echo(c, "timestamptz[]", vec![DateTime::<Utc>::UNIX_EPOCH]).await?;
    echo(c, "bytea[]", vec![vec![0u8, 1], vec![]]).await?;
    echo(c, "inet[]", vec!["10.0.0.1".parse::<IpAddr>()?]).await?;
    let rows: Vec<i32> = query_scalar("SELECT g FROM generate_series(1, 9) g WHERE g = ANY($1)")
        .bind(vec![2, 4, 40])
        .fetch_all(&mut *c)
        .await?;
    println!("{rows:?}");
    let count: i64 =
        query_scalar("SELECT count(*) FROM UNNEST($1::int8[], $2::text[]) AS t (a, b)")
            .bind(&[1i64, 2, 3][..])
            .bind(&["x", "y", "z"][..])
            .fetch_one(c)
            .await?;
    println!("{count}");
    Ok(())
}

async fn extensions() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext")
        .execute(&mut *c)
        .await?;
    let map = PgHstore::from_iter([
        ("key".to_string(), Some("a \"b\"".to_string())),
        ("null".into(), None),
    ]);
    echo(c, "hstore", map).await?;
    echo(c, "citext", PgCiText("MiXed".into())).await?;
    println!(
        "{}",
        query_scalar::<_, bool>("SELECT $1::citext = 'mixed'").bind("MIXED").fetch_one(c).await?
    );
    Ok(())
}

async fn nulls() -> Result {
    let c = &mut connect().await?;
    echo(c, "int4[]", vec![None::<i32>]).await?;
    let row = query(
        "SELECT $1::int, $2::text, $3::uuid, $4::timestamptz, $1 IS NULL, coalesce($2, 'none')",
    )
    .bind(None::<i32>)
    .bind(None::<String>)
    .bind(None::<Uuid>)
    .bind(None::<DateTime<Utc>>)
    .fetch_one(c)
    .await?;
    println!("{:?} {:?}", row.try_get::<Option<i32>, _>(0)?, row.try_get::<Option<String>, _>(1)?);
    println!("{} {}", row.try_get::<bool, _>(4)?, row.try_get::<String, _>(5)?);
    Ok(())
}
