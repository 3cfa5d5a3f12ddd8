//! INSERT, UPDATE, DELETE.

use crate::error::{PgError, Result};
use crate::exec::plan::Planner;
use crate::exec::{ExecState, Row};
use crate::nodes::Query;

/// A planned data-modifying statement.
pub(in crate::exec) struct Modify {}

/// What a data-modifying statement did.
pub(in crate::exec) struct Modified {
    pub affected: u64,
    /// RETURNING's rows.
    pub rows: Vec<Row>,
}

/// Plans a statement that [`prepared`](crate::exec::plan::prepared) was applied to.
pub(in crate::exec) fn plan(_planner: &mut Planner, _query: &Query) -> Result<Modify> {
    Err(PgError::unsupported("data modification"))
}

impl Modify {
    /// Runs it to its end.
    pub async fn run(&self, _state: &mut ExecState) -> Result<Modified> {
        Err(PgError::unsupported("data modification"))
    }
}
