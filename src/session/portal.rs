//! Portals: statements with their parameters bound, ready to run or running.
//!
//! A portal of the protocol streams its rows forward once. A cursor (DECLARE) can also keep what it
//! has read, to go back ([`super::cursor`]).

use super::client::{Client, Encoding, OutputColumn};
use super::cursor::Cursor;
use super::pipeline::Running;
use super::prepared::{Planned, Prepared};
use super::rows::RowReader;
use crate::error::{PgError, Result, code};
use crate::exec::ResultColumn;
use crate::types::{Datum, Oid};
use std::sync::Arc;

pub(super) struct Portal {
    /// Counts portals of the session; ROLLBACK TO drops those made since.
    pub number: u64,
    /// For error positions and pg_cursors.
    pub text: Arc<str>,
    /// `None`: returns no rows.
    pub columns: Option<Arc<[ResultColumn]>>,
    /// As Bind asked: none, one for all columns, or one for each.
    pub encodings: Vec<Encoding>,
    pub output: Vec<OutputColumn>,
    pub state: PortalState,
    /// Microseconds since 2000-01-01 UTC.
    pub created: i64,
}

pub(super) enum PortalState {
    Empty,
    /// Bound, not started.
    Query {
        planned: Arc<Planned>,
        params: Vec<Datum>,
        prepared: Arc<Prepared>,
        /// EXECUTE AS USER: who runs it, and what.
        user: Option<(String, String)>,
    },
    Utility(Arc<Prepared>, Vec<Datum>),
    Running(Box<Running>),
    /// A utility statement's rows, with the tag of their end.
    Rows(RowReader, String),
    Cursor(Box<Cursor>),
    /// Ran to its end: a query gives no more rows, a utility statement cannot run again.
    Done {
        tag: Option<String>,
    },
}

/// How far a portal came.
pub(super) enum Progress {
    /// The limit was reached; more rows may follow.
    Suspended,
    Complete(String),
}

impl Portal {
    /// Held cursors that are materialised, and nothing else.
    pub(super) fn outlives_transaction(&self) -> bool {
        matches!(&self.state, PortalState::Cursor(cursor) if cursor.is_held())
    }

    /// The plan of one that may still read its relations.
    fn open_plan(&self) -> Option<&Planned> {
        match &self.state {
            PortalState::Query { planned, .. } => Some(planned).filter(|planned| !planned.writes),
            PortalState::Running(running) => Some(&running.planned),
            PortalState::Cursor(cursor) => Some(&cursor.planned).filter(|_| !cursor.is_held()),
            _ => None,
        }
        .map(|planned| &**planned)
    }

    /// The relations that it may still read.
    pub(super) fn reads(&self) -> impl Iterator<Item = Oid> {
        self.open_plan().into_iter().flat_map(|planned| planned.plan.relations())
    }

    /// Sends at most `limit` rows (0: all) of a portal that has rows.
    pub(super) async fn deliver(
        &mut self,
        limit: u64,
        client: &mut dyn Client,
    ) -> Result<Progress> {
        match &mut self.state {
            PortalState::Running(running) => {
                let (sent, at_end) = running.rows.deliver(&self.output, limit, client).await?;
                if !at_end {
                    return Ok(Progress::Suspended);
                }
                let tag = running.tag(sent);
                self.state = PortalState::Done { tag: Some(running.tag(0)) };
                Ok(Progress::Complete(tag))
            }
            PortalState::Rows(rows, tag) => {
                let (_, at_end) = rows.deliver(&self.output, limit, client).await?;
                if !at_end {
                    return Ok(Progress::Suspended);
                }
                let tag = std::mem::take(tag);
                self.state = PortalState::Done { tag: None };
                Ok(Progress::Complete(tag))
            }
            PortalState::Cursor(cursor) => {
                let (sent, at_end) = cursor.deliver(&self.output, limit, client).await?;
                match at_end {
                    false => Ok(Progress::Suspended),
                    true => Ok(Progress::Complete(format!("SELECT {sent}"))),
                }
            }
            PortalState::Done { tag: Some(tag) } => Ok(Progress::Complete(tag.clone())),
            _ => Err(PgError::internal("a portal without rows was asked for them")),
        }
    }
}

pub(super) fn no_such_portal(name: &str) -> PgError {
    PgError::new(code::INVALID_CURSOR_NAME, format!("portal \"{name}\" does not exist"))
}

pub(super) fn cannot_be_run(name: &str) -> PgError {
    let message = format!("portal \"{name}\" cannot be run");
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
}
