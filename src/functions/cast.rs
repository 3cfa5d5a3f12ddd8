//! Casts between numbers, bool, `"char"` and oid.
//!
//! To an integer, fractions round half to even for floats (and half away from zero for numeric,
//! whose casts are in [`super::numeric`]); what does not fit is 22003.

use super::Implementation::{self, Scalar};
use super::float::{overflow, underflow};
use super::integer::{SqlInteger, in_range, out_of_range};
use crate::error::Result;
use crate::types::Datum;

/// `float8` to an integer type whose values are `[-limit, limit)`. The limit is a power of two and
/// so exact as a float, unlike the type's greatest value.
fn round_to<T: SqlInteger>(value: f64, limit: f64, convert: fn(f64) -> T) -> Result<Datum> {
    let rounded = value.round_ties_even();
    // NaN fails both comparisons.
    let fits = rounded >= -limit && rounded < limit;
    in_range(fits.then(|| convert(rounded)))
}

const INT2_LIMIT: f64 = 32_768.0;
const INT4_LIMIT: f64 = 2_147_483_648.0;
const INT8_LIMIT: f64 = 9_223_372_036_854_775_808.0;

fn float8_to_float4(value: f64) -> Result<Datum> {
    let narrow = value as f32;
    if narrow.is_infinite() && !value.is_infinite() {
        return Err(overflow());
    }
    if narrow == 0.0 && value != 0.0 {
        return Err(underflow());
    }
    Ok(Datum::Float4(narrow))
}

fn int8_to_oid(value: i64) -> Result<Datum> {
    u32::try_from(value).map(Datum::Oid).map_err(|_| out_of_range("OID"))
}

fn int4_to_char(value: i32) -> Result<Datum> {
    i8::try_from(value).map(|v| Datum::Char(v as u8)).map_err(|_| out_of_range("\"char\""))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("i2toi4", Scalar(|_, a| Ok(Datum::Int4(a[0].as_int2().into())))),
    ("int28", Scalar(|_, a| Ok(Datum::Int8(a[0].as_int2().into())))),
    ("int48", Scalar(|_, a| Ok(Datum::Int8(a[0].as_int4().into())))),
    ("i4toi2", Scalar(|_, a| in_range(i16::try_from(a[0].as_int4()).ok()))),
    ("int82", Scalar(|_, a| in_range(i16::try_from(a[0].as_int8()).ok()))),
    ("int84", Scalar(|_, a| in_range(i32::try_from(a[0].as_int8()).ok()))),
    ("i2tof", Scalar(|_, a| Ok(Datum::Float4(a[0].as_int2().into())))),
    ("i4tof", Scalar(|_, a| Ok(Datum::Float4(a[0].as_int4() as f32)))),
    ("i8tof", Scalar(|_, a| Ok(Datum::Float4(a[0].as_int8() as f32)))),
    ("i2tod", Scalar(|_, a| Ok(Datum::Float8(a[0].as_int2().into())))),
    ("i4tod", Scalar(|_, a| Ok(Datum::Float8(a[0].as_int4().into())))),
    ("i8tod", Scalar(|_, a| Ok(Datum::Float8(a[0].as_int8() as f64)))),
    ("ftod", Scalar(|_, a| Ok(Datum::Float8(a[0].as_float4().into())))),
    ("dtof", Scalar(|_, a| float8_to_float4(a[0].as_float8()))),
    ("ftoi2", Scalar(|_, a| round_to(a[0].as_float4().into(), INT2_LIMIT, |v| v as i16))),
    ("ftoi4", Scalar(|_, a| round_to(a[0].as_float4().into(), INT4_LIMIT, |v| v as i32))),
    ("ftoi8", Scalar(|_, a| round_to(a[0].as_float4().into(), INT8_LIMIT, |v| v as i64))),
    ("dtoi2", Scalar(|_, a| round_to(a[0].as_float8(), INT2_LIMIT, |v| v as i16))),
    ("dtoi4", Scalar(|_, a| round_to(a[0].as_float8(), INT4_LIMIT, |v| v as i32))),
    ("dtoi8", Scalar(|_, a| round_to(a[0].as_float8(), INT8_LIMIT, |v| v as i64))),
    ("bool_int4", Scalar(|_, a| Ok(Datum::Int4(a[0].as_bool().into())))),
    ("int4_bool", Scalar(|_, a| Ok(Datum::Bool(a[0].as_int4() != 0)))),
    ("i8tooid", Scalar(|_, a| int8_to_oid(a[0].as_int8()))),
    ("oidtoi8", Scalar(|_, a| Ok(Datum::Int8(a[0].as_oid().into())))),
    ("i4tochar", Scalar(|_, a| int4_to_char(a[0].as_int4()))),
    ("chartoi4", Scalar(|_, a| Ok(Datum::Int4((a[0].as_char() as i8).into())))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::{Char, Float4, Float8, Int2, Int4, Int8};

    #[test]
    fn floats_round_half_to_even() {
        for (float, int) in [(2.5, 2), (3.5, 4), (-2.5, -2), (0.4999, 0)] {
            assert_eq!(value("dtoi4", &[Float8(float)]), Int4(int));
        }
        assert_eq!(value("ftoi2", &[Float4(-1.5)]), Int2(-2));
    }

    #[test]
    fn what_does_not_fit_is_22003() {
        assert_eq!(error("dtoi4", &[Float8(2147483647.5)]), ("22003", "integer out of range"));
        assert_eq!(error("dtoi8", &[Float8(f64::NAN)]), ("22003", "bigint out of range"));
        assert_eq!(error("i8tooid", &[Int8(-1)]), ("22003", "OID out of range"));
        assert_eq!(error("i4tochar", &[Int4(128)]), ("22003", "\"char\" out of range"));
        assert_eq!(error("dtof", &[Float8(1e50)]), ("22003", "value out of range: overflow"));
    }

    #[test]
    fn char_is_signed_as_a_number() {
        assert_eq!(value("chartoi4", &[Char(0xff)]), Int4(-1));
        assert_eq!(value("i4tochar", &[Int4(-1)]), Char(0xff));
    }
}
