//! Every type of types.tsv in binary: its bytes, and the same bytes as a parameter.

use std::error::Error;

use bytes::BytesMut;
use checks::{Checks, Result, hex, quoted, types};
use tokio_postgres::{
    Column, Statement,
    types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked},
};

use crate::connecting::connect;

pub fn add(checks: &mut Checks) {
    for (name, kind, literal) in types() {
        checks.add(format!("type {name}"), there_and_back(kind.clone(), literal));
    }
    checks.add("types of catalogs", of_catalogs());
}

/// Bytes as they are on the wire, of whatever type.
#[derive(Debug)]
pub struct Raw(pub Vec<u8>);

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, raw: &[u8]) -> std::result::Result<Raw, Box<dyn Error + Sync + Send>> {
        Ok(Raw(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

async fn there_and_back(kind: String, literal: String) -> Result {
    let client = connect().await?;
    let constant = client.prepare(&format!("SELECT {}::{kind} AS v", quoted(&literal))).await?;
    show_statement(&constant);
    let value: Raw = client.query_one(&constant, &[]).await?.get(0);
    println!("{}", hex(&value.0));
    let parameter = client
        .prepare(&format!("SELECT $1::{kind} AS v, ($1::{kind})::text, $1::{kind} IS NULL"))
        .await?;
    show_statement(&parameter);
    let row = client.query_one(&parameter, &[&value]).await?;
    println!("{} {:?}", hex(&row.get::<_, Raw>(0).0), row.get::<_, Option<&str>>(1));
    let row = client.query_one(&parameter, &[&None::<Raw>]).await?;
    println!("{:?} {}", row.get::<_, Option<Raw>>(0), row.get::<_, bool>(2));
    Ok(())
}

/// The types of a statement's parameters and columns.
pub fn show_statement(statement: &Statement) {
    let parameters: Vec<_> = statement.params().iter().map(described).collect();
    let columns: Vec<_> = statement.columns().iter().map(column).collect();
    println!("({}) -> ({})", parameters.join(", "), columns.join(", "));
}

fn column(column: &Column) -> String {
    let origin = column.table_oid().and(column.column_id());
    format!("{} {} {} {origin:?}", column.name(), described(column.type_()), column.type_modifier())
}

/// A type as the client has learnt it; OIDs of what users made differ between servers.
pub fn described(kind: &Type) -> String {
    let oid = if kind.oid() < 16384 { kind.oid().to_string() } else { "own".to_string() };
    let made_of = match kind.kind() {
        Kind::Simple => "simple".to_string(),
        Kind::Pseudo => "pseudo".to_string(),
        Kind::Enum(labels) => format!("enum {labels:?}"),
        Kind::Array(element) => format!("array of {}", described(element)),
        Kind::Range(element) => format!("range of {}", described(element)),
        Kind::Multirange(element) => format!("multirange of {}", described(element)),
        Kind::Domain(base) => format!("domain over {}", described(base)),
        Kind::Composite(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|f| format!("{} {}", f.name(), described(f.type_()))).collect();
            format!("composite ({})", fields.join(", "))
        }
        _ => "?".to_string(),
    };
    format!("{}.{} {oid} {made_of}", kind.schema(), kind.name())
}

/// Columns of catalogs have types that applications do not use. The rows cannot be read: aclitem,
/// for one, has no binary form.
async fn of_catalogs() -> Result {
    let client = connect().await?;
    let catalogs = client
        .query(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'v') AND oid < 16384 \
             AND relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) ORDER BY 1",
            &[],
        )
        .await?;
    for catalog in catalogs {
        let catalog: &str = catalog.get(0);
        println!("{catalog}");
        show_statement(&client.prepare(&format!("SELECT * FROM {catalog}")).await?);
    }
    Ok(())
}
