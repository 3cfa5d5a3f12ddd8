//! System relations and row types in the form the binder takes: [`Relation`] and [`Type`].

use super::builtin::{self, SystemRelation, Type, TypeKind};
use super::{Column, OnCommit, Persistence, Relation, RelationKind};
use crate::types::Oid;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
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
    Type {
        oid: relation.row_type + 1,
        name: Cow::Owned(format!("_{}", relation.name)),
        kind: TypeKind::Base,
        category: b'A',
        relation: 0,
        element: relation.row_type,
        is_array: true,
        array: 0,
        input: ARRAY_IN,
        output: ARRAY_OUT,
        ..row_type(relation)
    }
}

// The I/O functions of composite and array types (pg_proc.dat).
const RECORD_IN: Oid = 2290;
const RECORD_OUT: Oid = 2291;
const ARRAY_IN: Oid = 750;
const ARRAY_OUT: Oid = 751;
