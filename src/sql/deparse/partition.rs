//! `pg_get_partkeydef`, and bounds as `pg_get_expr` shows them.

use super::expr::{Label, looks_like_function};
use super::names::Names;
use super::scope::Scope;
use super::writer::Writer;
use crate::catalog::{PartitionBound, PartitionColumn, PartitionKey, RangeEdge, Relation, builtin};
use crate::error::Result;
use crate::functions::quote_identifier;
use crate::nodes::Const;
use crate::types::{Datum, Oid};

/// `RANGE (at)`; `None` where the table is not partitioned.
pub(super) fn key(names: &Names<'_>, table: Oid) -> Result<Option<String>> {
    let Some((table, key)) = partitioned(names, table) else { return Ok(None) };
    let strategy = key.strategy.name().to_ascii_uppercase();
    let mut columns = Vec::with_capacity(key.columns.len());
    for item in &key.columns {
        columns.push(column(names, table, item)? + &options(names, table, item));
    }
    Ok(Some(format!("{strategy} ({})", columns.join(", "))))
}

/// One column or expression of a key.
pub(super) fn key_column(names: &Names<'_>, table: Oid, at: usize) -> Result<Option<String>> {
    let Some((table, key)) = partitioned(names, table) else { return Ok(None) };
    key.columns.get(at).map(|item| column(names, table, item)).transpose()
}

pub(super) fn partitioned<'a>(
    names: &Names<'a>,
    table: Oid,
) -> Option<(&'a Relation, &'a PartitionKey)> {
    let table = names.catalog.relation(table)?;
    Some((table, table.lineage.key.as_ref()?))
}

fn column(names: &Names<'_>, table: &Relation, item: &PartitionColumn) -> Result<String> {
    let Some(expr) = &item.expr else {
        return Ok(quote_identifier(&table.column(item.attno).name).into_owned());
    };
    let text = super::expression(names, expr, table.oid, false)?;
    Ok(if looks_like_function(expr) { text } else { format!("({text})") })
}

/// Collation and operator class where they are not the default.
fn options(names: &Names<'_>, table: &Relation, item: &PartitionColumn) -> String {
    let mut out = String::new();
    let own = match &item.expr {
        None => table.column(item.attno).collation,
        Some(expr) => expr.collation(),
    };
    if item.collation != 0 && item.collation != own {
        out.push_str(&format!(" COLLATE {}", names.collation(item.collation)));
    }
    if let Some(class) = builtin::opclass(item.opclass) {
        let default = names.catalog.default_opclass(class.method, item.type_oid);
        if default.map_or(0, |default| default.oid) != class.oid {
            out.push_str(&format!(" {}", quote_identifier(class.name)));
        }
    }
    out
}

/// `FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`, `DEFAULT`, …
pub(super) fn bound(
    names: &Names<'_>,
    partition: Oid,
    bound: &PartitionBound,
) -> Result<Option<String>> {
    let Some(partition) = names.catalog.relation(partition) else { return Ok(None) };
    let parent = partition.lineage.parents.first().copied().unwrap_or(0);
    let Some((_, key)) = partitioned(names, parent) else { return Ok(None) };
    Ok(Some(match bound {
        PartitionBound::Default => "DEFAULT".to_owned(),
        PartitionBound::Hash { modulus, remainder } => {
            format!("FOR VALUES WITH (modulus {modulus}, remainder {remainder})")
        }
        PartitionBound::List(list) => {
            let values = list.iter().map(|value| constant(names, &key.columns[0], value));
            format!("FOR VALUES IN ({})", values.collect::<Result<Vec<_>>>()?.join(", "))
        }
        PartitionBound::Range(from, to) => {
            let (from, to) = (range_end(names, key, from)?, range_end(names, key, to)?);
            format!("FOR VALUES FROM {from} TO {to}")
        }
    }))
}

/// `('2024-01-01', MINVALUE)`.
pub(super) fn range_end(
    names: &Names<'_>,
    key: &PartitionKey,
    edges: &[RangeEdge],
) -> Result<String> {
    let edge = |(column, edge): (&PartitionColumn, &RangeEdge)| match edge {
        RangeEdge::MinValue => Ok("MINVALUE".to_owned()),
        RangeEdge::MaxValue => Ok("MAXVALUE".to_owned()),
        RangeEdge::Value(value) => constant(names, column, value),
    };
    let edges = key.columns.iter().zip(edges).map(edge).collect::<Result<Vec<_>>>()?;
    Ok(format!("({})", edges.join(", ")))
}

/// A value of a key's column as an expression.
pub(super) fn value(column: &PartitionColumn, value: &Datum) -> Const {
    Const {
        value: value.clone(),
        type_oid: column.type_oid,
        typmod: column.typmod,
        collation: column.collation,
        location: -1,
    }
}

/// A value of a key's column without its type.
fn constant(names: &Names<'_>, column: &PartitionColumn, datum: &Datum) -> Result<String> {
    let mut writer = Writer::new(names, Scope::of_domain(), false);
    writer.constant(&value(column, datum), Label::Never)?;
    Ok(writer.out)
}
