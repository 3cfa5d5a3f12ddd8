//! The row of an entry that an outer join found no partner for is NULL, not a row of NULLs: in
//! `SELECT b FROM a LEFT JOIN b …`, `count(b)` and `row_to_json(b)`.
//!
//! References to whole rows of such entries become `CASE WHEN absent THEN NULL ELSE row END`. A table's row
//! is absent where its `tableoid` is NULL. Rows of subqueries, functions and VALUES have no column that is
//! never NULL; they get one, [`PRESENT_ATTNO`], below the join ([`Planner::with_presence`]), as PostgreSQL
//! has a placeholder there. System relations always have one.

use super::from::From;
use super::lateral::column_types;
use super::planner::{Built, Planner};
use super::quals::Rels;
use super::units::item_rels;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::exec::PRESENT_ATTNO;
use crate::exec::expr::Program;
use crate::exec::op::Project;
use crate::nodes::*;
use crate::types::{Datum, Oid, oids};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How an absent row of an entry is told.
#[derive(Clone, Copy)]
enum Absent {
    /// By a column that is never NULL, of this type.
    Column(AttrNumber, Oid),
    AllNull,
}

type Entries = BTreeMap<RangeIndex, Absent>;

/// Marks the references of a query, and of those below it, to whole rows of a query's own entries.
pub(super) fn mark(query: &mut Query, catalog: &Catalog) {
    let mut rels = Rels::new();
    query.from.items.iter().for_each(|item| add_nullable(item, &mut rels));
    let told = |rel: RangeIndex| Some((rel, absent(&query.range(rel).source, catalog)?));
    let entries: Entries = rels.into_iter().filter_map(told).collect();
    if !entries.is_empty() {
        mark_query(query, 0, &entries);
    }
}

/// Adds the entries on the sides of outer joins that may have no row.
fn add_nullable(item: &FromItem, rels: &mut Rels) {
    let FromItem::Join(join) = item else { return };
    if matches!(join.kind, JoinKind::Left | JoinKind::Full) {
        rels.extend(item_rels(&join.right));
    }
    if matches!(join.kind, JoinKind::Right | JoinKind::Full) {
        rels.extend(item_rels(&join.left));
    }
    add_nullable(&join.left, rels);
    add_nullable(&join.right, rels);
}

/// `None` for a join: its row is made of its sides' columns wherever it is referred to.
fn absent(source: &RangeSource, catalog: &Catalog) -> Option<Absent> {
    match source {
        RangeSource::Join { .. } => None,
        RangeSource::Relation { oid } if Catalog::is_system(*oid) => Some(Absent::AllNull),
        RangeSource::Relation { oid } => Some(match catalog.relation(*oid)?.kind.has_rows() {
            true => Absent::Column(TABLE_OID_COLUMN, oids::OID),
            false => Absent::AllNull,
        }),
        _ => Some(Absent::Column(PRESENT_ATTNO, oids::BOOL)),
    }
}

fn mark_query(query: &mut Query, depth: u32, entries: &Entries) {
    query.for_each_expr_mut(&mut |expr| mark_expr(expr, depth, entries));
    query.for_each_subquery_mut(&mut |below| mark_query(below, depth + 1, entries));
}

/// What is below an expression first, as what it becomes refers to the row again.
fn mark_expr(expr: &mut Expr, depth: u32, entries: &Entries) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        expr.for_each_child_mut(&mut |child| mark_expr(child, depth, entries));
        if let Expr::SubLink(link) = expr {
            mark_query(&mut link.query, depth + 1, entries);
        }
        if let Expr::Var(row) = expr
            && row.attno == 0
            && row.level == depth
            && let Some(absent) = entries.get(&row.rel)
        {
            *expr = null_where_absent(row.clone(), *absent);
        }
    });
}

fn null_where_absent(row: Var, absent: Absent) -> Expr {
    let (told_by, is_row) = match absent {
        Absent::Column(attno, type_oid) => {
            (Var { attno, type_oid, typmod: -1, collation: 0, ..row.clone() }, false)
        }
        Absent::AllNull => (row.clone(), true),
    };
    let Var { type_oid, typmod, collation, location, .. } = row;
    let arg = Box::new(Expr::Var(told_by));
    let condition = Expr::NullTest { arg, is_null: true, row: is_row, location };
    let null = Expr::Const(Const { value: Datum::Null, type_oid, typmod, collation, location });
    let whens = vec![(condition, null)];
    let default = Expr::Var(row);
    Expr::Case(Box::new(Case { type_oid, typmod, collation, arg: None, whens, default, location }))
}

impl Planner {
    /// An entry's rows, which are no relation's, with [`PRESENT_ATTNO`] where the query asks for it.
    pub(super) fn with_presence(
        &mut self,
        from: &From<'_>,
        rel: RangeIndex,
        built: Built,
    ) -> Result<Built> {
        if !from.needed.get(&rel).is_some_and(|needed| needed.contains(&PRESENT_ATTNO)) {
            return Ok(built);
        }
        let types = column_types(&from.query.range(rel).source);
        let slots = types.iter().enumerate();
        let mut columns: Vec<Program> =
            slots.map(|(at, (type_oid, _))| Program::slot(at, self.stand_in(*type_oid))).collect();
        let present = Expr::constant(Datum::Bool(true), oids::BOOL);
        columns.push(self.compile(&present, &built.layout)?);
        let mut layout = (*built.layout).clone();
        layout.push(rel, PRESENT_ATTNO);
        let project = Project { input: built.node, columns: Arc::new(columns) };
        Ok(Built::new(project, Arc::new(layout), built.rows, built.cost))
    }
}
