//! What a statement's execution needs from its session.

use super::explain::Measurements;
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::functions::Env;
use crate::storage::{ReadView, Txn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Everything one statement may use; made by the session once per statement.
#[derive(Clone)]
pub struct StatementContext {
    pub txn: Arc<Txn>,
    /// What the statement reads: of [`Txn::begin_statement`]; a cursor keeps its own.
    pub view: ReadView,
    /// The catalog that the statement was bound with.
    pub catalog: Arc<Catalog>,
    pub env: Arc<dyn Env>,
    pub cancel: CancelToken,
    /// Bytes that one statement's sorts, hashes and aggregates may hold.
    pub memory_limit_bytes: usize,
    /// `force_parallel_mode`: DataFusion runs whatever it can, however small.
    pub force_parallel: bool,
    /// EXPLAIN ANALYZE: where its operators note what they do.
    pub measurements: Option<Arc<Measurements>>,
    /// The functions in SQL that it has called.
    pub functions: super::FunctionCalls,
}

/// Asks a running statement to stop. Cloned by whoever may cancel: CancelRequest,
/// `statement_timeout`, `pg_cancel_backend`, a client that went away.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicU8>);

/// Why a statement is to stop; decides the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CancelReason {
    UserRequest = 1,
    StatementTimeout = 2,
    Shutdown = 3,
    ClientGone = 4,
}

impl CancelToken {
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Stops the statement at its next check. The first reason stays.
    pub fn cancel(&self, reason: CancelReason) {
        // An earlier cancellation keeps its reason; losing this race is fine.
        let _ = self.0.compare_exchange(0, reason as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// A session uses one token for all its statements; each begins with it unset.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Fails with the SQLSTATE of the reason if the statement is to stop.
    #[inline]
    pub fn check(&self) -> Result<()> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            reason => Err(cancelled(reason)),
        }
    }
}

#[cold]
fn cancelled(reason: u8) -> PgError {
    if reason == CancelReason::Shutdown as u8 {
        let message = "terminating connection due to administrator command";
        return PgError::new(code::ADMIN_SHUTDOWN, message).fatal();
    }
    if reason == CancelReason::ClientGone as u8 {
        return PgError::new(code::CONNECTION_FAILURE, "connection to client lost").fatal();
    }
    let message = match reason == CancelReason::StatementTimeout as u8 {
        true => "canceling statement due to statement timeout",
        false => "canceling statement due to user request",
    };
    PgError::new(code::QUERY_CANCELED, message)
}
