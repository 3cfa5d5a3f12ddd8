//! What policies and rules have in common: parts of a relation with names of their own, of which its rows
//! know nothing.

use super::names::{RelationName, strings};
use super::{DdlContext, lock, privileges};
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::nodes::DropStmt;
use std::sync::Arc;

/// The names that a DROP has: each the relation's, then the part's.
pub(super) fn named(statement: &DropStmt) -> Vec<Vec<&str>> {
    statement.objects().iter().filter_map(|node| node.as_node_list()).map(strings).collect()
}

/// The part's name and its relation, locked, if that is there.
pub(super) async fn find<'n>(
    parts: &[&'n str],
    cx: &DdlContext<'_>,
) -> Result<(&'n str, Option<Arc<Relation>>)> {
    let (&name, of) = parts.split_last().expect("a part has a name");
    let of = RelationName::of_parts(of, cx)?;
    Ok((name, lock::named(&of, TableLockMode::AccessExclusive, cx).await?))
}

/// The same for a COMMENT on it.
pub(super) async fn commented<'n>(
    parts: &[&'n str],
    cx: &DdlContext<'_>,
) -> Result<(&'n str, Arc<Relation>)> {
    let (&name, of) = parts.split_last().expect("a part has a name");
    let of = RelationName::of_parts(of, cx)?;
    Ok((name, lock::get_named(&of, TableLockMode::ShareUpdateExclusive, cx).await?))
}

/// 42501 in the words for parts of relations.
pub(super) fn check_owner(table: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    match privileges::is_owner(&cx.catalog(), cx.env.current_role(), table.owner) {
        true => Ok(()),
        false => {
            let message = format!("must be owner of relation {}", table.name);
            Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
        }
    }
}

/// Changes a relation's parts. It stays at its version, as its rows are not concerned.
pub(super) fn change(table: Oid, cx: &DdlContext<'_>, change: impl FnOnce(&mut Relation)) {
    if let Some(relation) = cx.catalog().relation(table) {
        let mut changed = (**relation).clone();
        change(&mut changed);
        cx.catalog.put_relation(changed, cx.txn);
    }
}
