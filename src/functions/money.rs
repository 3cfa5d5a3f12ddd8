//! Functions and operators of `money`.

use super::Implementation::{self, Scalar};
use super::comparison::{extremes, of, operators};
use super::integer::{division_by_zero, out_of_range};
use crate::error::{PgError, Result};
use crate::types::money::CENTS;
use crate::types::{Datum, Numeric};

operators! {
    ["cash_" "cash_" "" "cash_cmp"] of!(MONEY);
}

extremes! {
    "cash": MONEY;
}

fn integer(value: &Datum) -> i64 {
    match value {
        Datum::Int2(v) => i64::from(*v),
        Datum::Int4(v) => i64::from(*v),
        other => other.as_int8(),
    }
}

fn float(value: &Datum) -> f64 {
    match value {
        Datum::Float4(v) => f64::from(*v),
        other => other.as_float8(),
    }
}

/// 22003.
pub(super) fn out_of_range_money() -> PgError {
    out_of_range("money")
}

fn checked(cents: Option<i64>) -> Result<Datum> {
    cents.map(Datum::Int8).ok_or_else(out_of_range_money)
}

/// A whole number of cents, to the nearest, of two the even one.
fn cents(amount: f64) -> Result<Datum> {
    let rounded = amount.round_ties_even();
    let fits = rounded >= i64::MIN as f64 && rounded < -(i64::MIN as f64);
    checked(fits.then_some(rounded as i64))
}

fn times(amount: &Datum, factor: &Datum) -> Result<Datum> {
    checked(amount.as_int8().checked_mul(integer(factor)))
}

fn times_float(amount: &Datum, factor: &Datum) -> Result<Datum> {
    cents(amount.as_int8() as f64 * float(factor))
}

fn over(a: &[Datum]) -> Result<Datum> {
    match integer(&a[1]) {
        0 => Err(division_by_zero()),
        divisor => checked(a[0].as_int8().checked_div(divisor)),
    }
}

fn over_float(a: &[Datum]) -> Result<Datum> {
    match float(&a[1]) {
        0.0 => Err(division_by_zero()),
        divisor => cents(a[0].as_int8() as f64 / divisor),
    }
}

fn ratio(a: &[Datum]) -> Result<Datum> {
    match a[1].as_int8() {
        0 => Err(division_by_zero()),
        divisor => Ok(Datum::Float8(a[0].as_int8() as f64 / divisor as f64)),
    }
}

fn from_integer(value: i64) -> Result<Datum> {
    value.checked_mul(CENTS).map(Datum::Int8).ok_or_else(|| out_of_range("bigint"))
}

fn from_numeric(value: &Numeric) -> Result<Datum> {
    value.mul(&Numeric::from_i64(CENTS))?.to_i64().map(Datum::Int8)
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number below a thousand in words.
fn number_in_words(number: usize) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    let low = match (rest / 10, rest % 10) {
        (0 | 1, _) => SMALL[rest].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, ones) => format!("{} {}", TENS[tens], SMALL[ones]),
    };
    match (hundreds, rest) {
        (0, _) => low,
        (_, 0) => format!("{} hundred", SMALL[hundreds]),
        (_, 1..20) => format!("{} hundred and {low}", SMALL[hundreds]),
        _ => format!("{} hundred {low}", SMALL[hundreds]),
    }
}

/// An amount in words, as on a check.
fn in_words(amount: i64) -> String {
    const SCALES: [&str; 6] =
        [" quadrillion ", " trillion ", " billion ", " million ", " thousand ", ""];
    let cents = amount.unsigned_abs();
    let (mut dollars, cents) = (cents / CENTS.unsigned_abs(), cents % CENTS.unsigned_abs());
    let unit = if dollars == 1 { " dollar and " } else { " dollars and " };
    let mut groups = [0; SCALES.len()];
    for group in groups.iter_mut().rev() {
        (dollars, *group) = (dollars / 1000, (dollars % 1000) as usize);
    }
    let shown = groups.iter().zip(SCALES).filter(|(group, _)| **group > 0);
    let mut words: String = shown.map(|(group, scale)| number_in_words(*group) + scale).collect();
    if words.is_empty() {
        words.push_str("zero");
    }
    let cent = if cents == 1 { " cent" } else { " cents" };
    let minus = if amount < 0 { "minus " } else { "" };
    let mut text = format!("{minus}{words}{unit}{}{cent}", number_in_words(cents as usize));
    text[..1].make_ascii_uppercase();
    text
}

pub(super) const AMOUNTS: &[(&str, Implementation)] = &[
    ("cash_pl", Scalar(|_, a| checked(a[0].as_int8().checked_add(a[1].as_int8())))),
    ("cash_mi", Scalar(|_, a| checked(a[0].as_int8().checked_sub(a[1].as_int8())))),
    ("cash_div_cash", Scalar(|_, a| ratio(a))),
    ("cash_mul_int2", Scalar(|_, a| times(&a[0], &a[1]))),
    ("cash_mul_int4", Scalar(|_, a| times(&a[0], &a[1]))),
    ("cash_mul_int8", Scalar(|_, a| times(&a[0], &a[1]))),
    ("int2_mul_cash", Scalar(|_, a| times(&a[1], &a[0]))),
    ("int4_mul_cash", Scalar(|_, a| times(&a[1], &a[0]))),
    ("int8_mul_cash", Scalar(|_, a| times(&a[1], &a[0]))),
    ("cash_div_int2", Scalar(|_, a| over(a))),
    ("cash_div_int4", Scalar(|_, a| over(a))),
    ("cash_div_int8", Scalar(|_, a| over(a))),
    ("cash_mul_flt4", Scalar(|_, a| times_float(&a[0], &a[1]))),
    ("cash_mul_flt8", Scalar(|_, a| times_float(&a[0], &a[1]))),
    ("flt4_mul_cash", Scalar(|_, a| times_float(&a[1], &a[0]))),
    ("flt8_mul_cash", Scalar(|_, a| times_float(&a[1], &a[0]))),
    ("cash_div_flt4", Scalar(|_, a| over_float(a))),
    ("cash_div_flt8", Scalar(|_, a| over_float(a))),
    ("cash_words", Scalar(|_, a| Ok(Datum::text(in_words(a[0].as_int8()))))),
    ("cash_numeric", Scalar(|_, a| Ok(Datum::Numeric(Numeric::new(a[0].as_int8().into(), 2))))),
    ("numeric_cash", Scalar(|_, a| from_numeric(a[0].as_numeric()))),
    ("int4_cash", Scalar(|_, a| from_integer(a[0].as_int4().into()))),
    ("int8_cash", Scalar(|_, a| from_integer(a[0].as_int8()))),
];
