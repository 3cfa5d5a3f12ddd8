//! The pg_class entry of an index: its columns, operator classes, name.

use super::DdlContext;
use super::implicit_names;
use crate::catalog::builtin::{self, oid};
use crate::catalog::{Catalog, Column, IndexColumn, IndexInfo, OnCommit, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::types::{Oid, oids};
use std::collections::BTreeMap;

/// The most columns of an index, INCLUDE among them (`INDEX_MAX_KEYS`).
pub(super) const INDEX_COLUMNS_MAX: usize = 32;

/// A key column on a table column, ascending, with the default operator class.
pub(super) fn plain_column(
    table: &Relation,
    attno: i16,
    method: Oid,
    cx: &DdlContext<'_>,
) -> Result<IndexColumn> {
    let column = table.column(attno);
    let opclass = default_opclass(method, column.type_oid, cx)?;
    Ok(IndexColumn {
        attno,
        expr: None,
        type_oid: cx.catalog().base_type(column.type_oid, -1).0,
        collation: column.collation,
        opclass,
        descending: false,
        nulls_first: false,
    })
}

/// An INCLUDE column: no operator class, no order.
pub(super) fn include_column(table: &Relation, attno: i16) -> IndexColumn {
    let column = table.column(attno);
    IndexColumn {
        attno,
        expr: None,
        type_oid: column.type_oid,
        collation: column.collation,
        opclass: 0,
        descending: false,
        nulls_first: false,
    }
}

/// The operator class of a column whose type changes: the new type's default, or the one that the index
/// was given, which must take the new type (42804).
pub(super) fn changed_opclass(
    method: Oid,
    opclass: Oid,
    (old, new): (Oid, Oid),
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let catalog = cx.catalog();
    let was_default = catalog.default_opclass(method, old).is_none_or(|c| c.oid == opclass);
    let Some(class) = builtin::opclass(opclass).filter(|_| !was_default) else {
        return default_opclass(method, new, cx);
    };
    if catalog.binary_coercible(new, class.input_type) {
        return Ok(opclass);
    }
    let shown = super::column::type_name(&catalog, new, cx);
    let message = format!("operator class \"{}\" does not accept data type {shown}", class.name);
    Err(PgError::new(code::DATATYPE_MISMATCH, message))
}

/// The default operator class of a type, or 42704.
pub(super) fn default_opclass(method: Oid, type_oid: Oid, cx: &DdlContext<'_>) -> Result<Oid> {
    let catalog = cx.catalog();
    let found = catalog.default_opclass(method, type_oid);
    let comparable = method != oid::BTREE || catalog.comparison(type_oid).is_some();
    found.filter(|_| comparable).map(|c| c.oid).ok_or_else(|| {
        let shown = super::column::type_name(&catalog, type_oid, cx);
        let method = builtin::access_method(method).map_or("btree", |m| m.name);
        let message = format!(
            "data type {shown} has no default operator class for access method \"{method}\""
        );
        PgError::new(code::UNDEFINED_OBJECT, message).hint(
            "You must specify an operator class for the index or define a default operator class \
             for the data type.",
        )
    })
}

/// Makes the pg_class entry of an index on `table`. `labels` are the names of its columns.
pub(super) fn relation(
    name: String,
    table: &Relation,
    mut info: IndexInfo,
    labels: Vec<String>,
    options: BTreeMap<String, String>,
    cx: &DdlContext<'_>,
) -> Result<Relation> {
    if info.columns.len() > INDEX_COLUMNS_MAX {
        let message = format!("cannot use more than {INDEX_COLUMNS_MAX} columns in an index");
        return Err(PgError::new(code::TOO_MANY_COLUMNS, message));
    }
    info.collation_versions = cx.catalog().versions_of(&info.columns[..info.key_count])?;
    let columns = (1i16..).zip(info.columns.iter().zip(distinct(labels)));
    let catalog = cx.catalog();
    let columns =
        columns.map(|(attno, (column, label))| attribute(table, attno, column, &label, &catalog));
    Ok(Relation {
        oid: cx.catalog.new_oid()?,
        name,
        namespace: table.namespace,
        owner: table.owner,
        kind: RelationKind::Index,
        persistence: table.persistence,
        on_commit: OnCommit::PreserveRows,
        version: 1,
        columns: columns.collect(),
        storage: cx.catalog.new_storage(cx.txn)?,
        row_type: 0,
        options,
        comment: None,
        acl: None,
        indexes: Vec::new(),
        constraints: Vec::new(),
        index: Some(info),
        sequence: None,
        view: None,
        materialized: None,
        row_security: Default::default(),
        rules: Vec::new(),
        lineage: Default::default(),
    })
}

fn attribute(
    table: &Relation,
    attno: i16,
    column: &IndexColumn,
    label: &str,
    catalog: &Catalog,
) -> Column {
    let own = match column.attno {
        0 => (column.type_oid, column.expr.as_ref().map_or(-1, |e| e.typmod())),
        attno => (table.column(attno).type_oid, table.column(attno).typmod),
    };
    let (type_oid, typmod) = key_type(column, catalog).map_or(own, |key| (key, -1));
    Column {
        collation: column.collation,
        ..super::column::new_column(attno, label, type_oid, typmod, catalog)
    }
}

/// What an operator class keeps of a column's values, where that is of another type.
fn key_type(column: &IndexColumn, catalog: &Catalog) -> Option<Oid> {
    let class = builtin::opclass(column.opclass)?;
    match class.key_type {
        // What these have of names is a cstring, which is nobody's business.
        _ if class.method == oid::BTREE => None,
        // hash keeps hashes, or says so.
        _ if class.method == oid::HASH => Some(oids::INT4),
        0 => None,
        oids::ANYELEMENT => catalog.element_of(column.type_oid),
        key => Some(key).filter(|key| *key != column.type_oid),
    }
}

/// Column names of an index are made distinct by numbers (`ChooseIndexColumnNames`).
pub(super) fn distinct(labels: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(labels.len());
    for label in labels {
        let numbered =
            (1u32..).map(|n| implicit_names::object_name(&format!("{label}{n}"), None, ""));
        let mut candidates = std::iter::once(label.clone()).chain(numbered);
        let free = candidates.find(|name| !out.contains(name)).expect("some number is free");
        out.push(free);
    }
    out
}
