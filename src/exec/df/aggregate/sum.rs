//! `sum` and `avg` of integers and decimals, exact whatever the number of rows.
//!
//! A group's sum is 128 bits wide, and where that overflows, 192: the carries count how often it did.
//! Since a sum never fails, it does not matter in which order partial sums are merged. NaN, once
//! met, stays.

use super::super::expr::exact;
use super::super::runtime::external;
use super::grouped::Grouped;
use crate::error::{PgError, Result, code};
use crate::types::arrow::decimal::{self, LIMIT, NAN, PRECISION_MAX};
use crate::types::arrow::{Builder, ColumnType};
use crate::types::{Datum, Numeric, oids};
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, Int16Array,
    Int64Array, PrimitiveArray,
};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Int16Type, Int32Type, Int64Type,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use num_bigint::BigInt;
use std::sync::Arc;

type DfResult<T> = datafusion::error::Result<T>;

/// Digits by which a sum of fewer than 2^63 values is longer than one of them.
const ROWS_DIGITS: u8 = 19;

/// What becomes of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Goal {
    /// `bigint`; 22003 where it does not fit.
    Int8,
    /// A decimal. Checked: it may not fit, and the plan starts anew.
    Decimal { precision: u8, scale: u8 },
    /// A numeric of any length.
    Numeric { scale: u8 },
    /// Divided by the number of values.
    Average { scale: u8 },
    /// A numeric of the largest scale among the values, which the second argument gives: the values
    /// come at a scale that all of them have.
    Scaled { scale: u8 },
}

impl Goal {
    pub fn of(name: &str, arg: ColumnType, may_restart: bool) -> Option<Goal> {
        let (precision, scale) = match (arg.oid, arg.as_decimal()) {
            (_, Some(found)) => found,
            (oids::INT2 | oids::INT4, _) if name == "sum" => return Some(Goal::Int8),
            (oids::INT2 | oids::INT4 | oids::INT8, _) => (19, 0),
            _ => return None,
        };
        let digits = precision + ROWS_DIGITS;
        Some(match name {
            "avg" => Goal::Average { scale },
            _ if digits <= PRECISION_MAX => Goal::Decimal { precision: digits, scale },
            _ if may_restart => Goal::Decimal { precision: PRECISION_MAX, scale },
            _ => Goal::Numeric { scale },
        })
    }

    pub fn result(self) -> ColumnType {
        match self {
            Goal::Int8 => oids::INT8.into(),
            Goal::Decimal { precision, scale } => ColumnType::decimal(precision, scale),
            Goal::Numeric { .. } | Goal::Average { .. } | Goal::Scaled { .. } => {
                oids::NUMERIC.into()
            }
        }
    }

    fn scale(self) -> u8 {
        match self {
            Goal::Int8 => 0,
            Goal::Decimal { scale, .. }
            | Goal::Numeric { scale }
            | Goal::Average { scale }
            | Goal::Scaled { scale } => scale,
        }
    }
}

impl Grouped for Goal {
    type States = Sums;
    const NAME: &'static str = "exact_sum";

    fn result(&self) -> ColumnType {
        Goal::result(*self)
    }

    fn partial_fields(&self, name: &dyn Fn(&str) -> String) -> Vec<FieldRef> {
        let field = |part, data_type| Arc::new(Field::new(name(part), data_type, true));
        let sum = DataType::Decimal128(PRECISION_MAX, self.scale().cast_signed());
        vec![
            field("sum", sum),
            field("count", DataType::Int64),
            field("carry", DataType::Int64),
            field("scale", DataType::Int16),
        ]
    }

    fn states(&self) -> Sums {
        Sums {
            goal: *self,
            sums: Vec::new(),
            counts: Vec::new(),
            carries: Vec::new(),
            scales: Vec::new(),
            reach: 0,
        }
    }
}

/// The carry of a group that met NaN.
const NAN_CARRY: i64 = i64::MIN;

/// The sums of all groups, by number.
#[derive(Debug)]
pub(super) struct Sums {
    goal: Goal,
    sums: Vec<i128>,
    /// Values added.
    counts: Vec<i64>,
    /// What the sums lack, in units of 2^128; empty as long as nothing overflowed.
    carries: Vec<i64>,
    /// The largest scale of a value; empty but for [`Goal::Scaled`].
    scales: Vec<i16>,
    /// No sum is farther from zero, or one may have carried.
    reach: u128,
}

/// Sums that are nearer to zero overflow by no value of theirs.
const REACH_MAX: u128 = 1 << 126;

/// Groups that are added to in lanes, how many lanes, and the bound of what they can hold.
const FEW_GROUPS: usize = 16;
const LANES: usize = 4;
const NARROW_MAX: u128 = 1 << 62;

/// The bits of a value's magnitude. NaN's is among the greatest.
#[inline]
fn magnitude(value: i128) -> u128 {
    (value ^ (value >> 127)).cast_unsigned()
}

/// One group's sum, taken out.
struct Taken {
    sum: i128,
    count: i64,
    carry: i64,
    scale: i16,
}

impl Sums {
    fn grow(&mut self, groups: usize) {
        if self.sums.len() < groups {
            self.sums.resize(groups, 0);
            self.counts.resize(groups, 0);
            if let Goal::Scaled { .. } = self.goal {
                self.scales.resize(groups, 0);
            }
        }
    }

    /// Notes the scales of values.
    fn update_scales(
        &mut self,
        values: &dyn Array,
        scales: &dyn Array,
        groups: impl Iterator<Item = usize>,
        filter: Option<&BooleanArray>,
    ) {
        let scales = scales.as_primitive::<Int16Type>();
        for (row, group) in groups.enumerate() {
            let passes = filter.is_none_or(|f| f.is_valid(row) && f.value(row));
            if passes && values.is_valid(row) {
                self.scales[group] = self.scales[group].max(scales.value(row));
            }
        }
    }

    #[inline]
    fn add(&mut self, group: usize, value: i128) {
        self.counts[group] += 1;
        self.add_sum(group, value);
    }

    #[inline]
    fn add_sum(&mut self, group: usize, value: i128) {
        let (sum, overflowed) = self.sums[group].overflowing_add(value);
        if overflowed || value == NAN {
            return self.add_special(group, value);
        }
        self.sums[group] = sum;
    }

    #[cold]
    fn add_special(&mut self, group: usize, value: i128) {
        if value == NAN {
            return self.add_carry(group, NAN_CARRY);
        }
        self.sums[group] = self.sums[group].wrapping_add(value);
        self.add_carry(group, if value < 0 { -1 } else { 1 });
    }

    fn add_carry(&mut self, group: usize, carry: i64) {
        self.carries.resize(self.sums.len(), 0);
        let known = &mut self.carries[group];
        *known = match (*known, carry) {
            (NAN_CARRY, _) | (_, NAN_CARRY) => NAN_CARRY,
            (known, carry) => known + carry,
        };
    }

    fn update(
        &mut self,
        values: &dyn Array,
        groups: impl Iterator<Item = usize> + Clone,
        filter: Option<&BooleanArray>,
    ) {
        match values.data_type() {
            DataType::Int16 => self.add_all(values.as_primitive::<Int16Type>(), groups, filter),
            DataType::Int32 => self.add_all(values.as_primitive::<Int32Type>(), groups, filter),
            DataType::Int64 => self.add_all(values.as_primitive::<Int64Type>(), groups, filter),
            _ => self.add_all(values.as_primitive::<Decimal128Type>(), groups, filter),
        }
    }

    fn add_all<T>(
        &mut self,
        array: &PrimitiveArray<T>,
        groups: impl Iterator<Item = usize> + Clone,
        filter: Option<&BooleanArray>,
    ) where
        T: ArrowPrimitiveType<Native: Into<i128>>,
    {
        let value = |v: &T::Native| -> i128 { (*v).into() };
        let values = || array.values().iter().map(value);
        let is_plain = array.null_count() == 0 && filter.is_none();
        let few = is_plain && self.sums.len() <= FEW_GROUPS;
        if few && self.add_few(values().zip(groups.clone())) {
            return;
        }
        let stays_small = is_plain && {
            let all = values().fold(0, |all, v| all | magnitude(v));
            self.reaches(all, array.len()).is_some()
        };
        let each = values().zip(groups);
        match (array.nulls(), filter) {
            (None, None) if stays_small => {
                let (sums, counts) = (&mut self.sums[..], &mut self.counts[..]);
                for (value, group) in each {
                    sums[group] = sums[group].wrapping_add(value);
                    counts[group] += 1;
                }
            }
            (None, None) => each.for_each(|(value, group)| self.add(group, value)),
            (nulls, filter) => {
                for (row, (value, group)) in each.enumerate() {
                    let passes = filter.is_none_or(|f| f.is_valid(row) && f.value(row));
                    if passes && nulls.is_none_or(|n| n.is_valid(row)) {
                        self.add(group, value);
                    }
                }
            }
        }
    }

    /// Adds values whose sum fits 64 bits to few groups; `false`: it may not fit. Rows of the same
    /// group follow each other closely, and an addition would wait for the one before: neighbours go to
    /// different lanes.
    fn add_few(&mut self, each: impl Iterator<Item = (i128, usize)>) -> bool {
        let mut lanes = [[(0_i64, 0_i64); LANES]; FEW_GROUPS];
        let (mut all, mut rows) = (0, 0);
        for (value, group) in each {
            let (sum, count) = &mut lanes[group % FEW_GROUPS][rows % LANES];
            *sum = sum.wrapping_add(value as i64);
            *count += 1;
            all |= magnitude(value);
            rows += 1;
        }
        if self.reaches(all, rows).is_none_or(|added| added > NARROW_MAX) {
            return false;
        }
        for (group, lanes) in lanes.iter().enumerate().take(self.sums.len()) {
            for (sum, count) in lanes {
                self.sums[group] = self.sums[group].wrapping_add(i128::from(*sum));
                self.counts[group] += count;
            }
        }
        true
    }

    /// The most that so many values add to a sum, given the magnitudes of all of them together; `None`: a
    /// sum may overflow, or one of them is NaN.
    fn reaches(&mut self, all: u128, rows: usize) -> Option<u128> {
        let each = all.checked_add(1).and_then(|each| each.checked_next_power_of_two());
        let added = each.and_then(|each| each.checked_mul(rows as u128));
        self.reach = added.map_or(u128::MAX, |added| self.reach.saturating_add(added));
        added.filter(|_| self.reach < REACH_MAX)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: impl Iterator<Item = usize>) {
        let sums = states[0].as_primitive::<Decimal128Type>();
        let counts = states[1].as_primitive::<Int64Type>();
        let carries = states[2].as_primitive::<Int64Type>();
        let scales = states[3].as_primitive::<Int16Type>();
        // Merged sums are not looked at one by one.
        self.reach = u128::MAX;
        for (row, group) in groups.enumerate() {
            self.counts[group] += counts.value(row);
            if let Some(scale) = self.scales.get_mut(group) {
                *scale = scales.value(row).max(*scale);
            }
            // A sum may be the coefficient that stands for NaN only as a value of its own.
            let (sum, overflowed) = self.sums[group].overflowing_add(sums.value(row));
            self.sums[group] = sum;
            let carry = match (overflowed, carries.value(row)) {
                (_, NAN_CARRY) => NAN_CARRY,
                (true, carry) => carry + if sums.value(row) < 0 { -1 } else { 1 },
                (false, carry) => carry,
            };
            if carry != 0 {
                self.add_carry(group, carry);
            }
        }
    }

    fn take(&mut self, emit: EmitTo) -> impl Iterator<Item = Taken> + use<> {
        if !self.carries.is_empty() {
            self.carries.resize(self.sums.len(), 0);
        }
        let sums = emit.take_needed(&mut self.sums);
        let counts = emit.take_needed(&mut self.counts);
        let carries = match self.carries.is_empty() {
            true => vec![0; sums.len()],
            false => emit.take_needed(&mut self.carries),
        };
        let scales = match self.scales.is_empty() {
            true => vec![0; sums.len()],
            false => emit.take_needed(&mut self.scales),
        };
        let all = sums.into_iter().zip(counts).zip(carries).zip(scales);
        all.map(|(((sum, count), carry), scale)| Taken { sum, count, carry, scale })
    }

    fn states(taken: impl Iterator<Item = Taken>, scale: u8) -> Vec<ArrayRef> {
        let (mut sums, mut counts, mut carries) = (Vec::new(), Vec::new(), Vec::new());
        let mut scales = Vec::new();
        for state in taken {
            sums.push(state.sum);
            counts.push(state.count);
            carries.push(state.carry);
            scales.push(state.scale);
        }
        let data_type = DataType::Decimal128(PRECISION_MAX, scale.cast_signed());
        vec![
            Arc::new(Decimal128Array::from(sums).with_data_type(data_type)),
            Arc::new(Int64Array::from(counts)),
            Arc::new(Int64Array::from(carries)),
            Arc::new(Int16Array::from(scales)),
        ]
    }

    fn results(&mut self, emit: EmitTo) -> DfResult<ArrayRef> {
        let goal = self.goal;
        let taken = self.take(emit);
        Ok(match goal {
            Goal::Decimal { .. } => {
                let values = taken.map(decimal_of).collect::<DfResult<Vec<_>>>()?;
                let array = Decimal128Array::from(values);
                Arc::new(array.with_data_type(goal.result().data_type()))
            }
            Goal::Int8 => {
                let values = taken.map(bigint_of).collect::<Result<Vec<_>>>();
                Arc::new(Int64Array::from(values.map_err(external)?))
            }
            Goal::Numeric { .. } | Goal::Average { .. } | Goal::Scaled { .. } => {
                let mut builder = Builder::new(oids::NUMERIC, 0);
                for group in taken {
                    builder.append(&numeric_of(&group, goal).map_err(external)?);
                }
                builder.finish()
            }
        })
    }
}

/// A sum as a coefficient; `None` without values.
fn decimal_of(group: Taken) -> DfResult<Option<i128>> {
    match group {
        Taken { count: 0, .. } => Ok(None),
        Taken { carry: NAN_CARRY, .. } => Ok(Some(NAN)),
        Taken { sum, carry: 0, .. } if -LIMIT < sum && sum < LIMIT => Ok(Some(sum)),
        _ => Err(exact()),
    }
}

fn bigint_of(group: Taken) -> Result<Option<i64>> {
    match (group.count, group.carry, i64::try_from(group.sum)) {
        (0, ..) => Ok(None),
        (_, 0, Ok(sum)) => Ok(Some(sum)),
        _ => Err(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range")),
    }
}

fn numeric_of(group: &Taken, goal: Goal) -> Result<Datum> {
    let scale = goal.scale();
    let sum = match *group {
        Taken { count: 0, .. } => return Ok(Datum::Null),
        Taken { carry: NAN_CARRY, .. } => return Ok(Datum::Numeric(Numeric::nan())),
        Taken { sum, carry: 0, .. } if sum != NAN => decimal::numeric(sum, scale),
        Taken { sum, carry, .. } => {
            let whole = (BigInt::from(carry) << 128u32) + BigInt::from(sum);
            Numeric::from_bigint(whole, u16::from(scale))?
        }
    };
    Ok(Datum::Numeric(match goal {
        Goal::Average { .. } => sum.div(&Numeric::from_i64(group.count))?,
        // Values of smaller scale have zeros behind it, and so has their sum.
        Goal::Scaled { .. } => sum.round_to(i32::from(group.scale))?,
        _ => sum,
    }))
}

impl GroupsAccumulator for Sums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.grow(total_num_groups);
        self.update(&values[0], group_indices.iter().copied(), opt_filter);
        if let [values, scales] = values {
            self.update_scales(values, scales, group_indices.iter().copied(), opt_filter);
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.grow(total_num_groups);
        self.merge(values, group_indices.iter().copied());
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DfResult<ArrayRef> {
        self.results(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> DfResult<Vec<ArrayRef>> {
        Ok(Sums::states(self.take(emit_to), self.goal.scale()))
    }

    /// The state that each row alone would make.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DfResult<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = self.goal.states();
        let groups: Vec<usize> = (0..rows).collect();
        GroupsAccumulator::update_batch(&mut each, values, &groups, opt_filter, rows)?;
        GroupsAccumulator::state(&mut each, EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of::<Sums>()
            + self.sums.capacity() * size_of::<i128>()
            + (self.counts.capacity() + self.carries.capacity()) * size_of::<i64>()
    }
}

/// Without GROUP BY there is one group.
impl Accumulator for Sums {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.grow(1);
        let rows = values[0].len();
        self.update(&values[0], std::iter::repeat_n(0, rows), None);
        if let [values, scales] = values {
            self.update_scales(values, scales, std::iter::repeat_n(0, rows), None);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        self.grow(1);
        self.merge(states, std::iter::repeat_n(0, states[0].len()));
        Ok(())
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        self.grow(1);
        ScalarValue::try_from_array(&self.results(EmitTo::All)?, 0)
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        self.grow(1);
        let states = Sums::states(self.take(EmitTo::All), self.goal.scale());
        states.iter().map(|array| ScalarValue::try_from_array(array, 0)).collect()
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::arrow::datum_at;

    fn sums(goal: Goal, batches: &[&[i128]]) -> Sums {
        let mut sums = goal.states();
        for batch in batches {
            let array: ArrayRef = Arc::new(Decimal128Array::from(batch.to_vec()));
            let groups = vec![0; batch.len()];
            GroupsAccumulator::update_batch(&mut sums, &[array], &groups, None, 1).unwrap();
        }
        sums
    }

    fn shown(mut sums: Sums) -> String {
        let result = GroupsAccumulator::evaluate(&mut sums, EmitTo::All).unwrap();
        match datum_at(&result, 0, oids::NUMERIC) {
            Datum::Numeric(value) => value.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn sums_carry_beyond_128_bits() {
        let most = LIMIT - 1;
        let batch = [most; 5];
        let goal = Goal::Numeric { scale: 0 };
        let five = "499999999999999999999999999999999999995";
        assert_eq!(shown(sums(goal, &[&batch])), five);
        assert_eq!(shown(sums(goal, &[&[1], &batch, &[-1]])), five);
        let goal = Goal::Average { scale: 0 };
        assert_eq!(shown(sums(goal, &[&batch])), most.to_string());
        let negative = batch.map(|v| -v);
        assert_eq!(shown(sums(Goal::Numeric { scale: 2 }, &[&batch, &negative])), "0.00");
    }

    #[test]
    fn partial_sums_merge_with_their_carries() {
        let goal = Goal::Numeric { scale: 0 };
        let mut merged = goal.states();
        for _ in 0..3 {
            let mut part = sums(goal, &[&[LIMIT - 1; 4]]);
            let state = GroupsAccumulator::state(&mut part, EmitTo::All).unwrap();
            GroupsAccumulator::merge_batch(&mut merged, &state, &[0], 1).unwrap();
        }
        assert_eq!(shown(merged), "1199999999999999999999999999999999999988");
    }

    #[test]
    fn nan_stays() {
        let goal = Goal::Decimal { precision: 38, scale: 2 };
        assert_eq!(shown(sums(goal, &[&[1, NAN], &[-5, 3]])), "NaN");
    }

    #[test]
    fn a_sum_that_is_no_decimal_is_told() {
        let mut large = sums(Goal::Decimal { precision: 38, scale: 0 }, &[&[LIMIT - 1; 2]]);
        assert!(GroupsAccumulator::evaluate(&mut large, EmitTo::All).is_err());
    }
}
