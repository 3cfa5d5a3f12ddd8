//! What expressions and queries refer to.

use crate::nodes::{AttrNumber, Expr, Query, RangeIndex, RangeSource};
use crate::types::{Datum, Oid, oids};
use std::collections::BTreeSet;

/// Calls `f` with each direct sub-expression, but for what a call leaves to its function's defaults: that
/// is the function's.
fn each_given<'e>(expr: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match expr {
        Expr::Func(call) => call.given_args().into_iter().for_each(|(_, arg)| f(arg)),
        _ => expr.for_each_child(f),
    }
}

/// As [`Expr::any`], of what is given.
fn any_given(expr: &Expr, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    let mut found = test(expr);
    each_given(expr, &mut |child| {
        found = found || stacker::maybe_grow(64 << 10, 1 << 20, || any_given(child, test));
    });
    found
}

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
    any_given(expr, &mut |part| {
        found.extend(named_relation(part));
        false
    });
    found
}

/// Tells the objects of one kind that an expression itself refers to, its parts apart.
pub type Used = fn(&Expr, &mut dyn FnMut(Oid));

/// Whether an expression uses an object.
pub fn uses(expr: &Expr, oid: Oid, used: Used) -> bool {
    any_given(expr, &mut |part| is_used(part, oid, used))
}

/// Whether a query's own expressions, or those of the queries in it, use an object.
pub fn query_uses(query: &Query, oid: Oid, used: Used) -> bool {
    any_part(query, false, &mut |part| is_used(part, oid, used))
}

fn is_used(part: &Expr, oid: Oid, used: Used) -> bool {
    let mut found = false;
    used(part, &mut |other| found |= other == oid);
    found
}

/// Tells all objects that an expression mentions, of all kinds.
pub fn mentioned(expr: &Expr, found: &mut dyn FnMut(Oid)) {
    expr.any(&mut |part| {
        mentioned_by(part, found);
        false
    });
}

/// Tells all objects that a query mentions, or that the queries in it do.
pub fn query_mentions(query: &Query, found: &mut dyn FnMut(Oid)) {
    any_part(query, false, &mut |part| {
        mentioned_by(part, found);
        false
    });
    relations_of_query(query).iter().for_each(|(relation, _)| found(*relation));
    constraints_of_query(query, found);
}

fn mentioned_by(part: &Expr, found: &mut dyn FnMut(Oid)) {
    for used in [typed, called, operated, collated] {
        used(part, found);
    }
    named_relation(part).into_iter().for_each(found);
}

/// The type that an expression names: of a constant, or by a cast.
pub fn typed(expr: &Expr, found: &mut dyn FnMut(Oid)) {
    match expr {
        Expr::Const(c) => found(c.type_oid),
        Expr::Param(p) => found(p.type_oid),
        Expr::Relabel(r) => found(r.type_oid),
        Expr::CoerceViaIo(c) => found(c.type_oid),
        Expr::ArrayCoerce(c) => found(c.type_oid),
        Expr::CoerceToDomain(c) => found(c.type_oid),
        Expr::Row(r) => found(r.type_oid),
        _ => {}
    }
}

/// The function or aggregate that an expression calls by its name.
pub fn called(expr: &Expr, found: &mut dyn FnMut(Oid)) {
    match expr {
        Expr::Func(call) if call.op.is_none() => found(call.func),
        Expr::Aggregate(call) => found(call.func),
        Expr::Window(call) => found(call.func),
        _ => {}
    }
}

/// The operators that an expression is of.
pub fn operated(expr: &Expr, found: &mut dyn FnMut(Oid)) {
    match expr {
        Expr::Func(call) | Expr::Distinct(call) | Expr::NullIf(call) => {
            call.op.into_iter().for_each(found);
        }
        Expr::ScalarArrayOp(test) => found(test.op),
        Expr::RowCompare(rows) => rows.ops.iter().for_each(|(op, _)| found(*op)),
        _ => {}
    }
}

/// The collation that an expression has by itself, not by what it is made of.
pub fn collated(expr: &Expr, found: &mut dyn FnMut(Oid)) {
    match expr {
        Expr::Collate { collation, .. } => found(*collation),
        Expr::Const(c) => found(c.collation),
        Expr::Param(p) => found(p.collation),
        Expr::Relabel(r) => found(r.collation),
        Expr::CoerceViaIo(c) => found(c.collation),
        _ => {}
    }
}

/// The relation that an expression names as a constant.
fn named_relation(expr: &Expr) -> Option<Oid> {
    match expr {
        Expr::NextValue { sequence, .. } => Some(*sequence),
        _ => regclass(expr),
    }
}

fn regclass(expr: &Expr) -> Option<Oid> {
    match expr {
        Expr::Const(c) if c.type_oid == oids::REGCLASS => match c.value {
            Datum::Oid(oid) => Some(oid),
            _ => None,
        },
        _ => None,
    }
}

/// The users' functions that a query calls, itself or in views and queries in it, or as a default.
pub fn functions_of_query(query: &Query) -> BTreeSet<Oid> {
    let mut found = BTreeSet::new();
    any_part(query, true, &mut |part| {
        if let Expr::Func(call) = part
            && !super::Catalog::is_system(call.func)
        {
            found.insert(call.func);
        }
        false
    });
    found
}

/// Whether a test holds for an expression of a query or of the queries in it. What runs is more than what the
/// query itself uses: views and functions' defaults, too.
fn any_part(query: &Query, runs: bool, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    let mut found = false;
    query.for_each_expr(&mut |expr| {
        let mut test = |part: &Expr| match part {
            Expr::SubLink(link) => any_part_below(&link.query, runs, test),
            part => test(part),
        };
        found |= if runs { expr.any(&mut test) } else { any_given(expr, &mut test) };
    });
    found
        || query.ctes.iter().any(|cte| any_part_below(&cte.query, runs, test))
        || query.range_table.iter().any(|entry| match &entry.source {
            RangeSource::Subquery { query, view } => {
                (runs || view.is_none()) && any_part_below(query, runs, test)
            }
            _ => false,
        })
}

fn any_part_below(query: &Query, runs: bool, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    stacker::maybe_grow(64 << 10, 1 << 20, || any_part(query, runs, test))
}

/// Whether the GROUP BY of a query, or of a query in it, rests on a primary key; those of views are others'.
pub fn rests_on(query: &Query, constraint: Oid) -> bool {
    let mut found = false;
    constraints_of_query(query, &mut |oid| found |= oid == constraint);
    found
}

fn constraints_of_query(query: &Query, found: &mut dyn FnMut(Oid)) {
    query.constraint_deps.iter().for_each(|oid| found(*oid));
    let mut below = |query: &Query| {
        stacker::maybe_grow(64 << 10, 1 << 20, || constraints_of_query(query, found));
    };
    query.for_each_expr(&mut |expr| {
        expr.any(&mut |part| {
            if let Expr::SubLink(link) = part {
                below(&link.query);
            }
            false
        });
    });
    query.ctes.iter().for_each(|cte| below(&cte.query));
    for entry in &query.range_table {
        if let RangeSource::Subquery { query, view: None } = &entry.source {
            below(query);
        }
    }
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
            _ => self.found.extend(regclass(expr).map(|oid| (oid, 0))),
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            each_given(expr, &mut |child| self.expr(child));
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
