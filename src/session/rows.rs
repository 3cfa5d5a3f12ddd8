//! Reading a running statement's rows in pieces, and writing them to the client.

use super::backend::Backend;
use super::client::{Client, OutputColumn, Rows};
use super::env::StatementEnv;
use crate::error::{PgError, Result};
use crate::exec::{Row, RowBatch, RowStream, row_bytes};
use std::ops::Range;
use std::sync::Arc;

/// A running statement's rows; batches are cut where a limit asks for it.
pub(super) struct RowReader {
    source: Source,
    /// Rows read from the source and not yet handed out.
    pending: Option<RowBatch>,
    pub(super) env: Arc<StatementEnv>,
    backend: Arc<Backend>,
}

enum Source {
    Stream(RowStream),
    /// Rows that are all here: utility statements, held cursors.
    Memory(Vec<Row>),
    /// Rows that others read, too, and how many have been read.
    Shared(Arc<Vec<Row>>, usize),
    End,
}

/// Rows taken at once of those that others read, too.
const SHARED_ROWS: usize = 256;

impl RowReader {
    pub(super) fn new(
        stream: RowStream,
        env: Arc<StatementEnv>,
        backend: Arc<Backend>,
    ) -> RowReader {
        RowReader { source: Source::Stream(stream), pending: None, env, backend }
    }

    pub(super) fn from_rows(
        rows: Vec<Row>,
        env: Arc<StatementEnv>,
        backend: Arc<Backend>,
    ) -> RowReader {
        RowReader { source: Source::Memory(rows), pending: None, env, backend }
    }

    pub(super) fn from_shared(
        rows: Arc<Vec<Row>>,
        env: Arc<StatementEnv>,
        backend: Arc<Backend>,
    ) -> RowReader {
        RowReader { source: Source::Shared(rows, 0), pending: None, env, backend }
    }

    /// All rows of a reader that has given none, if they take no more than so many bytes; else what
    /// was read stays to be read.
    pub(super) async fn all_within(&mut self, bytes_max: usize) -> Result<Option<Vec<Row>>> {
        let Source::Stream(stream) = &mut self.source else { return Ok(None) };
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while bytes <= bytes_max {
            match self.backend.or_cancelled(stream.next(usize::MAX)).await? {
                Some(RowBatch::Rows(batch)) => {
                    bytes += batch.iter().map(|row| row_bytes(row)).sum::<usize>();
                    rows.extend(batch);
                }
                // DataFusion's rows are many.
                Some(batch) => {
                    if rows.is_empty() {
                        self.pending = Some(batch);
                        return Ok(None);
                    }
                    return Err(PgError::internal("a statement's rows in two forms"));
                }
                None => return Ok(Some(rows)),
            }
        }
        self.pending = Some(RowBatch::Rows(rows));
        Ok(None)
    }

    /// Gives these rows from now on.
    pub(super) fn restart(&mut self, rows: &Arc<Vec<Row>>) {
        self.pending = None;
        self.source = Source::Shared(rows.clone(), 0);
    }

    /// At least one and at most `max` rows; `None` at the end.
    pub(super) async fn next(&mut self, max: usize) -> Result<Option<RowBatch>> {
        self.next_of(max, max).await
    }

    /// The same, of `wanted` that the client has asked for: so many may be read at once.
    pub(super) async fn next_of(&mut self, max: usize, wanted: usize) -> Result<Option<RowBatch>> {
        loop {
            if let Some(batch) = self.pending.take() {
                let (head, rest) = split(batch, max);
                self.pending = rest;
                if row_count(&head) > 0 {
                    return Ok(Some(head));
                }
            }
            self.pending = match &mut self.source {
                Source::Stream(stream) => self.backend.or_cancelled(stream.next(wanted)).await?,
                Source::Memory(rows) => Some(RowBatch::Rows(std::mem::take(rows))),
                Source::Shared(rows, read) => {
                    let rest = &rows[*read..];
                    let batch = rest[..rest.len().min(SHARED_ROWS)].to_vec();
                    *read += batch.len();
                    (!batch.is_empty()).then_some(RowBatch::Rows(batch))
                }
                Source::End => return Ok(None),
            };
            if self.pending.is_none() || matches!(self.source, Source::Memory(_)) {
                self.source = Source::End;
            }
        }
    }

    /// The next at most `max` of rows that others read, too, where there are such: they are not copied.
    fn next_shared(&mut self, max: usize) -> Option<(Arc<Vec<Row>>, Range<usize>)> {
        if self.pending.is_some() {
            return None;
        }
        let Source::Shared(rows, read) = &mut self.source else { return None };
        let next = *read..rows.len().min(read.saturating_add(max.min(SHARED_ROWS)));
        *read = next.end;
        (!next.is_empty()).then(|| (rows.clone(), next))
    }

    /// All that is left, as rows.
    pub(super) async fn drain(&mut self, types: &[OutputColumn]) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        while let Some(batch) = self.next(usize::MAX).await? {
            all.extend(into_rows(batch, types));
        }
        Ok(all)
    }

    /// Writes at most `limit` rows (0: all) to the client. Gives their number, and whether the end
    /// was reached; a limit that is reached exactly does not look further, as in PostgreSQL.
    pub(super) async fn deliver(
        &mut self,
        columns: &[OutputColumn],
        limit: u64,
        client: &mut dyn Client,
    ) -> Result<(u64, bool)> {
        let mut sent = 0;
        loop {
            let max = match limit {
                0 => usize::MAX,
                _ if sent == limit => return Ok((sent, false)),
                _ => usize::try_from(limit - sent).unwrap_or(usize::MAX),
            };
            if let Some((rows, next)) = self.next_shared(max) {
                sent += next.len() as u64;
                client.rows(Rows::Datums(&rows[next]), columns, &*self.env)?;
            } else {
                let Some(batch) = self.next(max).await? else { return Ok((sent, true)) };
                sent += row_count(&batch) as u64;
                let rows = match &batch {
                    RowBatch::Rows(rows) => Rows::Datums(rows),
                    RowBatch::Arrow(batch) => Rows::Arrow(batch),
                };
                client.rows(rows, columns, &*self.env)?;
            }
            if client.should_flush() {
                client.flush().await?;
            }
        }
    }
}

pub(super) fn row_count(batch: &RowBatch) -> usize {
    match batch {
        RowBatch::Rows(rows) => rows.len(),
        RowBatch::Arrow(batch) => batch.num_rows(),
    }
}

/// The first `max` rows, and what is left of the batch.
fn split(batch: RowBatch, max: usize) -> (RowBatch, Option<RowBatch>) {
    if row_count(&batch) <= max {
        return (batch, None);
    }
    match batch {
        RowBatch::Rows(mut rows) => {
            let rest = rows.split_off(max);
            (RowBatch::Rows(rows), Some(RowBatch::Rows(rest)))
        }
        RowBatch::Arrow(batch) => {
            let rest = batch.slice(max, batch.num_rows() - max);
            (RowBatch::Arrow(batch.slice(0, max)), Some(RowBatch::Arrow(rest)))
        }
    }
}

/// A batch as rows of datums.
pub(super) fn into_rows(batch: RowBatch, columns: &[OutputColumn]) -> Vec<Row> {
    match batch {
        RowBatch::Rows(rows) => rows,
        RowBatch::Arrow(batch) => (0..batch.num_rows())
            .map(|row| {
                let values = columns.iter().zip(batch.columns());
                values
                    .map(|(c, array)| crate::types::arrow::datum_at(array, row, c.type_oid))
                    .collect()
            })
            .collect(),
    }
}
