//! `pg_get_indexdef`: CREATE INDEX, or one column of it.

use super::expr::looks_like_function;
use super::names::Names;
use crate::catalog::{IndexColumn, IndexInfo, Relation, builtin};
use crate::error::Result;
use crate::functions::quote_identifier;
use crate::nodes::CoercionForm;
use crate::types::Oid;

/// The index's definition; with `column` (from 1) only that column's name or expression.
pub(super) fn definition(
    names: &Names<'_>,
    oid: Oid,
    column: i32,
    pretty: bool,
) -> Result<Option<String>> {
    let Some(index) = names.catalog.relation(oid) else { return Ok(None) };
    let Some(info) = &index.index else { return Ok(None) };
    let Some(table) = names.catalog.relation(info.table) else { return Ok(None) };
    if column != 0 {
        let at = usize::try_from(column).ok().and_then(|c| c.checked_sub(1));
        let Some(item) = at.and_then(|at| info.columns.get(at)) else {
            return Ok(Some(String::new()));
        };
        return key(names, table, item, pretty).map(Some);
    }
    full(names, index, info, table, pretty).map(Some)
}

fn full(
    names: &Names<'_>,
    index: &Relation,
    info: &IndexInfo,
    table: &Relation,
    pretty: bool,
) -> Result<String> {
    let unique = if info.unique { "UNIQUE " } else { "" };
    let on = if pretty { names.relation(table) } else { names.qualified(table) };
    let method = builtin::access_method(info.access_method).map_or("btree", |m| m.name);
    let mut keys = Vec::new();
    for item in &info.columns[..info.key_count] {
        let options = options(names, table, item, info.access_method);
        keys.push(key(names, table, item, pretty)? + &options);
    }
    let mut out = format!(
        "CREATE {unique}INDEX {} ON {on} USING {method} ({})",
        quote_identifier(&index.name),
        keys.join(", ")
    );
    if info.columns.len() > info.key_count {
        let attnos: Vec<i16> = info.columns[info.key_count..].iter().map(|c| c.attno).collect();
        out.push_str(&format!(" INCLUDE ({})", super::names::column_list(table, &attnos)));
    }
    if info.nulls_not_distinct {
        out.push_str(" NULLS NOT DISTINCT");
    }
    if !index.options.is_empty() {
        let options = index.options.iter().map(|(k, v)| format!("{k}='{v}'"));
        out.push_str(&format!(" WITH ({})", options.collect::<Vec<_>>().join(", ")));
    }
    if let Some(predicate) = &info.predicate {
        let text = super::expression(names, predicate, table.oid, pretty)?;
        out.push_str(&format!(" WHERE {text}"));
    }
    Ok(out)
}

/// A column, or an expression in parentheses unless it is a call.
fn key(names: &Names<'_>, table: &Relation, item: &IndexColumn, pretty: bool) -> Result<String> {
    let Some(expr) = &item.expr else {
        return Ok(quote_identifier(&table.column(item.attno).name).into_owned());
    };
    let text = super::expression(names, expr, table.oid, pretty)?;
    Ok(if looks_like_function(expr) { text } else { format!("({text})") })
}

/// Collation, operator class and order where they are not the default.
fn options(names: &Names<'_>, table: &Relation, item: &IndexColumn, method: Oid) -> String {
    let mut out = String::new();
    let own = match &item.expr {
        None => table.column(item.attno).collation,
        Some(_) => names.catalog.type_collation(item.type_oid),
    };
    if item.collation != 0 && item.collation != own {
        out.push_str(&format!(" COLLATE {}", names.collation(item.collation)));
    }
    let default = names.catalog.default_opclass(method, item.type_oid).map_or(0, |c| c.oid);
    if item.opclass != default
        && let Some(class) = builtin::opclass(item.opclass)
    {
        out.push_str(&format!(" {}", quote_identifier(class.name)));
    }
    out.push_str(match (item.descending, item.nulls_first) {
        (true, true) => " DESC",
        (true, false) => " DESC NULLS LAST",
        (false, true) => " NULLS FIRST",
        (false, false) => "",
    });
    out
}

/// The form of a call that needs no parentheses.
pub(super) fn is_call_form(form: CoercionForm) -> bool {
    matches!(form, CoercionForm::Call | CoercionForm::SqlSyntax)
}
