//! Who depends on an object directly.

use super::candidates::Candidates;
use super::holders::{Naming, naming, parts, using};
use super::refs::{called, collated, operated, rests_on, typed};
use super::{Object, columns_of, relations_of, relations_of_query};
use crate::catalog::builtin::{self, oid::class};
use crate::catalog::{
    AggregateInfo, Catalog, Column, Constraint, ConstraintKind, Extension, Relation, RelationKind,
    UserType,
};
use crate::nodes::{AttrNumber, Expr, Query};
use crate::types::{Oid, oids};
use std::cmp::Reverse;
use std::sync::Arc;

/// The direct dependents of an object, newest first, and whether each goes silently.
pub(super) fn dependents(catalog: &Catalog, object: Object) -> Vec<(Object, bool)> {
    dependents_among(catalog, object, &Candidates::for_object(catalog, object))
}

fn dependents_among(
    catalog: &Catalog,
    object: Object,
    among: &Candidates<'_>,
) -> Vec<(Object, bool)> {
    let mut found = match object {
        Object::Namespace(oid) => Some(of_namespace(oid, among)),
        Object::Extension(oid) => catalog.extension(oid).map(|e| of_extension(e)),
        Object::Type(oid) => Some(of_type(catalog, oid, among)),
        Object::Relation(oid) => catalog.relation(oid).map(|r| of_relation(catalog, r, among)),
        Object::Column(table, attno) => {
            catalog.relation(table).map(|table| of_column(catalog, table, attno, among))
        }
        Object::Constraint(_, oid) => {
            catalog.constraint(oid).map(|(table, c)| of_constraint(catalog, table, c, among))
        }
        Object::Function(oid) => Some(of_function(catalog, oid, among)),
        Object::Operator(oid) => Some(using(oid, operated, among)),
        Object::Collation(oid) => Some(of_collation(oid, among)),
        Object::Policy(..)
        | Object::Rule(..)
        | Object::Default(..)
        | Object::DomainCheck(..)
        | Object::Cast(_) => None,
    }
    .unwrap_or_default();
    found.extend(members_needing(object));
    found.sort_by_key(|(object, _)| sort_key(catalog, object));
    found
}

/// The members of an extension that need another of its members.
fn members_needing(object: Object) -> Vec<(Object, bool)> {
    let address = match object {
        Object::Type(oid) => (class::TYPE, oid),
        Object::Function(oid) => (class::PROC, oid),
        Object::Operator(oid) => (class::OPERATOR, oid),
        _ => return Vec::new(),
    };
    let dependents = builtin::extension_of(address.1).map(|e| e.dependents(address));
    let member = |(of_class, oid): (Oid, Oid)| match of_class {
        class::TYPE => Some((Object::Type(oid), true)),
        class::PROC => Some((Object::Function(oid), true)),
        class::OPERATOR => Some((Object::Operator(oid), true)),
        _ => None,
    };
    dependents.into_iter().flatten().filter_map(member).collect()
}

/// Older than all that users make, as an extension mostly is, and in its own order.
fn age(oid: Oid) -> Oid {
    match builtin::is_member(oid) {
        true => oid - oids::EXTENSIONS.start,
        false => oid,
    }
}

/// Newest first. A default is an object of its own, which is newer than its table; a generated column depends
/// on others through its default.
fn sort_key(catalog: &Catalog, object: &Object) -> (Reverse<(Oid, bool)>, AttrNumber) {
    match *object {
        Object::Namespace(oid)
        | Object::Extension(oid)
        | Object::Type(oid)
        | Object::Function(oid)
        | Object::Cast(oid)
        | Object::Operator(oid)
        | Object::Collation(oid)
        | Object::Relation(oid)
        | Object::Constraint(_, oid)
        | Object::Policy(_, oid)
        | Object::Rule(_, oid)
        | Object::DomainCheck(_, oid) => (Reverse((age(oid), false)), 0),
        Object::Column(table, attno) => {
            let column = catalog.relation(table).and_then(|t| t.columns.get(attno as usize - 1));
            match column.is_some_and(|column| column.generated) {
                true => (Reverse((table, true)), -attno),
                false => (Reverse((table, false)), attno),
            }
        }
        Object::Default(table, attno) => (Reverse((table, true)), -attno),
    }
}

/// What has a type: columns, domains over it, and expressions that name it. Its array type goes with it.
fn of_type(catalog: &Catalog, oid: Oid, among: &Candidates<'_>) -> Vec<(Object, bool)> {
    let mut found = Vec::new();
    if let Some(found_type) = catalog.type_(oid)
        && found_type.array != 0
    {
        found.push((Object::Type(found_type.array), true));
    }
    let over = |t: &&&Arc<UserType>| t.domain().is_some_and(|domain| domain.base == oid);
    found.extend(among.types.iter().filter(over).map(|t| (Object::Type(t.oid), false)));
    if let Some(multirange) = catalog.multirange_of(oid).filter(|_| !Catalog::is_system(oid)) {
        found.push((Object::Type(multirange), true));
    }
    let over = |t: &&&Arc<UserType>| t.range().is_some_and(|range| range.subtype == oid);
    found.extend(among.types.iter().filter(over).map(|t| (Object::Type(t.oid), false)));
    let operators = among.operators.iter().filter(|o| {
        let operator = &o.operator;
        [operator.left, operator.right, operator.result].contains(&oid)
    });
    found.extend(operators.map(|o| (Object::Operator(o.operator.oid), false)));
    let casts = among.casts.iter().filter(|c| [c.cast.source, c.cast.target].contains(&oid));
    found.extend(casts.map(|c| (Object::Cast(c.cast.oid), c.is_of_range(catalog))));
    for function in &among.functions {
        let proc = &function.proc;
        if function.constructed() == Some(oid) {
            found.push((Object::Function(proc.oid), true));
            continue;
        }
        let all = proc.all_args.iter().flatten().map(|(oid, _)| oid).chain(&proc.arg_types);
        let states = function.aggregate.iter().flat_map(|a| a.state_types()).any(|t| t == oid);
        if states || all.chain([&proc.return_type]).any(|used| *used == oid) {
            found.push((Object::Function(proc.oid), false));
        }
    }
    // A view's columns have their types from its query, an index's from its table.
    let own = |r: &&&Arc<Relation>| r.query().is_none() && r.index.is_none();
    for relation in among.relations.iter().filter(own) {
        let columns = relation.live_columns().filter(|c| c.type_oid == oid);
        found.extend(columns.map(|c| (Object::Column(relation.oid, c.attno), false)));
    }
    found.extend(using(oid, typed, among));
    let checks = catalog.user_type(oid).and_then(|t| t.domain()).map(|domain| &domain.checks);
    found.extend(checks.into_iter().flatten().map(|c| (Object::DomainCheck(oid, c.oid), true)));
    found
}

/// What is made of a function: what calls it, operators, casts, aggregates, range types.
fn of_function(catalog: &Catalog, oid: Oid, among: &Candidates<'_>) -> Vec<(Object, bool)> {
    let mut found = using(oid, called, among);
    found.retain(|(object, _)| *object != Object::Function(oid));
    let casts = among.casts.iter().filter(|c| c.cast.func == oid);
    found.extend(casts.map(|c| (Object::Cast(c.cast.oid), c.is_of_range(catalog))));
    let operators = among.operators.iter().filter(|o| o.operator.proc == oid);
    found.extend(operators.map(|o| (Object::Operator(o.operator.oid), false)));
    let diff = |t: &&&Arc<UserType>| t.range().is_some_and(|range| range.subtype_diff == oid);
    found.extend(among.types.iter().filter(diff).map(|t| (Object::Type(t.oid), false)));
    let calls = |info: &AggregateInfo| info.functions().any(|func| func == oid);
    let aggregates = among.functions.iter().filter(|f| f.aggregate.as_ref().is_some_and(calls));
    found.extend(aggregates.map(|f| (Object::Function(f.proc.oid), false)));
    found
}

/// What has a collation: columns, indexes and partition keys, domains and ranges, and expressions with
/// COLLATE.
fn of_collation(oid: Oid, among: &Candidates<'_>) -> Vec<(Object, bool)> {
    let mut found = using(oid, collated, among);
    let has = |t: &&&Arc<UserType>| {
        let domain = t.domain().is_some_and(|domain| domain.collation == oid);
        domain || t.range().is_some_and(|range| range.collation == oid)
    };
    found.extend(among.types.iter().filter(has).map(|t| (Object::Type(t.oid), false)));
    for relation in &among.relations {
        let this = (Object::Relation(relation.oid), false);
        if let Some(index) = &relation.index {
            let keys = &index.columns[..index.key_count];
            if keys.iter().any(|column| column.collation == oid) && !found.contains(&this) {
                found.push(this);
            }
            continue;
        }
        let key = relation.lineage.key.as_ref();
        if key.is_some_and(|key| key.columns.iter().any(|column| column.collation == oid)) {
            found.push(this);
        }
        // A view's columns have theirs from its query.
        if relation.query().is_none() {
            let columns = relation.live_columns().filter(|c| c.collation == oid);
            found.extend(columns.map(|c| (Object::Column(relation.oid, c.attno), false)));
        }
    }
    found
}

fn of_namespace(namespace: Oid, among: &Candidates<'_>) -> Vec<(Object, bool)> {
    let relations = among.relations.iter().filter(|r| r.namespace == namespace);
    let types = among.types.iter().filter(|t| t.namespace == namespace);
    let relations = relations.map(|r| (Object::Relation(r.oid), false));
    let functions = among.functions.iter().filter(|f| f.proc.namespace == namespace);
    let functions = functions.map(|f| (Object::Function(f.proc.oid), false));
    let types = types.map(|t| (Object::Type(t.oid), false));
    let operators = among.operators.iter().filter(|o| o.operator.namespace == namespace);
    let operators = operators.map(|o| (Object::Operator(o.operator.oid), false));
    let collations = among.collations.iter().filter(|c| c.collation.namespace == namespace);
    let collations = collations.map(|c| (Object::Collation(c.collation.oid), false));
    let operators = operators.chain(collations);
    let extensions = among.extensions.iter().filter(|e| e.namespace == namespace);
    let extensions = extensions.map(|e| (Object::Extension(e.oid), false));
    relations.chain(types).chain(functions).chain(operators).chain(extensions).collect()
}

/// The members that others may depend on, which go with it.
fn of_extension(extension: &Extension) -> Vec<(Object, bool)> {
    let facts = extension.facts();
    let types = facts.members("pg_type").into_iter().map(Object::Type);
    let functions = facts.members("pg_proc").into_iter().map(Object::Function);
    let operators = facts.members("pg_operator").into_iter().map(Object::Operator);
    types.chain(functions).chain(operators).map(|member| (member, true)).collect()
}

fn of_relation(
    catalog: &Catalog,
    relation: &Relation,
    among: &Candidates<'_>,
) -> Vec<(Object, bool)> {
    let oid = relation.oid;
    let mut found = Vec::new();
    // Partitions, and indexes of them, go with what they are parts of.
    let part = relation.is_partitioned() || relation.kind == RelationKind::Index;
    let children = catalog.children(oid).iter();
    found.extend(children.map(|child| (Object::Relation(*child), part)));
    if relation.kind == RelationKind::Index {
        found.extend(foreign_keys_of_index(catalog, relation));
        return found;
    }
    let indexes = relation.indexes.iter().filter(|i| !is_constraint_index(relation, **i));
    found.extend(indexes.map(|index| (Object::Relation(*index), true)));
    found.extend(relation.constraints.iter().map(|c| (Object::Constraint(oid, c.oid), true)));
    let defaults = relation.live_columns().filter(|c| c.default.is_some());
    found.extend(defaults.map(|c| (Object::Default(oid, c.attno), true)));
    let keys = catalog.foreign_keys_on(oid).into_iter();
    found.extend(
        keys.map(|(table, key)| (Object::Constraint(table.oid, source(table, key)), false)),
    );
    let owned = catalog.sequences_owned_by(oid);
    found.extend(owned.map(|sequence| (Object::Relation(sequence.oid), true)));
    found.extend(views_reading(among, oid, None));
    let own = relation.row_security.policies.iter();
    found.extend(own.map(|policy| (Object::Policy(oid, policy.oid), true)));
    found.extend(relation.rules.iter().map(|rule| (Object::Rule(oid, rule.oid), true)));
    found.extend(parts_reading(among, oid, None));
    if relation.row_type != 0 && relation.kind != RelationKind::Composite {
        found.push((Object::Type(relation.row_type), true));
    }
    // `nextval('s')`, and whatever else names a relation as a constant.
    let names = |expr: &Expr| relations_of(expr).contains(&oid);
    found.extend(naming(among, &Naming { expr: &names, query: &|_| false }));
    found
}

fn of_column(
    catalog: &Catalog,
    table: &Relation,
    attno: AttrNumber,
    among: &Candidates<'_>,
) -> Vec<(Object, bool)> {
    let mut found = vec![(Object::Default(table.oid, attno), true)];
    for index in catalog.indexes_of(table) {
        if !is_constraint_index(table, index.oid) && index_columns(index).contains(&attno) {
            found.push((Object::Relation(index.oid), true));
        }
    }
    for constraint in &table.constraints {
        if constraint_columns(constraint).contains(&attno) {
            found.push((Object::Constraint(table.oid, constraint.oid), true));
        }
    }
    for (other, key) in catalog.foreign_keys_on(table.oid) {
        if let ConstraintKind::ForeignKey(f) = &key.kind
            && f.referenced_columns.contains(&attno)
        {
            found.push((Object::Constraint(other.oid, key.oid), false));
        }
    }
    for sequence in catalog.sequences_owned_by(table.oid) {
        let owner = sequence.sequence.as_ref().and_then(|s| s.owned_by);
        if owner == Some((table.oid, attno)) {
            found.push((Object::Relation(sequence.oid), true));
        }
    }
    let uses = |c: &&Column| c.generated && c.default.as_ref().is_some_and(|e| mentions(e, attno));
    let generated = table.live_columns().filter(uses);
    found.extend(generated.map(|c| (Object::Column(table.oid, c.attno), false)));
    found.extend(views_reading(among, table.oid, Some(attno)));
    found.extend(parts_reading(among, table.oid, Some(attno)));
    found
}

/// Its index goes with a key, and a partition's constraint with its parent's; a view whose GROUP BY rests on
/// a key does not.
fn of_constraint(
    catalog: &Catalog,
    table: &Relation,
    constraint: &Constraint,
    among: &Candidates<'_>,
) -> Vec<(Object, bool)> {
    let mut found = Vec::new();
    if let ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } =
        constraint.kind
    {
        found.push((Object::Relation(index), true));
        let rests = |query: &Query| rests_on(query, constraint.oid);
        let views = among.relations.iter().filter(|view| view.query().is_some_and(rests));
        found.extend(views.map(|view| (Object::Relation(view.oid), false)));
        let functions = among.functions.iter().filter(|f| f.queries().iter().any(rests));
        found.extend(functions.map(|f| (Object::Function(f.proc.oid), false)));
    }
    // A partition's goes with its parent's, and what is derived from it.
    let children = catalog.children(table.oid).iter().filter_map(|oid| catalog.relation(*oid));
    for child in children.map(|child| &**child).chain([table]) {
        let derived = child.constraints.iter().filter(|c| c.origin.parent == constraint.oid);
        found.extend(derived.map(|c| (Object::Constraint(child.oid, c.oid), true)));
    }
    found
}

/// The constraint of a table that one of it is derived from: what a partition's dependents hold on to.
fn source(table: &Relation, constraint: &Constraint) -> Oid {
    let mut found = constraint;
    while let Some(of) = table.constraints.iter().find(|c| c.oid == found.origin.parent) {
        found = of;
    }
    found.oid
}

/// Foreign keys that rest on a unique index.
fn foreign_keys_of_index(catalog: &Catalog, index: &Relation) -> Vec<(Object, bool)> {
    let table = index.index.as_ref().map_or(0, |i| i.table);
    let keys = catalog.foreign_keys_on(table).into_iter();
    keys.filter(|(_, c)| {
        matches!(&c.kind, ConstraintKind::ForeignKey(f) if f.referenced_index == index.oid)
    })
    .map(|(table, c)| (Object::Constraint(table.oid, c.oid), false))
    .collect()
}

/// Policies and rules whose conditions read a relation, or one of its columns; of other tables, where it is the
/// relation as a whole.
fn parts_reading(
    among: &Candidates<'_>,
    oid: Oid,
    attno: Option<AttrNumber>,
) -> Vec<(Object, bool)> {
    let mut found = parts(among, &|query| reads(query, oid, attno));
    let own = |object: &Object| matches!(object, Object::Policy(table, _) | Object::Rule(table, _) if *table == oid);
    found.retain(|(object, _)| attno.is_some() || !own(object));
    found
}

/// Views, and functions with bodies that are kept bound, that read a relation, or one of its columns.
fn views_reading(
    among: &Candidates<'_>,
    oid: Oid,
    attno: Option<AttrNumber>,
) -> Vec<(Object, bool)> {
    let reads = |query: &Query| reads(query, oid, attno);
    let views = among.relations.iter().filter(|view| view.query().is_some_and(reads));
    let views = views.map(|v| (Object::Relation(v.oid), false));
    let functions = among.functions.iter().filter(|f| f.queries().iter().any(reads));
    let functions = functions.map(|f| (Object::Function(f.proc.oid), false));
    views.chain(functions).collect()
}

fn reads(query: &Query, oid: Oid, attno: Option<AttrNumber>) -> bool {
    let read = relations_of_query(query);
    read.iter().any(|(r, column)| *r == oid && attno.is_none_or(|a| a == *column))
}

/// Whether an index belongs to a PRIMARY KEY or UNIQUE constraint of its table.
pub(crate) fn is_constraint_index(table: &Relation, index: Oid) -> bool {
    constraint_of_index(table, index).is_some()
}

/// The constraint that an index belongs to.
pub(crate) fn constraint_of_index(table: &Relation, oid: Oid) -> Option<&Constraint> {
    table.constraints.iter().find(|c| match &c.kind {
        ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => {
            *index == oid
        }
        _ => false,
    })
}

/// Table columns that an index uses: keys, INCLUDE, expressions, predicate.
pub(crate) fn index_columns(index: &Relation) -> Vec<AttrNumber> {
    let Some(info) = &index.index else { return Vec::new() };
    let mut columns: Vec<_> = info.columns.iter().map(|c| c.attno).filter(|a| *a > 0).collect();
    let exprs = info.columns.iter().filter_map(|c| c.expr.as_ref()).chain(&info.predicate);
    columns.extend(exprs.flat_map(columns_of));
    columns
}

/// Columns of its own table that a constraint is about.
pub(crate) fn constraint_columns(constraint: &Constraint) -> Vec<AttrNumber> {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
            columns.clone()
        }
        // System columns and whole rows are no columns of the constraint.
        ConstraintKind::Check { expr } => {
            columns_of(expr).into_iter().filter(|attno| *attno > 0).collect()
        }
        ConstraintKind::ForeignKey(key) => key.columns.clone(),
    }
}

fn mentions(expr: &Expr, attno: AttrNumber) -> bool {
    columns_of(expr).contains(&attno)
}

/// Compares the dependents of all objects found among those that mention them with those found among all;
/// gives how many there are.
#[cfg(test)]
pub(crate) fn check_candidates(catalog: &Catalog) -> usize {
    let all = Candidates::all(catalog);
    let mut objects: Vec<Object> = catalog.namespaces().map(|n| Object::Namespace(n.oid)).collect();
    for extension in catalog.extensions() {
        objects.push(Object::Extension(extension.oid));
        objects.extend(of_extension(extension).into_iter().map(|(member, _)| member));
    }
    objects.extend(catalog.functions().map(|f| Object::Function(f.proc.oid)));
    objects.extend(catalog.user_operators().map(|o| Object::Operator(o.operator.oid)));
    objects.extend(catalog.user_casts().map(|c| Object::Cast(c.cast.oid)));
    objects.extend(catalog.user_collations().map(|c| Object::Collation(c.collation.oid)));
    objects.extend(catalog.user_types().flat_map(|t| [t.oid, t.array]).map(Object::Type));
    for relation in catalog.relations() {
        let oid = relation.oid;
        objects.push(Object::Relation(oid));
        if relation.row_type != 0 {
            objects.extend([relation.row_type, relation.row_type + 1].map(Object::Type));
        }
        for column in &relation.columns {
            objects.push(Object::Column(oid, column.attno));
            objects.push(Object::Default(oid, column.attno));
        }
        objects.extend(relation.constraints.iter().map(|c| Object::Constraint(oid, c.oid)));
        objects.extend(relation.row_security.policies.iter().map(|p| Object::Policy(oid, p.oid)));
        objects.extend(relation.rules.iter().map(|rule| Object::Rule(oid, rule.oid)));
    }
    let mut count = 0;
    for object in objects {
        let sorted = |mut found: Vec<(Object, bool)>| {
            found.sort();
            found
        };
        let found =
            sorted(dependents_among(catalog, object, &Candidates::for_object(catalog, object)));
        assert_eq!(found, sorted(dependents_among(catalog, object, &all)), "of {object:?}");
        count += found.len();
    }
    count
}
