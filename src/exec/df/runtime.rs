//! Where DataFusion runs: threads of its own, one bounded memory pool, spilling.

use crate::error::{PgError, Result, code};
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::prelude::SessionConfig;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;

/// Rows per batch.
pub(super) const BATCH_ROWS: usize = 8192;

/// The range of integer keys up to which a join finds rows by an array of all of them.
const JOIN_ARRAY_KEYS: usize = 8 << 20;

/// Bytes that all plans together may hold; sorts spill above it.
const MEMORY_BYTES: usize = 1 << 30;

/// Queries run apart from sessions, so that a big one does not stall small ones.
static THREADS: LazyLock<Result<Runtime>> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("query")
        .build()
        .map_err(|e| PgError::new(code::INSUFFICIENT_RESOURCES, e.to_string()))
});

static ENVIRONMENT: LazyLock<Result<Arc<RuntimeEnv>>> = LazyLock::new(|| {
    RuntimeEnvBuilder::new().with_memory_limit(MEMORY_BYTES, 1.0).build_arc().map_err(pg_error)
});

pub(super) fn threads() -> Result<&'static Runtime> {
    THREADS.as_ref().map_err(Clone::clone)
}

pub(super) fn task_context() -> Result<Arc<TaskContext>> {
    let environment = ENVIRONMENT.as_ref().map_err(Clone::clone)?.clone();
    let mut config =
        SessionConfig::new().with_batch_size(BATCH_ROWS).with_target_partitions(partitions());
    config.options_mut().execution.perfect_hash_join_small_build_threshold = JOIN_ARRAY_KEYS;
    let state =
        SessionStateBuilder::new().with_config(config).with_runtime_env(environment).build();
    Ok(state.task_ctx())
}

/// Parts that a scan is cut into.
pub(super) fn partitions() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Our own errors come back as they were; DataFusion's become ours.
pub(super) fn pg_error(error: DataFusionError) -> PgError {
    if let DataFusionError::External(source) = error.find_root()
        && let Some(error) = source.downcast_ref::<PgError>()
    {
        return error.clone();
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(detail) => {
            PgError::new(code::OUT_OF_MEMORY, "out of memory").detail(detail.clone())
        }
        other => PgError::internal(other.to_string()),
    }
}

/// The way into DataFusion for an error of ours.
pub(super) fn external(error: impl Into<PgError>) -> DataFusionError {
    DataFusionError::External(Box::new(error.into()))
}
