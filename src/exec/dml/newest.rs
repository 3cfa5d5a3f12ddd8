//! What has become of a row since a statement's snapshot showed it.
//!
//! The row's key is locked first, so nothing happens to it any more; what has happened is found as
//! PostgreSQL finds it along a tuple's update chain: to another key, if the primary key was changed,
//! and never to another row that has taken the key meanwhile.

use crate::catalog::schema::TableSchema;
use crate::error::{PgError, Result, code};
use crate::exec::ExecState;
use crate::storage::{IsolationLevel, MovePlace, Space, StorageError, row};
use bytes::Bytes;

/// The newest state of a row.
pub(in crate::exec) enum Newest {
    /// Unchanged.
    Seen(Bytes),
    /// Changed: its key suffix, its value.
    Changed(Bytes, Bytes),
    /// Deleted.
    Gone,
    /// Its new key could not be locked.
    Unavailable,
}

/// The row is in another partition now: following it there is more than PostgreSQL does.
fn moved_away(state: &ExecState) -> PgError {
    if state.cx.txn.isolation() != IsolationLevel::ReadCommitted {
        return StorageError::ConcurrentUpdate.into();
    }
    let message =
        "tuple to be locked was already moved to another partition due to concurrent update";
    PgError::new(code::SERIALIZATION_FAILURE, message)
}

/// Finds the row that the statement's snapshot shows under `suffix`, which is locked, with `seq`.
/// `lock` locks the key it was moved to; whether it could.
pub(in crate::exec) fn newest(
    state: &ExecState,
    schema: &TableSchema,
    suffix: &Bytes,
    seq: u64,
    lock: impl Fn(&Bytes) -> Result<bool>,
) -> Result<Newest> {
    let latest = |suffix: &Bytes| state.cx.txn.get_latest(Space::Rows, &schema.row_key(suffix));
    if let Some(value) = latest(suffix)?.filter(|value| row::seq(value) == seq) {
        return Ok(Newest::Seen(value));
    }
    let (mut locked, mut at, mut place) = (suffix.clone(), suffix.clone(), MovePlace::after(seq));
    loop {
        while let Some((to, next)) = state.cx.txn.follow(schema.relation.storage, &at, place) {
            (at, place) = (to, next);
        }
        if at.is_empty() {
            return Err(moved_away(state));
        }
        // Whoever held the lock may have moved the row on.
        if at == locked {
            break;
        }
        if !lock(&at)? {
            return Ok(Newest::Unavailable);
        }
        locked = at.clone();
    }
    let seen = state.view.get(Space::Rows, &schema.row_key(suffix))?;
    let same =
        |value: &Bytes| seen.as_ref().is_some_and(|seen| row::born(seen) == row::born(value));
    Ok(match latest(&at)?.filter(same) {
        Some(value) => Newest::Changed(at, value),
        None => Newest::Gone,
    })
}
