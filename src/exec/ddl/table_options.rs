//! The options of tables that PostgreSQL does not have, in CREATE TABLE and ALTER TABLE.

use super::DdlContext;
use super::lock;
use crate::catalog::{DEFAULT_STORAGE, Relation, TableOptions, table_options};
use crate::error::{PgError, Result, code};
use std::collections::BTreeMap;

/// Adds the kind that stood before TABLE, and checks the options of a new table.
pub(super) async fn complete(table: &mut Relation, cx: &DdlContext<'_>) -> Result<()> {
    if let Some(kind) = cx.table_kind {
        if let Some(other) = table.options.get("kind").filter(|other| *other != kind) {
            let message = format!("a {kind} table cannot be of kind \"{other}\"");
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message)
                .hint("Say it once, before TABLE or as the option \"kind\"."));
        }
        table.options.insert("kind".to_owned(), kind.to_owned());
    }
    let temporary = table.persistence == crate::catalog::Persistence::Temporary;
    table_options::check_together(&table.options, temporary)?;
    check_storage(&table.options, cx).await
}

/// Checks a change of a table's options.
pub(super) async fn check_change(
    table: &Relation,
    changed: &BTreeMap<String, String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let after = Relation { options: changed.clone(), ..table.clone() };
    let (before, now) = (TableOptions::of(table), TableOptions::of(&after));
    if before.kind != now.kind {
        let message = format!("the kind of table \"{}\" cannot be changed", table.name);
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
            .hint("Create a table of the other kind and copy the rows."));
    }
    let temporary = table.persistence == crate::catalog::Persistence::Temporary;
    table_options::check_together(changed, temporary)?;
    match before.storage == now.storage {
        true => Ok(()),
        false => check_storage(changed, cx).await,
    }
}

/// 42704 unless the storage that the options name exists; it then stays until the transaction ends.
async fn check_storage(options: &BTreeMap<String, String>, cx: &DdlContext<'_>) -> Result<()> {
    let Some(name) = options.get("storage").filter(|name| *name != DEFAULT_STORAGE) else {
        return Ok(());
    };
    lock::storage(name, true, cx).await?;
    match cx.catalog().storage_named(name) {
        Some(_) => Ok(()),
        None => Err(super::storage::missing(name)),
    }
}
