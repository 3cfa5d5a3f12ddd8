//! The tables that CREATE TABLE … INHERITS and PARTITION OF name.

use super::super::names::RelationName;
use super::super::{DdlContext, lock, privileges};
use crate::catalog::{Persistence, Relation, RelationKind, TableKind};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::CreateStmt;
use std::sync::Arc;

/// Finds, locks and checks them.
pub(in crate::exec::ddl) async fn parents(
    statement: &CreateStmt,
    child: &Relation,
    cx: &DdlContext<'_>,
) -> Result<Vec<Arc<Relation>>> {
    let is_partition = statement.partbound().is_some();
    // Whoever writes by way of a partitioned table must know all its partitions.
    let mode = match is_partition {
        true => TableLockMode::AccessExclusive,
        false => TableLockMode::ShareUpdateExclusive,
    };
    let names = statement.inh_relations().iter().filter_map(|node| match node {
        Node::RangeVar(range) => Some(RelationName::of_range(range, cx)),
        _ => None,
    });
    let names = names.collect::<Result<Vec<_>>>()?;
    let mut found: Vec<Arc<Relation>> = Vec::new();
    for name in names {
        let parent = lock::get_named(&name, mode, cx).await?;
        if found.iter().any(|known| known.oid == parent.oid) {
            return Err(twice(&parent));
        }
        check(&parent, child, is_partition, cx)?;
        found.push(parent);
    }
    Ok(found)
}

pub(super) fn twice(parent: &Relation) -> PgError {
    let message = format!("relation \"{}\" would be inherited from more than once", parent.name);
    PgError::new(code::DUPLICATE_TABLE, message)
}

fn check(
    parent: &Relation,
    child: &Relation,
    is_partition: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = &parent.name;
    let wrong = |message: String| Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    if is_partition && !parent.is_partitioned() {
        let message = format!("\"{name}\" is not partitioned");
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    if !is_partition && parent.is_partitioned() {
        return wrong(format!("cannot inherit from partitioned table \"{name}\""));
    }
    if !is_partition && parent.is_partition() {
        return wrong(format!("cannot inherit from partition \"{name}\""));
    }
    if parent.kind != RelationKind::Table {
        return wrong(format!("inherited relation \"{name}\" is not a table or foreign table"));
    }
    let (parent_temporary, child_temporary) =
        (parent.persistence == Persistence::Temporary, child.persistence == Persistence::Temporary);
    if parent_temporary && !child_temporary {
        return wrong(match is_partition {
            true => format!(
                "cannot create a permanent relation as partition of temporary relation \"{name}\""
            ),
            false => format!("cannot inherit from temporary relation \"{name}\""),
        });
    }
    if is_partition && child_temporary && !parent_temporary {
        return wrong(format!(
            "cannot create a temporary relation as partition of permanent relation \"{name}\""
        ));
    }
    privileges::relation_owner(parent, cx)?;
    check_kinds(parent, child)
}

/// Rows of user tables and streams are kept differently.
pub(super) fn check_kinds(parent: &Relation, child: &Relation) -> Result<()> {
    let shared = |table: &Relation| TableKind::of(table) == TableKind::Shared;
    match shared(parent) && shared(child) {
        true => Ok(()),
        false => Err(PgError::unsupported("inheritance of user tables and streams")),
    }
}
