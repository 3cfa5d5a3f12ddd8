//! How to read a relation of pg_catalog: which of its key columns finds the rows.
//!
//! A key finds at least the rows that have its value, so every condition stays tested.

use super::access::{Access, Found, comparable, is_column, layout_of};
use super::cost;
use super::implied;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison};
use super::units::fixes;
use crate::catalog::pg_catalog::{self, Matches};
use crate::catalog::{Column, Relation};
use crate::error::Result;
use crate::exec::expr::Program;
use crate::exec::scan::{SystemColumns, SystemKey, SystemScan};
use crate::nodes::{AttrNumber, Expr, RangeIndex};
use crate::types::oids;
use std::sync::Arc;

/// What finding a key's rows costs, whatever their number.
const FIND: f64 = 1.0;

/// Values of a "char": kinds of things.
const VALUES_OF_KIND: f64 = 5.0;

/// A key column of a system relation.
#[derive(Clone, Copy)]
struct Key {
    attno: AttrNumber,
    matches: Matches,
}

/// The key columns of a system relation, the better ones first.
fn keys(relation: &Relation) -> impl Iterator<Item = Key> + use<> {
    let keys = pg_catalog::keys(relation.oid).iter();
    keys.map(|key| Key { attno: attno(key.column), matches: key.matches })
}

fn attno(position: usize) -> AttrNumber {
    AttrNumber::try_from(position + 1).expect("system relations have few columns")
}

/// The key to use.
struct UsedKey {
    key: SystemKey,
    /// The condition that says its value.
    condition: usize,
    /// How many rows it finds.
    rows: f64,
    /// Which is not a good part of all.
    selective: bool,
}

impl Planner {
    pub(super) fn system_relation(&mut self, access: &Access<'_>) -> Result<Found> {
        let relation = access.relation;
        let layout = Arc::new(layout_of(access));
        let filter: Result<Vec<_>> =
            access.conditions.iter().map(|c| self.inner_condition(c, access, &layout)).collect();
        let read = self.table_rows(relation);
        let searched = implied::with_implied(access.conditions);
        let found = self.system_key(&Access { conditions: &searched, ..*access })?;
        let by_key = found.as_ref().is_some_and(|found| found.selective);
        self.long |= !by_key;
        self.whole_catalog |= !by_key;
        let about = if by_key { self.about_column(access)? } else { None };
        let read = match &found {
            Some(_) if about.is_some() => 1.0,
            Some(found) => found.rows,
            None => read,
        };
        let cost = if found.is_some() { FIND } else { 0.0 } + read * cost::ROW;
        let used = found.as_ref().map(|found| found.condition);
        let others = access.conditions.iter().enumerate().filter(|(n, _)| Some(*n) != used);
        let rows = read * others.map(|(_, c)| self.guess(c, access)).product::<f64>();
        let (filter, columns) = (filter?, SystemColumns::of(access.columns.iter()));
        let scan = SystemScan {
            relation: relation.oid,
            tested: columns.read_by(&filter),
            filter: Arc::new(filter),
            columns,
            key: found.map(|found| Arc::new(found.key)),
            about: about.map(Arc::new),
        };
        let built = Built::new(scan, layout, rows.max(1.0), cost);
        let note = self.condition_note("Filter", access.conditions);
        let built = self.called(built, access).noted(note);
        Ok(Found { built, ordered: false, by_key })
    }

    fn system_key(&mut self, access: &Access<'_>) -> Result<Option<UsedKey>> {
        for key in keys(access.relation) {
            let column = usize::from(key.attno.unsigned_abs()) - 1;
            let wanted = access.relation.column(key.attno);
            let wanted = (key.attno, wanted.type_oid, wanted.collation);
            let rows = self.system_rows_of(access.relation, key);
            let selective = key.matches != Matches::Many;
            for (n, condition) in access.conditions.iter().enumerate() {
                let found = self.sargable(condition, access, wanted);
                if let Some((Comparison::Eq, value)) = found {
                    let value = self.key_program(value, access)?;
                    let key = SystemKey { column, value, any: false };
                    return Ok(Some(UsedKey { key, condition: n, rows, selective }));
                }
            }
            for (n, condition) in access.conditions.iter().enumerate() {
                if let Some(array) = self.any_of(condition, access, key.attno) {
                    let some = self.guess(condition, access) * self.table_rows(access.relation);
                    let value = self.key_program(array, access)?;
                    let key = SystemKey { column, value, any: true };
                    let rows = some.max(rows);
                    return Ok(Some(UsedKey { key, condition: n, rows, selective }));
                }
            }
        }
        Ok(None)
    }

    /// The number of the one column that rows are wanted about.
    fn about_column(&mut self, access: &Access<'_>) -> Result<Option<Program>> {
        let Some(position) = pg_catalog::about(access.relation.oid) else { return Ok(None) };
        let attno = attno(position);
        let column = access.relation.column(attno);
        let wanted = (attno, column.type_oid, column.collation);
        let value = access.conditions.iter().find_map(|condition| {
            match self.sargable(condition, access, wanted)? {
                (Comparison::Eq, value) => Some(value),
                _ => None,
            }
        });
        value.map(|value| self.key_program(value, access)).transpose()
    }

    /// The array of a condition `column = ANY (array)`.
    fn any_of<'e>(
        &self,
        condition: &'e Expr,
        access: &Access<'_>,
        attno: AttrNumber,
    ) -> Option<&'e Expr> {
        let Expr::ScalarArrayOp(s) = condition else { return None };
        let element = crate::types::oids::element_of(s.array.type_oid()).unwrap_or(0);
        let usable = quals::as_membership(s).is_some_and(quals::is_bytewise)
            && is_column(&s.scalar, access.rel, attno)
            && comparable(s.scalar.type_oid(), element)
            && self.known_before(&s.array, access);
        usable.then_some(&s.array)
    }

    /// About how many rows have one value of a key.
    fn system_rows_of(&self, relation: &Relation, key: Key) -> f64 {
        let all = self.table_rows(relation);
        match key.matches {
            Matches::One => 1.0,
            Matches::Some(rows) => f64::from(rows).min(all),
            Matches::Many => (all / VALUES_OF_KIND).max(1.0),
        }
    }

    /// Distinct values of a system relation's column, where it is a key.
    pub(super) fn system_distinct(&self, relation: &Relation, attno: AttrNumber) -> Option<f64> {
        let Some(key) = keys(relation).find(|key| key.attno == attno) else {
            let is_kind = |c: &Column| c.attno == attno && c.type_oid == oids::CHAR;
            let is_kind = relation.columns.iter().any(is_kind);
            return is_kind.then_some(VALUES_OF_KIND);
        };
        Some((self.table_rows(relation) / self.system_rows_of(relation, key)).max(1.0))
    }

    /// The keys by which conditions on a system relation find its rows: the values, and the cost.
    pub(super) fn system_lookups<'e>(
        &self,
        relation: &Relation,
        rel: RangeIndex,
        conditions: &[&'e Expr],
    ) -> Vec<(&'e Expr, f64)> {
        let mut lookups = Vec::new();
        for key in keys(relation).filter(|key| key.matches != Matches::Many) {
            let cost = FIND + self.system_rows_of(relation, key) * cost::ROW;
            let values = conditions.iter().filter_map(|c| fixes(c, rel, key.attno));
            lookups.extend(values.map(|value| (value, cost)));
        }
        lookups
    }
}
