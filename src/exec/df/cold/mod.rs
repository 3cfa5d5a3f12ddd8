//! A table's cold rows: a scan of the segments of one snapshot.
//!
//! Columns are decoded in blocks, which are kept ([`storage::cold`](crate::storage::cold)): a scan of
//! what is asked for often reads no file. Conditions and dynamic filters are moved into the scan. They
//! rule out row groups and blocks by statistics and bloom filters ([`units`]), and are evaluated before
//! the other columns are read ([`read`]). Columns are found by their ids ([`mod@column`]), whatever they
//! were called and whichever type they had when a segment was written. The hot rows are another
//! operator's.

mod column;
mod exec;
mod filter;
mod key_filter;
mod read;
mod statistics;
mod units;

pub(super) use exec::ColdExec;
pub(super) use key_filter::KeyFilter;

use super::Pruning;
use super::lowering::Lowering;
use crate::exec::scan::{ScanColumn, Source};
use crate::storage::cold::{ColdPart, SEQ_ID, UPDATED_ID};
use crate::types::arrow::ColumnType;
use crate::types::{Datum, oids};
use column::Column;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::ScalarValue;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The scan of some parts with the columns that `source` wants, of these types and in batches of
/// `given`; `None`: it must be made from rows.
pub(super) fn scan(
    source: &Source,
    types: &[ColumnType],
    given: &SchemaRef,
    parts: Vec<ColdPart>,
    filter: &KeyFilter,
    cx: &Lowering<'_>,
) -> Option<ColdExec> {
    let column = |(column, ty): (&ScanColumn, &ColumnType)| {
        Some(match column {
            ScanColumn::Stored(at) => {
                let stored = &source.schema.relation.columns[*at];
                let missing = stored.missing_value.clone().unwrap_or(Datum::Null);
                Column::Stored { id: stored.attno.into(), ty: *ty, missing }
            }
            ScanColumn::Updated => Column::Stored { id: UPDATED_ID, ty: *ty, missing: Datum::Null },
            // No cold row is of this transaction.
            ScanColumn::Seq | ScanColumn::CommitSeq => {
                Column::Stored { id: SEQ_ID, ty: oids::INT8.into(), missing: Datum::Null }
            }
            ScanColumn::Xid => Column::Xmin,
            ScanColumn::Deleted => Column::Constant(ScalarValue::Boolean(Some(false))),
            ScanColumn::TableOid(oid) => Column::Constant(ScalarValue::UInt32(Some(*oid))),
            ScanColumn::NoXid => Column::Constant(ScalarValue::UInt32(Some(0))),
            ScanColumn::Key => return None,
        })
    };
    let mut columns = source.columns.iter().zip(types).map(column).collect::<Option<Vec<_>>>()?;
    let mut fields: Vec<_> = given.fields().iter().cloned().collect();
    for (column, name) in filter.columns() {
        fields.push(Arc::new(column.field(&name)));
        columns.push(column);
    }
    let filters = filter.conditions(given.fields().len()).collect();
    let schema = Arc::new(Schema::new(fields));
    Some(ColdExec::new(columns, schema, given.clone(), parts, filters, cx.cancel()))
}

impl ColdExec {
    /// What it did not have to read.
    pub(super) fn pruning(&self) -> Pruning {
        let spared = self.spared();
        let figure = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        Pruning {
            row_groups: figure(&spared.row_groups),
            by_statistics: figure(&spared.by_statistics),
            by_bloom_filter: figure(&spared.by_bloom_filter),
            blocks: figure(&spared.blocks),
            blocks_meanwhile: figure(&spared.blocks_meanwhile),
        }
    }
}
