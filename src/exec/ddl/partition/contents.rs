//! Rows that are there already, and whether partitions may have them.

use super::super::DdlContext;
use super::super::located::located;
use super::super::rows;
use crate::catalog::schema::table_schema;
use crate::catalog::{PartitionBound, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::ExecState;
use crate::exec::dml::PartitionCheck;
use std::sync::Arc;

/// 23514 where a leaf of `table` has a row that its bounds do not allow (any more), which are those
/// in the transaction's catalog.
pub(in crate::exec::ddl) fn check_rows(
    table: &Arc<Relation>,
    message: impl Fn(&Relation) -> String,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let state = ExecState::new(cx.statement(&catalog)?, Arc::new([]));
    for leaf in catalog.leaves(table) {
        let Some(check) = PartitionCheck::compile(&catalog, &leaf)? else { continue };
        let schema = table_schema(&catalog, &leaf);
        rows::for_each(&schema, cx, |_, row| match check.takes(&state, &row)? {
            true => Ok(()),
            false => {
                let error = PgError::new(code::CHECK_VIOLATION, message(&leaf));
                Err(located(error, &leaf, cx))
            }
        })?;
    }
    Ok(())
}

/// 23514 where a row of the default partition belongs to a partition that was just added.
pub(in crate::exec::ddl) fn check_default(parent: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let is_default = |p: &&&Arc<Relation>| p.lineage.bound == Some(PartitionBound::Default);
    let partitions = catalog.children_of(parent);
    let Some(default) = partitions.iter().find(is_default) else { return Ok(()) };
    let message = |leaf: &Relation| {
        let name = &leaf.name;
        format!(
            "updated partition constraint for default partition \"{name}\" would be violated by \
             some row"
        )
    };
    check_rows(default, message, cx)
}
