//! A table under construction: CREATE TABLE's new one, or the copy that ALTER TABLE changes.
//!
//! Definitions are collected first, in the order written, because they refer to each other (a CHECK
//! to later columns, a foreign key to the table's own key); then [`TableDraft::finish`] makes the
//! objects in PostgreSQL's order: defaults, checks, primary key, unique constraints, foreign keys.

use super::DdlContext;
use super::names::strings;
use crate::catalog::{Catalog, Column, Relation};
use crate::error::Result;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::Constraint;
use std::sync::Arc;

pub(super) struct TableDraft<'a> {
    pub table: Relation,
    /// CREATE TABLE, not ALTER.
    pub is_new: bool,
    /// Sequences to make, for serial and identity columns.
    pub sequences: Vec<Relation>,
    /// Indexes to make, of constraints and of LIKE.
    pub indexes: Vec<Relation>,
    pub defaults: Vec<(i16, Node<'a>)>,
    pub generated: Vec<(i16, Node<'a>)>,
    pub checks: Vec<CheckSpec<'a>>,
    pub keys: Vec<KeySpec<'a>>,
    pub foreign_keys: Vec<ForeignKeySpec<'a>>,
    /// Names of relations that this statement makes, so that made-up names stay apart.
    pub names: Vec<String>,
}

/// A CHECK constraint as written.
pub(super) struct CheckSpec<'a> {
    pub name: Option<&'a str>,
    pub expr: Node<'a>,
    pub no_inherit: bool,
    pub validated: bool,
}

/// A PRIMARY KEY or UNIQUE constraint as written.
pub(super) struct KeySpec<'a> {
    pub name: Option<&'a str>,
    pub primary: bool,
    pub columns: Vec<String>,
    pub including: Vec<String>,
    pub nulls_not_distinct: bool,
    pub deferrable: bool,
    pub initially_deferred: bool,
    /// ADD CONSTRAINT … USING INDEX.
    pub using_index: Option<&'a str>,
    pub location: i32,
}

/// A FOREIGN KEY constraint as written.
pub(super) struct ForeignKeySpec<'a> {
    pub node: &'a Constraint,
    pub columns: Vec<String>,
    pub deferrable: bool,
    pub initially_deferred: bool,
}

impl<'a> CheckSpec<'a> {
    pub fn new(node: &'a Constraint) -> CheckSpec<'a> {
        CheckSpec {
            name: node.conname(),
            expr: node.raw_expr(),
            no_inherit: node.is_no_inherit,
            validated: !node.skip_validation,
        }
    }
}

impl<'a> KeySpec<'a> {
    /// `column`: where the constraint is written on one.
    pub fn new(node: &'a Constraint, column: Option<&str>) -> KeySpec<'a> {
        let owned = |list| strings(list).into_iter().map(str::to_owned).collect::<Vec<_>>();
        KeySpec {
            name: node.conname(),
            primary: node.contype == pg_raw_parse::raw::ConstrType::CONSTR_PRIMARY,
            columns: column.map_or_else(|| owned(node.keys()), |c| vec![c.to_owned()]),
            including: owned(node.including()),
            nulls_not_distinct: node.nulls_not_distinct,
            deferrable: node.deferrable,
            initially_deferred: node.initdeferred,
            using_index: node.indexname(),
            location: node.location,
        }
    }
}

impl<'a> ForeignKeySpec<'a> {
    /// `column`: where the constraint is written on one.
    pub fn new(node: &'a Constraint, column: Option<&str>) -> ForeignKeySpec<'a> {
        let written = strings(node.fk_attrs()).into_iter().map(str::to_owned);
        ForeignKeySpec {
            node,
            columns: column.map_or_else(|| written.collect(), |c| vec![c.to_owned()]),
            deferrable: node.deferrable,
            initially_deferred: node.initdeferred,
        }
    }
}

impl<'a> TableDraft<'a> {
    pub fn new(table: Relation, is_new: bool) -> TableDraft<'a> {
        TableDraft {
            names: vec![table.name.clone()],
            table,
            is_new,
            sequences: Vec::new(),
            indexes: Vec::new(),
            defaults: Vec::new(),
            generated: Vec::new(),
            checks: Vec::new(),
            keys: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    pub fn column_mut(&mut self, attno: i16) -> &mut Column {
        &mut self.table.columns[attno as usize - 1]
    }

    /// Binds and makes everything collected, and puts the table with its sequences and indexes into
    /// the transaction's catalog. Foreign keys come last: they may refer to the table itself.
    pub async fn finish(mut self, cx: &DdlContext<'_>) -> Result<Arc<Relation>> {
        let catalog = cx.catalog();
        self.bind_expressions(&catalog, cx)?;
        super::key::add_all(&mut self, &catalog, cx)?;
        let TableDraft { table, is_new, sequences, indexes, foreign_keys, .. } = self;
        for sequence in sequences {
            cx.catalog.put_relation(sequence, cx.txn);
        }
        let oid = table.oid;
        cx.catalog.put_relation(table, cx.txn);
        for index in indexes {
            cx.catalog.put_relation(index, cx.txn);
        }
        for spec in &foreign_keys {
            super::foreign_key::add(oid, spec, is_new, cx).await?;
        }
        let catalog = cx.catalog();
        Ok(catalog.relation(oid).expect("the table was just put").clone())
    }

    fn bind_expressions(&mut self, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
        self.bind_defaults(catalog, cx)?;
        for spec in std::mem::take(&mut self.checks) {
            super::check::add(self, &spec, catalog, cx)?;
        }
        Ok(())
    }

    /// Binds defaults and generation expressions.
    pub fn bind_defaults(&mut self, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
        for (attno, node) in std::mem::take(&mut self.defaults) {
            let expr = super::default::bind_default(&self.table, attno, node, catalog, cx)?;
            self.column_mut(attno).default = expr;
        }
        for (attno, node) in std::mem::take(&mut self.generated) {
            let expr = super::default::bind_generated(&self.table, attno, node, catalog, cx)?;
            self.column_mut(attno).default = Some(expr);
        }
        Ok(())
    }
}
