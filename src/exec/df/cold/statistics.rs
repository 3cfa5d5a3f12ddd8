//! What a segment's statistics tell of its row groups and blocks, for conditions that rule some out.

use super::column::{Form, InSegment};
use crate::storage::cold::{OpenSegment, StoredValue};
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column as Named, ScalarValue};
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::basic::Type;
use std::collections::HashSet;
use std::sync::Arc;

/// What may be ruled out.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// Row groups, by least and greatest values.
    RowGroups,
    /// One row group, by bloom filters.
    Filters(usize),
    /// Blocks of a row group, by the page index.
    Blocks(usize),
}

/// The statistics of one segment.
pub(super) struct Statistics<'a> {
    pub segment: &'a OpenSegment,
    /// The scan's columns, in the segment, and their names.
    pub columns: &'a [InSegment],
    pub schema: &'a SchemaRef,
    pub of: Of,
}

impl Statistics<'_> {
    fn column(&self, column: &Named) -> Option<(&InSegment, &DataType)> {
        let at = self.schema.index_of(&column.name).ok()?;
        Some((&self.columns[at], self.schema.field(at).data_type()))
    }

    /// The least or greatest values.
    fn bound(&self, column: &Named, greatest: bool) -> Option<ArrayRef> {
        let (column, wanted) = self.column(column)?;
        let field = match column {
            InSegment::Constant(value) => {
                return value.to_array_of_size(self.num_containers()).ok();
            }
            InSegment::Field(field, Form::Same | Form::Widened(_)) => *field,
            InSegment::Field(_, Form::Decoded(_) | Form::LowHalf) => return None,
        };
        // Parquet leaves NaN out, which is the greatest of all in PostgreSQL.
        if wanted.is_floating() {
            return None;
        }
        let (metadata, converter) = (self.segment.parquet(), self.converter(field)?);
        let bounds = match self.of {
            Of::Filters(_) => return None,
            Of::RowGroups => match greatest {
                true => converter.row_group_maxes(metadata.row_groups()),
                false => converter.row_group_mins(metadata.row_groups()),
            },
            Of::Blocks(row_group) => {
                let (pages, offsets) = (metadata.column_index()?, metadata.offset_index()?);
                match greatest {
                    true => converter.data_page_maxes(pages, offsets, [&row_group]),
                    false => converter.data_page_mins(pages, offsets, [&row_group]),
                }
            }
        };
        // Long values cut pages short of blocks: then the page index does not tell of blocks.
        let bounds = bounds.ok().filter(|bounds| bounds.len() == self.num_containers())?;
        match bounds.data_type() == wanted {
            true => Some(bounds),
            false => cast(&bounds, wanted).ok(),
        }
    }

    fn converter(&self, field: usize) -> Option<StatisticsConverter<'_>> {
        let schema = self.segment.parquet().file_metadata().schema_descr();
        let of_field = self.segment.arrow_field(field);
        StatisticsConverter::from_column_index(field, of_field, schema).ok()
    }
}

impl PruningStatistics for Statistics<'_> {
    fn min_values(&self, column: &Named) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn max_values(&self, column: &Named) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn num_containers(&self) -> usize {
        match self.of {
            Of::RowGroups => self.segment.parquet().num_row_groups(),
            Of::Filters(_) => 1,
            Of::Blocks(row_group) => self.segment.blocks_of(row_group).len(),
        }
    }

    fn null_counts(&self, column: &Named) -> Option<ArrayRef> {
        let (InSegment::Field(field, _), _) = self.column(column)? else { return None };
        let (metadata, converter) = (self.segment.parquet(), self.converter(*field)?);
        let counts = match self.of {
            Of::Filters(_) => return None,
            Of::RowGroups => converter.row_group_null_counts(metadata.row_groups()),
            Of::Blocks(row_group) => {
                let (pages, offsets) = (metadata.column_index()?, metadata.offset_index()?);
                converter.data_page_null_counts(pages, offsets, [&row_group])
            }
        };
        let counts = counts.ok().filter(|counts| counts.len() == self.num_containers())?;
        Some(Arc::new(counts))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let rows: UInt64Array = match self.of {
            Of::Filters(_) => return None,
            Of::RowGroups => {
                let rows = |group: usize| self.segment.parquet().row_group(group).num_rows();
                (0..self.num_containers()).map(|group| u64::try_from(rows(group)).ok()).collect()
            }
            Of::Blocks(row_group) => {
                let rows = |block| Some(self.segment.rows_of(block).len() as u64);
                self.segment.blocks_of(row_group).map(rows).collect()
            }
        };
        Some(Arc::new(rows))
    }

    fn contained(&self, column: &Named, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let Of::Filters(row_group) = self.of else { return None };
        let (InSegment::Field(field, Form::Same | Form::Widened(_)), _) = self.column(column)?
        else {
            return None;
        };
        let schema = self.segment.parquet().file_metadata().schema_descr();
        let physical = schema.column(*field).physical_type();
        let may_have = |value: &ScalarValue| {
            stored(value, physical)
                .is_none_or(|value| self.segment.may_have(row_group, *field, value))
        };
        let absent = !values.iter().any(may_have);
        Some(BooleanArray::from(vec![if absent { Some(false) } else { None }]))
    }
}

/// A value as Parquet has it; `None`: nothing is known of it.
fn stored(value: &ScalarValue, physical: Type) -> Option<StoredValue<'_>> {
    let number = match value {
        ScalarValue::Int16(Some(v)) => i64::from(*v),
        ScalarValue::Int32(Some(v)) | ScalarValue::Date32(Some(v)) => i64::from(*v),
        ScalarValue::UInt8(Some(v)) => i64::from(*v),
        ScalarValue::UInt32(Some(v)) => i64::from(v.cast_signed()),
        ScalarValue::Int64(Some(v))
        | ScalarValue::Time64Microsecond(Some(v))
        | ScalarValue::TimestampMicrosecond(Some(v), _) => *v,
        ScalarValue::Decimal128(Some(v), ..) => i64::try_from(*v).ok()?,
        ScalarValue::Utf8View(Some(v)) => return Some(StoredValue::Bytes(v.as_bytes())),
        ScalarValue::BinaryView(Some(v)) => return Some(StoredValue::Bytes(v)),
        _ => return None,
    };
    match physical {
        Type::INT32 => i32::try_from(number).ok().map(StoredValue::Int32),
        Type::INT64 => Some(StoredValue::Int64(number)),
        _ => None,
    }
}
