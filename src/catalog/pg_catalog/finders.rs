//! The objects that may have rows with a value in a key column of a relation of pg_catalog.
//!
//! Each finder adds all objects that have such rows, and may add others.

use super::source::Object;
use super::{pg_attrdef, pg_rewrite, view_of_rule};
use crate::catalog::{Catalog, Namespace, Relation, RelationKind, UserType, depend};
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// Adds the objects whose rows may have a value in a column.
pub(super) type Finder = fn(&Catalog, &Datum, &mut Vec<Object>);

/// Adds relations that are not the system's, whose rows are in the export.
fn add<'a>(relations: impl IntoIterator<Item = &'a Arc<Relation>>, found: &mut Vec<Object>) {
    let users = relations.into_iter().filter(|r| !Catalog::is_system(r.oid));
    found.extend(users.cloned().map(Object::Relation));
}

fn add_types<'a>(types: impl IntoIterator<Item = &'a Arc<UserType>>, found: &mut Vec<Object>) {
    found.extend(types.into_iter().cloned().map(Object::Type));
}

fn oid(value: &Datum) -> Option<Oid> {
    match value {
        Datum::Oid(oid) => Some(*oid),
        _ => None,
    }
}

pub(super) fn by_oid(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    add(oid(value).and_then(|oid| catalog.relation(oid)), found);
}

pub(super) fn by_name(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let Datum::Text(name) = value else { return };
    let of = |n: &Arc<Namespace>| catalog.relation_named(n.oid, name);
    add(catalog.namespaces().filter_map(of), found);
}

/// Relations of a kind, by its letter.
pub(super) fn by_kind(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let (kind, is_partitioned) = match value {
        Datum::Char(b'r') => (RelationKind::Table, false),
        Datum::Char(b'p') => (RelationKind::Table, true),
        Datum::Char(b'i') => (RelationKind::Index, false),
        Datum::Char(b'I') => (RelationKind::Index, true),
        Datum::Char(b'S') => (RelationKind::Sequence, false),
        Datum::Char(b'v') => (RelationKind::View, false),
        Datum::Char(b'm') => (RelationKind::MaterializedView, false),
        Datum::Char(b'c') => (RelationKind::Composite, false),
        _ => return,
    };
    let of_kind = catalog.relations_of(kind);
    add(of_kind.filter(|relation| catalog.is_partitioned(relation) == is_partitioned), found);
}

/// What has types of a kind, by its letter: relations have composite ones, and all have arrays.
pub(super) fn by_type_kind(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    use RelationKind::{Composite, MaterializedView, Table, View};
    let Datum::Char(letter) = value else { return };
    if matches!(letter, b'b' | b'c') {
        let kinds = [Table, View, Composite, MaterializedView];
        add(kinds.into_iter().flat_map(|kind| catalog.relations_of(kind)), found);
    }
    if *letter != b'c' {
        add_types(catalog.user_types(), found);
    }
}

/// Objects that have rows beside those of relations and types are made for every value.
pub(super) fn nothing(_catalog: &Catalog, _value: &Datum, _found: &mut Vec<Object>) {}

/// Indexes of a table.
pub(super) fn by_table(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let table = oid(value).and_then(|oid| catalog.relation(oid));
    add(table.into_iter().flat_map(|table| catalog.indexes_of(table)), found);
}

/// What inherits from a table or index.
pub(super) fn by_parent(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let children = oid(value).map_or(&[][..], |oid| catalog.children(oid));
    add(children.iter().filter_map(|oid| catalog.relation(*oid)), found);
}

/// The table or the domain of a constraint.
pub(super) fn by_constraint(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let Some(oid) = oid(value).filter(|oid| !Catalog::is_system(*oid)) else { return };
    match catalog.constraint(oid) {
        Some((table, _)) => add([table], found),
        None => add_types(catalog.domain_check(oid).map(|(domain, _)| domain), found),
    }
}

/// The table of a policy.
pub(super) fn by_policy(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    add(oid(value).and_then(|oid| catalog.policy(oid)).map(|(table, _)| table), found);
}

/// The tables that refer to a table.
pub(super) fn by_referenced(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let keys = oid(value).map_or_else(Vec::new, |oid| catalog.foreign_keys_on(oid));
    add(keys.into_iter().map(|(table, _)| table), found);
}

pub(super) fn by_default(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let Some(oid) = oid(value) else { return };
    let newest = catalog.relations().next_back().map_or(0, |relation| relation.oid);
    let tables = pg_attrdef::tables(oid).take_while(|table| *table <= newest);
    add(tables.filter_map(|table| catalog.relation(table)), found);
}

pub(super) fn by_rule(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    add(oid(value).and_then(view_of_rule).and_then(|view| catalog.relation(view)), found);
    add(oid(value).and_then(|oid| catalog.rule(oid)).map(|(table, _)| table), found);
}

/// The object of an OID, or the one that the OID's object is part of.
pub(super) fn by_part(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    by_oid(catalog, value, found);
    by_constraint(catalog, value, found);
    by_policy(catalog, value, found);
    by_rule(catalog, value, found);
    by_type(catalog, value, found);
    let Some(oid) = oid(value) else { return };
    // That an index is a constraint's is the table's to say.
    let index = catalog.relation(oid).and_then(|relation| relation.index.as_ref());
    add(index.and_then(|index| catalog.relation(index.table)), found);
    if oid >= pg_rewrite::RULE_BIT {
        by_default(catalog, value, found);
    }
}

/// What has a part that needs an object or a part of it.
pub(super) fn by_needed(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let Some(needed) = oid(value) else { return };
    // Of PostgreSQL's own objects it is not known who mentions them, but of schemas.
    if Catalog::is_system(needed) && catalog.namespace(needed).is_none() {
        add(catalog.relations(), found);
        return add_types(catalog.user_types(), found);
    }
    for object in catalog.mentioning(needed) {
        match object {
            depend::Object::Relation(oid) => add(catalog.relation(oid), found),
            depend::Object::Type(oid) => add_types(catalog.user_type(oid), found),
            // Their rows are made for every value.
            _ => {}
        }
    }
    let of_range = |t: &&Arc<UserType>| t.multirange_over() == Some(needed);
    add_types(catalog.user_types().filter(of_range), found);
    // Parts need each other, and those of a table what is at its sides: by connections that are no mentions.
    let mut parts = Vec::new();
    by_part(catalog, value, &mut parts);
    for object in &parts {
        let Object::Relation(relation) = object else { continue };
        add(catalog.indexes_of(relation), found);
        add(catalog.sequences_owned_by(relation.oid), found);
        add(catalog.children(relation.oid).iter().filter_map(|oid| catalog.relation(*oid)), found);
        add(catalog.foreign_keys_on(relation.oid).into_iter().map(|(table, _)| table), found);
    }
    found.append(&mut parts);
}

/// The relation, enum or domain that has a type, or the array type over it.
pub(super) fn by_type(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let Some(oid) = oid(value) else { return };
    let array = || catalog.row_type_relation(oid.checked_sub(1)?);
    add(catalog.row_type_relation(oid).or_else(array), found);
    add_types(catalog.user_type(oid).or_else(|| catalog.array_of_user_type(oid)), found);
}

/// The range type that a multirange type is over.
pub(super) fn by_multirange(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let multirange = oid(value).and_then(|oid| catalog.user_type(oid)?.multirange_over());
    add_types(multirange.and_then(|range| catalog.user_type(range)), found);
}

pub(super) fn by_type_name(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    by_name(catalog, value, found);
    let Datum::Text(name) = value else { return };
    if let Some(element) = name.strip_prefix('_') {
        by_name(catalog, &Datum::text(element), found);
    }
    for namespace in catalog.namespaces() {
        if let Some(oid) = catalog.user_type_named(namespace.oid, name) {
            by_type(catalog, &Datum::Oid(oid), found);
        }
    }
}

/// The enum of a label.
pub(super) fn by_label(catalog: &Catalog, value: &Datum, found: &mut Vec<Object>) {
    let Some(oid) = oid(value) else { return };
    let has =
        |t: &&Arc<UserType>| t.labels().unwrap_or_default().iter().any(|label| label.oid == oid);
    add_types(catalog.user_types().find(has), found);
}
