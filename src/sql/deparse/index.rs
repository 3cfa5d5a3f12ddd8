//! `pg_get_indexdef`: CREATE INDEX, or one column of it.

use super::expr::looks_like_function;
use super::names::Names;
use crate::catalog::builtin::{self, SystemIndex};
use crate::catalog::{IndexColumn, IndexInfo, Relation};
use crate::error::Result;
use crate::functions::{quote_identifier, quote_qualified};
use crate::nodes::CoercionForm;
use crate::types::Oid;

/// The index's definition; with `column` (from 1) only that column's name or expression.
pub(super) fn definition(
    names: &Names<'_>,
    oid: Oid,
    column: i32,
    pretty: bool,
) -> Result<Option<String>> {
    if let Some(index) = builtin::system_index(oid) {
        return Ok(Some(of_system(names, index, column, pretty)));
    }
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

/// An index of a system table, which the catalog does not have.
fn of_system(names: &Names<'_>, index: &SystemIndex, column: i32, pretty: bool) -> String {
    if column != 0 {
        let at = usize::try_from(column).ok().and_then(|c| c.checked_sub(1));
        let name = at.and_then(|at| index.columns.get(at));
        return name.map_or(String::new(), |name| quote_identifier(name).into_owned());
    }
    let unique = if index.unique { "UNIQUE " } else { "" };
    let found = names.catalog.relation_in_path(names.search_path, index.table_name);
    let visible = found.is_some_and(|found| found.oid == index.table);
    let schema = names.catalog.namespace(index.table_namespace).map(|n| n.name.as_str());
    let on = quote_qualified(schema.filter(|_| !(pretty && visible)), index.table_name);
    let columns: Vec<_> = index.columns.iter().map(|name| quote_identifier(name)).collect();
    let name = quote_identifier(index.name);
    format!("CREATE {unique}INDEX {name} ON {on} USING btree ({})", columns.join(", "))
}

fn full(
    names: &Names<'_>,
    index: &Relation,
    info: &IndexInfo,
    table: &Relation,
    pretty: bool,
) -> Result<String> {
    let unique = if info.unique { "UNIQUE " } else { "" };
    let name = if pretty { names.relation(table) } else { names.qualified(table) };
    let on = if table.is_partitioned() { format!("ONLY {name}") } else { name };
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
        // A value that is a plain word needs no quotes (`flatten_reloptions`).
        let options = index.options.iter().map(|(k, v)| match quote_identifier(v) == v.as_str() {
            true => format!("{k}={v}"),
            false => format!("{k}='{v}'"),
        });
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
        Some(expr) => expr.collation(),
    };
    if item.collation != 0 && item.collation != own {
        out.push_str(&format!(" COLLATE {}", names.collation(item.collation)));
    }
    let default = names.catalog.default_opclass(method, item.type_oid).map_or(0, |c| c.oid);
    if item.opclass != default
        && let Some(class) = builtin::opclass(item.opclass)
    {
        out.push_str(&format!(" {}", names.operator_class(class)));
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
