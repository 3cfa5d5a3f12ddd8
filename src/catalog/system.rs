//! System relations and row types in the form the binder takes: [`Relation`] and [`Type`].

use super::builtin::{self, HashMap, SystemRelation, Type, TypeKind};
use super::{Column, Domain, OnCommit, Persistence, Relation, RelationKind, UserType};
use crate::types::Oid;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static RELATIONS: LazyLock<HashMap<Oid, Arc<Relation>>> = LazyLock::new(|| {
    let all = builtin::system_relations().iter().chain(builtin::own_relations());
    all.map(|relation| (relation.oid, Arc::new(describe(relation)))).collect()
});

/// A relation of pg_catalog or information_schema.
pub(super) fn relation(oid: Oid) -> Option<&'static Arc<Relation>> {
    RELATIONS.get(&oid)
}

fn describe(relation: &SystemRelation) -> Relation {
    Relation {
        oid: relation.oid,
        name: relation.name.to_owned(),
        namespace: relation.namespace,
        owner: builtin::oid::SUPERUSER,
        kind: if relation.kind == b'v' { RelationKind::View } else { RelationKind::Table },
        persistence: Persistence::Permanent,
        on_commit: OnCommit::PreserveRows,
        version: 1,
        columns: relation.columns.iter().map(describe_column).collect(),
        storage: 0,
        row_type: relation.row_type,
        options: BTreeMap::new(),
        comment: None,
        // PostgreSQL's own have what `pg_init_privs` says.
        acl: (relation.namespace == builtin::oid::SYSTEM).then(|| vec!["=r/postgres".to_owned()]),
        indexes: Vec::new(),
        constraints: Vec::new(),
        index: None,
        sequence: None,
        view: None,
        materialized: None,
        row_security: Default::default(),
        rules: Vec::new(),
        lineage: Default::default(),
    }
}

fn describe_column(column: &builtin::SystemColumn) -> Column {
    Column {
        attno: column.attno,
        name: column.name.to_owned(),
        type_oid: column.type_oid,
        typmod: column.typmod,
        collation: column.collation,
        not_null: column.not_null,
        default: None,
        missing_value: None,
        past_types: Vec::new(),
        identity: None,
        generated: false,
        dropped: false,
        comment: None,
        statistics_target: -1,
        storage: builtin::type_(column.type_oid).map_or(b'p', |t| t.storage),
        acl: None,
        origin: Default::default(),
    }
}

/// The pg_type row of a user relation's row type.
pub(super) fn row_type(relation: &Relation) -> Type {
    Type {
        oid: relation.row_type,
        name: Cow::Owned(relation.name.clone()),
        namespace: relation.namespace,
        len: -1,
        by_value: false,
        kind: TypeKind::Composite,
        category: b'C',
        preferred: false,
        defined: true,
        delimiter: b',',
        relation: relation.oid,
        element: 0,
        is_array: false,
        array: relation.row_type + 1,
        input: RECORD_IN,
        output: RECORD_OUT,
        typmod_in: 0,
        typmod_out: 0,
        align: b'd',
        storage: b'x',
        base: 0,
        base_typmod: -1,
        collation: 0,
    }
}

/// The pg_type row of the array over a user relation's row type.
pub(super) fn row_array_type(relation: &Relation) -> Type {
    let name = format!("_{}", relation.name);
    Type { oid: relation.row_type + 1, ..array_type(&row_type(relation), &name) }
}

/// The pg_type row of an enum.
pub(super) fn enum_type(found: &UserType) -> Type {
    Type {
        oid: found.oid,
        name: Cow::Owned(found.name.clone()),
        namespace: found.namespace,
        len: 4,
        by_value: true,
        kind: TypeKind::Enum,
        category: b'E',
        preferred: false,
        defined: true,
        delimiter: b',',
        relation: 0,
        element: 0,
        is_array: false,
        array: found.array,
        input: ENUM_IN,
        output: ENUM_OUT,
        typmod_in: 0,
        typmod_out: 0,
        align: b'i',
        storage: b'p',
        base: 0,
        base_typmod: -1,
        collation: 0,
    }
}

/// The pg_type row of a range type.
pub(super) fn range_type(found: &UserType, align: u8) -> Type {
    Type {
        len: -1,
        by_value: false,
        kind: TypeKind::Range,
        category: b'R',
        input: RANGE_IN,
        output: RANGE_OUT,
        align,
        storage: b'x',
        ..enum_type(found)
    }
}

/// The pg_type row of a multirange type.
pub(super) fn multirange_type(found: &UserType, align: u8) -> Type {
    Type {
        kind: TypeKind::Multirange,
        input: MULTIRANGE_IN,
        output: MULTIRANGE_OUT,
        ..range_type(found, align)
    }
}

/// The pg_type row of a domain; `base`: the type under all domains.
pub(super) fn domain_type(found: &UserType, domain: &Domain, base: Option<&Type>) -> Type {
    let (of, none) = (base, enum_type(found));
    let of = of.unwrap_or(&none);
    Type {
        oid: found.oid,
        name: Cow::Owned(found.name.clone()),
        namespace: found.namespace,
        kind: TypeKind::Domain,
        preferred: false,
        relation: 0,
        element: 0,
        is_array: false,
        array: found.array,
        input: DOMAIN_IN,
        typmod_in: 0,
        typmod_out: 0,
        base: domain.base,
        base_typmod: domain.typmod,
        collation: domain.collation,
        ..of.clone()
    }
}

/// The pg_type row of the array over a type that a user made.
pub(super) fn array_type(element: &Type, name: &str) -> Type {
    Type {
        oid: element.array,
        name: Cow::Owned(name.to_owned()),
        namespace: element.namespace,
        len: -1,
        by_value: false,
        kind: TypeKind::Base,
        category: b'A',
        preferred: false,
        defined: true,
        delimiter: element.delimiter,
        relation: 0,
        element: element.oid,
        is_array: true,
        array: 0,
        input: ARRAY_IN,
        output: ARRAY_OUT,
        typmod_in: 0,
        typmod_out: 0,
        align: if element.align == b'd' { b'd' } else { b'i' },
        storage: b'x',
        base: 0,
        base_typmod: -1,
        collation: element.collation,
    }
}

// The I/O functions of types that users make (pg_proc.dat).
const RECORD_IN: Oid = 2290;
const RECORD_OUT: Oid = 2291;
const ARRAY_IN: Oid = 750;
const ARRAY_OUT: Oid = 751;
const ENUM_IN: Oid = 3506;
const ENUM_OUT: Oid = 3507;
const DOMAIN_IN: Oid = 2597;
const RANGE_IN: Oid = 3834;
const RANGE_OUT: Oid = 3835;
const MULTIRANGE_IN: Oid = 4231;
const MULTIRANGE_OUT: Oid = 4232;
