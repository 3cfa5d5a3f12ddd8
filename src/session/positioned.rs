//! WHERE CURRENT OF: what a statement finds out about the cursor it names.
//!
//! Cursors belong to the session, which is not at hand while a statement runs: before one that names
//! a cursor, each cursor's current row is put into the session's state.

use super::Session;
use super::portal::{Portal, PortalState};
use super::state::SessionState;
use crate::error::{PgError, Result, code};
use crate::exec::{Row, RowKeys};
use crate::functions::no_such_cursor;
use crate::nodes::CommandType;
use crate::types::Oid;

/// What a cursor is to WHERE CURRENT OF.
pub enum CursorRow {
    /// It runs a statement that is no query.
    NotSelect,
    /// Its transaction is over.
    Held,
    /// The keys of its rows, and those of the current one.
    Open(RowKeys, Option<Row>),
}

impl CursorRow {
    fn of(portal: &Portal) -> CursorRow {
        match &portal.state {
            PortalState::Cursor(cursor) if cursor.is_held() => CursorRow::Held,
            PortalState::Cursor(cursor) => {
                let (keys, row) = cursor.row_keys();
                CursorRow::Open(keys, row)
            }
            PortalState::Query { planned, .. } if planned.plan.command() == CommandType::Select => {
                CursorRow::Open(RowKeys::default(), None)
            }
            PortalState::Running(running)
                if running.planned.plan.command() == CommandType::Select =>
            {
                CursorRow::Open(RowKeys::default(), None)
            }
            _ => CursorRow::NotSelect,
        }
    }
}

impl Session {
    /// Makes the cursors' rows known to the statement about to run.
    pub(super) fn show_cursor_rows(&self) {
        let rows = self.portals.iter().map(|(name, portal)| (name.clone(), CursorRow::of(portal)));
        *self.state.cursor_rows.lock() = rows.collect();
    }
}

impl SessionState {
    /// `execCurrentOf`.
    pub(super) fn row_under_cursor(
        &self,
        cursor: &str,
        table: Oid,
        table_name: &str,
    ) -> Result<Option<Vec<u8>>> {
        let invalid = |what: &str| {
            let message = format!("cursor \"{cursor}\" {what}");
            Err(PgError::new(code::INVALID_CURSOR_STATE, message))
        };
        let rows = self.cursor_rows.lock();
        let (keys, row) = match rows.get(cursor).ok_or_else(|| no_such_cursor(cursor))? {
            CursorRow::NotSelect => return invalid("is not a SELECT query"),
            CursorRow::Held => return invalid("is held from a previous transaction"),
            CursorRow::Open(keys, row) => (keys, row),
        };
        let found = keys.find(cursor, (table, table_name), row.as_deref().unwrap_or_default())?;
        match row {
            None => invalid("is not positioned on a row"),
            Some(_) => Ok(found.map(<[u8]>::to_vec)),
        }
    }
}
