//! `+ - * /` of integers and floats, with PostgreSQL's errors: 22003 where the result is out of
//! range, 22012 for a division by zero.

use super::compare::widened;
use super::kernel::{Failure, Kernel, apply, binary};
use super::{DfResult, Scope, Typed, decimal};
use crate::error::{PgError, code};
use crate::exec::expr::Call;
use crate::types::arrow::ColumnType;
use crate::types::numeric::division_by_zero;
use crate::types::oids;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
}

pub(super) fn call(scope: &Scope<'_>, source: &str, call: &Call) -> Option<Typed> {
    if source.starts_with("numeric_") {
        return decimal::call(scope, source, call);
    }
    let (family, op) = source.split_at_checked(source.len().checked_sub(2)?)?;
    let op = match op {
        "pl" => Op::Add,
        "mi" => Op::Subtract,
        "ul" => Op::Multiply,
        "iv" => Op::Divide,
        _ => return None,
    };
    let family = match op {
        Op::Multiply => family.strip_suffix('m')?,
        Op::Divide => family.strip_suffix('d')?,
        _ => family,
    };
    const FAMILIES: [&str; 13] = [
        "int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84", "float4",
        "float8", "float48", "float84",
    ];
    FAMILIES.contains(&family).then_some(())?;
    let [left, right] = call.args.as_slice() else { return None };
    let [left_type, right_type] = call.callee.arg_types.as_slice() else { return None };
    let result = call.callee.result_type;
    let sides = [scope.native(left, *left_type)?, scope.native(right, *right_type)?];
    // Operands of different width are computed with at the wider, which is the result's.
    let sides = sides.map(|side| widened(side, result));
    Some(apply(Arithmetic { op, ty: result.into() }, &sides).fallible())
}

#[derive(Debug)]
struct Arithmetic {
    op: Op,
    ty: ColumnType,
}

impl Kernel for Arithmetic {
    fn result(&self) -> ColumnType {
        self.ty
    }

    fn may_fail(&self) -> bool {
        true
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        macro_rules! each {
            ($arrow:ty, $f:expr) => {
                Arc::new(binary::<$arrow, $arrow>(args, rows, $f)?)
            };
        }
        macro_rules! integers {
            ($arrow:ty, $failure:ident) => {
                match self.op {
                    Op::Add => each!($arrow, |a, b| a.checked_add(b).ok_or($failure as Failure)),
                    Op::Subtract => {
                        each!($arrow, |a, b| a.checked_sub(b).ok_or($failure as Failure))
                    }
                    Op::Multiply => {
                        each!($arrow, |a, b| a.checked_mul(b).ok_or($failure as Failure))
                    }
                    Op::Divide => each!($arrow, |a, b| match b {
                        0 => Err(division_by_zero as Failure),
                        _ => a.checked_div(b).ok_or($failure as Failure),
                    }),
                }
            };
        }
        macro_rules! floats {
            ($arrow:ty) => {
                match self.op {
                    Op::Add => each!($arrow, |a, b| {
                        in_range(a + b, a.is_infinite() || b.is_infinite())
                    }),
                    Op::Subtract => each!($arrow, |a, b| {
                        in_range(a - b, a.is_infinite() || b.is_infinite())
                    }),
                    Op::Multiply => each!($arrow, |a, b| {
                        let product = in_range(a * b, a.is_infinite() || b.is_infinite())?;
                        match product == 0.0 && a != 0.0 && b != 0.0 {
                            true => Err(underflow as Failure),
                            false => Ok(product),
                        }
                    }),
                    Op::Divide => each!($arrow, |a, b| {
                        if b == 0.0 && !a.is_nan() {
                            return Err(division_by_zero as Failure);
                        }
                        let quotient = in_range(a / b, a.is_infinite())?;
                        match quotient == 0.0 && a != 0.0 && !b.is_infinite() {
                            true => Err(underflow as Failure),
                            false => Ok(quotient),
                        }
                    }),
                }
            };
        }
        Ok(match self.ty.oid {
            oids::INT2 => integers!(Int16Type, smallint_out_of_range),
            oids::INT4 => integers!(Int32Type, integer_out_of_range),
            oids::INT8 => integers!(Int64Type, bigint_out_of_range),
            oids::FLOAT4 => floats!(Float32Type),
            _ => floats!(Float64Type),
        })
    }
}

/// A float result: infinite only if an operand was.
fn in_range<F: Into<f64> + Copy>(value: F, infinite: bool) -> Result<F, Failure> {
    let wide: f64 = value.into();
    if wide.is_infinite() && !infinite { Err(overflow) } else { Ok(value) }
}

fn out_of_range(message: &'static str) -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
}

fn overflow() -> PgError {
    out_of_range("value out of range: overflow")
}

fn underflow() -> PgError {
    out_of_range("value out of range: underflow")
}

fn smallint_out_of_range() -> PgError {
    out_of_range("smallint out of range")
}

fn integer_out_of_range() -> PgError {
    out_of_range("integer out of range")
}

fn bigint_out_of_range() -> PgError {
    out_of_range("bigint out of range")
}
