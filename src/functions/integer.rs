//! Arithmetic on `smallint`, `integer` and `bigint`, of one width or mixed.
//!
//! Mixed operands are widened to the wider type, which is also the result's (`int48pl`: integer +
//! bigint). Every result that its type cannot hold is 22003, never a wrapped value. Shifts alone
//! follow the machine, as PostgreSQL does: the count is taken modulo the width.

use super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use num_integer::Integer;

/// 22003 for a type, in the words PostgreSQL uses: `integer out of range`.
pub(super) fn out_of_range(type_name: &str) -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, format!("{type_name} out of range"))
}

/// 22003 of functions that name no type.
pub(super) fn out_of_range_result() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range")
}

pub(super) fn division_by_zero() -> PgError {
    PgError::new(code::DIVISION_BY_ZERO, "division by zero")
}

/// What the three integer types need beyond the standard library to share code.
pub(super) trait SqlInteger: Integer + Copy {
    const NAME: &'static str;
    fn datum(self) -> Datum;
}

macro_rules! sql_integer {
    ($($ty:ty, $variant:ident, $name:literal;)*) => {
        $(impl SqlInteger for $ty {
            const NAME: &'static str = $name;
            fn datum(self) -> Datum {
                Datum::$variant(self)
            }
        })*
    };
}

sql_integer! {
    i16, Int2, "smallint";
    i32, Int4, "integer";
    i64, Int8, "bigint";
}

/// A checked operation's result, or 22003.
pub(super) fn in_range<T: SqlInteger>(value: Option<T>) -> Result<Datum> {
    value.map(T::datum).ok_or_else(|| out_of_range(T::NAME))
}

/// `checked_div` gives `None` for a zero divisor too, which is another error.
fn divide<T: SqlInteger>(
    dividend: T,
    divisor: T,
    checked: fn(&T, &T) -> Option<T>,
) -> Result<Datum> {
    if divisor.is_zero() {
        return Err(division_by_zero());
    }
    in_range(checked(&dividend, &divisor))
}

macro_rules! binary {
    ($ty:ty, $left:ident, $right:ident, $method:ident) => {
        Scalar(|_, a| in_range(<$ty>::from(a[0].$left()).$method(<$ty>::from(a[1].$right()))))
    };
}

macro_rules! pairs {
    ($($prefix:literal: $left:ident, $right:ident => $ty:ty;)*) => {
        /// `+ - * /` for each pair of widths.
        pub(super) const ARITHMETIC: &[(&str, Implementation)] = &[$(
            (concat!($prefix, "pl"), binary!($ty, $left, $right, checked_add)),
            (concat!($prefix, "mi"), binary!($ty, $left, $right, checked_sub)),
            (concat!($prefix, "mul"), binary!($ty, $left, $right, checked_mul)),
            (concat!($prefix, "div"), Scalar(|_, a| {
                divide(<$ty>::from(a[0].$left()), <$ty>::from(a[1].$right()), |x, y| x.checked_div(*y))
            })),
        )*];
    };
}

pairs! {
    "int2": as_int2, as_int2 => i16;
    "int24": as_int2, as_int4 => i32;
    "int28": as_int2, as_int8 => i64;
    "int42": as_int4, as_int2 => i32;
    "int4": as_int4, as_int4 => i32;
    "int48": as_int4, as_int8 => i64;
    "int82": as_int8, as_int2 => i64;
    "int84": as_int8, as_int4 => i64;
    "int8": as_int8, as_int8 => i64;
}

/// The remainder has the dividend's sign; the smallest value modulo -1 is 0, not an overflow.
macro_rules! remainder {
    ($get:ident) => {
        Scalar(|_, a| match a[1].$get() {
            0 => Err(division_by_zero()),
            divisor => Ok(a[0].$get().wrapping_rem(divisor).datum()),
        })
    };
}

macro_rules! one_width {
    ($($prefix:literal: $get:ident;)*) => {
        /// What takes one width only.
        pub(super) const SINGLE_WIDTH: &[(&str, Implementation)] = &[$(
            (concat!($prefix, "mod"), remainder!($get)),
            (concat!($prefix, "abs"), Scalar(|_, a| in_range(a[0].$get().checked_abs()))),
            (concat!($prefix, "um"), Scalar(|_, a| in_range(a[0].$get().checked_neg()))),
            (concat!($prefix, "up"), Scalar(|_, a| Ok(a[0].clone()))),
            (concat!($prefix, "and"), Scalar(|_, a| Ok((a[0].$get() & a[1].$get()).datum()))),
            (concat!($prefix, "or"), Scalar(|_, a| Ok((a[0].$get() | a[1].$get()).datum()))),
            (concat!($prefix, "xor"), Scalar(|_, a| Ok((a[0].$get() ^ a[1].$get()).datum()))),
            (concat!($prefix, "not"), Scalar(|_, a| Ok((!a[0].$get()).datum()))),
        )*];
    };
}

one_width! {
    "int2": as_int2;
    "int4": as_int4;
    "int8": as_int8;
}

/// C shifts a `smallint` as an `int`, then cuts it.
fn shift_int2(a: &[Datum], shift: fn(i32, u32) -> i32) -> Datum {
    Datum::Int2(shift(i32::from(a[0].as_int2()), a[1].as_int4() as u32) as i16)
}

/// Euclid on magnitudes: the result is non-negative and must fit the type (`gcd(-2^31, 0)` does not).
fn gcd(a: i64, b: i64) -> u64 {
    a.unsigned_abs().gcd(&b.unsigned_abs())
}

/// 0 where either is 0.
fn lcm(a: i64, b: i64) -> Option<u64> {
    match gcd(a, b) {
        0 => Some(0),
        divisor => (a.unsigned_abs() / divisor).checked_mul(b.unsigned_abs()),
    }
}

fn narrow<T: SqlInteger + TryFrom<u64>>(value: Option<u64>) -> Result<Datum> {
    in_range(value.and_then(|v| T::try_from(v).ok()))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("int2shl", Scalar(|_, a| Ok(shift_int2(a, i32::wrapping_shl)))),
    ("int2shr", Scalar(|_, a| Ok(shift_int2(a, i32::wrapping_shr)))),
    ("int4shl", Scalar(|_, a| Ok(a[0].as_int4().wrapping_shl(a[1].as_int4() as u32).datum()))),
    ("int4shr", Scalar(|_, a| Ok(a[0].as_int4().wrapping_shr(a[1].as_int4() as u32).datum()))),
    ("int8shl", Scalar(|_, a| Ok(a[0].as_int8().wrapping_shl(a[1].as_int4() as u32).datum()))),
    ("int8shr", Scalar(|_, a| Ok(a[0].as_int8().wrapping_shr(a[1].as_int4() as u32).datum()))),
    (
        "int4gcd",
        Scalar(|_, a| narrow::<i32>(Some(gcd(a[0].as_int4().into(), a[1].as_int4().into())))),
    ),
    ("int8gcd", Scalar(|_, a| narrow::<i64>(Some(gcd(a[0].as_int8(), a[1].as_int8()))))),
    ("int4lcm", Scalar(|_, a| narrow::<i32>(lcm(a[0].as_int4().into(), a[1].as_int4().into())))),
    ("int8lcm", Scalar(|_, a| narrow::<i64>(lcm(a[0].as_int8(), a[1].as_int8())))),
    ("int4inc", Scalar(|_, a| in_range(a[0].as_int4().checked_add(1)))),
    ("int8inc", Scalar(|_, a| in_range(a[0].as_int8().checked_add(1)))),
    ("int8dec", Scalar(|_, a| in_range(a[0].as_int8().checked_sub(1)))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::{Int2, Int4, Int8};

    #[test]
    fn arithmetic_is_checked_in_the_wider_type() {
        assert_eq!(value("int24pl", &[Int2(1), Int4(2)]), Int4(3));
        assert_eq!(value("int82mul", &[Int8(-3), Int2(5)]), Int8(-15));
        assert_eq!(error("int2pl", &[Int2(32767), Int2(1)]), ("22003", "smallint out of range"));
        assert_eq!(
            error("int4div", &[Int4(i32::MIN), Int4(-1)]),
            ("22003", "integer out of range")
        );
        assert_eq!(error("int48div", &[Int4(1), Int8(0)]), ("22012", "division by zero"));
        assert_eq!(value("int8mod", &[Int8(i64::MIN), Int8(-1)]), Int8(0));
        assert_eq!(value("int4mod", &[Int4(-7), Int4(3)]), Int4(-1));
    }

    #[test]
    fn shifts_take_the_count_modulo_the_width() {
        assert_eq!(value("int4shl", &[Int4(1), Int4(33)]), Int4(2));
        assert_eq!(value("int2shl", &[Int2(1), Int4(17)]), Int2(0));
        assert_eq!(value("int8shr", &[Int8(-8), Int4(1)]), Int8(-4));
    }

    #[test]
    fn gcd_and_lcm_are_never_negative() {
        assert_eq!(value("int4gcd", &[Int4(-6), Int4(4)]), Int4(2));
        assert_eq!(value("int8lcm", &[Int8(-6), Int8(4)]), Int8(12));
        assert_eq!(value("int4lcm", &[Int4(0), Int4(4)]), Int4(0));
        assert_eq!(error("int4gcd", &[Int4(i32::MIN), Int4(0)]), ("22003", "integer out of range"));
    }
}
