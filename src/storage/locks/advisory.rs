//! Session-scope advisory locks: counted, and released by hand or at the session's end.

use super::manager::{Acquired, LockManager, Request, Tag};
use super::{LockScope, Mode, TableLockMode};
use crate::storage::Result;

impl Mode {
    /// PostgreSQL's modes for advisory locks.
    pub(in crate::storage) fn advisory(shared: bool) -> Mode {
        match shared {
            true => TableLockMode::Share.into(),
            false => TableLockMode::Exclusive.into(),
        }
    }
}

impl LockManager {
    /// Takes a session lock once more; `false`: another session has it and the request would not
    /// wait.
    pub(in crate::storage) async fn acquire_session(&self, request: Request<'_>) -> Result<bool> {
        let (session, key) = (request.session, (request.tag, request.mode));
        if self.acquire(request).await? == Acquired::Unavailable {
            return Ok(false);
        }
        *self.session_holds.lock().entry(session).or_default().entry(key).or_insert(0) += 1;
        Ok(true)
    }

    /// Gives back one hold; `false`: there was none.
    pub(in crate::storage) fn release_session(&self, session: u32, tag: Tag, mode: Mode) -> bool {
        let mut sessions = self.session_holds.lock();
        let Some(holds) = sessions.get_mut(&session) else { return false };
        let Some(count) = holds.get_mut(&(tag, mode)) else { return false };
        *count -= 1;
        if *count == 0 {
            holds.remove(&(tag, mode));
            if holds.is_empty() {
                sessions.remove(&session);
            }
            drop(sessions);
            self.release(tag, session, mode, LockScope::Session);
        }
        true
    }

    /// Gives back everything a session holds in session scope.
    pub(in crate::storage) fn release_all_session(&self, session: u32) {
        let holds = self.session_holds.lock().remove(&session).unwrap_or_default();
        for (tag, mode) in holds.into_keys() {
            self.release(tag, session, mode, LockScope::Session);
        }
    }
}
