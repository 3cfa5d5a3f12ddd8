//! system.storages: where segments lie. Of credentials only the names are shown.

use super::{TEXT_ARRAY, int8, is_superuser};
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::catalog::{ColdStorage, DEFAULT_STORAGE, TableOptions};
use crate::error::Result;
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("name", oids::NAME),
    ("type", oids::TEXT),
    ("url", oids::TEXT),
    ("path_template", oids::TEXT),
    ("options", TEXT_ARRAY),
    ("credentials", oids::TEXT),
    ("tables", oids::INT8),
];

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let default = [
        values::text(DEFAULT_STORAGE),
        values::text("filesystem"),
        Datum::Null,
        values::text(crate::storage::objects::PathTemplate::DEFAULT),
        Datum::Null,
        Datum::Null,
        tables_in(None, cx),
    ];
    let row = |storage: &ColdStorage| {
        let shown = storage.options.iter().filter(|(name, _)| *name != "url");
        let shown: Vec<_> = shown.collect();
        // Addresses are the superusers' business.
        let url = storage.options.get("url").filter(|_| is_superuser(cx));
        let hidden = storage.credentials.keys().map(|name| format!("{name}=***"));
        let hidden: Vec<_> = hidden.collect();
        vec![
            values::text(&storage.name),
            values::text(&storage.kind),
            values::text_or_null(url.map(String::as_str)),
            values::text(&storage.path_template),
            match is_superuser(cx) {
                true => values::options(shown.into_iter()),
                false => Datum::Null,
            },
            match hidden.is_empty() {
                true => Datum::Null,
                false => values::text(&hidden.join(", ")),
            },
            tables_in(Some(&storage.name), cx),
        ]
    };
    let storages = cx.catalog.storages().map(|storage| row(storage));
    Ok(std::iter::once(default.to_vec()).chain(storages).collect())
}

/// How many of the database's tables a storage has.
fn tables_in(storage: Option<&str>, cx: &Context<'_>) -> Datum {
    let tables = cx.catalog.relations().filter(|r| r.kind.has_rows());
    int8(tables.filter(|t| TableOptions::of(t).storage == storage).count() as u64)
}
