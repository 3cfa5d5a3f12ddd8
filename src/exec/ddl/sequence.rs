//! CREATE SEQUENCE and ALTER SEQUENCE.

use super::names::RelationName;
use super::sequence_options::{SequenceOptions, sequence_relation};
use super::{DdlContext, create_table, lock, privileges};
use crate::catalog::{Catalog, Persistence, Relation, RelationKind, is_temporary};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use crate::types::{Oid, oids};
use pg_raw_parse::nodes::{AlterSeqStmt, CreateSeqStmt};

pub(super) async fn create(statement: &CreateSeqStmt, cx: &DdlContext<'_>) -> Result<String> {
    const TAG: &str = "CREATE SEQUENCE";
    let range = statement.sequence().expect("CREATE SEQUENCE names a sequence");
    let target = create_table::target(range, statement.if_not_exists, cx).await?;
    let Some((name, namespace)) = target else { return Ok(TAG.to_owned()) };
    let options = SequenceOptions::read(statement.options(), cx)?;
    let mut info = options.define(oids::INT8)?;
    if let Some(owner) = &options.owned_by {
        info.owned_by = owner_column(owner, cx.env.current_role(), namespace.oid, cx)?;
    }
    let owner = cx.env.current_role();
    let mut sequence = sequence_relation(name, namespace.oid, owner, info, cx)?;
    if is_temporary(&namespace) {
        sequence.persistence = Persistence::Temporary;
    }
    options.restart_in(&sequence, cx)?;
    cx.catalog.put_relation(sequence, cx.txn);
    Ok(TAG.to_owned())
}

pub(super) async fn alter(statement: &AlterSeqStmt, cx: &DdlContext<'_>) -> Result<String> {
    const TAG: &str = "ALTER SEQUENCE";
    let range = statement.sequence().expect("ALTER SEQUENCE names a sequence");
    let name = RelationName::of_range(range, cx)?;
    let mode = TableLockMode::ShareRowExclusive;
    let Some(sequence) = lock::named(&name, mode, cx).await? else {
        if statement.missing_ok {
            cx.notice(format!("relation \"{name}\" does not exist, skipping"));
            return Ok(TAG.to_owned());
        }
        return Err(name.missing());
    };
    check_sequence(&sequence)?;
    privileges::relation_owner(&sequence, cx)?;
    let options = SequenceOptions::read(statement.options(), cx)?;
    change(&sequence, &options, cx)?;
    Ok(TAG.to_owned())
}

/// 42809 unless the relation is a sequence.
pub(super) fn check_sequence(relation: &Relation) -> Result<()> {
    if relation.kind == RelationKind::Sequence {
        return Ok(());
    }
    let message = format!("\"{}\" is not a sequence", relation.name);
    Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
}

/// Applies options to a sequence. Its next value moves to a new storage id, so that the change is
/// undone if the transaction rolls back (`nextval` itself never is).
pub(super) fn change(
    sequence: &Relation,
    options: &SequenceOptions,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let old = sequence.sequence.as_ref().expect("a sequence has its definition");
    let mut info = options.redefine(old)?;
    match &options.owned_by {
        Some(_) if old.internal => {
            let message = "cannot change ownership of identity sequence";
            let table = old.owned_by.and_then(|(table, _)| cx.catalog().relation(table).cloned());
            let table = table.map_or_else(String::new, |t| t.name.clone());
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(format!(
                "Sequence \"{}\" is linked to table \"{table}\".",
                sequence.name
            )));
        }
        Some(owner) => {
            info.owned_by = owner_column(owner, sequence.owner, sequence.namespace, cx)?;
        }
        None => {}
    }
    let mut changed = Relation { sequence: Some(info.clone()), ..sequence.clone() };
    let store = cx.txn.store();
    let params = super::sequence_options::params(sequence);
    let state = store.sequence_state(sequence.storage, &params)?;
    changed.storage = cx.catalog.new_storage(cx.txn)?;
    let new_params = super::sequence_options::params(&changed);
    if options.restart.is_some() {
        options.restart_in(&changed, cx)?;
    } else {
        let outside = !(info.min..=info.max).contains(&state.last_value);
        if outside {
            return Err(bad_last_value(state.last_value, info.min, info.max));
        }
        let (value, called) = (state.last_value, state.is_called);
        store.setval(cx.txn, changed.storage, &new_params, value, called)?;
    }
    changed.version = changed.version.wrapping_add(1);
    cx.catalog.put_relation(changed, cx.txn);
    Ok(())
}

fn bad_last_value(value: i64, min: i64, max: i64) -> PgError {
    let message = match value < min {
        true => format!("RESTART value ({value}) cannot be less than MINVALUE ({min})"),
        false => format!("RESTART value ({value}) cannot be greater than MAXVALUE ({max})"),
    };
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

/// The column that OWNED BY of a sequence of this owner and schema names; `None` for NONE.
fn owner_column(
    parts: &[String],
    owner: Oid,
    namespace: Oid,
    cx: &DdlContext<'_>,
) -> Result<Option<(u32, i16)>> {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let Some((column, table)) = parts.split_last() else { return Ok(None) };
    if table.is_empty() {
        let message = "invalid OWNED BY option";
        return Err(PgError::new(code::SYNTAX_ERROR, message)
            .hint("Specify OWNED BY table.column or OWNED BY NONE."));
    }
    let catalog = cx.catalog();
    let found = RelationName::of_parts(table, cx)?.get(&catalog, cx)?;
    if !matches!(found.kind, RelationKind::Table | RelationKind::View)
        || Catalog::is_system(found.oid)
    {
        let message = format!("sequence cannot be owned by relation \"{}\"", found.name);
        let error = PgError::new(code::WRONG_OBJECT_TYPE, message);
        return Err(match found.kind {
            RelationKind::MaterializedView => {
                error.detail("This operation is not supported for materialized views.")
            }
            _ => error,
        });
    }
    let apart = |message| PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message);
    if found.owner != owner {
        return Err(apart("sequence must have same owner as table it is linked to"));
    }
    if found.namespace != namespace {
        return Err(apart("sequence must be in same schema as table it is linked to"));
    }
    let attno = found.column_by_name(column).map(|c| c.attno).ok_or_else(|| {
        let message = format!("column \"{column}\" of relation \"{}\" does not exist", found.name);
        PgError::new(code::UNDEFINED_COLUMN, message)
    })?;
    Ok(Some((found.oid, attno)))
}
