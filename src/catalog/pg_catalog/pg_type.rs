//! pg_type: enums, domains, row types of tables and views, and the arrays over all of these.

use super::values::{acl, letter, text, text_or_null};
use super::{Context, Row, tree};
use crate::catalog::builtin::{self, Type, TypeKind};
use crate::catalog::{Domain, UserType};
use crate::types::{Datum, Oid};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for relation in cx.catalog.relations().filter(|r| r.row_type != 0) {
        for oid in [relation.row_type, relation.row_type + 1] {
            if let Some(found) = cx.catalog.type_(oid) {
                rows.push(row(&found, relation.owner, None, cx));
            }
        }
    }
    for made in cx.catalog.user_types() {
        if let Some(found) = cx.catalog.type_(made.oid) {
            rows.push(row(&found, made.owner, Some(made), cx));
        }
        if let Some(found) = cx.catalog.type_(made.array) {
            rows.push(row(&found, made.owner, None, cx));
        }
    }
    rows
}

/// `typtype`, and the names of the functions that read and write values.
fn kind(t: &Type) -> (u8, [String; 4]) {
    let io = |prefix: &str| ["in", "out", "recv", "send"].map(|end| format!("{prefix}_{end}"));
    match t.kind {
        TypeKind::Composite => (b'c', io("record")),
        TypeKind::Enum => (b'e', io("enum")),
        TypeKind::Domain => {
            // A domain is written as its base type is.
            let name = |oid: Oid| builtin::proc(oid).map_or("", |p| &*p.name).to_owned();
            let output = name(t.output);
            let send = match output.strip_suffix("out") {
                Some(prefix) => format!("{prefix}send"),
                None => String::new(),
            };
            (b'd', ["domain_in".to_owned(), output, "domain_recv".to_owned(), send])
        }
        _ => (b'b', io("array")),
    }
}

fn row(t: &Type, owner: Oid, made: Option<&UserType>, cx: &Context<'_>) -> Row {
    let function = |name: &str| {
        let found = builtin::procs_named(name).next();
        Datum::Oid(found.map_or(0, |p| p.oid))
    };
    let none = Datum::Oid(0);
    let (typtype, [input, output, receive, send]) = kind(t);
    let domain = made.and_then(UserType::domain);
    let default = domain.and_then(|d| default(made.map_or(0, |made| made.oid), d, cx));
    vec![
        Datum::Oid(t.oid),
        text(&t.name),
        Datum::Oid(t.namespace),
        Datum::Oid(owner),
        Datum::Int2(t.len),
        Datum::Bool(t.by_value),
        letter(typtype),
        letter(t.category),
        Datum::Bool(t.preferred),
        Datum::Bool(t.defined),
        letter(t.delimiter),
        Datum::Oid(t.relation),
        if t.is_array { function("array_subscript_handler") } else { none.clone() },
        Datum::Oid(t.element),
        Datum::Oid(t.array),
        function(&input),
        function(&output),
        function(&receive),
        function(&send),
        none.clone(),
        none.clone(),
        if t.is_array { function("array_typanalyze") } else { none },
        letter(t.align),
        letter(t.storage),
        Datum::Bool(domain.is_some_and(|d| d.not_null)),
        Datum::Oid(t.base),
        Datum::Int4(t.base_typmod),
        Datum::Int4(0),
        Datum::Oid(t.collation),
        domain.and_then(|d| d.default.as_ref()).map_or(Datum::Null, tree::encode),
        text_or_null(default.as_deref()),
        made.map_or(Datum::Null, |made| acl(made.acl.as_deref())),
    ]
}

/// A domain's DEFAULT as SQL.
fn default(oid: Oid, domain: &Domain, cx: &Context<'_>) -> Option<String> {
    domain.default.as_ref()?;
    cx.host.domain_default(oid).ok().flatten()
}
