//! Comparisons, in Arrow's order where it is PostgreSQL's, or made so.
//!
//! | type | compared as |
//! |---|---|
//! | integers of different width | the wider |
//! | floats | -0 as 0, every NaN as the greatest value: then Arrow's total order |
//! | decimals | at the larger scale |
//! | bpchar | padded to the column's length for equality, else without trailing blanks |
//! | text | its bytes, as in the row operators |
//! | timestamps | unix time, but for those that wrapped around ([`arrow`]) |
//! | date with a constant timestamp | the first or last day that satisfies the comparison |
//!
//! A constant takes the column's form, not the column the constant's: so Parquet's statistics can
//! prune by the comparison.

use super::kernel::{Kernel, apply, unary};
use super::logic::combined;
use super::{DfResult, Scope, Typed, constant, decimal, text};
use crate::catalog::builtin;
use crate::exec::expr::Call;
use crate::types::arrow::{self, ColumnType, Form};
use crate::types::datetime::{DATE_INFINITY, DATE_NEG_INFINITY, DAY};
use crate::types::{Datum, Oid, oids, string};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr};
use std::sync::Arc;

/// The families of comparison functions, by the beginning of their names, and their operands' types.
const FAMILIES: [(&str, Oid, Oid); 25] = [
    ("bool", oids::BOOL, oids::BOOL),
    ("int2", oids::INT2, oids::INT2),
    ("int24", oids::INT2, oids::INT4),
    ("int28", oids::INT2, oids::INT8),
    ("int4", oids::INT4, oids::INT4),
    ("int42", oids::INT4, oids::INT2),
    ("int48", oids::INT4, oids::INT8),
    ("int8", oids::INT8, oids::INT8),
    ("int82", oids::INT8, oids::INT2),
    ("int84", oids::INT8, oids::INT4),
    ("oid", oids::OID, oids::OID),
    ("float4", oids::FLOAT4, oids::FLOAT4),
    ("float48", oids::FLOAT4, oids::FLOAT8),
    ("float8", oids::FLOAT8, oids::FLOAT8),
    ("float84", oids::FLOAT8, oids::FLOAT4),
    ("numeric_", oids::NUMERIC, oids::NUMERIC),
    ("date_", oids::DATE, oids::DATE),
    ("timestamp_", oids::TIMESTAMP, oids::TIMESTAMP),
    ("time_", oids::TIME, oids::TIME),
    ("uuid_", oids::UUID, oids::UUID),
    ("enum_", oids::ANYENUM, oids::ANYENUM),
    ("text_", oids::TEXT, oids::TEXT),
    ("text", oids::TEXT, oids::TEXT),
    ("name", oids::NAME, oids::NAME),
    ("bpchar", oids::BPCHAR, oids::BPCHAR),
];

/// The comparison that a C function is, and its operands' types.
fn comparison(source: &str) -> Option<(Operator, Oid, Oid)> {
    let of = |(prefix, left, right): &(&str, Oid, Oid)| {
        Some((operator(source.strip_prefix(prefix)?)?, *left, *right))
    };
    FAMILIES.iter().find_map(of)
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "eq" => Operator::Eq,
        "ne" => Operator::NotEq,
        "lt" => Operator::Lt,
        "le" => Operator::LtEq,
        "gt" => Operator::Gt,
        "ge" => Operator::GtEq,
        _ => return None,
    })
}

/// `timestamptz` is compared by the functions of `timestamp`.
fn typed((op, left, right): (Operator, Oid, Oid), call: &Call) -> (Operator, Oid, Oid) {
    match (left, call.callee.arg_types.as_slice()) {
        (oids::TIMESTAMP, [left, right]) => (op, *left, *right),
        _ => (op, left, right),
    }
}

/// Whether a call's function is the equality of its type, or its negation, and of which types.
pub(super) fn equality(call: &Call) -> Option<(Operator, Oid, Oid)> {
    let found = comparison(&builtin::proc(call.callee.func)?.src)?;
    matches!(found.0, Operator::Eq | Operator::NotEq).then(|| typed(found, call))
}

pub(super) fn call(scope: &Scope<'_>, source: &str, call: &Call) -> Option<Typed> {
    let [left, right] = call.args.as_slice() else { return None };
    if let Some(name) = source.strip_prefix("date_").and_then(|s| s.strip_suffix("_timestamp")) {
        let date = scope.native(left, oids::DATE)?;
        return with_timestamp(date, operator(name)?, &scope.native(right, oids::TIMESTAMP)?);
    }
    let (op, left_type, right_type) = typed(comparison(source)?, call);
    compared(scope.native(left, left_type)?, op, scope.native(right, right_type)?)
}

/// IS DISTINCT FROM, of the types' equality.
pub(super) fn distinct(scope: &Scope<'_>, call: &Call) -> Option<Typed> {
    let [left, right] = call.args.as_slice() else { return None };
    let (Operator::Eq, left_type, right_type) = equality(call)? else { return None };
    let sides = [scope.native(left, left_type)?, scope.native(right, right_type)?];
    let [left, right] = equal_sides(sides)?;
    Some(binary(&left, Operator::IsDistinctFrom, &right))
}

fn compared(left: Typed, op: Operator, right: Typed) -> Option<Typed> {
    if let DataType::Timestamp(..) = left.ty.data_type() {
        return timestamps(left, op, right);
    }
    let [left, right] = match op {
        Operator::Eq | Operator::NotEq => equal_sides([left, right])?,
        _ => ordered_sides([left, right])?,
    };
    Some(binary(&left, op, &right))
}

fn binary(left: &Typed, op: Operator, right: &Typed) -> Typed {
    let expr = Arc::new(BinaryExpr::new(left.expr.clone(), op, right.expr.clone()));
    Typed::native(expr, oids::BOOL, &[left, right])
}

/// Both sides in forms that are equal in Arrow where the values are.
fn equal_sides(sides: [Typed; 2]) -> Option<[Typed; 2]> {
    let [left, right] = aligned_pair(sides)?;
    let sides = [left, right];
    let same = sides[0].ty.data_type() == sides[1].ty.data_type();
    same.then_some(sides)
}

fn ordered_sides(sides: [Typed; 2]) -> Option<[Typed; 2]> {
    if sides.iter().any(|side| side.ty.oid == oids::BPCHAR) {
        return Some(sides.map(text::trimmed));
    }
    equal_sides(sides)
}

/// Two values to be compared for equality, in one form; `None`: only by their key bytes.
pub(super) fn aligned(left: Typed, right: Typed) -> Option<[Typed; 2]> {
    (left.native && right.native).then_some(())?;
    match left.ty.data_type() {
        // Equal timestamps are equal, wrapped or not.
        DataType::Timestamp(..) => Some([left, right]),
        _ => aligned_pair([left, right]),
    }
}

fn aligned_pair([left, right]: [Typed; 2]) -> Option<[Typed; 2]> {
    match (left.ty.data_type(), right.ty.data_type()) {
        (DataType::Decimal128(..), DataType::Decimal128(..)) => decimal::aligned([left, right]),
        (DataType::Float32 | DataType::Float64, _) => Some(floats([left, right])),
        (l, r) if is_int(&l) && is_int(&r) && l != r => integers([left, right]),
        _ if left.ty.oid == oids::BPCHAR || right.ty.oid == oids::BPCHAR => {
            Some(padded([left, right]))
        }
        (DataType::BinaryView, _) | (_, DataType::BinaryView) => {
            let bytes = left.ty.oid == oids::BYTEA && right.ty.oid == oids::BYTEA;
            bytes.then_some([left, right])
        }
        _ => Some([left, right]),
    }
}

fn is_int(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int16 | DataType::Int32 | DataType::Int64)
}

/// Integers of different width: a constant that fits takes the other's, else the narrower widens.
fn integers([left, right]: [Typed; 2]) -> Option<[Typed; 2]> {
    match (&left.literal, &right.literal) {
        (Some(value), None) => {
            if let Some(left) = as_integer(value, right.ty.oid) {
                return Some([constant::literal(&left, right.ty)?, right]);
            }
        }
        (None, Some(value)) => {
            if let Some(right) = as_integer(value, left.ty.oid) {
                let ty = left.ty;
                return Some([left, constant::literal(&right, ty)?]);
            }
        }
        _ => {}
    }
    Some([left, right].map(|side| widened(side, oids::INT8)))
}

/// An integer, or NULL, as one of another width; `None` where it does not fit.
pub(super) fn as_integer(value: &Datum, type_oid: Oid) -> Option<Datum> {
    let wide = match value {
        Datum::Null => return Some(Datum::Null),
        Datum::Int2(v) => i64::from(*v),
        Datum::Int4(v) => i64::from(*v),
        Datum::Int8(v) => *v,
        _ => return None,
    };
    match type_oid {
        oids::INT2 => i16::try_from(wide).ok().map(Datum::Int2),
        oids::INT4 => i32::try_from(wide).ok().map(Datum::Int4),
        oids::INT8 => Some(Datum::Int8(wide)),
        _ => None,
    }
}

/// A number as one of a wider type, which holds all its values.
pub(super) fn widened(arg: Typed, to: Oid) -> Typed {
    let data_type = arrow::data_type(to);
    if arg.ty.data_type() == data_type {
        return Typed { ty: to.into(), ..arg };
    }
    let expr = Arc::new(CastExpr::new(arg.expr.clone(), data_type, None));
    Typed::native(expr, to, &[&arg])
}

/// Floats of one width, each value in one form.
fn floats(sides: [Typed; 2]) -> [Typed; 2] {
    let wide = sides.iter().any(|side| side.ty.oid == oids::FLOAT8);
    sides.map(|side| canonical(widened(side, if wide { oids::FLOAT8 } else { oids::FLOAT4 })))
}

/// A float as one of the values that Arrow orders as PostgreSQL does.
fn canonical(arg: Typed) -> Typed {
    match (&arg.literal, arg.ty.oid) {
        (Some(Datum::Float8(v)), _) if *v != 0.0 && !v.is_nan() => arg,
        (Some(Datum::Float4(v)), _) if *v != 0.0 && !v.is_nan() => arg,
        (_, oids::FLOAT4) => apply(CanonicalFloat4, &[arg]),
        _ => apply(CanonicalFloat8, &[arg]),
    }
}

#[derive(Debug)]
struct CanonicalFloat4;

impl Kernel for CanonicalFloat4 {
    fn result(&self) -> ColumnType {
        oids::FLOAT4.into()
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let one = |v: f32| if v.is_nan() { f32::NAN } else { v + 0.0 };
        Ok(Arc::new(unary::<Float32Type, Float32Type>(&args[0], rows, one)?))
    }
}

#[derive(Debug)]
struct CanonicalFloat8;

impl Kernel for CanonicalFloat8 {
    fn result(&self) -> ColumnType {
        oids::FLOAT8.into()
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let one = |v: f64| if v.is_nan() { f64::NAN } else { v + 0.0 };
        Ok(Arc::new(unary::<Float64Type, Float64Type>(&args[0], rows, one)?))
    }
}

/// `bpchar`s that are equal if their bytes are: a constant padded as the column is, else both
/// without trailing blanks.
fn padded([left, right]: [Typed; 2]) -> [Typed; 2] {
    match (left.ty.form, right.ty.form) {
        (Form::Padded(l), Form::Padded(r)) if l == r => [left, right],
        (Form::Padded(length), _) if right.literal.is_some() => {
            let right = padded_constant(&right, length);
            [left, right]
        }
        (_, Form::Padded(length)) if left.literal.is_some() => {
            [padded_constant(&left, length), right]
        }
        _ => [left, right].map(text::trimmed),
    }
}

/// A constant as a column's values are stored. One that is too long stays: it equals none of them.
pub(super) fn padded_constant(constant: &Typed, length: u32) -> Typed {
    let Some(Datum::Text(value)) = &constant.literal else { return constant.clone() };
    let value = pad(value, length);
    constant::literal(&value, ColumnType { oid: oids::BPCHAR, form: Form::Padded(length) })
        .unwrap_or_else(|| constant.clone())
}

pub(super) fn pad(value: &str, length: u32) -> Datum {
    let trimmed = string::trim_blanks(value);
    let missing = (length as usize).saturating_sub(trimmed.chars().count());
    Datum::text(format!("{trimmed}{}", " ".repeat(missing)))
}

/// A date compared with a constant timestamp: compared with a date.
fn with_timestamp(date: Typed, op: Operator, timestamp: &Typed) -> Option<Typed> {
    let bound = match timestamp.literal.as_ref()? {
        Datum::Null => Datum::Null,
        Datum::Timestamp(i64::MIN) => Datum::Date(DATE_NEG_INFINITY),
        Datum::Timestamp(i64::MAX) => Datum::Date(DATE_INFINITY),
        Datum::Timestamp(micros) => {
            let whole = micros.rem_euclid(DAY) == 0;
            let day = i32::try_from(micros.div_euclid(DAY)).ok()?;
            // Before midnight of the next day is on that day, or before.
            match op {
                Operator::Lt | Operator::GtEq if !whole => Datum::Date(day + 1),
                Operator::LtEq | Operator::Gt => Datum::Date(day),
                _ if whole => Datum::Date(day),
                _ => return None,
            }
        }
        _ => return None,
    };
    compared(date, op, constant::literal(&bound, oids::DATE.into())?)
}

/// The greatest unix time that is a wrapped one, and not -infinity.
const WRAPPED_MAX: i64 = i64::MIN + arrow::EPOCH_DAYS as i64 * DAY;

/// Timestamps, of which the last ones wrapped around to the least.
fn timestamps(left: Typed, op: Operator, right: Typed) -> Option<Typed> {
    if matches!(op, Operator::Eq | Operator::NotEq) {
        return Some(binary(&left, op, &right));
    }
    let (column, op, bound) = match (&left.literal, &right.literal) {
        (None, Some(_)) => (left, op, right),
        (Some(_), None) => (right, op.swap()?, left),
        _ => {
            let [left, right] = [left, right].map(|side| apply(PostgresTime, &[side]));
            return Some(binary(&left, op, &right));
        }
    };
    if let Some(Datum::Timestamp(micros) | Datum::TimestampTz(micros)) = &bound.literal {
        let unix = arrow::timestamp_to_unix(*micros);
        (unix == i64::MIN || unix > WRAPPED_MAX).then_some(())?;
    }
    let limit = |unix: i64| {
        let micros = arrow::timestamp_from_unix(unix);
        let value = match column.ty.oid {
            oids::TIMESTAMPTZ => Datum::TimestampTz(micros),
            _ => Datum::Timestamp(micros),
        };
        constant::literal(&value, column.ty)
    };
    let (first, last) = (limit(i64::MIN)?, limit(WRAPPED_MAX)?);
    let plain = binary(&column, op, &bound);
    match op {
        Operator::Lt | Operator::LtEq => {
            let above = binary(&column, Operator::Gt, &last);
            let least = binary(&column, Operator::Eq, &first);
            combined(vec![plain, combined(vec![above, least], false)?], true)
        }
        _ => {
            let below = binary(&column, Operator::LtEq, &last);
            let wrapped = binary(&column, Operator::Gt, &first);
            combined(vec![plain, combined(vec![below, wrapped], true)?], false)
        }
    }
}

/// A timestamp as PostgreSQL's microseconds since 2000, which are in order.
#[derive(Debug)]
struct PostgresTime;

impl Kernel for PostgresTime {
    fn result(&self) -> ColumnType {
        oids::INT8.into()
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let one = arrow::timestamp_from_unix;
        Ok(Arc::new(unary::<TimestampMicrosecondType, Int64Type>(&args[0], rows, one)?))
    }
}

/// A value in a form whose order in Arrow is PostgreSQL's; `None`: only key bytes have it.
pub(super) fn ordered(value: Typed) -> Option<Arc<dyn PhysicalExpr>> {
    value.native.then_some(())?;
    let data_type = value.ty.data_type();
    let ordered = match data_type {
        _ if value.ty.oid == oids::BPCHAR => text::trimmed(value),
        DataType::Float32 | DataType::Float64 => canonical(value),
        DataType::Timestamp(..) => apply(PostgresTime, &[value]),
        DataType::Utf8View => match value.ty.oid {
            oids::TEXT | oids::VARCHAR | oids::NAME => value,
            _ => return None,
        },
        DataType::Boolean
        | DataType::UInt8
        | DataType::Int16
        | DataType::Int32
        | DataType::Date32
        | DataType::Time64(_)
        | DataType::UInt32
        | DataType::Decimal128(..) => value,
        DataType::Int64 if matches!(value.ty.oid, oids::INT8 | oids::ANYENUM) => value,
        _ => return None,
    };
    Some(ordered.expr)
}
