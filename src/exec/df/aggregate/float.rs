//! `sum` of floats, in the precision of the argument.
//!
//! Partitions are summed each for itself, as PostgreSQL's parallel plans do it: the last digits depend
//! on how rows are shared out. Finite values with an infinite sum are 22003.

use super::super::runtime::external;
use super::grouped::Grouped;
use crate::error::{PgError, code};
use crate::types::arrow::ColumnType;
use crate::types::{Oid, oids};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array,
};
use datafusion::arrow::datatypes::{FieldRef, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use std::sync::Arc;

type DfResult<T> = datafusion::error::Result<T>;

/// Of `float4` or `float8`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FloatSum(pub Oid);

impl Grouped for FloatSum {
    type States = Sums;
    const NAME: &'static str = "float_sum";

    fn result(&self) -> ColumnType {
        self.0.into()
    }

    fn partial_fields(&self, name: &dyn Fn(&str) -> String) -> Vec<FieldRef> {
        vec![Arc::new(self.result().field(&name("")))]
    }

    fn states(&self) -> Sums {
        Sums { single: self.0 == oids::FLOAT4, sums: Vec::new() }
    }
}

/// The sums of all groups, by number; `None` as long as a group has no value.
#[derive(Debug)]
pub(super) struct Sums {
    /// Of `float4`: each sum is rounded to it.
    single: bool,
    sums: Vec<Option<f64>>,
}

impl Sums {
    fn add(&mut self, group: usize, value: f64) -> DfResult<()> {
        let sum = match self.sums[group] {
            None => value,
            Some(before) => {
                let exact = before + value;
                let sum = if self.single { f64::from(exact as f32) } else { exact };
                if sum.is_infinite() && !before.is_infinite() && !value.is_infinite() {
                    let message = "value out of range: overflow";
                    return Err(external(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)));
                }
                sum
            }
        };
        self.sums[group] = Some(sum);
        Ok(())
    }

    /// Adds values, or other sums.
    fn update(
        &mut self,
        values: &dyn Array,
        groups: impl Iterator<Item = usize>,
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> DfResult<()> {
        self.sums.resize(self.sums.len().max(total), None);
        for (row, group) in groups.enumerate() {
            if values.is_null(row) || filter.is_some_and(|f| f.is_null(row) || !f.value(row)) {
                continue;
            }
            let value = match self.single {
                true => f64::from(values.as_primitive::<Float32Type>().value(row)),
                false => values.as_primitive::<Float64Type>().value(row),
            };
            self.add(group, value)?;
        }
        Ok(())
    }

    fn take(&mut self, emit: EmitTo) -> ArrayRef {
        let taken = emit.take_needed(&mut self.sums);
        match self.single {
            true => {
                let sums = taken.into_iter().map(|sum| sum.map(|v| v as f32));
                Arc::new(sums.collect::<Float32Array>())
            }
            false => Arc::new(Float64Array::from(taken)),
        }
    }
}

impl GroupsAccumulator for Sums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.update(&values[0], group_indices.iter().copied(), opt_filter, total_num_groups)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.update(&values[0], group_indices.iter().copied(), None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DfResult<ArrayRef> {
        Ok(self.take(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![self.take(emit_to)])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DfResult<Vec<ArrayRef>> {
        let mut each = Sums { single: self.single, sums: Vec::new() };
        let rows = values[0].len();
        each.update(&values[0], 0..rows, opt_filter, rows)?;
        GroupsAccumulator::state(&mut each, EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of::<Sums>() + self.sums.capacity() * size_of::<Option<f64>>()
    }
}

/// Without GROUP BY there is one group.
impl Accumulator for Sums {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.update(&values[0], std::iter::repeat_n(0, values[0].len()), None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        self.update(&states[0], std::iter::repeat_n(0, states[0].len()), None, 1)
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        self.sums.resize(1, None);
        ScalarValue::try_from_array(&self.take(EmitTo::All), 0)
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        Ok(vec![Accumulator::evaluate(self)?])
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(self)
    }
}
