//! A table's deleted rows, as far as they are kept: what `_deleted` shows besides the living ones.
//!
//! Each key is shown in its newest state: of several deletions under one key the last, and none while
//! a living row has the key. So graves are read from the newest back. Their order is that of `_seq`, and
//! `_updated` grows with it; so the first one that is too old, or that lies before what the query asks
//! for, is where the scan ends, however many there are behind it.
//!
//! ```text
//!   INSERT k   DELETE k   INSERT k   DELETE k   INSERT k
//!                 │                     │
//!               grave 5               grave 9             now: neither; before the last INSERT: 9
//! ```

use super::{ScanColumn, Source};
use crate::catalog::schema::{RowKey, TableSchema};
use crate::error::{PgError, Result, code};
use crate::exec::explain::Description;
use crate::exec::expr::Program;
use crate::exec::op::{PlanNode, holds};
use crate::exec::{ExecState, Operator, Row};
use crate::storage::keys::GraveKey;
use crate::storage::{Direction, KeyRange, ReadView, RowRef, Scan, Space, Txn};
use crate::types::{Datum, Oid};
use std::collections::HashSet;
use std::sync::Arc;

/// Bytes of bookkeeping for a key that was met.
const MET_BYTES: usize = 48;

/// The dead rows of a table.
pub(in crate::exec) struct DeletedScan {
    pub source: Arc<Source>,
    /// How long they are kept.
    pub retention_us: i64,
    pub since: Arc<Since>,
}

/// The least `_seq` and `_updated` that the query asks for, where it says so.
#[derive(Default)]
pub(in crate::exec) struct Since {
    pub seq: Option<Program>,
    pub updated: Option<Program>,
}

/// What graves met from the newest back say of their keys.
pub(in crate::exec) struct Graves {
    schema: Arc<TableSchema>,
    /// Keys may be given again, as row ids are not.
    keyed: bool,
    met: HashSet<Box<[u8]>>,
}

impl Graves {
    pub fn of(schema: &Arc<TableSchema>) -> Graves {
        let keyed = schema.key != RowKey::RowId;
        Graves { schema: schema.clone(), keyed, met: HashSet::new() }
    }

    /// Whether a grave is the first that is met of its row's key.
    pub fn is_newest(&mut self, row: &[u8]) -> bool {
        !self.keyed || self.met.insert(row.into())
    }

    /// Whether no living row has the key of a dead one.
    pub fn is_gone(&self, row: &[u8], view: &ReadView) -> Result<bool> {
        Ok(!self.keyed || !view.has_row(&self.schema.row_key(row))?)
    }
}

/// A grave's key; XX001 where it is none.
pub(in crate::exec) fn grave_key(key: &[u8]) -> Result<GraveKey<'_>> {
    let damaged = || PgError::new(code::DATA_CORRUPTED, "the key of a deleted row is damaged");
    GraveKey::decode(key).ok_or_else(damaged)
}

struct Run {
    source: Arc<Source>,
    retention_us: i64,
    since: Arc<Since>,
    started: Option<Started>,
}

struct Started {
    scan: Scan,
    graves: Graves,
    limits: Limits,
    rows: u32,
}

/// Graves before these are not shown.
struct Limits {
    /// `_updated` of those that are too old just now.
    too_old_us: i64,
    seq: i64,
    updated_us: i64,
}

impl Limits {
    /// Whether a grave lies before the limits, and so all that are older. What this transaction has
    /// deleted has neither number nor time yet.
    fn are_after(&self, grave: &RowRef<'_>) -> bool {
        grave.seq() != 0
            && (grave.updated_us() <= self.too_old_us
                || grave.updated_us() < self.updated_us
                || grave.seq().cast_signed() < self.seq)
    }
}

impl Since {
    /// The limits; `None`: a comparison with NULL is never true.
    fn limits(&self, retention_us: i64, state: &ExecState) -> Result<Option<Limits>> {
        let now_us = state.env().statement_time();
        let too_old_us = now_us.saturating_sub(retention_us);
        let value = |limit: &Option<Program>| match limit {
            None => Ok(Some(i64::MIN)),
            Some(program) => Ok::<_, PgError>(match program.eval(state, &[])? {
                Datum::Int2(v) => Some(v.into()),
                Datum::Int4(v) => Some(v.into()),
                Datum::Int8(v) | Datum::TimestampTz(v) => Some(v),
                _ => None,
            }),
        };
        let (seq, updated_us) = (value(&self.seq)?, value(&self.updated)?);
        let limits = seq.zip(updated_us);
        Ok(limits.map(|(seq, updated_us)| Limits { too_old_us, seq, updated_us }))
    }
}

impl PlanNode for DeletedScan {
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.source.column_types())
    }

    fn describe(&self) -> Description {
        let relation = &self.source.schema.relation.name;
        Description { target: format!(" on {relation}"), ..Description::new("Deleted Scan", &[]) }
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            source: self.source.clone(),
            retention_us: self.retention_us,
            since: self.since.clone(),
            started: None,
        })
    }
}

impl Run {
    /// Starts reading; `None`: there is nothing to read.
    fn start(&self, state: &ExecState) -> Result<Option<Started>> {
        let Some(limits) = self.since.limits(self.retention_us, state)? else { return Ok(None) };
        let prefix = self.source.schema.graves_prefix(self.source.owner(state));
        let range = KeyRange::prefix(&prefix);
        let scan = state.view.scan(Space::Graves, range, Direction::Backward);
        let graves = Graves::of(&self.source.schema);
        Ok(Some(Started { scan, graves, limits, rows: 0 }))
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.started.is_none() {
            self.started = self.start(state)?;
        }
        let Some(Started { scan, graves, limits, rows }) = &mut self.started else {
            return Ok(None);
        };
        let source = &*self.source;
        while let Some((key, value)) = scan.next()? {
            *rows += 1;
            if *rows & 0xff == 0 {
                state.cx.cancel.check()?;
            }
            let grave = source.schema.layout.row(value)?;
            if limits.are_after(&grave) {
                return Ok(None);
            }
            let suffix = grave_key(key)?.row;
            if !graves.is_newest(suffix) {
                continue;
            }
            if graves.keyed {
                state.charge(suffix.len() + MET_BYTES)?;
            }
            let row: Row =
                source.columns.iter().map(|column| column.of_dead(&grave, &state.cx.txn)).collect();
            if holds(&source.conditions, state, &row)? && graves.is_gone(suffix, &state.view)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

impl ScanColumn {
    /// The column of a dead row. It has no key: nothing can be done to it.
    fn of_dead(self, grave: &RowRef<'_>, txn: &Txn) -> Datum {
        match self {
            ScanColumn::Deleted => Datum::Bool(true),
            ScanColumn::Key => Datum::Null,
            other => other.of(grave, &[], txn),
        }
    }
}
