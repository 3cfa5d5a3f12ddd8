//! Transactions and transaction blocks (manual, 3.4, 55.2.2.1 and BEGIN, COMMIT, ROLLBACK,
//! SAVEPOINT).
//!
//! Every statement runs in a transaction; where none is open, one begins with the statement and ends
//! after it (simple protocol: with the query string; extended: at Sync). BEGIN makes a *block* of it:
//!
//! ```text
//!          ┌── statement ──► None, transaction open ──── end of string, Sync ──┐
//!  None ───┼── string of several ──► Implicit ─────────── end of string ───────┼─► None
//!          └── BEGIN ──► Explicit ──── COMMIT, ROLLBACK ───────────────────────┤
//!                           └ error ──► Failed ── ROLLBACK, COMMIT ────────────┘
//!                                         └ ROLLBACK TO ──► Explicit
//! ```
//!
//! A failed transaction's locks are released at once, as PostgreSQL does; with a savepoint, those
//! taken since.

use super::Session;
use super::clock;
use super::state::{Modes, Transaction};
use crate::catalog::TxnCatalog;
use crate::error::{PgError, Result, code};
use crate::exec::{ddl, dml, off_worker};
use crate::functions::large_object::Descriptors;
use crate::storage::{self, LockWaitOptions, TxnOptions};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    None,
    Implicit,
    Explicit,
    Failed,
}

/// A savepoint, and where everything transactional stood.
pub(super) struct Savepoint {
    name: String,
    storage: storage::Savepoint,
    catalog_mark: usize,
    settings_mark: usize,
    outbox_len: usize,
    listening: Vec<String>,
    portals_made: u64,
    /// See [`Descriptors`].
    descriptors_mark: u64,
    read_only: bool,
}

impl Session {
    /// The open transaction; begins one where there is none.
    pub(super) fn ensure_transaction(&mut self) -> Transaction {
        if let Some(open) = &*self.state.transaction.lock() {
            return open.clone();
        }
        let modes = self.frequent().modes;
        self.start_transaction(modes)
    }

    fn start_transaction(&mut self, modes: Modes) -> Transaction {
        let store = &self.state.instance.store;
        let txn = store.begin(TxnOptions {
            session: self.state.lock_owner(),
            database: self.state.backend.database,
            isolation: modes.level(),
            read_only: modes.read_only,
        });
        let catalog = self.state.instance.catalog.clone();
        let database = self.state.backend.database;
        let known = self.env.as_ref().map(|(_, env)| env.catalog.clone());
        let started = clock::now();
        let transaction = Transaction {
            txn,
            catalog: Arc::new(TxnCatalog::with_known(catalog, database, known)),
            started,
            modes,
            nested: false,
            in_block: false,
        };
        self.state.backend.activity.lock().transaction_start = Some(started);
        *self.state.transaction.lock() = Some(transaction.clone());
        transaction
    }

    /// Lock waits of the statement that begins follow its settings.
    pub(super) fn apply_lock_timeouts(&self, transaction: &Transaction) {
        if let Some(derived) = &self.derived {
            transaction.txn.set_lock_wait(LockWaitOptions {
                lock_timeout: derived.lock_timeout,
                deadlock_timeout: derived.deadlock_timeout,
            });
        }
    }

    pub(super) fn set_block(&mut self, block: Block) {
        self.block = block;
        if let Some(transaction) = self.state.transaction.lock().as_mut() {
            transaction.in_block = block != Block::None;
        }
    }

    /// 25P02 unless the transaction is sound.
    pub(super) fn check_not_failed(&self) -> Result<()> {
        match self.block {
            Block::Failed => Err(PgError::new(
                code::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
            _ => Ok(()),
        }
    }

    /// 25001 for statements that cannot be rolled back (VACUUM, CREATE DATABASE).
    pub(super) fn prevent_in_block(&self, command: &str) -> Result<()> {
        match self.block {
            Block::None => Ok(()),
            _ => Err(PgError::new(
                code::ACTIVE_SQL_TRANSACTION,
                format!("{command} cannot run inside a transaction block"),
            )),
        }
    }

    /// 25P01 for statements that mean nothing outside a block (SAVEPOINT, LOCK TABLE).
    pub(super) fn require_block(&self, command: &str) -> Result<()> {
        match self.block {
            Block::Explicit | Block::Failed => Ok(()),
            _ => Err(PgError::new(
                code::NO_ACTIVE_SQL_TRANSACTION,
                format!("{command} can only be used in transaction blocks"),
            )),
        }
    }

    /// The end of a statement that is not in a block: its transaction commits.
    pub(super) async fn finish_unblocked(&mut self) -> Result<()> {
        match self.block {
            Block::None if self.state.transaction.lock().is_some() => self.commit().await,
            _ => Ok(()),
        }
    }

    /// Commits the open transaction; on failure it is rolled back.
    pub(super) async fn commit(&mut self) -> Result<()> {
        let outcome = self.try_commit().await;
        match &outcome {
            Ok(()) => {
                self.state.settings.lock().commit();
                self.clear_transaction();
            }
            Err(_) => self.rollback_all(),
        }
        outcome
    }

    async fn try_commit(&mut self) -> Result<()> {
        let Some(transaction) = self.state.transaction.lock().clone() else { return Ok(()) };
        if !self.portals.is_empty() {
            // On the heap, so that the futures of all statements, which commit, stay small.
            Box::pin(self.materialize_held_cursors()).await?;
            self.portals.retain(|_, portal| portal.outlives_transaction());
        }
        self.check_deferred(&transaction)?;
        ddl::before_commit(&transaction.catalog, &transaction.txn)?;
        transaction.catalog.prepare_commit(&transaction.txn)?;
        let outbox = self.state.outbox.lock().take();
        let listening = self.listening_change();
        if !outbox.is_empty() {
            self.state.instance.notifications.check_room()?;
        }
        if !outbox.is_empty() || listening.is_some() {
            let instance = self.state.instance.clone();
            transaction.txn.on_commit(move |_| {
                let hub = &instance.notifications;
                listening.iter().for_each(|change| change.apply(hub));
                hub.publish(&outbox);
            });
        }
        let sync = self.frequent().synchronous_commit;
        transaction.txn.commit(sync).await?;
        self.state.backend.ends.commits.add(1);
        self.listening_changed();
        Ok(())
    }

    /// Checks deferred constraints, as the transaction's last statement.
    fn check_deferred(&mut self, transaction: &Transaction) -> Result<()> {
        if !dml::has_deferred(&transaction.txn) {
            return Ok(());
        }
        let env = self.statement_env()?;
        let view = transaction.txn.begin_statement()?;
        let context = self.statement_context(&env, transaction, view);
        off_worker(|| dml::check_deferred(&context))?;
        Ok(transaction.txn.end_statement()?)
    }

    /// Rolls the open transaction back, if any, and leaves the block.
    pub(super) fn rollback_all(&mut self) {
        let open = self.state.transaction.lock().clone();
        if let Some(transaction) = open {
            self.portals.retain(|_, portal| portal.outlives_transaction());
            transaction.txn.rollback();
            self.state.backend.ends.rollbacks.add(1);
        }
        self.state.settings.lock().rollback();
        self.state.outbox.lock().truncate(0);
        self.revert_listening();
        self.clear_transaction();
    }

    fn clear_transaction(&mut self) {
        *self.state.transaction.lock() = None;
        self.savepoints.clear();
        self.block = Block::None;
        self.state.backend.activity.lock().transaction_start = None;
    }

    /// After an error: the transaction, or its innermost savepoint's part, rolls back; a block
    /// stays, failed.
    pub(super) fn abort(&mut self) {
        if self.state.acting.lock().is_some() {
            self.act_as(None);
        }
        match self.block {
            Block::None | Block::Implicit => self.rollback_all(),
            Block::Failed => {}
            Block::Explicit => {
                self.block = Block::Failed;
                match self.savepoints.len().checked_sub(1) {
                    Some(innermost) => self.undo_to(innermost),
                    None => self.undo_block(),
                }
            }
        }
    }

    /// Rolls a failed block's transaction back while the block itself waits for its end.
    fn undo_block(&mut self) {
        if let Some(transaction) = self.state.transaction.lock().clone() {
            transaction.txn.rollback();
            transaction.catalog.rollback_to(0);
        }
        self.portals.retain(|_, portal| portal.outlives_transaction());
        self.state.settings.lock().rollback();
        self.state.outbox.lock().truncate(0);
        self.revert_listening();
    }
}

/// BEGIN, COMMIT, ROLLBACK. Each sets what the block becomes; the caller commits where it must.
impl Session {
    /// BEGIN or START TRANSACTION; modes are applied after it.
    pub(super) fn begin_block(&mut self) {
        match self.block {
            Block::None | Block::Implicit => {
                self.ensure_transaction();
                self.set_block(Block::Explicit);
            }
            Block::Explicit | Block::Failed => self
                .warn(code::ACTIVE_SQL_TRANSACTION, "there is already a transaction in progress"),
        }
    }

    /// COMMIT; gives the command tag.
    pub(super) async fn commit_block(&mut self, chain: bool) -> Result<&'static str> {
        self.check_chain("COMMIT", chain)?;
        let modes = self.modes();
        let tag = match self.block {
            Block::Failed => {
                self.rollback_all();
                "ROLLBACK"
            }
            block => {
                if block != Block::Explicit {
                    self.warn(
                        code::NO_ACTIVE_SQL_TRANSACTION,
                        "there is no transaction in progress",
                    );
                }
                self.commit().await?;
                "COMMIT"
            }
        };
        self.chain(chain, modes);
        Ok(tag)
    }

    /// ROLLBACK.
    pub(super) fn rollback_block(&mut self, chain: bool) -> Result<&'static str> {
        self.check_chain("ROLLBACK", chain)?;
        let modes = self.modes();
        if matches!(self.block, Block::None | Block::Implicit) {
            self.warn(code::NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress");
        }
        self.rollback_all();
        self.chain(chain, modes);
        Ok("ROLLBACK")
    }

    fn check_chain(&self, command: &str, chain: bool) -> Result<()> {
        match chain {
            true => self.require_block(&format!("{command} AND CHAIN")),
            false => Ok(()),
        }
    }

    fn modes(&self) -> Option<Modes> {
        self.state.transaction.lock().as_ref().map(|t| t.modes)
    }

    /// AND CHAIN: a new block with the modes of the one that ended.
    fn chain(&mut self, chain: bool, modes: Option<Modes>) {
        if let (true, Some(modes)) = (chain, modes) {
            self.start_transaction(modes);
            self.set_block(Block::Explicit);
        }
    }
}

/// The transaction's large objects, if it has opened any.
fn open_descriptors(transaction: &Transaction) -> Option<Arc<Descriptors>> {
    transaction.txn.find_attachment::<Descriptors>()
}

/// Savepoints.
impl Session {
    pub(super) fn define_savepoint(&mut self, name: &str) -> Result<()> {
        self.require_block("SAVEPOINT")?;
        let transaction = self.state.transaction()?;
        self.savepoints.push(Savepoint {
            name: name.to_owned(),
            storage: transaction.txn.savepoint(),
            catalog_mark: transaction.catalog.mark(),
            settings_mark: self.state.settings.lock().mark(),
            outbox_len: self.state.outbox.lock().len(),
            listening: self.state.listening.lock().clone(),
            portals_made: self.portals_made,
            descriptors_mark: open_descriptors(&transaction).map_or(0, |open| open.mark()),
            read_only: transaction.modes.read_only,
        });
        self.set_nested();
        Ok(())
    }

    pub(super) fn release_savepoint(&mut self, name: &str) -> Result<()> {
        self.require_block("RELEASE SAVEPOINT")?;
        let at = self.find_savepoint(name)?;
        self.savepoints.truncate(at);
        self.set_nested();
        Ok(())
    }

    pub(super) fn rollback_to_savepoint(&mut self, name: &str) -> Result<()> {
        self.require_block("ROLLBACK TO SAVEPOINT")?;
        let at = self.find_savepoint(name)?;
        self.savepoints.truncate(at + 1);
        self.undo_to(at);
        self.set_block(Block::Explicit);
        self.set_nested();
        Ok(())
    }

    fn find_savepoint(&self, name: &str) -> Result<usize> {
        self.savepoints.iter().rposition(|s| s.name == name).ok_or_else(|| {
            let message = format!("savepoint \"{name}\" does not exist");
            PgError::new(code::INVALID_SAVEPOINT_SPECIFICATION, message)
        })
    }

    /// Undoes everything since a savepoint, which stays.
    fn undo_to(&mut self, at: usize) {
        let savepoint = &self.savepoints[at];
        if let Some(transaction) = self.state.transaction.lock().as_mut() {
            transaction.txn.rollback_to(&savepoint.storage);
            if let Some(open) = open_descriptors(transaction) {
                open.close_since(savepoint.descriptors_mark);
            }
            transaction.catalog.rollback_to(savepoint.catalog_mark);
            transaction.modes.read_only = savepoint.read_only;
            transaction.txn.set_read_only(savepoint.read_only);
        }
        self.state.settings.lock().rollback_to(savepoint.settings_mark);
        self.state.outbox.lock().truncate(savepoint.outbox_len);
        *self.state.listening.lock() = savepoint.listening.clone();
        let made = savepoint.portals_made;
        self.portals.retain(|_, portal| portal.number <= made);
    }

    fn set_nested(&mut self) {
        let nested = !self.savepoints.is_empty();
        if let Some(transaction) = self.state.transaction.lock().as_mut() {
            transaction.nested = nested;
        }
    }
}
