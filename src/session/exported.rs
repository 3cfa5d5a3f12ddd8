//! Snapshots that a transaction lends to others (`pg_export_snapshot`, SET TRANSACTION SNAPSHOT;
//! manual, 9.27.5): all of them then see the same rows, as pg_dump's parallel jobs must.
//!
//! A snapshot can be borrowed until the transaction that lends it ends: its [`Lent`] is an
//! attachment of that transaction, which the end drops, and here is only a weak reference to it. Who
//! has borrowed it keeps the snapshot itself.

use super::Session;
use super::state::SessionState;
use crate::error::{PgError, Result, code};
use crate::storage::{IsolationLevel, Snapshot};
use crate::types::Oid;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// What a transaction lends, by name.
#[derive(Default)]
struct Lent(Mutex<HashMap<String, Arc<Snapshot>>>);

/// The snapshots that the server's transactions lend.
#[derive(Default)]
pub struct ExportedSnapshots(Mutex<HashMap<String, Export>>);

struct Export {
    lent: Weak<Lent>,
    database: Oid,
}

impl SessionState {
    /// `pg_export_snapshot`: the name by which others can have the transaction's snapshot.
    pub(super) fn lend_snapshot(&self) -> Result<String> {
        let transaction = self.transaction()?;
        if transaction.nested {
            let message = "cannot export a snapshot from a subtransaction";
            return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
        }
        let snapshot = transaction.txn.snapshot()?;
        let lent = transaction.txn.attachment::<Lent>();
        let mut names = lent.0.lock();
        // As in PostgreSQL: the session, the transaction, and a count.
        let (session, id) = (self.backend.pid, transaction.txn.id());
        let name = format!("{session:08X}-{id:08X}-{}", names.len() + 1);
        names.insert(name.clone(), snapshot);
        drop(names);
        let export = Export { lent: Arc::downgrade(&lent), database: self.backend.database };
        let mut exports = self.instance.exported.0.lock();
        exports.retain(|_, export| export.lent.strong_count() > 0);
        exports.insert(name.clone(), export);
        Ok(name)
    }
}

impl Session {
    /// SET TRANSACTION SNAPSHOT.
    pub(super) fn borrow_snapshot(&mut self, name: &str) -> Result<()> {
        let transaction = self.ensure_transaction();
        let txn = &transaction.txn;
        if !txn.is_fresh() || transaction.nested {
            let message = "SET TRANSACTION SNAPSHOT must be called before any query";
            return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
        }
        match txn.isolation() {
            IsolationLevel::RepeatableRead => {}
            IsolationLevel::ReadCommitted => {
                let message = "a snapshot-importing transaction must have isolation level \
                               SERIALIZABLE or REPEATABLE READ";
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
            }
            IsolationLevel::Serializable => {
                let feature = "SET TRANSACTION SNAPSHOT in a SERIALIZABLE transaction";
                return Err(PgError::unsupported(feature));
            }
        }
        let (snapshot, database) = self.state.instance.exported.find(name).ok_or_else(|| {
            let message = format!("invalid snapshot identifier: \"{name}\"");
            PgError::new(code::INVALID_PARAMETER_VALUE, message)
        })?;
        if database != self.state.backend.database {
            let message = "cannot import a snapshot from a different database";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        txn.set_snapshot(snapshot);
        transaction.catalog.is_younger_than_snapshot();
        Ok(())
    }
}

impl ExportedSnapshots {
    fn find(&self, name: &str) -> Option<(Arc<Snapshot>, Oid)> {
        let exports = self.0.lock();
        let export = exports.get(name)?;
        let lent = export.lent.upgrade()?;
        let snapshot = lent.0.lock().get(name)?.clone();
        Some((snapshot, export.database))
    }
}
