//! TRUNCATE: each table gets an empty storage; the old one goes at commit. Of a user table only the
//! current role's rows go.

use super::names::RelationName;
use super::sequence_options::SequenceOptions;
use super::{DdlContext, drop as dropping, lock, user_rows};
use crate::catalog::schema::table_schema;
use crate::catalog::{Catalog, Relation, RelationKind, TableKind};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_relation;
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::TruncateStmt;
use std::sync::Arc;

pub(super) async fn execute(statement: &TruncateStmt, cx: &DdlContext<'_>) -> Result<String> {
    let names = statement.relations().iter().filter_map(|node| match node {
        Node::RangeVar(range) => {
            Some(RelationName::of_range(range, cx).map(|name| (name, range.inh)))
        }
        _ => None,
    });
    let names = names.collect::<Result<Vec<_>>>()?;
    let mut tables: Vec<Arc<Relation>> = Vec::new();
    for (name, with_descendants) in names {
        let table = lock::get_named(&name, TableLockMode::AccessExclusive, cx).await?;
        check(&table, cx)?;
        if !with_descendants && table.is_partitioned() {
            let message = "cannot truncate only a partitioned table";
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).hint(
                "Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly.",
            ));
        }
        // Privileges are asked for of the table named alone.
        let members = match with_descendants {
            true => cx.catalog().family(&table),
            false => vec![table],
        };
        for member in members {
            lock::relation(member.oid, TableLockMode::AccessExclusive, cx).await?;
            if tables.iter().all(|t| t.oid != member.oid) {
                tables.push(member);
            }
        }
    }
    let cascade = dropping::cascade(statement.behavior);
    add_referencing(&mut tables, cascade, cx).await?;
    for table in &tables {
        let schema = table_schema(&cx.catalog(), table);
        match schema.kind {
            TableKind::User => user_rows::delete(&schema, cx.env.current_role(), cx).await?,
            TableKind::Shared | TableKind::Stream => empty(table.oid, cx)?,
        }
        if statement.restart_seqs {
            restart_sequences(table, cx)?;
        }
    }
    Ok("TRUNCATE TABLE".to_owned())
}

fn check(table: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    if table.kind != RelationKind::Table {
        let message = format!("\"{}\" is not a table", table.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    if Catalog::is_system(table.oid) {
        let message = format!("permission denied: \"{}\" is a system catalog", table.name);
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    require_relation(&cx.catalog(), cx.env.current_role(), table.oid, "D")?;
    lock::check_unused(table, "TRUNCATE", cx)
}

/// Tables with foreign keys on those to be truncated must be truncated with them: CASCADE adds
/// them, and what refers to them in turn.
async fn add_referencing(
    tables: &mut Vec<Arc<Relation>>,
    cascade: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut at = 0;
    while at < tables.len() {
        let (catalog, table) = (cx.catalog(), tables[at].clone());
        at += 1;
        let keys = catalog.foreign_keys_on(table.oid);
        let others: Vec<_> = keys
            .into_iter()
            .filter(|(other, _)| tables.iter().all(|t| t.oid != other.oid))
            .map(|(other, _)| other.clone())
            .collect();
        for other in others {
            if !cascade {
                let message = "cannot truncate a table referenced in a foreign key constraint";
                let (a, b) = (&other.name, &table.name);
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
                    .detail(format!("Table \"{a}\" references \"{b}\"."))
                    .hint(format!(
                        "Truncate table \"{a}\" at the same time, or use TRUNCATE ... CASCADE."
                    )));
            }
            if tables.iter().any(|t| t.oid == other.oid) {
                continue;
            }
            cx.notice(format!("truncate cascades to table \"{}\"", other.name));
            lock::relation(other.oid, TableLockMode::AccessExclusive, cx).await?;
            check(&other, cx)?;
            tables.push(other);
        }
    }
    Ok(())
}

/// Gives a table and its indexes empty storages.
pub(super) fn empty(oid: u32, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some(table) = catalog.relation(oid) else { return Ok(()) };
    let oids = std::iter::once(table.oid).chain(table.indexes.iter().copied());
    for oid in oids {
        let Some(relation) = catalog.relation(oid) else { continue };
        let storage = cx.catalog.new_storage(cx.txn)?;
        cx.catalog.put_relation(Relation { storage, ..(**relation).clone() }, cx.txn);
    }
    Ok(())
}

/// RESTART IDENTITY: the sequences that the table's columns own start again.
fn restart_sequences(table: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let restart = SequenceOptions { restart: Some(None), ..SequenceOptions::default() };
    for sequence in catalog.sequences_owned_by(table.oid) {
        let mut changed = (**sequence).clone();
        changed.storage = cx.catalog.new_storage(cx.txn)?;
        restart.restart_in(&changed, cx)?;
        cx.catalog.put_relation(changed, cx.txn);
    }
    Ok(())
}
