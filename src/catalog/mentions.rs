//! Which objects mention which: where the dependents of an object are looked for.
//!
//! What depends on an object is derived from the objects themselves ([`super::depend`]). Most have nothing to
//! do with it; this says which may, so that a DROP does not read the whole catalog:
//!
//! ```text
//! CREATE VIEW s.v AS SELECT f(a) FROM t      (s, v) (f, v) (t, v)
//! DROP FUNCTION f                            looks at v only
//! ```
//!
//! Invariant: what `depend` finds to depend on an object mentions it, as both take what is in expressions and
//! queries from the same functions ([`super::depend::refs`]). The reverse does not hold: why an object is
//! mentioned is not kept, so whoever asks looks at those that do. Connections that have an index of their own
//! (a table's indexes, foreign keys, children and sequences) are not mentions.

use super::depend::Object;
use super::depend::refs::{mentioned, query_mentions};
use super::{
    Catalog, Column, ConstraintKind, Extension, FIRST_USER_OID, Function, Relation, UserCast,
    UserCollation, UserOperator, UserType,
};
use crate::nodes::{Expr, Query};
use crate::types::Oid;
use imbl::OrdSet;
use std::collections::BTreeSet;

/// Pairs of a mentioned object's OID and an object that mentions it.
#[derive(Clone, Debug, Default)]
pub(super) struct Mentions(OrdSet<(Oid, Object)>);

impl Mentions {
    /// The objects that mention one, each kind in OID order.
    pub fn of(&self, oid: Oid) -> impl Iterator<Item = Object> {
        let from = self.0.range((oid, Object::Namespace(0))..);
        from.take_while(move |(mentioned, _)| *mentioned == oid).map(|(_, by)| *by)
    }

    #[cfg(test)]
    pub fn all(&self) -> Vec<(Oid, Object)> {
        self.0.iter().copied().collect()
    }

    /// Notes what a new object mentions.
    pub fn put(&mut self, by: Object, mentioned: &Mentioned) {
        self.change(by, &Mentioned::default(), mentioned);
    }

    /// Forgets what an object mentioned that is gone.
    pub fn remove(&mut self, by: Object, mentioned: &Mentioned) {
        self.change(by, mentioned, &Mentioned::default());
    }

    /// Notes what a changed object mentions now. Most changes are of something else.
    pub fn change(&mut self, by: Object, before: &Mentioned, now: &Mentioned) {
        for gone in before.0.difference(&now.0) {
            self.0.remove(&(*gone, by));
        }
        for new in now.0.difference(&before.0) {
            self.0.insert((*new, by));
        }
    }
}

/// The OIDs of what an object mentions.
#[derive(Debug, Default)]
pub(super) struct Mentioned(BTreeSet<Oid>);

impl Mentioned {
    /// That of an object in a schema.
    fn in_namespace(namespace: Oid) -> Mentioned {
        Mentioned(BTreeSet::from([namespace]))
    }

    /// PostgreSQL's own objects cannot be dropped, and everything mentions them.
    fn add(&mut self, oid: Oid) {
        if oid >= FIRST_USER_OID {
            self.0.insert(oid);
        }
    }

    fn add_all(&mut self, oids: impl IntoIterator<Item = Oid>) {
        oids.into_iter().for_each(|oid| self.add(oid));
    }

    fn expr(&mut self, expr: &Expr) {
        mentioned(expr, &mut |oid| self.add(oid));
    }

    fn query(&mut self, query: &Query) {
        query_mentions(query, &mut |oid| self.add(oid));
    }
}

pub(super) fn of_relation(relation: &Relation) -> Mentioned {
    let mut found = Mentioned::in_namespace(relation.namespace);
    if let Some(query) = relation.query() {
        found.query(query);
    }
    if let Some(index) = &relation.index {
        let exprs = index.columns.iter().filter_map(|c| c.expr.as_ref());
        exprs.chain(&index.predicate).for_each(|expr| found.expr(expr));
        found.add_all(index.columns.iter().map(|column| column.collation));
    }
    let key = relation.lineage.key.iter().flat_map(|key| &key.columns);
    for column in key {
        found.add(column.collation);
        column.expr.iter().for_each(|expr| found.expr(expr));
    }
    for column in relation.live_columns() {
        found.add(column.type_oid);
        found.add(column.collation);
        column.default.iter().for_each(|expr| found.expr(expr));
    }
    for constraint in &relation.constraints {
        if let ConstraintKind::Check { expr } = &constraint.kind {
            found.expr(expr);
        }
    }
    for policy in &relation.row_security.policies {
        found.query(&policy.as_query(relation.oid));
    }
    for rule in &relation.rules {
        found.query(&rule.as_query(relation.oid));
    }
    found
}

pub(super) fn of_function(function: &Function) -> Mentioned {
    let proc = &function.proc;
    let mut found = Mentioned::in_namespace(proc.namespace);
    found.add(proc.return_type);
    found.add_all(proc.arg_types.iter().copied());
    found.add_all(proc.all_args.iter().flatten().map(|(type_oid, _)| *type_oid));
    if let Some(aggregate) = &function.aggregate {
        found.add_all(aggregate.state_types().chain(aggregate.functions()));
    }
    function.queries().iter().for_each(|query| found.query(query));
    function.defaults.iter().for_each(|default| found.expr(default));
    found
}

pub(super) fn of_type(found_type: &UserType) -> Mentioned {
    let mut found = Mentioned::in_namespace(found_type.namespace);
    if let Some(domain) = found_type.domain() {
        found.add_all([domain.base, domain.collation]);
        let checks = domain.checks.iter().map(|check| &check.expr);
        domain.default.iter().chain(checks).for_each(|expr| found.expr(expr));
    }
    if let Some(range) = found_type.range() {
        found.add_all([range.subtype, range.subtype_diff, range.collation]);
    }
    found
}

pub(super) fn of_operator(made: &UserOperator) -> Mentioned {
    let operator = &made.operator;
    let mut found = Mentioned::in_namespace(operator.namespace);
    found.add_all([operator.left, operator.right, operator.result, operator.proc]);
    found
}

pub(super) fn of_collation(made: &UserCollation) -> Mentioned {
    Mentioned::in_namespace(made.collation.namespace)
}

pub(super) fn of_cast(made: &UserCast) -> Mentioned {
    let mut found = Mentioned::default();
    found.add_all([made.cast.source, made.cast.target, made.cast.func]);
    found
}

pub(super) fn of_extension(extension: &Extension) -> Mentioned {
    Mentioned::in_namespace(extension.namespace)
}

impl Catalog {
    /// The relations with rows that may have a column of a type, or of one whose values are or hold values of
    /// it: domains, arrays, composites. In OID order.
    pub fn may_store(&self, type_oid: Oid) -> BTreeSet<Oid> {
        let (mut tables, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut left = vec![type_oid];
        while let Some(found) = left.pop() {
            if !seen.insert(found) {
                continue;
            }
            left.extend(self.type_(found).map(|t| t.array).filter(|array| *array != 0));
            for object in self.mentioning(found) {
                match object {
                    Object::Type(over) => left.push(over),
                    Object::Relation(oid) => {
                        let Some(relation) = self.relation(oid) else { continue };
                        let has = |column: &Column| column.type_oid == found;
                        if !relation.live_columns().any(has) {
                            continue;
                        }
                        if relation.kind.has_rows() {
                            tables.insert(oid);
                        }
                        if relation.row_type != 0 {
                            left.push(relation.row_type);
                        }
                    }
                    _ => {}
                }
            }
        }
        tables
    }
}
