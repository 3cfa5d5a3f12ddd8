//! Every type of types.tsv: its bytes in binary, its text by raw_sql, what sqlx takes it for.

use checks::{Checks, Result, hex, quoted, types};
use sqlx::{AssertSqlSafe, Column, Row, TypeInfo, ValueRef, postgres::PgRow, query, raw_sql};

use crate::connecting::connect;

pub fn add(checks: &mut Checks) {
    for (name, kind, literal) in types() {
        checks.add(format!("type {name}"), both_formats(kind, literal));
    }
}

async fn both_formats(kind: String, literal: String) -> Result {
    let mut c = connect().await?;
    let text = quoted(&literal);
    let statement =
        format!("SELECT {text}::{kind} AS v, ARRAY[{text}::{kind}] AS a, NULL::{kind} AS n");
    show(&query(AssertSqlSafe(statement.clone())).fetch_one(&mut c).await?)?;
    show(&raw_sql(AssertSqlSafe(statement)).fetch_one(&mut c).await?)?;
    let row = query(AssertSqlSafe(format!("SELECT ($1::text)::{kind}::text")))
        .bind(&literal)
        .fetch_one(&mut c)
        .await?;
    println!("{:?}", row.try_get::<Option<String>, _>(0)?);
    Ok(())
}

pub fn show(row: &PgRow) -> Result {
    for column in row.columns() {
        let value = row.try_get_raw(column.ordinal())?;
        let bytes = if value.is_null() { "NULL".to_string() } else { hex(value.as_bytes()?) };
        println!("{} {} {:?} {bytes}", column.name(), column.type_info().name(), value.format());
    }
    Ok(())
}
