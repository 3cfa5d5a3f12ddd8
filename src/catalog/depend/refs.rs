//! What expressions and queries refer to.

use crate::nodes::{AttrNumber, Expr, Query, RangeIndex, RangeSource};
use crate::types::{Datum, Oid, oids};
use std::collections::BTreeSet;

/// The table columns that an expression of a default, check or index uses, each once, in order.
pub fn columns_of(expr: &Expr) -> Vec<AttrNumber> {
    let mut columns = BTreeSet::new();
    expr.any(&mut |part| {
        if let Expr::Var(var) = part {
            columns.insert(var.attno);
        }
        false
    });
    columns.into_iter().collect()
}

/// Relations that an expression names as constants: `'s'::regclass`.
pub fn relations_of(expr: &Expr) -> BTreeSet<Oid> {
    let mut found = BTreeSet::new();
    expr.any(&mut |part| {
        match part {
            Expr::Const(c) if c.type_oid == oids::REGCLASS => {
                if let Datum::Oid(oid) = c.value {
                    found.insert(oid);
                }
            }
            Expr::NextValue { sequence, .. } => {
                found.insert(*sequence);
            }
            _ => {}
        }
        false
    });
    found
}

/// Whether an expression names a type: by a constant of it or a cast to it.
pub fn names_type(expr: &Expr, oid: Oid) -> bool {
    expr.any(&mut |part| named_type(part) == Some(oid))
}

/// Whether a query's own expressions, or those of the queries in it, name a type.
pub fn query_names_type(query: &Query, oid: Oid) -> bool {
    any_part(query, &|part| named_type(part) == Some(oid))
}

/// What an expression itself uses of a kind of objects, if it is this one.
pub type Used = fn(&Expr, Oid) -> bool;

/// Whether an expression uses an object.
pub fn uses(expr: &Expr, oid: Oid, used: Used) -> bool {
    expr.any(&mut |part| used(part, oid))
}

/// Whether a query's own expressions, or those of the queries in it, use an object.
pub fn query_uses(query: &Query, oid: Oid, used: Used) -> bool {
    any_part(query, &|part| used(part, oid))
}

/// Whether an expression is a call of a function or an aggregate by its name.
pub fn called(expr: &Expr, oid: Oid) -> bool {
    match expr {
        Expr::Func(call) => call.func == oid && call.op.is_none(),
        Expr::Aggregate(call) => call.func == oid,
        Expr::Window(call) => call.func == oid,
        _ => false,
    }
}

/// Whether an expression is of an operator.
pub fn operated(expr: &Expr, oid: Oid) -> bool {
    match expr {
        Expr::Func(call) | Expr::Distinct(call) | Expr::NullIf(call) => call.op == Some(oid),
        Expr::ScalarArrayOp(test) => test.op == oid,
        Expr::RowCompare(rows) => rows.ops.iter().any(|(op, _)| *op == oid),
        _ => false,
    }
}

/// Whether an expression has a collation by itself, not by what it is made of.
pub fn collated(expr: &Expr, oid: Oid) -> bool {
    match expr {
        Expr::Collate { collation, .. } => *collation == oid,
        Expr::Const(c) => c.collation == oid,
        Expr::Param(p) => p.collation == oid,
        Expr::Relabel(r) => r.collation == oid,
        Expr::CoerceViaIo(c) => c.collation == oid,
        _ => false,
    }
}

/// The users' functions that a query calls, itself or in views and queries in it.
pub fn functions_of_query(query: &Query) -> BTreeSet<Oid> {
    let found = std::cell::RefCell::new(BTreeSet::new());
    any_part_below(query, true, &|part| {
        if let Expr::Func(call) = part
            && !super::Catalog::is_system(call.func)
        {
            found.borrow_mut().insert(call.func);
        }
        false
    });
    found.into_inner()
}

fn any_part(query: &Query, test: &dyn Fn(&Expr) -> bool) -> bool {
    any_part_below(query, false, test)
}

/// Whether a test holds for an expression of a query or of the queries in it; those of views are others'
/// unless `views`.
fn any_part_below(query: &Query, views: bool, test: &dyn Fn(&Expr) -> bool) -> bool {
    let below = |query: &Query| {
        stacker::maybe_grow(64 << 10, 1 << 20, || any_part_below(query, views, test))
    };
    let mut found = false;
    query.for_each_expr(&mut |expr| {
        found |= expr.any(&mut |part| match part {
            Expr::SubLink(link) => below(&link.query),
            part => test(part),
        });
    });
    found
        || query.ctes.iter().any(|cte| below(&cte.query))
        || query.range_table.iter().any(|entry| match &entry.source {
            RangeSource::Subquery { query, view } => (views || view.is_none()) && below(query),
            _ => false,
        })
}

fn named_type(expr: &Expr) -> Option<Oid> {
    match expr {
        Expr::Const(c) => Some(c.type_oid),
        Expr::Param(p) => Some(p.type_oid),
        Expr::Relabel(r) => Some(r.type_oid),
        Expr::CoerceViaIo(c) => Some(c.type_oid),
        Expr::ArrayCoerce(c) => Some(c.type_oid),
        Expr::CoerceToDomain(c) => Some(c.type_oid),
        Expr::Row(r) => Some(r.type_oid),
        _ => None,
    }
}

/// Whether the GROUP BY of a query, or of a query in it, rests on a primary key; those of views are others'.
pub fn rests_on(query: &Query, constraint: Oid) -> bool {
    let below =
        |query: &Query| stacker::maybe_grow(64 << 10, 1 << 20, || rests_on(query, constraint));
    let mut found = query.constraint_deps.contains(&constraint);
    query.for_each_expr(&mut |expr| {
        found |= expr.any(&mut |part| matches!(part, Expr::SubLink(link) if below(&link.query)));
    });
    found
        || query.ctes.iter().any(|cte| below(&cte.query))
        || query.range_table.iter().any(|entry| match &entry.source {
            RangeSource::Subquery { query, view: None } => below(query),
            _ => false,
        })
}

/// Relations and columns that a query reads; column 0 for the relation as such.
pub fn relations_of_query(query: &Query) -> BTreeSet<(Oid, AttrNumber)> {
    let mut walk = Walk { found: BTreeSet::new(), outer: Vec::new() };
    walk.query(query);
    walk.found
}

struct Walk<'q> {
    found: BTreeSet<(Oid, AttrNumber)>,
    /// The queries around, innermost last.
    outer: Vec<&'q Query>,
}

impl<'q> Walk<'q> {
    fn query(&mut self, query: &'q Query) {
        self.outer.push(query);
        for entry in &query.range_table {
            if let Some(oid) = relation_of(&entry.source) {
                self.found.insert((oid, 0));
            }
        }
        // A join lists all its inputs' columns; only those that something refers to count.
        let listed: Vec<*const Expr> = query
            .range_table
            .iter()
            .flat_map(|entry| match &entry.source {
                RangeSource::Join { columns, .. } => columns.as_slice(),
                _ => &[],
            })
            .map(std::ptr::from_ref)
            .collect();
        query.for_each_expr(&mut |expr| {
            if !listed.contains(&std::ptr::from_ref(expr)) {
                self.expr(expr);
            }
        });
        let mut inner = Vec::new();
        // A view's own query depends on its tables through the view, not here.
        for entry in &query.range_table {
            if let RangeSource::Subquery { query, view: None } = &entry.source {
                inner.push(&**query);
            }
        }
        inner.extend(query.ctes.iter().map(|cte| &*cte.query));
        for query in inner {
            stacker::maybe_grow(64 << 10, 1 << 20, || self.query(query));
        }
        self.outer.pop();
    }

    fn expr(&mut self, expr: &'q Expr) {
        match expr {
            Expr::Var(var) => self.column(var.rel, var.attno, var.level as usize),
            Expr::SubLink(link) => self.query(&link.query),
            _ => self.found.extend(constant(expr)),
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            expr.for_each_child(&mut |child| self.expr(child));
        });
    }

    fn column(&mut self, rel: RangeIndex, attno: AttrNumber, level: usize) {
        let Some(at) = self.outer.len().checked_sub(level + 1) else { return };
        let entry = self.outer[at].range_table.get((rel as usize).wrapping_sub(1));
        let Some(entry) = entry else { return };
        if let RangeSource::Join { columns, .. } = &entry.source {
            let column = usize::try_from(attno).ok().and_then(|a| columns.get(a.wrapping_sub(1)));
            if let Some(column) = column {
                // The column's own variables are of the query that has the join.
                let inner = self.outer.split_off(at + 1);
                self.expr(column);
                self.outer.extend(inner);
            }
        } else if let Some(oid) = relation_of(&entry.source) {
            self.found.insert((oid, attno));
        }
    }
}

/// The table or view behind a range table entry.
fn relation_of(source: &RangeSource) -> Option<Oid> {
    match source {
        RangeSource::Relation { oid } => Some(*oid),
        RangeSource::Subquery { view, .. } => *view,
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<(Oid, AttrNumber)> {
    match expr {
        Expr::Const(c) if c.type_oid == oids::REGCLASS => match c.value {
            Datum::Oid(oid) => Some((oid, 0)),
            _ => None,
        },
        _ => None,
    }
}
