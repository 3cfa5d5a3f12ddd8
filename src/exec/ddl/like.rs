//! CREATE TABLE (LIKE …).
//!
//! Columns, and what they carry, are copied in place; constraints and indexes follow when the table
//! exists, because they refer to its columns by number.

use super::draft::TableDraft;
use super::names::RelationName;
use super::sequence_options::sequence_relation;
use super::{DdlContext, implicit_names, index_def};
use crate::catalog::depend::edges::constraint_of_index;
use crate::catalog::{
    Catalog, Column, Constraint, ConstraintKind, Identity, IndexInfo, Origin, Relation,
    RelationKind,
};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::{require_relation, require_type};
use crate::nodes::{AttrNumber, Expr};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateStmt, TableLikeClause};
use pg_raw_parse::raw::TableLikeOption as Copy;
use std::collections::HashMap;
use std::sync::Arc;

fn wants(like: &TableLikeClause, option: u32) -> bool {
    like.options & option != 0
}

/// Copies the source's columns into a draft.
pub(super) fn add(
    draft: &mut TableDraft<'_>,
    like: &TableLikeClause,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let source = source(like, catalog, cx)?;
    let map = numbering(draft.table.columns.len(), &source);
    for column in source.live_columns() {
        if draft.table.column_by_name(&column.name).is_some() {
            let message = format!("column \"{}\" specified more than once", column.name);
            return Err(PgError::new(code::DUPLICATE_COLUMN, message));
        }
        let attno = map[&column.attno];
        draft.table.columns.push(copy_column(column, attno, like, &map));
        if column.identity.is_some() && wants(like, Copy::CREATE_TABLE_LIKE_IDENTITY) {
            copy_identity(draft, &source, column, attno, catalog, cx)?;
        }
    }
    Ok(())
}

fn source(like: &TableLikeClause, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Arc<Relation>> {
    let range = like.relation().expect("LIKE names a relation");
    let name = RelationName::of_range(range, cx)?;
    let found = name.get(catalog, cx).map_err(|e| e.at(range.location))?.clone();
    if matches!(found.kind, RelationKind::Sequence | RelationKind::Index) {
        let message = format!("relation \"{}\" is invalid in LIKE clause", found.name);
        let what = super::privileges::kind_name(found.kind);
        let detail = match found.kind {
            RelationKind::Sequence => "This operation is not supported for sequences.".to_owned(),
            _ => format!("This operation is not supported for {what}es."),
        };
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
            .detail(detail)
            .at(range.location));
    }
    if found.kind == RelationKind::Composite {
        require_type(&**cx.env, found.row_type)?;
    } else {
        require_relation(catalog, cx.env.current_role(), found.oid, "r")?;
    }
    Ok(found)
}

/// Attribute numbers of the source's columns in the new table.
fn numbering(before: usize, source: &Relation) -> HashMap<AttrNumber, AttrNumber> {
    let numbers = (before + 1..).map(|n| AttrNumber::try_from(n).unwrap_or(AttrNumber::MAX));
    source.live_columns().map(|c| c.attno).zip(numbers).collect()
}

fn copy_column(
    column: &Column,
    attno: AttrNumber,
    like: &TableLikeClause,
    map: &HashMap<AttrNumber, AttrNumber>,
) -> Column {
    let keep_default = match column.generated {
        true => wants(like, Copy::CREATE_TABLE_LIKE_GENERATED),
        false => wants(like, Copy::CREATE_TABLE_LIKE_DEFAULTS),
    };
    let default = column.default.clone().filter(|_| keep_default).map(|e| renumber(e, map));
    let comments = wants(like, Copy::CREATE_TABLE_LIKE_COMMENTS);
    Column {
        attno,
        generated: column.generated && keep_default,
        default,
        missing_value: None,
        past_types: Vec::new(),
        identity: None,
        comment: column.comment.clone().filter(|_| comments),
        statistics_target: -1,
        acl: None,
        origin: Origin::LOCAL,
        ..column.clone()
    }
}

fn copy_identity(
    draft: &mut TableDraft<'_>,
    source: &Relation,
    column: &Column,
    attno: AttrNumber,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(old) = catalog.identity_sequence(source.oid, column.attno) else { return Ok(()) };
    let Some(mut info) = old.sequence.clone() else { return Ok(()) };
    info.owned_by = Some((draft.table.oid, attno));
    let parts = (draft.table.name.as_str(), Some(column.name.as_str()), "seq");
    let namespace = draft.table.namespace;
    let name = implicit_names::relation_name(catalog, namespace, &draft.names, parts, false);
    let sequence = sequence_relation(name, namespace, draft.table.owner, info, cx)?;
    draft.names.push(sequence.name.clone());
    draft.sequences.push(sequence);
    draft.column_mut(attno).identity = column.identity.or(Some(Identity::ByDefault));
    Ok(())
}

/// The LIKE clauses whose constraints or indexes are to be copied.
pub(super) fn after_creation(statement: &CreateStmt) -> Vec<&TableLikeClause> {
    let wanted = Copy::CREATE_TABLE_LIKE_CONSTRAINTS | Copy::CREATE_TABLE_LIKE_INDEXES;
    let likes = statement.table_elts().iter().filter_map(|node| match node {
        Node::TableLikeClause(like) => Some(like),
        _ => None,
    });
    likes.filter(|like| wants(like, wanted)).collect()
}

/// Copies constraints and indexes to the table that now exists.
pub(super) async fn finish(
    table: &Arc<Relation>,
    likes: &[&TableLikeClause],
    cx: &DdlContext<'_>,
) -> Result<()> {
    for like in likes {
        let catalog = cx.catalog();
        let source = source(like, &catalog, cx)?;
        let by_name = |c: &Column| Some((c.attno, table.column_by_name(&c.name)?.attno));
        let map = source.live_columns().filter_map(by_name).collect();
        if wants(like, Copy::CREATE_TABLE_LIKE_CONSTRAINTS) {
            copy_checks(table, &source, &map, cx)?;
        }
        if wants(like, Copy::CREATE_TABLE_LIKE_INDEXES) {
            copy_indexes(table, &source, &map, &catalog, cx)?;
        }
    }
    Ok(())
}

fn copy_checks(
    table: &Relation,
    source: &Relation,
    map: &HashMap<AttrNumber, AttrNumber>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut changed = (**cx.catalog().relation(table.oid).expect("just created")).clone();
    for constraint in &source.constraints {
        let ConstraintKind::Check { expr } = &constraint.kind else { continue };
        let kind = ConstraintKind::Check { expr: renumber(expr.clone(), map) };
        let oid = cx.catalog.new_oid()?;
        let name = super::check::own_name(&changed, &constraint.name)?;
        changed.constraints.push(Constraint { oid, name, kind, ..constraint.clone() });
    }
    cx.catalog.put_relation(changed, cx.txn);
    Ok(())
}

fn copy_indexes(
    table: &Relation,
    source: &Relation,
    map: &HashMap<AttrNumber, AttrNumber>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    for index in catalog.indexes_of(source) {
        let Some(old) = &index.index else { continue };
        let mut info = IndexInfo { table: table.oid, ..old.clone() };
        for column in &mut info.columns {
            column.attno = map.get(&column.attno).copied().unwrap_or(0);
            column.expr = column.expr.take().map(|e| renumber(e, map));
        }
        info.predicate = info.predicate.take().map(|e| renumber(e, map));
        let labels: Vec<String> = index.columns.iter().map(|c| c.name.clone()).collect();
        let constraint = constraint_of_index(source, index.oid);
        let joined = implicit_names::joined(labels.iter().map(String::as_str));
        let label = match (info.primary, constraint) {
            (true, _) => "pkey",
            (false, Some(_)) => "key",
            (false, None) => "idx",
        };
        let middle = (!info.primary).then_some(joined.as_str());
        let parts = (table.name.as_str(), middle, label);
        let now = cx.catalog();
        let name =
            implicit_names::relation_name(&now, table.namespace, &[], parts, constraint.is_some());
        let columns: Vec<_> = info.columns[..info.key_count].iter().map(|c| c.attno).collect();
        let new = index_def::relation(name, table, info, labels, index.options.clone(), cx)?;
        if let Some(constraint) = constraint {
            add_key(table, constraint, &new, columns, cx)?;
        }
        cx.catalog.put_relation(new, cx.txn);
    }
    Ok(())
}

fn add_key(
    table: &Relation,
    constraint: &Constraint,
    index: &Relation,
    columns: Vec<AttrNumber>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut changed = (**cx.catalog().relation(table.oid).expect("just created")).clone();
    let kind = match constraint.kind {
        ConstraintKind::PrimaryKey { .. } => {
            for attno in &columns {
                changed.columns[*attno as usize - 1].not_null = true;
            }
            ConstraintKind::PrimaryKey { index: index.oid, columns }
        }
        _ => ConstraintKind::Unique { index: index.oid, columns },
    };
    let oid = cx.catalog.new_oid()?;
    changed.constraints.push(Constraint {
        oid,
        name: index.name.clone(),
        kind,
        ..constraint.clone()
    });
    cx.catalog.put_relation(changed, cx.txn);
    Ok(())
}

/// An expression over the source's columns as one over the copy's.
fn renumber(mut expr: Expr, map: &HashMap<AttrNumber, AttrNumber>) -> Expr {
    fn walk(expr: &mut Expr, map: &HashMap<AttrNumber, AttrNumber>) {
        if let Expr::Var(var) = expr {
            var.attno = map.get(&var.attno).copied().unwrap_or(var.attno);
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            expr.for_each_child_mut(&mut |child| walk(child, map));
        });
    }
    walk(&mut expr, map);
    expr
}
