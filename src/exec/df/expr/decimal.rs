//! Decimals: scales as PostgreSQL shows them, and arithmetic that never wraps.
//!
//! `+` and `-` have the larger scale of their operands, `*` the sum of both. The precision bounds the
//! coefficient: no value of at most 38 digits can be missed. Where the bound is larger, the result is
//! computed all the same if the plan may start anew, and checked (see
//! [`lowering`](crate::exec::df::lowering)).
//!
//! A batch is computed without looking at single values where its operands' widths in bits show that
//! nothing can overflow and nothing is NaN; else value by value.

use super::kernel::{Kernel, Operand, apply, exact};
use super::{DfResult, Scope, Typed, constant};
use crate::exec::expr::Call;
use crate::types::arrow::ColumnType;
use crate::types::arrow::decimal::{LIMIT, NAN, PRECISION_MAX};
use crate::types::numeric::POW10;
use crate::types::{Datum, Numeric, oids};
use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::Decimal128Type;
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Subtract,
    Multiply,
}

/// `numeric_add` and its kin.
pub(super) fn call(scope: &Scope<'_>, source: &str, call: &Call) -> Option<Typed> {
    let op = match source {
        "numeric_add" => Op::Add,
        "numeric_sub" => Op::Subtract,
        "numeric_mul" => Op::Multiply,
        "numeric_uminus" => return negated(scope, call),
        _ => return None,
    };
    let [left, right] = call.args.as_slice() else { return None };
    let (left, right) = (scope.native(left, oids::NUMERIC)?, scope.native(right, oids::NUMERIC)?);
    let ((lp, ls), (rp, rs)) = (left.ty.as_decimal()?, right.ty.as_decimal()?);
    let (scale, precision) = match op {
        Op::Multiply => (ls + rs, lp + rp),
        _ => (ls.max(rs), (lp - ls).max(rp - rs) + ls.max(rs) + 1),
    };
    let fits = precision <= PRECISION_MAX;
    (scale <= PRECISION_MAX && (fits || scope.cx.may_restart())).then_some(())?;
    let sides = match op {
        Op::Multiply => [left, right],
        _ => [rescaled(left, scale)?, rescaled(right, scale)?],
    };
    let ty = ColumnType::decimal(precision.min(PRECISION_MAX), scale);
    Some(apply(Arithmetic { op, ty }, &sides))
}

/// `-x`: of a value of the same digits.
fn negated(scope: &Scope<'_>, call: &Call) -> Option<Typed> {
    let [arg] = call.args.as_slice() else { return None };
    let arg = scope.native(arg, oids::NUMERIC)?;
    let (precision, scale) = arg.ty.as_decimal()?;
    let ty = ColumnType::decimal(precision, scale);
    let zero = constant::of_type(&Datum::Numeric(Numeric::zero()), ty)?;
    Some(apply(Arithmetic { op: Op::Subtract, ty }, &[zero, arg]))
}

/// Both at the larger scale and precision; `None` where they do not fit that.
pub(super) fn aligned(sides: [Typed; 2]) -> Option<[Typed; 2]> {
    let [left, right] = sides;
    let (ls, rs) = (left.ty.as_decimal()?.1, right.ty.as_decimal()?.1);
    let sides = [rescaled(left, ls.max(rs))?, rescaled(right, ls.max(rs))?];
    let precision = |side: &Typed| side.ty.as_decimal().map(|(p, _)| p);
    // A constant takes the other's precision, though it may have more digits: kernels compare
    // coefficients.
    let wanted = match (&sides[0].literal, &sides[1].literal) {
        (Some(_), None) => precision(&sides[1])?,
        (None, Some(_)) => precision(&sides[0])?,
        _ => precision(&sides[0])?.max(precision(&sides[1])?),
    };
    Some(sides.map(|side| retyped(side, wanted)))
}

/// All of one scale, at the largest precision; `None` where the scales differ.
pub(super) fn unified(values: Vec<Typed>) -> Option<Vec<Typed>> {
    let is_null = |v: &Typed| v.literal.as_ref().is_some_and(Datum::is_null);
    let mut scale = None;
    let mut wanted = 1;
    for value in values.iter().filter(|v| !is_null(v)) {
        let (precision, found) = value.ty.as_decimal()?;
        (*scale.get_or_insert(found) == found).then_some(())?;
        wanted = wanted.max(precision);
    }
    let scale = scale.unwrap_or(0);
    let values = values.into_iter().map(|v| rescaled(v, scale).map(|v| retyped(v, wanted)));
    values.collect()
}

/// A decimal at a scale that is not smaller, as [`rescaled`], for keys of one scale.
pub(super) fn rescaled(arg: Typed, scale: u8) -> Option<Typed> {
    let (precision, from) = arg.ty.as_decimal()?;
    let up = scale.checked_sub(from)?;
    if up == 0 {
        return Some(arg);
    }
    let precision = precision + up;
    (precision <= PRECISION_MAX).then_some(())?;
    let ty = ColumnType::decimal(precision, scale);
    let literal = arg.literal.clone();
    match literal {
        Some(value) => constant::of_type(&value, ty),
        None => Some(apply(Rescale { by: POW10[usize::from(up)], ty }, &[arg])),
    }
}

/// The same values as of another precision.
fn retyped(arg: Typed, precision: u8) -> Typed {
    let Some((from, scale)) = arg.ty.as_decimal() else { return arg };
    if from == precision {
        return arg;
    }
    let ty = ColumnType::decimal(precision, scale.min(precision));
    let constant = arg.literal.clone().and_then(|value| constant::of_type(&value, ty));
    match constant {
        Some(constant) if scale <= precision => constant,
        _ => apply(Retype { ty }, &[arg]),
    }
}

#[derive(Debug)]
struct Arithmetic {
    op: Op,
    ty: ColumnType,
}

#[derive(Debug)]
struct Rescale {
    by: i128,
    ty: ColumnType,
}

#[derive(Debug)]
struct Retype {
    ty: ColumnType,
}

type Values = Operand<Decimal128Type>;

/// Bits that the values take, sign included; NaN takes 128.
fn width(values: &Values) -> u32 {
    let magnitude = |v: i128| (v ^ (v >> 127)).cast_unsigned();
    let all = match values {
        Operand::Array(array) => array.values().iter().fold(0, |all, v| all | magnitude(*v)),
        Operand::Scalar(value) => value.map_or(0, magnitude),
    };
    u128::BITS - all.leading_zeros() + 1
}

impl Kernel for Arithmetic {
    fn result(&self) -> ColumnType {
        self.ty
    }

    fn may_fail(&self) -> bool {
        true
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let (left, right) = (Values::of(&args[0])?, Values::of(&args[1])?);
        let nulls = NullBuffer::union(left.nulls(rows).as_ref(), right.nulls(rows).as_ref());
        let (l, r) = (width(&left), width(&right));
        // Below 2^126 there are no more than 38 digits.
        let values: Vec<i128> = match self.op {
            Op::Add if l.max(r) < 126 => each(&left, &right, rows, |a, b| a + b),
            Op::Subtract if l.max(r) < 126 => each(&left, &right, rows, |a, b| a - b),
            Op::Multiply if l <= 64 && r <= 64 => {
                each(&left, &right, rows, |a, b| i128::from(a as i64) * i128::from(b as i64))
            }
            Op::Multiply if l + r < 127 => each(&left, &right, rows, |a, b| a.wrapping_mul(b)),
            _ => self.checked(&left, &right, nulls.as_ref(), rows)?,
        };
        let array = Decimal128Array::new(values.into(), nulls);
        Ok(Arc::new(array.with_data_type(self.ty.data_type())))
    }
}

/// A function of each pair of values.
#[inline]
fn each(left: &Values, right: &Values, rows: usize, f: impl Fn(i128, i128) -> i128) -> Vec<i128> {
    match (left, right) {
        (Operand::Array(l), Operand::Array(r)) => {
            l.values().iter().zip(r.values()).map(|(a, b)| f(*a, *b)).collect()
        }
        (Operand::Array(l), Operand::Scalar(r)) => {
            let b = r.unwrap_or_default();
            l.values().iter().map(|a| f(*a, b)).collect()
        }
        (Operand::Scalar(l), Operand::Array(r)) => {
            let a = l.unwrap_or_default();
            r.values().iter().map(|b| f(a, *b)).collect()
        }
        (Operand::Scalar(l), Operand::Scalar(r)) => {
            vec![f(l.unwrap_or_default(), r.unwrap_or_default()); rows]
        }
    }
}

impl Arithmetic {
    fn checked(
        &self,
        left: &Values,
        right: &Values,
        nulls: Option<&NullBuffer>,
        rows: usize,
    ) -> DfResult<Vec<i128>> {
        let at = |row| {
            if nulls.is_some_and(|n| n.is_null(row)) {
                return Ok(0);
            }
            match (left.value(row), right.value(row)) {
                (NAN, _) | (_, NAN) => Ok(NAN),
                (a, b) => fitting(match self.op {
                    Op::Add => a.checked_add(b),
                    Op::Subtract => a.checked_sub(b),
                    Op::Multiply => a.checked_mul(b),
                }),
            }
        };
        (0..rows).map(at).collect()
    }
}

/// A coefficient of at most 38 digits.
fn fitting(value: Option<i128>) -> DfResult<i128> {
    value.filter(|v| -LIMIT < *v && *v < LIMIT).ok_or_else(exact)
}

impl Kernel for Rescale {
    fn result(&self) -> ColumnType {
        self.ty
    }

    /// The precision leaves room for the digits.
    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let array = args[0].to_array(rows)?;
        let one = |v: i128| if v == NAN { NAN } else { v.wrapping_mul(self.by) };
        let array: Decimal128Array = array.as_primitive::<Decimal128Type>().unary(one);
        Ok(Arc::new(array.with_data_type(self.ty.data_type())))
    }
}

impl Kernel for Retype {
    fn result(&self) -> ColumnType {
        self.ty
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let array = args[0].to_array(rows)?;
        let array = array.as_primitive::<Decimal128Type>().clone();
        Ok(Arc::new(array.with_data_type(self.ty.data_type())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::common::ScalarValue;

    fn column(values: &[Option<i128>]) -> ColumnarValue {
        ColumnarValue::Array(Arc::new(Decimal128Array::from(values.to_vec())))
    }

    fn run(op: Op, left: &[Option<i128>], right: ColumnarValue) -> DfResult<Vec<Option<i128>>> {
        let kernel = Arithmetic { op, ty: ColumnType::decimal(38, 0) };
        let result = kernel.eval(&[column(left), right], left.len())?;
        Ok(result.as_primitive::<Decimal128Type>().iter().collect())
    }

    #[test]
    fn small_and_large_operands_are_multiplied_alike() {
        let (small, large) = (1 << 40, 1 << 80);
        let left = [Some(small), Some(-large), None, Some(0)];
        let right = ColumnarValue::Scalar(ScalarValue::Decimal128(Some(-3), 38, 0));
        let expected = vec![Some(-3 * small), Some(3 * large), None, Some(0)];
        assert_eq!(run(Op::Multiply, &left, right).unwrap(), expected);
        let right = column(&[Some(5), Some(5), Some(5), None]);
        let expected = vec![Some(5 * small), Some(-5 * large), None, None];
        assert_eq!(run(Op::Multiply, &left, right).unwrap(), expected);
    }

    #[test]
    fn nan_is_the_result_of_nan() {
        for op in [Op::Add, Op::Subtract, Op::Multiply] {
            let found =
                run(op, &[Some(NAN), Some(7), None], column(&[Some(1), Some(NAN), Some(1)]));
            assert_eq!(found.unwrap(), [Some(NAN), Some(NAN), None]);
        }
    }

    #[test]
    fn results_of_more_than_38_digits_are_told() {
        let most = LIMIT - 1;
        assert!(run(Op::Add, &[Some(most)], column(&[Some(1)])).is_err());
        assert!(run(Op::Subtract, &[Some(-most)], column(&[Some(most)])).is_err());
        assert!(run(Op::Multiply, &[Some(most)], column(&[Some(2)])).is_err());
        assert_eq!(run(Op::Subtract, &[Some(most)], column(&[Some(most)])).unwrap(), [Some(0)]);
        // What a NULL row holds does not matter.
        assert_eq!(run(Op::Multiply, &[None], column(&[Some(most)])).unwrap(), [None]);
    }
}
