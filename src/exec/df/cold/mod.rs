//! A table's cold rows: DataFusion's Parquet scan over the segments of one snapshot.
//!
//! Deletion vectors are row selections; conditions and dynamic filters prune row groups by statistics
//! and bloom filters and pages by the page index, and, where few rows are left, are evaluated before the
//! other columns are decoded. Columns are found by their ids ([`adapter`]), whatever they were called and whichever type
//! they had when a segment was written. The hot rows are another operator's.

mod absent;
mod adapter;
mod decode;
mod files;
mod key_filter;

pub(super) use absent::Wanted;
pub(super) use key_filter::KeyFilter;

use super::runtime::partitions;
use crate::exec::scan::{ScanColumn, Source};
use crate::storage::cold::{ColdPart, SEQ_ID, UPDATED_ID};
use crate::types::arrow::ColumnType;
use crate::types::{Datum, oids};
use adapter::{ColumnFiles, Logical};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::FileSource;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, ParquetSource, parquet::ParquetAccessPlan,
    parquet::RowGroupAccess,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, Literal};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricBuilder;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// The metric that counts row groups left out because of [`Wanted`] values.
pub(super) const ABSENT: &str = "row_groups_without_value";

/// The share of rows below which conditions are evaluated before other columns are decoded: then
/// most pages have none. With more, picking rows one by one costs more than decoding all.
const EARLY_SHARE: f64 = 1.0 / 20_000.0;

/// Where a column of the scan comes from.
enum From {
    /// A column of the files, by its place among those read.
    File(usize),
    /// The low half of `_seq`.
    Xid(usize),
    Constant(ScalarValue),
}

/// The scan of some parts with the columns that `source` wants, of these types; `None`: it must be
/// made from rows.
pub(super) fn scan(
    source: &Source,
    types: &[ColumnType],
    schema: &SchemaRef,
    parts: Vec<ColdPart>,
    filter: KeyFilter,
    wanted: &Wanted,
    estimated_rows: f64,
) -> Option<Arc<dyn ExecutionPlan>> {
    let rows: usize = parts.iter().map(ColdPart::rows).sum();
    // A range of keys is contiguous in each segment, and must be kept to.
    let early = !filter.is_empty() || estimated_rows < rows as f64 * EARLY_SHARE;
    let seq = || Logical::new(SEQ_ID, oids::INT8.into(), Datum::Null);
    let mut columns = Vec::new();
    let mut from = Vec::new();
    for (&column, ty) in source.columns.iter().zip(types) {
        let mut file = |logical: Logical| {
            columns.push(logical);
            columns.len() - 1
        };
        from.push(match column {
            ScanColumn::Stored(at) => {
                let stored = &source.schema.relation.columns[at];
                let missing = stored.missing_value.clone().unwrap_or(Datum::Null);
                From::File(file(Logical::new(i32::from(stored.attno), *ty, missing)))
            }
            ScanColumn::Updated => From::File(file(Logical::new(UPDATED_ID, *ty, Datum::Null))),
            // No cold row is of this transaction.
            ScanColumn::Seq | ScanColumn::CommitSeq => From::File(file(seq())),
            ScanColumn::Xid => From::Xid(file(seq())),
            ScanColumn::Deleted => From::Constant(ScalarValue::Boolean(Some(false))),
            ScanColumn::TableOid(oid) => From::Constant(ScalarValue::UInt32(Some(oid))),
            ScanColumn::NoXid => From::Constant(ScalarValue::UInt32(Some(0))),
            ScanColumn::Key => return None,
        });
    }
    let given = columns.len();
    columns.extend(filter.columns());
    let fields: Vec<_> = columns.iter().enumerate().map(|(n, c)| c.field(n)).collect();
    let files = Arc::new(Schema::new(fields));
    let scan = parquet(&files, columns, given, &filter, wanted, early, parts)?;
    let column = |(n, from): (usize, &From)| -> Option<(Arc<dyn PhysicalExpr>, String)> {
        let read = |at: &usize| Arc::new(Column::new(files.field(*at).name(), *at));
        let expr: Arc<dyn PhysicalExpr> = match from {
            From::File(at) => read(at),
            From::Xid(at) => {
                let half = Arc::new(Literal::new(ScalarValue::Int64(Some(0xffff_ffff))));
                let low = BinaryExpr::new(read(at), Operator::BitwiseAnd, half);
                Arc::new(CastExpr::new(Arc::new(low), DataType::UInt32, None))
            }
            From::Constant(value) => Arc::new(Literal::new(value.clone())),
        };
        Some((expr, schema.field(n).name().clone()))
    };
    let exprs = from.iter().enumerate().map(column).collect::<Option<Vec<_>>>()?;
    Some(Arc::new(ProjectionExec::try_new(exprs, scan).ok()?))
}

/// The scan itself: gives the first `given` of the columns; the others are the filter's. `early`:
/// conditions come before the decoding of other columns.
fn parquet(
    schema: &SchemaRef,
    columns: Vec<Logical>,
    given: usize,
    filter: &KeyFilter,
    wanted: &Wanted,
    early: bool,
    parts: Vec<ColdPart>,
) -> Option<Arc<dyn ExecutionPlan>> {
    let mut absent = 0;
    let groups = file_groups(&parts, |part, row_group| {
        let is_absent = wanted.is_absent(part, row_group);
        absent += usize::from(is_absent);
        !is_absent
    });
    let factory = Arc::new(files::Segments::new(&parts));
    let mut source = ParquetSource::new(schema.clone())
        .with_parquet_file_reader_factory(factory)
        .with_pushdown_filters(early)
        .with_reorder_filters(true)
        .with_enable_page_index(true)
        .with_bloom_filter_on_read(true);
    if let Some(predicate) = filter.predicate(given) {
        source = source.with_predicate(predicate);
    }
    MetricBuilder::new(source.metrics()).counter(ABSENT, 0).add(absent);
    // Nothing is read through this store: the factory knows the segments.
    let store = ObjectStoreUrl::local_filesystem();
    let config = FileScanConfigBuilder::new(store, Arc::new(source))
        .with_file_groups(groups)
        .with_projection_indices(Some((0..given).collect()))
        .ok()?
        .with_expr_adapter(Some(Arc::new(ColumnFiles::new(columns))))
        .build();
    Some(DataSourceExec::from_data_source(config))
}

/// The parts' row groups, shared out among partitions so that each has about as many rows.
fn file_groups(
    parts: &[ColdPart],
    mut is_wanted: impl FnMut(&ColdPart, usize) -> bool,
) -> Vec<FileGroup> {
    let rows: usize = parts.iter().map(ColdPart::rows).sum();
    let share = rows.div_ceil(partitions()).max(1);
    let (mut groups, mut files, mut filled) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        let row_groups = part.segment.parquet().row_groups();
        let mut plan = ParquetAccessPlan::new_none(row_groups.len());
        let (mut from, mut planned) = (0_u32, false);
        for (number, group) in row_groups.iter().enumerate() {
            let count = u32::try_from(group.num_rows()).unwrap_or(u32::MAX);
            let to = from.saturating_add(count);
            let live = part.rows_between(from, to);
            if live > 0 && is_wanted(part, number) {
                let access = match part.selection(from, to) {
                    None => RowGroupAccess::Scan,
                    Some(selection) => RowGroupAccess::Selection(selection),
                };
                plan.set(number, access);
                (planned, filled) = (true, filled + live);
            }
            if filled >= share && planned {
                files.push(file(
                    part,
                    std::mem::replace(&mut plan, ParquetAccessPlan::new_none(row_groups.len())),
                ));
                groups.push(FileGroup::new(std::mem::take(&mut files)));
                (planned, filled) = (false, 0);
            }
            from = to;
        }
        if planned {
            files.push(file(part, plan));
        }
    }
    if !files.is_empty() {
        groups.push(FileGroup::new(files));
    }
    groups
}

fn file(part: &ColdPart, plan: ParquetAccessPlan) -> PartitionedFile {
    let segment = &part.segment;
    PartitionedFile::new(files::name(segment.id), segment.file.bytes).with_extension(plan)
}
