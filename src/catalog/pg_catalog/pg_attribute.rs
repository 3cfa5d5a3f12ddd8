//! pg_attribute: columns of the database's relations, dropped ones and system columns included.

use super::values::{acl, array, letter, text};
use super::wanted::row;
use super::{Columns, Context, Row};
use crate::catalog::{Catalog, Column, Identity, Relation, RelationKind, builtin};
use crate::types::{Datum, Oid, oids};

/// System columns: name, type, length, attribute number.
const SYSTEM: [(&str, Oid, i16, i16); 6] = [
    ("ctid", oids::TID, 6, -1),
    ("xmin", oids::XID, 4, -2),
    ("cmin", oids::CID, 4, -3),
    ("xmax", oids::XID, 4, -4),
    ("cmax", oids::CID, 4, -5),
    ("tableoid", oids::OID, 4, -6),
];

pub(super) fn rows(relation: &Relation, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let wanted = relation.columns.iter().filter(|c| columns.wants_about(c.attno));
    rows.extend(wanted.map(|c| row(relation, c, cx.catalog, columns)));
    if relation.kind.has_rows() || relation.kind == RelationKind::Sequence {
        let wanted = SYSTEM.iter().filter(|(.., attno)| columns.wants_about(*attno));
        rows.extend(wanted.map(|s| system_row(relation.oid, *s, columns)));
    }
}

fn row(relation: &Relation, c: &Column, catalog: &Catalog, columns: Columns) -> Row {
    let found = || catalog.type_(c.type_oid);
    let name = || match c.dropped {
        true => text(&format!("........pg.dropped.{}........", c.attno)),
        false => text(&c.name),
    };
    let missing = || c.missing_value.as_ref().filter(|_| !c.dropped);
    row![columns;
        Datum::Oid(relation.oid),
        name(),
        Datum::Oid(if c.dropped { 0 } else { c.type_oid }),
        Datum::Int4(if c.dropped { 0 } else { c.statistics_target }),
        Datum::Int2(found().map_or(-1, |t| t.len)),
        Datum::Int2(c.attno),
        Datum::Int4(i32::from(found().is_some_and(|t| t.is_array))),
        Datum::Int4(-1),
        Datum::Int4(c.typmod),
        Datum::Bool(found().is_some_and(|t| t.by_value)),
        letter(found().map_or(b'i', |t| t.align)),
        letter(c.storage),
        letter(0),
        Datum::Bool(c.not_null && !c.dropped),
        Datum::Bool(c.default.is_some() && !c.dropped),
        Datum::Bool(missing().is_some()),
        letter(identity(c)),
        letter(if c.generated && !c.dropped { b's' } else { 0 }),
        Datum::Bool(c.dropped),
        Datum::Bool(c.origin.is_local),
        Datum::Int4(c.origin.inherited),
        Datum::Oid(if c.dropped { 0 } else { c.collation }),
        acl(c.acl.as_deref().filter(|_| !c.dropped)),
        Datum::Null,
        Datum::Null,
        missing().map_or(Datum::Null, |value| array(c.type_oid, vec![value.clone()])),
    ]
}

fn identity(column: &Column) -> u8 {
    match column.identity {
        Some(Identity::Always) if !column.dropped => b'a',
        Some(Identity::ByDefault) if !column.dropped => b'd',
        _ => 0,
    }
}

fn system_row(
    relation: Oid,
    (name, type_oid, len, attno): (&str, Oid, i16, i16),
    columns: Columns,
) -> Row {
    let align = builtin::type_(type_oid).map_or(b'i', |t| t.align);
    row![columns;
        Datum::Oid(relation),
        text(name),
        Datum::Oid(type_oid),
        Datum::Int4(0),
        Datum::Int2(len),
        Datum::Int2(attno),
        Datum::Int4(0),
        Datum::Int4(-1),
        Datum::Int4(-1),
        Datum::Bool(type_oid != oids::TID),
        letter(align),
        letter(b'p'),
        letter(0),
        Datum::Bool(true),
        Datum::Bool(false),
        Datum::Bool(false),
        letter(0),
        letter(0),
        Datum::Bool(false),
        Datum::Bool(true),
        Datum::Int4(0),
        Datum::Oid(0),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
    ]
}
