//! PARTITION BY (`ComputePartitionAttrs`), and what a unique key has to do with it.

use super::super::DdlContext;
use super::super::column::{SYSTEM_COLUMNS, type_name};
use super::super::create_index::without_collate;
use super::super::names::strings;
use crate::catalog::builtin::{self, oid};
use crate::catalog::{
    Catalog, IndexInfo, PartitionColumn, PartitionKey, Relation, Strategy, depend,
};
use crate::error::{PgError, Result, code};
use crate::exec::partition::hash_function;
use crate::nodes::Expr;
use crate::sql::bind::{ExprPlace, bind_expr};
use crate::types::Oid;
use pg_raw_parse::nodes::{PartitionElem, PartitionSpec};
use pg_raw_parse::raw::PartitionStrategy;

/// The most columns of a key (`PARTITION_MAX_KEYS`).
const COLUMNS_MAX: usize = 32;

/// The key that a table's PARTITION BY asks for.
pub(in crate::exec::ddl) fn key(
    spec: &PartitionSpec,
    table: &Relation,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<PartitionKey> {
    let strategy = match spec.strategy {
        PartitionStrategy::PARTITION_STRATEGY_LIST => Strategy::List,
        PartitionStrategy::PARTITION_STRATEGY_RANGE => Strategy::Range,
        _ => Strategy::Hash,
    };
    let elements: Vec<&PartitionElem> = spec.part_params().iter().collect();
    if elements.len() > COLUMNS_MAX {
        let message = format!("cannot partition using more than {COLUMNS_MAX} columns");
        return Err(PgError::new(code::TOO_MANY_COLUMNS, message));
    }
    if strategy == Strategy::List && elements.len() != 1 {
        let message = "cannot use \"list\" partition strategy with more than one column";
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    let columns = elements.into_iter().zip(1..);
    let columns = columns.map(|(e, number)| column(e, number, strategy, table, catalog, cx));
    Ok(PartitionKey { strategy, columns: columns.collect::<Result<_>>()? })
}

fn column(
    element: &PartitionElem,
    number: usize,
    strategy: Strategy,
    table: &Relation,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<PartitionColumn> {
    let (attno, expr, of_expr) = match element.name() {
        Some(name) => (named(element, name, table)?, None, None),
        None => {
            let (attno, expr, collation) = expression(element, table, catalog, cx)?;
            (attno, expr, Some(collation))
        }
    };
    let (type_oid, typmod, of_column) = match &expr {
        Some(expr) => (expr.type_oid(), expr.typmod(), expr.collation()),
        None => {
            let column = table.column(attno);
            (column.type_oid, column.typmod, column.collation)
        }
    };
    let collation = of_expr.unwrap_or(of_column);
    let collation = match strings(element.collation()).as_slice() {
        [] => collation,
        _ if catalog.type_collation(type_oid) == 0 => {
            let shown = type_name(catalog, type_oid, cx);
            let message = format!("collations are not supported by type {shown}");
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        name => super::super::collation::lookup(name, cx)?,
    };
    if collation == 0 && catalog.type_collation(type_oid) != 0 {
        let shown = type_name(catalog, type_oid, cx);
        let message = format!(
            "no collation was derived for partition key column {number} with collatable type {shown}"
        );
        return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message)
            .hint("Use the COLLATE clause to set the collation explicitly."));
    }
    let opclass = opclass(element, strategy, type_oid, catalog, cx)?;
    let column = PartitionColumn { attno, expr, type_oid, typmod, collation, opclass };
    if strategy == Strategy::Hash && !catalog.is_deterministic(collation) {
        let what = "partitioning by hash under a nondeterministic collation";
        return Err(PgError::unsupported(what));
    }
    if strategy == Strategy::Hash {
        hash_function(&column)?;
    }
    Ok(column)
}

fn named(element: &PartitionElem, name: &str, table: &Relation) -> Result<i16> {
    if SYSTEM_COLUMNS.contains(&name) {
        let message = format!("cannot use system column \"{name}\" in partition key");
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message).at(element.location));
    }
    let column = table.column_by_name(name).ok_or_else(|| {
        let message = format!("column \"{name}\" named in partition key does not exist");
        PgError::new(code::UNDEFINED_COLUMN, message).at(element.location)
    })?;
    match column.generated {
        true => Err(generated(element, name)),
        false => Ok(column.attno),
    }
}

fn generated(element: &PartitionElem, name: &str) -> PgError {
    PgError::new(code::INVALID_OBJECT_DEFINITION, "cannot use generated column in partition key")
        .detail(format!("Column \"{name}\" is a generated column."))
        .at(element.location)
}

/// A parenthesised column is a plain column; with the collation that the expression says.
fn expression(
    element: &PartitionElem,
    table: &Relation,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<(i16, Option<Expr>, Oid)> {
    let place = ExprPlace::PartitionKey;
    let expr = bind_expr(element.expr(), &cx.bind(catalog), place, Some(table), None);
    let expr = expr.map_err(PgError::nowhere)?;
    let collation = expr.collation();
    let expr = without_collate(expr);
    let refused = |message: &'static str| PgError::new(code::INVALID_OBJECT_DEFINITION, message);
    if let Expr::Var(var) = &expr
        && var.attno > 0
    {
        let column = table.column(var.attno);
        return match column.generated {
            true => Err(generated(element, &column.name)),
            false => Ok((var.attno, None, collation)),
        };
    }
    let attnos = depend::columns_of(&expr);
    if attnos.iter().any(|attno| *attno < 0) {
        return Err(refused("partition key expressions cannot contain system column references"));
    }
    if attnos.contains(&0) {
        return Err(refused("partition key expressions cannot contain whole-row references"));
    }
    if let Some(of) = attnos.iter().find(|attno| table.column(**attno).generated) {
        return Err(generated(element, &table.column(*of).name));
    }
    if attnos.is_empty() {
        return Err(refused("cannot use constant expression as partition key"));
    }
    Ok((0, Some(expr), collation))
}

/// Lists and ranges are ordered by a btree class, hashes made by a hash class.
fn opclass(
    element: &PartitionElem,
    strategy: Strategy,
    type_oid: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let (method, name, adjective) = match strategy {
        Strategy::Hash => (oid::HASH, "hash", "a hash"),
        Strategy::List | Strategy::Range => (oid::BTREE, "btree", "a btree"),
    };
    let written = strings(element.opclass());
    if let Some(class) = written.last() {
        let found = builtin::opclass_named(method, class).ok_or_else(|| {
            let message = format!(
                "operator class \"{}\" does not exist for access method \"{name}\"",
                written.join(".")
            );
            PgError::new(code::UNDEFINED_OBJECT, message)
        })?;
        let default = catalog.default_opclass(method, type_oid);
        return match default.is_some_and(|default| default.oid == found.oid) {
            true => Ok(found.oid),
            // Bounds are compared in the order of the default class.
            false => Err(PgError::unsupported("partitioning by another operator class")),
        };
    }
    let found = catalog.default_opclass(method, type_oid);
    let comparable = method != oid::BTREE || catalog.comparison(type_oid).is_some();
    found.filter(|_| comparable).map(|class| class.oid).ok_or_else(|| {
        let shown = type_name(catalog, type_oid, cx);
        let message =
            format!("data type {shown} has no default operator class for access method \"{name}\"");
        PgError::new(code::UNDEFINED_OBJECT, message).hint(format!(
            "You must specify {adjective} operator class or define a default {name} operator class \
             for the data type."
        ))
    })
}

/// 0A000 where a unique index of a partitioned table leaves out a column of the partition key: rows of
/// different partitions could have the same values.
pub(in crate::exec::ddl) fn check_unique_key(table: &Relation, info: &IndexInfo) -> Result<()> {
    let Some(key) = table.lineage.key.as_ref().filter(|_| info.unique) else { return Ok(()) };
    let what = if info.primary { "PRIMARY KEY" } else { "UNIQUE" };
    let keys = &info.columns[..info.key_count];
    for column in &key.columns {
        if column.expr.is_some() {
            let message = format!("unsupported {what} constraint with partition key definition");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(format!(
                "{what} constraints cannot be used when partition keys include expressions."
            )));
        }
        if !keys.iter().any(|k| k.attno == column.attno) {
            let message =
                "unique constraint on partitioned table must include all partitioning columns";
            let name = &table.column(column.attno).name;
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(format!(
                "{what} constraint on table \"{}\" lacks column \"{name}\" which is part of the \
                 partition key.",
                table.name
            )));
        }
    }
    Ok(())
}
