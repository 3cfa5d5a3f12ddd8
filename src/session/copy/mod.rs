//! COPY between a table (or a query's result) and the client, a file or a program (manual, COPY).
//!
//! ```text
//! FROM   pieces of bytes ─ lines/text/csv/binary ─► rows of datums ─ from.rs ─► INSERT in batches
//! TO     SELECT's rows ─ to.rs ─ text/csv/binary ─► one CopyData message per row, or bytes
//! ```
//!
//! Inserting goes through the same bound INSERT that SQL uses, with the rows as its VALUES, so that
//! defaults, generated columns, constraints and indexes are the same.

mod binary;
mod csv;
mod decoder;
mod from;
mod lines;
mod options;
mod other_end;
mod relation;
mod text;
mod to;

use super::Session;
use super::client::Client;
use super::utility::Outcome;
use crate::error::Result;
use pg_raw_parse::nodes;

impl Session {
    pub(super) async fn copy(
        &mut self,
        copy: &nodes::CopyStmt,
        client: &mut dyn Client,
    ) -> Result<Outcome> {
        let env = self.statement_env()?;
        other_end::check_may_use(copy, &env.catalog, env.current_role)?;
        let rows = match copy.is_from {
            true => self.copy_from(copy, client).await?,
            false => self.copy_to(copy, client).await?,
        };
        Ok(Outcome::Done(format!("COPY {rows}")))
    }
}
