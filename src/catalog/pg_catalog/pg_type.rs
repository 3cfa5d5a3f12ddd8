//! pg_type: row types of tables and views, and the arrays over them.

use super::values::{letter, text};
use super::wanted::row;
use super::{Columns, Context, Row};
use crate::catalog::Relation;
use crate::catalog::builtin::{self, Type, TypeKind};
use crate::types::{Datum, Oid};

pub(super) fn rows(relation: &Relation, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    if relation.row_type == 0 {
        return;
    }
    for oid in [relation.row_type, relation.row_type + 1] {
        if let Some(found) = cx.catalog.type_(oid) {
            rows.push(row(&found, relation.owner, columns));
        }
    }
}

fn row(t: &Type, owner: Oid, columns: Columns) -> Row {
    let composite = t.kind == TypeKind::Composite;
    let function = |name: &str| {
        let found = builtin::procs_named(name).next();
        Datum::Oid(found.map_or(0, |p| p.oid))
    };
    let io = if composite { "record" } else { "array" };
    row![columns;
        Datum::Oid(t.oid),
        text(&t.name),
        Datum::Oid(t.namespace),
        Datum::Oid(owner),
        Datum::Int2(t.len),
        Datum::Bool(t.by_value),
        letter(if composite { b'c' } else { b'b' }),
        letter(t.category),
        Datum::Bool(t.preferred),
        Datum::Bool(t.defined),
        letter(t.delimiter),
        Datum::Oid(t.relation),
        if composite { Datum::Oid(0) } else { function("array_subscript_handler") },
        Datum::Oid(t.element),
        Datum::Oid(t.array),
        function(&format!("{io}_in")),
        function(&format!("{io}_out")),
        function(&format!("{io}_recv")),
        function(&format!("{io}_send")),
        Datum::Oid(0),
        Datum::Oid(0),
        if composite { Datum::Oid(0) } else { function("array_typanalyze") },
        letter(t.align),
        letter(t.storage),
        Datum::Bool(false),
        Datum::Oid(0),
        Datum::Int4(-1),
        Datum::Int4(0),
        Datum::Oid(0),
        Datum::Null,
        Datum::Null,
        Datum::Null,
    ]
}
