//! Runs bound queries.
//!
//! ```text
//! nodes::Query ── plan() ──► Plan ── execute() ──► Execution { RowStream }
//!                 plan/              op/  row operators on datums: exact for everything
//!                                    df/  DataFusion, for big inputs where it is exact too
//! ```
//!
//! A [`Plan`] is immutable, holds no snapshot and is cached ([`PlanCache`]); what one execution needs
//! is in its [`ExecState`]. Expressions are compiled once ([`expr::Program`]) and evaluated on rows
//! of [`Datum`]s.

pub mod background;
mod cache;
mod context;
pub mod ddl;
mod df;
pub mod dml;
pub mod explain;
pub mod expr;
mod layout;
mod op;
mod partition;
mod plan;
mod row_keys;
mod run;
mod scan;
mod sql_function;
mod state;
mod user_aggregate;

pub use cache::{PlanCache, PlanKey};
pub use context::{CancelReason, CancelToken, StatementContext};
pub use expr::check_domain;
pub use layout::{KEY_ATTNO, KEY_TABLE_ATTNO, Layout, PRESENT_ATTNO, SEQ_ATTNO};
pub use op::row_bytes;
pub use plan::{CatalogRead, Plan, ResultColumn, plan, plan_explained, result_columns};
pub use row_keys::RowKeys;
use run::block_on;
pub use run::{Execution, RowBatch, RowStream, execute, off_worker};
pub use sql_function::FunctionCalls;
pub use state::{ExecState, Known};

use crate::types::Datum;

/// A tuple between operators; which slot holds what is the plan's [`Layout`].
pub type Row = Vec<Datum>;

/// A running operator: gives its rows one by one.
pub trait Operator: Send {
    /// The next row; `None` after the last, and again when asked again.
    fn next(&mut self, state: &ExecState) -> crate::error::Result<Option<Row>>;
}
