//! Waiting for a lock inside a row operator.
//!
//! Operators are synchronous. A lock that is free is had at once; one that is not blocks this
//! thread, after telling the runtime to move its other tasks elsewhere. The wait is cut into slices
//! so that a cancelled statement stops waiting.

use crate::error::{PgError, Result};
use crate::exec::CancelToken;
use crate::storage;
use futures::FutureExt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// How soon a cancelled statement notices.
const SLICE: Duration = Duration::from_millis(20);

/// Runs a lock request to its end, or until the statement is cancelled.
pub(in crate::exec) fn wait<T>(
    cancel: &CancelToken,
    request: impl Future<Output = storage::Result<T>>,
) -> Result<T> {
    let mut request = pin!(request);
    if let Some(granted) = request.as_mut().now_or_never() {
        return granted.map_err(PgError::from);
    }
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        runtime.block_on(async {
            loop {
                cancel.check()?;
                if let Ok(granted) = tokio::time::timeout(SLICE, request.as_mut()).await {
                    return granted.map_err(PgError::from);
                }
            }
        })
    })
}
