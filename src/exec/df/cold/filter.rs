//! Conditions on blocks of rows.
//!
//! A condition reads few columns: they are decoded first, and the others only where a row is left. A
//! dynamic filter (what a join or a bounded sort above has found out so far) only saves work: it is
//! left out while nearly all rows pass it.

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer};
use datafusion::arrow::compute::{FilterBuilder, prep_null_mask_filter};
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::util::bit_chunk_iterator::BitChunks;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr_common::physical_expr::snapshot_generation;
use std::sync::Arc;

/// The share of rows below which a condition is evaluated on these alone: picking them costs less than
/// looking at all, which for numbers it hardly does.
const FEW_SHARE: usize = 4;
const FEW_NUMBERS_SHARE: usize = 32;
/// Rows after which a dynamic filter must have shown its use, and the percentage of rows that one of
/// use lets through at most.
const TRIAL_ROWS: usize = 1 << 16;
const PASSING_PERCENT: usize = 80;

pub(super) struct Filter {
    expr: Arc<dyn PhysicalExpr>,
    /// The columns it reads, of the scan's.
    pub columns: Vec<usize>,
    schema: SchemaRef,
    few_share: usize,
    is_dynamic: bool,
    seen: usize,
    passed: usize,
    generation: u64,
}

pub(super) fn is_dynamic(expr: &Arc<dyn PhysicalExpr>) -> bool {
    snapshot_generation(expr) != 0
}

impl Filter {
    /// A condition over rows of `schema`.
    pub fn new(expr: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Result<Filter> {
        let mut columns: Vec<usize> = collect_columns(expr).iter().map(Column::index).collect();
        columns.sort_unstable();
        columns.dedup();
        let fields: Vec<FieldRef> = columns.iter().map(|at| schema.fields()[*at].clone()).collect();
        let place = |index: usize| columns.binary_search(&index).unwrap_or(0);
        let moved = expr.clone().transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => {
                let moved = Column::new(column.name(), place(column.index()));
                Ok(Transformed::yes(Arc::new(moved) as Arc<dyn PhysicalExpr>))
            }
            None => Ok(Transformed::no(expr)),
        });
        let small = |field: &&FieldRef| {
            field.data_type().primitive_width().is_some_and(|width| width <= size_of::<i64>())
        };
        let numbers = fields.iter().filter(small).count() == fields.len();
        let is_dynamic = is_dynamic(expr);
        Ok(Filter {
            expr: moved.data()?,
            columns,
            few_share: if numbers && !is_dynamic { FEW_NUMBERS_SHARE } else { FEW_SHARE },
            schema: Arc::new(Schema::new(fields)),
            is_dynamic,
            seen: 0,
            passed: 0,
            generation: 0,
        })
    }

    /// Whether it is worth evaluating now.
    pub fn is_of_use(&mut self) -> bool {
        if !self.is_dynamic {
            return true;
        }
        let generation = snapshot_generation(&self.expr);
        if generation != self.generation {
            (self.generation, self.seen, self.passed) = (generation, 0, 0);
        }
        self.seen < TRIAL_ROWS || self.passed * 100 <= self.seen * PASSING_PERCENT
    }

    /// Which rows satisfy it, of those in `among` (`None`: of all), given its columns; `None`: all.
    pub fn matching(
        &mut self,
        columns: Vec<ArrayRef>,
        rows: usize,
        among: Option<&BooleanBuffer>,
    ) -> Result<Option<BooleanBuffer>> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let left = among.map_or(rows, BooleanBuffer::count_set_bits);
        let matching = match among {
            Some(among) if left * self.few_share < rows => {
                let mask = BooleanArray::new(among.clone(), None);
                let few =
                    FilterBuilder::new(&mask).optimize().build().filter_record_batch(&batch)?;
                self.evaluate(&few)?.map(|matching| spread(&matching, among))
            }
            Some(among) => self.evaluate(&batch)?.map(|matching| &matching & among),
            None => self.evaluate(&batch)?,
        };
        self.seen += left;
        self.passed += matching.as_ref().map_or(left, BooleanBuffer::count_set_bits);
        Ok(matching.or_else(|| among.cloned()))
    }

    /// `None`: all rows satisfy it.
    fn evaluate(&self, batch: &RecordBatch) -> Result<Option<BooleanBuffer>> {
        match self.expr.evaluate(batch)? {
            ColumnarValue::Scalar(value) => {
                use datafusion::common::ScalarValue::Boolean;
                let none = || BooleanBuffer::new_unset(batch.num_rows());
                Ok((value != Boolean(Some(true))).then(none))
            }
            ColumnarValue::Array(array) => {
                let found = as_boolean_array(&array)?;
                Ok(Some(match found.null_count() {
                    0 => found.values().clone(),
                    _ => prep_null_mask_filter(found).values().clone(),
                }))
            }
        }
    }
}

/// `matching` has a bit for each bit set in `among`: the bits in their places.
fn spread(matching: &BooleanBuffer, among: &BooleanBuffer) -> BooleanBuffer {
    let mut taken = 0;
    let words = among.bit_chunks().iter_padded().map(|mut places| {
        let count = places.count_ones() as usize;
        let bits = BitChunks::new(matching.values(), matching.offset() + taken, count);
        let mut bits = bits.iter_padded().next().unwrap_or(0);
        taken += count;
        let mut word = 0;
        while places != 0 {
            let place = places & places.wrapping_neg();
            word |= place * (bits & 1);
            (places, bits) = (places ^ place, bits >> 1);
        }
        word
    });
    let words: Vec<u64> = words.collect();
    BooleanBuffer::new(Buffer::from_vec(words), 0, among.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_spread_to_their_places() {
        let among = BooleanBuffer::from(vec![false, true, true, false, true]);
        let matching = BooleanBuffer::from(vec![true, false, true]);
        let expected = BooleanBuffer::from(vec![false, true, false, false, true]);
        assert_eq!(spread(&matching, &among), expected);
        for rows in [64, 200] {
            let among = BooleanBuffer::collect_bool(rows, |row| row % 3 != 0);
            let expected = BooleanBuffer::collect_bool(rows, |row| row % 6 == 1);
            let matching = BooleanBuffer::collect_bool(among.count_set_bits(), |at| at % 4 == 0);
            assert_eq!(spread(&matching, &among), expected);
        }
    }
}
