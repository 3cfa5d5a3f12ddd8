//! pg_class: relations of the database.

use super::values::{acl, int2, letter, options, text};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::builtin::oid;
use crate::catalog::{ConstraintKind, Persistence, Relation, RelationKind};
use crate::types::{Datum, Oid};

pub(super) fn rows(r: &Relation, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let is_check = |c: &&crate::catalog::Constraint| matches!(c.kind, ConstraintKind::Check { .. });
    let is_key = |c: &crate::catalog::Constraint| matches!(c.kind, ConstraintKind::ForeignKey(_));
    // Foreign keys are enforced by triggers, on both sides.
    let has_triggers =
        || r.constraints.iter().any(is_key) || !cx.catalog.foreign_keys_on(r.oid).is_empty();
    let is_table = r.kind.has_rows();
    let is_partitioned = cx.catalog.is_partitioned(r);
    let is_stored = is_table && !is_partitioned;
    rows.push(row![columns;
        Datum::Oid(r.oid),
        text(&r.name),
        Datum::Oid(r.namespace),
        Datum::Oid(r.row_type),
        Datum::Oid(0),
        Datum::Oid(r.owner),
        Datum::Oid(if r.is_partitioned() { 0 } else { access_method(r) }),
        Datum::Oid(if is_partitioned { 0 } else { r.storage }),
        Datum::Oid(0),
        Datum::Int4(0),
        Datum::Float4(if r.is_partitioned() { -1.0 } else { tuples(r, cx) }),
        Datum::Int4(0),
        Datum::Oid(0),
        Datum::Bool(!r.indexes.is_empty()),
        Datum::Bool(false),
        letter(persistence(r.persistence)),
        letter(kind(r.kind, is_partitioned)),
        int2(r.columns.len()),
        int2(r.constraints.iter().filter(is_check).count()),
        Datum::Bool(r.query().is_some() || !r.rules.is_empty()),
        Datum::Bool(has_triggers()),
        Datum::Bool(!cx.catalog.children(r.oid).is_empty()),
        Datum::Bool(r.row_security.enabled),
        Datum::Bool(r.row_security.forced),
        Datum::Bool(r.materialized.as_ref().is_none_or(|m| m.populated)),
        letter(if is_table { b'd' } else { b'n' }),
        Datum::Bool(is_partition(r)),
        Datum::Oid(0),
        // Row versions have 64-bit numbers and never wrap around: the oldest is the first.
        Datum::Oid(if is_stored { 3 } else { 0 }),
        Datum::Oid(if is_stored { 1 } else { 0 }),
        acl(r.acl.as_deref()),
        options(r.options.iter()),
        r.lineage.bound.as_ref().map_or(Datum::Null, tree::encode_bound),
    ]);
}

/// A partition, or an index that belongs to one of a partitioned table.
fn is_partition(relation: &Relation) -> bool {
    relation.is_partition() || (relation.index.is_some() && !relation.lineage.parents.is_empty())
}

fn access_method(relation: &Relation) -> Oid {
    match (&relation.index, relation.kind) {
        (Some(index), _) => index.access_method,
        (None, kind) if kind.has_rows() => oid::HEAP,
        _ => 0,
    }
}

fn tuples(relation: &Relation, cx: &Context<'_>) -> f32 {
    match relation.kind {
        RelationKind::Table | RelationKind::MaterializedView => cx.host.row_count(relation.oid),
        RelationKind::Index => cx.host.row_count(relation.oid).max(0.0),
        RelationKind::Sequence => 1.0,
        RelationKind::View => -1.0,
        RelationKind::Composite => 0.0,
    }
}

/// `relkind`.
pub(in crate::catalog) fn kind(kind: RelationKind, is_partitioned: bool) -> u8 {
    match kind {
        RelationKind::Table if is_partitioned => b'p',
        RelationKind::Index if is_partitioned => b'I',
        RelationKind::Table => b'r',
        RelationKind::Index => b'i',
        RelationKind::Sequence => b'S',
        RelationKind::View => b'v',
        RelationKind::Composite => b'c',
        RelationKind::MaterializedView => b'm',
    }
}

fn persistence(persistence: Persistence) -> u8 {
    match persistence {
        Persistence::Permanent => b'p',
        Persistence::Unlogged => b'u',
        Persistence::Temporary => b't',
    }
}
