//! pg_type: enums, domains, ranges, row types of tables and views, and the arrays over all of these.

use super::values::{acl, letter, text, text_or_null};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::builtin::{self, Type, TypeKind};
use crate::catalog::{Relation, UserType};
use crate::types::{Datum, Oid};

pub(super) fn rows(relation: &Relation, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    if relation.row_type == 0 {
        return;
    }
    for oid in [relation.row_type, relation.row_type + 1] {
        if let Some(found) = cx.catalog.type_(oid) {
            rows.push(row(&found, relation.owner, None, cx, columns));
        }
    }
}

/// A type that a user made, and the array over it.
pub(super) fn of_type(of: &UserType, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    for (oid, made) in [(of.oid, Some(of)), (of.array, None)] {
        if let Some(found) = cx.catalog.type_(oid) {
            rows.push(row(&found, of.owner, made, cx, columns));
        }
    }
}

/// `typtype`.
fn kind(t: &Type) -> u8 {
    match t.kind {
        TypeKind::Composite => b'c',
        TypeKind::Enum => b'e',
        TypeKind::Domain => b'd',
        TypeKind::Range => b'r',
        TypeKind::Multirange => b'm',
        _ => b'b',
    }
}

/// The name of the function that reads or writes values: `in`, `out`, `recv` or `send`.
fn io(t: &Type, which: &str) -> String {
    let prefix = match (t.kind, which) {
        (TypeKind::Composite, _) => "record_",
        (TypeKind::Enum, _) => "enum_",
        (TypeKind::Range, _) => "range_",
        (TypeKind::Multirange, _) => "multirange_",
        (TypeKind::Domain, "in" | "recv") => "domain_",
        // A domain is written as its base type is.
        (TypeKind::Domain, _) => {
            let output = builtin::proc(t.output).map_or("", |p| &*p.name);
            output.strip_suffix("out").unwrap_or(output)
        }
        _ => "array_",
    };
    format!("{prefix}{which}")
}

fn row(t: &Type, owner: Oid, made: Option<&UserType>, cx: &Context<'_>, columns: Columns) -> Row {
    let function = |name: &str| {
        let found = builtin::procs_named(name).next();
        Datum::Oid(found.map_or(0, |p| p.oid))
    };
    let domain = made.and_then(UserType::domain);
    row![columns;
        Datum::Oid(t.oid),
        text(&t.name),
        Datum::Oid(t.namespace),
        Datum::Oid(owner),
        Datum::Int2(t.len),
        Datum::Bool(t.by_value),
        letter(kind(t)),
        letter(t.category),
        Datum::Bool(t.preferred),
        Datum::Bool(t.defined),
        letter(t.delimiter),
        Datum::Oid(t.relation),
        if t.is_array { function("array_subscript_handler") } else { Datum::Oid(0) },
        Datum::Oid(t.element),
        Datum::Oid(t.array),
        function(&io(t, "in")),
        function(&io(t, "out")),
        function(&io(t, "recv")),
        function(&io(t, "send")),
        Datum::Oid(0),
        Datum::Oid(0),
        match t.kind {
            _ if t.is_array => function("array_typanalyze"),
            TypeKind::Range => function("range_typanalyze"),
            TypeKind::Multirange => function("multirange_typanalyze"),
            _ => Datum::Oid(0),
        },
        letter(t.align),
        letter(t.storage),
        Datum::Bool(domain.is_some_and(|d| d.not_null)),
        Datum::Oid(t.base),
        Datum::Int4(t.base_typmod),
        Datum::Int4(0),
        Datum::Oid(t.collation),
        domain.and_then(|d| d.default.as_ref()).map_or(Datum::Null, tree::encode),
        text_or_null(default(made, cx).as_deref()),
        made.map_or(Datum::Null, |made| acl(made.acl.as_deref())),
    ]
}

/// A domain's DEFAULT as SQL.
fn default(made: Option<&UserType>, cx: &Context<'_>) -> Option<String> {
    let made = made.filter(|made| made.domain().is_some_and(|domain| domain.default.is_some()))?;
    cx.host.domain_default(made.oid).ok().flatten()
}
