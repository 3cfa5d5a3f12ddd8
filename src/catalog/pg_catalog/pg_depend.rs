//! pg_depend: what clients look for in it: a sequence's owning column (`a` serial, `i` identity), an
//! index's constraint, a default's sequence, a view's tables.

use super::{Columns, Context, Row, pg_attrdef, pg_rewrite};
use crate::catalog::builtin::oid::class;
use crate::catalog::depend::refs::{Used, called, operated, typed};
use crate::catalog::depend::{columns_of, edges, relations_of, relations_of_query};
use crate::catalog::{Catalog, ConstraintKind, Relation, RelationKind, UserType};
use crate::nodes::{AttrNumber, Expr};
use crate::types::{Datum, Oid};
use std::collections::BTreeSet;

/// An end of a dependency: catalog, object, column.
type End = (Oid, Oid, AttrNumber);

pub(super) fn rows(relation: &Relation, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let mut all = Vec::new();
    edges_of(relation, cx, &mut all);
    rows.extend(all.iter().map(|row| columns.project(row)));
}

pub(super) fn of_type(of: &UserType, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let mut all = Vec::new();
    edges_of_type(of, &mut all);
    rows.extend(all.iter().map(|row| columns.project(row)));
}

/// What functions, operators and casts need.
pub(super) fn of_others(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = of_functions(cx);
    for made in cx.catalog.user_operators() {
        let operator = &made.operator;
        let this = (class::OPERATOR, operator.oid, 0);
        rows.push(row(this, (class::NAMESPACE, operator.namespace, 0), b'n'));
        let types = BTreeSet::from([operator.left, operator.right, operator.result]);
        let ends = types.into_iter().map(|oid| (class::TYPE, oid, 0));
        let ends = ends.chain([(class::PROC, operator.proc, 0)]);
        let made = ends.filter(|(_, oid, _)| !Catalog::is_system(*oid));
        rows.extend(made.map(|end| row(this, end, b'n')));
    }
    for made in cx.catalog.user_collations() {
        let this = (class::COLLATION, made.collation.oid, 0);
        rows.push(row(this, (class::NAMESPACE, made.collation.namespace, 0), b'n'));
    }
    for made in cx.catalog.user_casts() {
        let cast = &made.cast;
        let this = (class::CAST, cast.oid, 0);
        let kind = if made.is_of_range(cx.catalog) { b'i' } else { b'n' };
        let ends = [(class::TYPE, cast.source, 0), (class::TYPE, cast.target, 0)];
        let ends = ends.into_iter().chain([(class::PROC, cast.func, 0)]);
        let made = ends.filter(|(_, oid, _)| !Catalog::is_system(*oid));
        rows.extend(made.map(|end| row(this, end, kind)));
    }
    rows
}

/// What functions need: their schema, types, and what a body in the standard's form reads.
fn of_functions(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for function in cx.catalog.functions() {
        let proc = &function.proc;
        let this = (class::PROC, proc.oid, 0);
        rows.push(row(this, (class::NAMESPACE, proc.namespace, 0), b'n'));
        let all = proc.all_args.iter().flatten().map(|(oid, _)| *oid);
        let mut types: BTreeSet<Oid> = all.chain(proc.arg_types.iter().copied()).collect();
        types.insert(proc.return_type);
        let made = types.into_iter().filter(|oid| !Catalog::is_pinned(*oid));
        rows.extend(made.map(|oid| row(this, (class::TYPE, oid, 0), b'n')));
        if let Some(aggregate) = &function.aggregate {
            let steps: BTreeSet<Oid> = aggregate.functions().collect();
            let made = steps.into_iter().filter(|oid| !Catalog::is_system(*oid));
            rows.extend(made.map(|oid| row(this, (class::PROC, oid, 0), b'n')));
        }
        if let Some(constructed) = function.constructed() {
            rows.push(row(this, (class::TYPE, constructed, 0), b'i'));
        }
        for (table, attno) in function.queries().iter().flat_map(relations_of_query) {
            rows.push(row(this, (class::CLASS, table, attno), b'n'));
        }
        for named in function.defaults.iter().flat_map(relations_of) {
            rows.push(row(this, (class::CLASS, named, 0), b'n'));
        }
    }
    rows
}

fn edges_of(relation: &Relation, cx: &Context<'_>, rows: &mut Vec<Row>) {
    let this = (class::CLASS, relation.oid, 0);
    let row_type = (class::TYPE, relation.row_type, 0);
    let schema = (class::NAMESPACE, relation.namespace, 0);
    match relation.kind {
        // An index is in its table's schema.
        RelationKind::Index => index(relation, cx, rows),
        RelationKind::Composite => rows.push(row(row_type, schema, b'n')),
        _ => rows.push(row(this, schema, b'n')),
    }
    inheritance(relation, rows);
    sequence(relation, rows);
    constraints(relation, rows);
    defaults(relation, rows);
    policies(relation, rows);
    rules(relation, rows);
    if relation.row_type != 0 {
        match relation.kind {
            // The type is what was made.
            RelationKind::Composite => rows.push(row(this, row_type, b'i')),
            _ => rows.push(row(row_type, this, b'i')),
        }
        rows.push(row((class::TYPE, relation.row_type + 1, 0), row_type, b'i'));
    }
    for column in relation.live_columns().filter(|c| !Catalog::is_pinned(c.type_oid)) {
        let column_end = (class::CLASS, relation.oid, column.attno);
        rows.push(row(column_end, (class::TYPE, column.type_oid, 0), b'n'));
    }
    // A view's columns have their collations from its query.
    let has_own = relation.query().is_none() && relation.index.is_none();
    for column in relation.live_columns().filter(|_| has_own) {
        let this = (class::CLASS, relation.oid, column.attno);
        rows.extend(collation(this, column.collation));
    }
    for key in relation.lineage.key.iter().flat_map(|key| &key.columns) {
        rows.extend(collation(this, key.collation));
    }
    if let Some(query) = relation.query() {
        let rule = (class::REWRITE, pg_rewrite::rule_oid(relation.oid), 0);
        rows.push(row(rule, this, b'i'));
        rows.push(row(rule, this, b'n'));
        let read = relations_of_query(query);
        for (table, attno) in &read {
            // A whole table only where none of its columns is read.
            let columns = || read.iter().any(|(other, attno)| other == table && *attno != 0);
            if *attno != 0 || !columns() {
                rows.push(row(rule, (class::CLASS, *table, *attno), b'n'));
            }
        }
    }
}

fn edges_of_type(of: &UserType, rows: &mut Vec<Row>) {
    let this = (class::TYPE, of.oid, 0);
    rows.push(row(this, (class::NAMESPACE, of.namespace, 0), b'n'));
    rows.push(row((class::TYPE, of.array, 0), this, b'i'));
    if let Some(range) = of.multirange_over() {
        rows.push(row(this, (class::TYPE, range, 0), b'i'));
    }
    if let Some(range) = of.range() {
        let types = [(class::TYPE, range.subtype, 0), (class::PROC, range.subtype_diff, 0)];
        let made = types.into_iter().filter(|(_, oid, _)| !Catalog::is_system(*oid));
        rows.extend(made.map(|end| row(this, end, b'n')));
        rows.extend(collation(this, range.collation));
    }
    let Some(domain) = of.domain() else { return };
    rows.extend(collation(this, domain.collation));
    if !Catalog::is_pinned(domain.base) {
        rows.push(row(this, (class::TYPE, domain.base, 0), b'n'));
    }
    domain.default.iter().for_each(|default| named_in(this, default, rows));
    for check in &domain.checks {
        let this_check = (class::CONSTRAINT, check.oid, 0);
        rows.push(row(this_check, this, b'a'));
        named_in(this_check, &check.expr, rows);
    }
}

/// The users' functions, operators, types and relations that an expression names: pg_dump makes them first.
fn named_in(this: End, expr: &Expr, rows: &mut Vec<Row>) {
    let mut ends = BTreeSet::new();
    for (of, used) in
        [(class::PROC, called as Used), (class::OPERATOR, operated), (class::TYPE, typed)]
    {
        expr.any(&mut |part| {
            used(part, &mut |oid| ends.extend([(of, oid, 0)]));
            false
        });
    }
    ends.extend(relations_of(expr).into_iter().map(|oid| (class::CLASS, oid, 0)));
    let made = ends.into_iter().filter(|(_, oid, _)| !Catalog::is_pinned(*oid));
    rows.extend(made.map(|end| row(this, end, b'n')));
}

/// The collation of what has one of its own; those that PostgreSQL is made with are pinned.
fn collation(this: End, collation: Oid) -> Option<Row> {
    const FIRST_UNPINNED: Oid = 12000;
    let depends = collation >= FIRST_UNPINNED;
    depends.then(|| row(this, (class::COLLATION, collation, 0), b'n'))
}

/// A partition goes with its parent, a child needs its parents, a partition's index that of its
/// parent, and a partition key holds on to its columns.
fn inheritance(relation: &Relation, rows: &mut Vec<Row>) {
    let this = (class::CLASS, relation.oid, 0);
    for parent in &relation.lineage.parents {
        let parent = (class::CLASS, *parent, 0);
        match &relation.index {
            Some(index) => {
                rows.push(row(this, parent, b'P'));
                rows.push(row(this, (class::CLASS, index.table, 0), b'S'));
            }
            None if relation.is_partition() => rows.push(row(this, parent, b'a')),
            None => rows.push(row(this, parent, b'n')),
        }
    }
    let key = relation.lineage.key.iter().flat_map(|key| &key.columns);
    for column in key.filter(|column| column.attno > 0) {
        rows.push(row((class::CLASS, relation.oid, column.attno), this, b'i'));
    }
}

fn sequence(relation: &Relation, rows: &mut Vec<Row>) {
    let Some(info) = &relation.sequence else { return };
    let Some((table, attno)) = info.owned_by else { return };
    let kind = if info.internal { b'i' } else { b'a' };
    rows.push(row((class::CLASS, relation.oid, 0), (class::CLASS, table, attno), kind));
}

/// An index needs its columns, and those that its expressions and its predicate use; the table
/// where no key is a plain column. One that a constraint has needs only the constraint.
fn index(relation: &Relation, cx: &Context<'_>, rows: &mut Vec<Row>) {
    let Some(index) = &relation.index else { return };
    let Some(table) = cx.catalog.relation(index.table) else { return };
    if edges::is_constraint_index(table, relation.oid) {
        return;
    }
    let this = (class::CLASS, relation.oid, 0);
    let keys = &index.columns[..index.key_count];
    let collations: BTreeSet<Oid> = keys.iter().map(|column| column.collation).collect();
    rows.extend(collations.into_iter().filter_map(|oid| collation(this, oid)));
    let plain = index.columns.iter().filter(|column| column.expr.is_none());
    let mut plain: BTreeSet<AttrNumber> = plain.map(|column| column.attno).collect();
    if plain.is_empty() {
        plain.insert(0);
    }
    let expressions = index.columns.iter().filter_map(|column| column.expr.as_ref());
    let expressions = expressions.flat_map(columns_of).collect();
    let predicate = index.predicate.iter().flat_map(columns_of).collect();
    for attnos in [plain, expressions, predicate] {
        let needed = attnos.into_iter().map(|attno| (class::CLASS, index.table, attno));
        rows.extend(needed.map(|column| row(this, column, b'a')));
    }
}

fn constraints(table: &Relation, rows: &mut Vec<Row>) {
    for constraint in &table.constraints {
        let this = (class::CONSTRAINT, constraint.oid, 0);
        let is_check = matches!(constraint.kind, ConstraintKind::Check { .. });
        let columns = edges::constraint_columns(constraint);
        for attno in columns {
            let column = (class::CLASS, table.oid, attno);
            rows.push(row(this, column, b'a'));
            if is_check {
                // Its expression uses the column, besides.
                rows.push(row(this, column, b'n'));
            }
        }
        if constraint.origin.parent != 0 {
            let parent = (class::CONSTRAINT, constraint.origin.parent, 0);
            rows.push(row(this, parent, b'P'));
            rows.push(row(this, (class::CLASS, table.oid, 0), b'S'));
        }
        match &constraint.kind {
            ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => {
                rows.push(row((class::CLASS, *index, 0), this, b'i'));
            }
            ConstraintKind::ForeignKey(key) => {
                for attno in &key.referenced_columns {
                    rows.push(row(this, (class::CLASS, key.references, *attno), b'n'));
                }
                rows.push(row(this, (class::CLASS, key.referenced_index, 0), b'n'));
            }
            ConstraintKind::Check { .. } => {}
        }
    }
}

/// A policy belongs to its table and needs what its conditions read, that table's columns too.
fn policies(table: &Relation, rows: &mut Vec<Row>) {
    for policy in &table.row_security.policies {
        let this = (class::POLICY, policy.oid, 0);
        rows.push(row(this, (class::CLASS, table.oid, 0), b'a'));
        let read = relations_of_query(&policy.as_query(table.oid));
        for (relation, attno) in &read {
            let whole = *attno == 0 && read.iter().any(|(r, a)| r == relation && *a != 0);
            if !whole && (*attno != 0 || *relation != table.oid) {
                rows.push(row(this, (class::CLASS, *relation, *attno), b'n'));
            }
        }
    }
}

/// A rule belongs to its table, and needs it and what its condition reads.
fn rules(table: &Relation, rows: &mut Vec<Row>) {
    for rule in &table.rules {
        let this = (class::REWRITE, rule.oid, 0);
        rows.push(row(this, (class::CLASS, table.oid, 0), b'a'));
        for (relation, attno) in relations_of_query(&rule.as_query(table.oid)) {
            rows.push(row(this, (class::CLASS, relation, attno), b'n'));
        }
    }
}

fn defaults(table: &Relation, rows: &mut Vec<Row>) {
    for column in table.live_columns() {
        let Some(default) = &column.default else { continue };
        let this = (class::ATTRDEF, pg_attrdef::oid(table.oid, column.attno), 0);
        let kind = if column.generated { b'i' } else { b'a' };
        rows.push(row(this, (class::CLASS, table.oid, column.attno), kind));
        for attno in columns_of(default) {
            rows.push(row(this, (class::CLASS, table.oid, attno), b'n'));
        }
        for used in relations_of(default) {
            rows.push(row(this, (class::CLASS, used, 0), b'n'));
        }
    }
}

fn row(from: End, to: End, kind: u8) -> Row {
    vec![
        Datum::Oid(from.0),
        Datum::Oid(from.1),
        Datum::Int4(i32::from(from.2)),
        Datum::Oid(to.0),
        Datum::Oid(to.1),
        Datum::Int4(i32::from(to.2)),
        Datum::Char(kind),
    ]
}
