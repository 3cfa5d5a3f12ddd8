//! Cursors: DECLARE, FETCH, MOVE, CLOSE.
//!
//! A cursor stands *on* a row, before the first, or after the last. One that may go back keeps the
//! rows it has read; without SCROLL it stops keeping them once they take much memory, and can only
//! go forward from then on. WITH HOLD reads the rest when its transaction commits.

use super::Session;
use super::client::{Client, Encoding, OutputColumn, Rows};
use super::env::StatementEnv;
use super::pipeline::output_columns;
use super::portal::{Portal, PortalState};
use super::prepared::Planned;
use super::rows::{RowReader, into_rows};
use super::utility::Outcome;
use crate::catalog::pg_catalog;
use crate::error::{PgError, Result, code};
use crate::exec::{ResultColumn, Row, RowKeys};
use crate::functions::no_such_cursor;
use pg_raw_parse::{nodes, raw};
use std::sync::Arc;

/// Rows that a cursor declared without SCROLL keeps for going back.
const UNASKED_HISTORY_ROWS: usize = 10_000;
/// Rows read at a time while skipping.
const SKIP_ROWS: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scroll {
    Yes,
    No,
    /// Neither was said: backward works while the rows are still kept.
    WhileKept,
}

pub(super) struct Cursor {
    reader: RowReader,
    pub planned: Arc<Planned>,
    /// Its own columns, and after them the keys of its rows.
    columns: Vec<OutputColumn>,
    keys: RowKeys,
    /// The current row's part of the keys; `None`: it stands on no row.
    current_keys: Option<Row>,
    pub scroll: Scroll,
    pub hold: bool,
    pub binary: bool,
    /// Rows read so far, from the first; `None`: not kept.
    history: Option<Vec<Row>>,
    /// Rows before and including the current one; `history.len() + 1` after the end.
    position: usize,
    /// The number of all rows, once the end was seen.
    total: Option<usize>,
    /// The transaction is over; all rows are in `history`.
    held: bool,
}

/// Where FETCH goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
    Absolute,
    Relative,
}

impl Cursor {
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    fn env(&self) -> Arc<StatementEnv> {
        self.reader.env.clone()
    }

    /// The keys of its rows, and those of the current one.
    pub(super) fn row_keys(&self) -> (RowKeys, Option<Row>) {
        (self.keys.clone(), self.current_keys.clone())
    }

    /// How many columns the client sees of a row.
    fn visible(&self) -> usize {
        self.columns.len() - self.keys.count()
    }

    /// Notes on which row the cursor stands now.
    fn stand_on(&mut self, row: Option<Row>) -> Option<Row> {
        let visible = self.visible();
        self.current_keys = row.as_ref().map(|row| row.get(visible..).unwrap_or(&[]).to_vec());
        row
    }

    /// The next row, which becomes the current one; the first of `wanted` that are asked for.
    async fn forward(&mut self, wanted: u64) -> Result<Option<Row>> {
        let row = self.read_forward(wanted).await?;
        Ok(self.stand_on(row))
    }

    async fn read_forward(&mut self, wanted: u64) -> Result<Option<Row>> {
        if self.total.is_some_and(|total| self.position >= total) {
            self.position = self.total.unwrap_or(0) + 1;
            return Ok(None);
        }
        if let Some(row) = self.history.as_ref().and_then(|h| h.get(self.position)).cloned() {
            self.position += 1;
            return Ok(Some(row));
        }
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let batch = self.reader.next_of(1, wanted).await?;
        let Some(row) = batch.and_then(|b| into_rows(b, &self.columns).pop()) else {
            self.total = Some(self.position);
            self.position += 1;
            return Ok(None);
        };
        self.position += 1;
        if let Some(history) = &mut self.history {
            history.push(row.clone());
            if self.scroll == Scroll::WhileKept && history.len() > UNASKED_HISTORY_ROWS {
                self.history = None;
            }
        }
        Ok(Some(row))
    }

    /// The row before the current one.
    fn backward(&mut self) -> Result<Option<Row>> {
        self.check_may_go_back()?;
        self.position = self.position.saturating_sub(1);
        self.current()
    }

    /// The current row again.
    fn current(&mut self) -> Result<Option<Row>> {
        let history = self.history.as_ref().ok_or_else(forward_only)?;
        let row = self.position.checked_sub(1).and_then(|at| history.get(at)).cloned();
        Ok(self.stand_on(row))
    }

    fn check_may_go_back(&self) -> Result<()> {
        match self.history {
            Some(_) => Ok(()),
            None => Err(forward_only()),
        }
    }

    /// FETCH: the rows that the direction and count name, in the order they are reached.
    async fn fetch(&mut self, direction: Direction, count: i64) -> Result<Vec<Row>> {
        let mut rows = self.reach(direction, count).await?;
        let visible = self.visible();
        rows.iter_mut().for_each(|row| row.truncate(visible));
        Ok(rows)
    }

    async fn reach(&mut self, direction: Direction, count: i64) -> Result<Vec<Row>> {
        match (direction, count) {
            (Direction::Forward, n) if n < 0 => self.fetch_backward(n.unsigned_abs()),
            (Direction::Backward, n) if n < 0 => self.fetch_forward(n.unsigned_abs()).await,
            (Direction::Forward | Direction::Backward, 0) => {
                Ok(self.current()?.into_iter().collect())
            }
            (Direction::Forward, n) => self.fetch_forward(n.unsigned_abs()).await,
            (Direction::Backward, n) => self.fetch_backward(n.unsigned_abs()),
            (Direction::Absolute, n) => Ok(self.fetch_absolute(n).await?.into_iter().collect()),
            (Direction::Relative, n) => Ok(self.fetch_relative(n).await?.into_iter().collect()),
        }
    }

    async fn fetch_forward(&mut self, count: u64) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        while (rows.len() as u64) < count {
            match self.forward(count - rows.len() as u64).await? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(rows)
    }

    fn fetch_backward(&mut self, count: u64) -> Result<Vec<Row>> {
        self.check_may_go_back()?;
        let mut rows = Vec::new();
        while (rows.len() as u64) < count {
            match self.backward()? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(rows)
    }

    async fn fetch_absolute(&mut self, n: i64) -> Result<Option<Row>> {
        let target = usize::try_from(n).ok();
        let Some(target) = target else {
            // From the end: all rows must be known.
            while self.forward(u64::MAX).await?.is_some() {}
            let total = self.total.unwrap_or(0);
            let back = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
            self.check_may_go_back()?;
            self.position = (total + 1).saturating_sub(back);
            return self.current();
        };
        if target <= self.position && !(target == self.position && self.history.is_some()) {
            self.check_may_go_back()?;
        }
        if target <= self.position {
            self.position = target;
            return self.current();
        }
        let mut row = None;
        while self.position < target {
            row = self.forward((target - self.position) as u64).await?;
            if row.is_none() {
                break;
            }
        }
        Ok(row)
    }

    async fn fetch_relative(&mut self, n: i64) -> Result<Option<Row>> {
        if n == 0 {
            return self.current();
        }
        let mut row = None;
        for done in 0..n.unsigned_abs() {
            let left = n.unsigned_abs() - done;
            row = if n > 0 { self.forward(left).await? } else { self.backward()? };
            if row.is_none() {
                break;
            }
        }
        Ok(row)
    }

    /// Execute of the protocol on a cursor: forward.
    pub(super) async fn deliver(
        &mut self,
        columns: &[OutputColumn],
        limit: u64,
        client: &mut dyn Client,
    ) -> Result<(u64, bool)> {
        let mut sent = 0;
        while limit == 0 || sent < limit {
            let wanted = if limit == 0 { u64::MAX } else { limit - sent };
            let Some(mut row) = self.forward(wanted).await? else { return Ok((sent, true)) };
            row.truncate(self.visible());
            client.rows(Rows::Datums(std::slice::from_ref(&row)), columns, &*self.env())?;
            sent += 1;
            if client.should_flush() {
                client.flush().await?;
            }
        }
        Ok((sent, false))
    }

    /// At commit: a held cursor reads the rest and no longer needs the transaction.
    async fn hold(&mut self) -> Result<()> {
        let rest = self.reader.drain(&self.columns).await?;
        let before = self.position;
        match &mut self.history {
            Some(history) => history.extend(rest),
            // Rows already passed are not kept: empty ones stand for them.
            None => {
                let mut rows = vec![Row::new(); before];
                rows.extend(rest);
                self.history = Some(rows);
            }
        }
        self.total = self.history.as_ref().map(Vec::len);
        self.held = true;
        Ok(())
    }
}

fn forward_only() -> PgError {
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward")
        .hint("Declare it with SCROLL option to enable backward scan.")
}

impl Session {
    /// DECLARE.
    pub(super) async fn declare_cursor(
        &mut self,
        declare: &nodes::DeclareCursorStmt,
    ) -> Result<Outcome> {
        let has = |option: u32| declare.options.cast_unsigned() & option != 0;
        let (hold, binary) = (has(raw::CURSOR_OPT_HOLD), has(raw::CURSOR_OPT_BINARY));
        let insensitive = has(raw::CURSOR_OPT_INSENSITIVE);
        let scroll = match (has(raw::CURSOR_OPT_SCROLL), has(raw::CURSOR_OPT_NO_SCROLL)) {
            (true, true) => {
                let message = "cannot specify both SCROLL and NO SCROLL";
                return Err(PgError::new(code::INVALID_CURSOR_DEFINITION, message));
            }
            (true, false) => Scroll::Yes,
            (false, true) => Scroll::No,
            (false, false) => Scroll::WhileKept,
        };
        if insensitive && has(raw::CURSOR_OPT_ASENSITIVE) {
            let message = "cannot specify both ASENSITIVE and INSENSITIVE";
            return Err(PgError::new(code::INVALID_CURSOR_DEFINITION, message));
        }
        if !hold {
            self.require_block("DECLARE CURSOR")?;
        }
        let mut keys = RowKeys::default();
        let parameters = self.parameters.clone();
        let planned =
            self.compile_with(declare.query(), &mut parameters.param_types(), |query, catalog| {
                keys = RowKeys::add(query, catalog);
            })?;
        check_declarable(&planned, scroll, hold)?;
        if insensitive && planned.locks_rows {
            let message = "DECLARE INSENSITIVE CURSOR ... FOR UPDATE is not valid";
            return Err(PgError::new(code::INVALID_CURSOR_DEFINITION, message)
                .detail("Insensitive cursors must be READ ONLY."));
        }
        let scroll = if planned.locks_rows { Scroll::No } else { scroll };
        let name = declare.portalname().unwrap_or_default().to_owned();
        if self.portals.contains_key(&name) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(PgError::new(code::DUPLICATE_CURSOR, message));
        }
        let read = output_columns(planned.plan.columns(), &[]);
        let visible = planned.plan.columns().len() - keys.count();
        let columns: Arc<[ResultColumn]> = planned.plan.columns()[..visible].into();
        let running = self.start_query(Arc::new(planned), parameters.values).await?;
        let encodings = if binary { vec![Encoding::Binary] } else { Vec::new() };
        let output = output_columns(&columns, &encodings);
        let cursor = Cursor {
            reader: running.rows,
            planned: running.planned,
            columns: read,
            keys,
            current_keys: None,
            scroll,
            hold,
            binary,
            history: (scroll != Scroll::No).then(Vec::new),
            position: 0,
            total: None,
            held: false,
        };
        let text = self.statement_text.clone();
        self.keep_portal(&name, |number| Portal {
            number,
            text,
            columns: Some(columns),
            encodings,
            output,
            state: PortalState::Cursor(Box::new(cursor)),
            created: super::clock::now(),
        })?;
        Ok(Outcome::done("DECLARE CURSOR"))
    }

    /// FETCH and MOVE.
    pub(super) async fn fetch(&mut self, fetch: &nodes::FetchStmt) -> Result<Outcome> {
        let name = fetch.portalname().unwrap_or_default();
        let portal = self.portals.get_mut(name).ok_or_else(|| no_such_cursor(name))?;
        let direction = match fetch.direction {
            raw::FetchDirection::FETCH_FORWARD => Direction::Forward,
            raw::FetchDirection::FETCH_BACKWARD => Direction::Backward,
            raw::FetchDirection::FETCH_ABSOLUTE => Direction::Absolute,
            _ => Direction::Relative,
        };
        let fetched = match &mut portal.state {
            PortalState::Cursor(cursor) => cursor.fetch(direction, fetch.how_many).await,
            PortalState::Running(_) if direction != Direction::Forward || fetch.how_many < 0 => {
                Err(forward_only())
            }
            PortalState::Running(running) => {
                let wanted = usize::try_from(fetch.how_many).unwrap_or(usize::MAX);
                fetch_from_portal(&mut running.rows, &portal.output, wanted).await
            }
            _ => return Err(super::portal::cannot_be_run(name)),
        };
        let rows = match fetched {
            Ok(rows) => rows,
            Err(error) => {
                // It stays, but is of no use any more.
                portal.state = PortalState::Done { tag: None };
                return Err(error);
            }
        };
        let count = rows.len();
        if fetch.ismove {
            return Ok(Outcome::Done(format!("MOVE {count}")));
        }
        Ok(Outcome::Rows {
            columns: portal.columns.as_ref().map_or(Vec::new(), |c| c.to_vec()),
            rows,
            encodings: portal.encodings.clone(),
            tag: format!("FETCH {count}"),
        })
    }

    /// The columns FETCH will give.
    pub(super) fn cursor_columns(&self, name: &str) -> Option<Vec<ResultColumn>> {
        self.portals.get(name)?.columns.as_ref().map(|c| c.to_vec())
    }

    /// What pg_cursors shows during the command that begins: cursors and the protocol's portals.
    pub(super) fn list_cursors(&self) {
        let mut listed = self.state.cursors.lock();
        if self.portals.is_empty() && listed.is_empty() {
            return;
        }
        *listed = self.portals.iter().map(|(name, portal)| describe(name, portal)).collect();
    }

    /// CLOSE; without a name, CLOSE ALL.
    pub(super) fn close_cursor(&mut self, name: Option<&str>) -> Result<Outcome> {
        let Some(name) = name else {
            self.portals.clear();
            return Ok(Outcome::done("CLOSE CURSOR ALL"));
        };
        match self.portals.remove(name) {
            Some(_) => Ok(Outcome::done("CLOSE CURSOR")),
            None => Err(no_such_cursor(name)),
        }
    }

    /// WITH HOLD cursors read the rest of their rows before the transaction commits.
    pub(super) async fn materialize_held_cursors(&mut self) -> Result<()> {
        for portal in self.portals.values_mut() {
            if let PortalState::Cursor(cursor) = &mut portal.state
                && cursor.hold
                && !cursor.held
            {
                cursor.hold().await?;
            }
        }
        Ok(())
    }
}

/// FETCH from a portal that Bind made: forward only.
async fn fetch_from_portal(
    reader: &mut RowReader,
    columns: &[OutputColumn],
    wanted: usize,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    while rows.len() < wanted {
        let Some(batch) = reader.next((wanted - rows.len()).min(SKIP_ROWS)).await? else { break };
        rows.extend(into_rows(batch, columns));
    }
    Ok(rows)
}

fn check_declarable(planned: &super::prepared::Planned, scroll: Scroll, hold: bool) -> Result<()> {
    let invalid =
        |message, detail| Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(detail));
    if planned.writes {
        let message = "DECLARE CURSOR must not contain data-modifying statements in WITH";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    if planned.locks_rows && hold {
        return invalid(
            "DECLARE CURSOR WITH HOLD ... FOR UPDATE is not supported",
            "Holdable cursors must be READ ONLY.",
        );
    }
    if planned.locks_rows && scroll == Scroll::Yes {
        return invalid(
            "DECLARE SCROLL CURSOR ... FOR UPDATE is not supported",
            "Scrollable cursors must be READ ONLY.",
        );
    }
    Ok(())
}

/// A portal as pg_cursors shows it.
fn describe(name: &str, portal: &Portal) -> pg_catalog::Cursor {
    let cursor = match &portal.state {
        PortalState::Cursor(cursor) => Some(cursor),
        _ => None,
    };
    pg_catalog::Cursor {
        name: name.to_owned(),
        statement: portal.text.to_string(),
        is_holdable: cursor.is_some_and(|c| c.hold),
        is_binary: cursor.is_some_and(|c| c.binary),
        is_scrollable: cursor.is_some_and(|c| c.scroll != Scroll::No),
        creation_time: portal.created,
    }
}
