//! Support functions of RANGE window frames with a numeric offset: `in_range(value, base, offset,
//! sub, less)` tells whether `value` is at most (or, without `less`, at least) `base` plus or minus
//! `offset`. Those over dates and times are in [`super::datetime::in_range`].

use super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::Datum;

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("in_range_int2_int2", Scalar(|_, a| integers(a))),
    ("in_range_int2_int4", Scalar(|_, a| integers(a))),
    ("in_range_int2_int8", Scalar(|_, a| integers(a))),
    ("in_range_int4_int2", Scalar(|_, a| integers(a))),
    ("in_range_int4_int4", Scalar(|_, a| integers(a))),
    ("in_range_int4_int8", Scalar(|_, a| integers(a))),
    ("in_range_int8_int8", Scalar(|_, a| integers(a))),
    ("in_range_float4_float8", Scalar(|_, a| floats(a))),
    ("in_range_float8_float8", Scalar(|_, a| floats(a))),
    ("in_range_numeric_numeric", Scalar(|_, a| numerics(a))),
];

fn bad_offset() -> PgError {
    PgError::new(
        code::INVALID_PRECEDING_OR_FOLLOWING_SIZE,
        "invalid preceding or following size in window function",
    )
}

fn sub(args: &[Datum]) -> bool {
    args[3].as_bool()
}

fn less(args: &[Datum]) -> bool {
    args[4].as_bool()
}

/// In 128 bits no bound overflows.
fn integers(args: &[Datum]) -> Result<Datum> {
    let wide = |value: &Datum| match value {
        Datum::Int2(v) => i128::from(*v),
        Datum::Int4(v) => i128::from(*v),
        other => i128::from(other.as_int8()),
    };
    let (value, base, offset) = (wide(&args[0]), wide(&args[1]), wide(&args[2]));
    if offset < 0 {
        return Err(bad_offset());
    }
    let bound = if sub(args) { base - offset } else { base + offset };
    Ok(Datum::Bool(if less(args) { value <= bound } else { value >= bound }))
}

/// NaN is a peer of NaN and beyond everything else.
fn nan_result(value_is_nan: bool, base_is_nan: bool, less: bool) -> Option<Datum> {
    match (value_is_nan, base_is_nan) {
        (true, true) => Some(Datum::Bool(true)),
        (true, false) => Some(Datum::Bool(!less)),
        (false, true) => Some(Datum::Bool(less)),
        (false, false) => None,
    }
}

fn floats(args: &[Datum]) -> Result<Datum> {
    let wide = |value: &Datum| match value {
        Datum::Float4(v) => f64::from(*v),
        other => other.as_float8(),
    };
    let (value, base, offset) = (wide(&args[0]), wide(&args[1]), wide(&args[2]));
    if offset.is_nan() || offset < 0.0 {
        return Err(bad_offset());
    }
    if let Some(result) = nan_result(value.is_nan(), base.is_nan(), less(args)) {
        return Ok(result);
    }
    let bound = if sub(args) { base - offset } else { base + offset };
    // An infinity minus itself could be anything, so everything is in range.
    let in_range = bound.is_nan() || if less(args) { value <= bound } else { value >= bound };
    Ok(Datum::Bool(in_range))
}

fn numerics(args: &[Datum]) -> Result<Datum> {
    let (value, base, offset) = (args[0].as_numeric(), args[1].as_numeric(), args[2].as_numeric());
    if offset.is_nan() || offset.signum() < 0 {
        return Err(bad_offset());
    }
    if let Some(result) = nan_result(value.is_nan(), base.is_nan(), less(args)) {
        return Ok(result);
    }
    let bound = if sub(args) { base.sub(offset)? } else { base.add(offset)? };
    let in_range = bound.is_nan() || if less(args) { *value <= bound } else { *value >= bound };
    Ok(Datum::Bool(in_range))
}
