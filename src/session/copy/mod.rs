//! COPY between a table (or a query's result) and the client (manual, COPY).
//!
//! ```text
//! FROM STDIN   CopyData bytes ─ lines/text/csv/binary ─► rows of datums ─ from.rs ─► INSERT in batches
//! TO STDOUT    SELECT's rows ─ to.rs ─ text/csv/binary ─► one CopyData message per row
//! ```
//!
//! Inserting goes through the same bound INSERT that SQL uses, with the rows as its VALUES, so that
//! defaults, generated columns, constraints and indexes are the same.

mod binary;
mod csv;
mod from;
mod lines;
mod options;
mod relation;
mod text;
mod to;

use super::Session;
use super::client::Client;
use super::utility::Outcome;
use crate::error::{PgError, Result};
use options::Options;
use pg_raw_parse::nodes;

impl Session {
    pub(super) async fn copy(
        &mut self,
        copy: &nodes::CopyStmt,
        client: &mut dyn Client,
    ) -> Result<Outcome> {
        if copy.is_program {
            return Err(PgError::unsupported("COPY to or from a program"));
        }
        if copy.filename().is_some() {
            return Err(PgError::unsupported("COPY to or from a file on the server")
                .hint("Use COPY FROM STDIN and TO STDOUT, or psql's \\copy."));
        }
        let options = Options::read(copy)?;
        let rows = match copy.is_from {
            true => self.copy_from(copy, options, client).await?,
            false => self.copy_to(copy, options, client).await?,
        };
        Ok(Outcome::Done(format!("COPY {rows}")))
    }
}
