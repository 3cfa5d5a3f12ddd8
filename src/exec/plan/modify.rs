//! What INSERT, UPDATE and DELETE read.

use super::inherit::has_family;
use super::planner::{Level, Planner};
use super::{prepare, query};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::exec::expr::Program;
use crate::exec::op::NodeRef;
use crate::exec::{KEY_ATTNO, Layout, SEQ_ATTNO};
use crate::nodes::*;
use crate::types::oids;
use std::sync::Arc;

/// The rows that a data-modifying statement works on.
pub(in crate::exec) struct ModifySource {
    pub node: NodeRef,
    /// UPDATE, DELETE and MERGE: the target's live columns, [`KEY_ATTNO`], [`SEQ_ATTNO`] and, where
    /// others inherit from it, `tableoid`, under
    /// [`Query::result_relation`]; and the columns of FROM that the statement refers to.
    pub layout: Arc<Layout>,
    /// The conditions of WHERE, of inner joins and of MERGE's outer join over `layout`: what a newer version of the target
    /// row must satisfy after a lock was waited for. Empty for INSERT.
    pub recheck: Vec<Program>,
}

impl Planner {
    /// Starts planning a data-modifying statement: `query` afterwards is ready for
    /// [`Planner::modify_source`] and [`Planner::compile`]. [`Planner::leave`] ends it.
    pub fn enter(&mut self) {
        self.levels.push(Level::default());
    }

    pub fn leave(&mut self) {
        self.levels.pop();
    }

    /// Plans FROM and WHERE, and WITH around it; between `enter` and `leave`.
    pub fn modify_source(&mut self, query: &Query) -> Result<ModifySource> {
        let mut query = query.clone();
        if let Some(rel) = query.result_relation
            && query.command != CommandType::Insert
        {
            need_target(self, &mut query, rel);
        }
        self.level().query = self.explained.then(|| Arc::new(query.clone()));
        let stores = self.bind_ctes(&query)?;
        let (built, _) = self.plan_from(&query, &[])?;
        let recheck = match query.command {
            CommandType::Insert => Vec::new(),
            CommandType::Merge => self.compile_all(&merge_condition(&query), &built.layout)?,
            _ => self.recheck(&query, &built)?,
        };
        let built = query::with(stores, built);
        Ok(ModifySource { node: built.node, layout: built.layout, recheck })
    }
}

/// Puts the target among FROM's items, and its columns among those needed.
fn need_target(planner: &Planner, query: &mut Query, rel: RangeIndex) {
    if !query.from.items.iter().any(|item| has(item, rel)) {
        query.from.items.insert(0, FromItem::Range(rel));
    }
    let RangeSource::Relation { oid } = query.range(rel).source else { return };
    let catalog = planner.catalog();
    let Some(relation) = catalog.relation(oid) else { return };
    let hidden = [(KEY_ATTNO, oids::BYTEA), (SEQ_ATTNO, oids::INT8)];
    let table = has_family(query.range(rel), &catalog).then_some((TABLE_OID_COLUMN, oids::OID));
    let columns = relation.live_columns().map(|c| (c.attno, c.type_oid));
    let columns = columns.chain(hidden).chain(table).collect::<Vec<_>>();
    for (attno, type_oid) in columns {
        let var = Var { rel, attno, type_oid, typmod: -1, collation: 0, level: 0, location: -1 };
        query.targets.push(TargetEntry {
            expr: Expr::Var(var),
            resno: 0,
            name: String::new(),
            sort_group_ref: 0,
            origin: (0, 0),
            resjunk: true,
        });
    }
}

/// What a source row and a target row match by.
fn merge_condition(query: &Query) -> Vec<Expr> {
    let target = query.result_relation.map(|rel| query.range(rel));
    let mut conditions = target.map_or_else(Vec::new, |target| target.security.clone());
    conditions.extend(match query.from.items.as_slice() {
        [FromItem::Join(join)] => join.on.clone(),
        _ => query.from.filter.clone(),
    });
    conditions
}

fn has(item: &FromItem, rel: RangeIndex) -> bool {
    match item {
        FromItem::Range(found) => *found == rel,
        FromItem::Join(join) => has(&join.left, rel) || has(&join.right, rel),
    }
}

/// A statement made ready for planning: DML calls it before anything else.
pub(in crate::exec) fn prepared(query: &Query, catalog: &Catalog) -> Query {
    let mut query = query.clone();
    prepare::prepare(&mut query, catalog);
    query
}
