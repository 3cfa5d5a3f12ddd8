//! Waiting for a lock inside a row operator.
//!
//! Operators are synchronous. A lock that is free is had at once; one that is not blocks this
//! thread, until it is had or the statement is cancelled.

use crate::error::{PgError, Result};
use crate::exec::{CancelToken, block_on};
use crate::storage;
use futures::FutureExt;
use std::future::Future;
use std::pin::pin;

/// Runs a lock request to its end, or until the statement is cancelled.
pub(in crate::exec) fn wait<T>(
    cancel: &CancelToken,
    request: impl Future<Output = storage::Result<T>>,
) -> Result<T> {
    answer(cancel, request)?.map_err(PgError::from)
}

/// The same, for who names what was refused; the outer error is the cancellation.
pub(in crate::exec) fn answer<T>(
    cancel: &CancelToken,
    request: impl Future<Output = storage::Result<T>>,
) -> Result<storage::Result<T>> {
    let mut request = pin!(request);
    match request.as_mut().now_or_never() {
        Some(answer) => Ok(answer),
        None => block_on(cancel, request),
    }
}
