//! `to_char` and `to_number` for numbers (manual, 9.8).
//!
//! The locale is C: the decimal point is `.`, groups are separated by `,`, there is no currency
//! symbol.

mod read;
mod template;
mod write;

use super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Numeric};
use num_bigint::BigUint;
use template::Template;
use write::{Digits, roman, write};

/// Significant decimal digits of the float types (`DBL_DIG`, `FLT_DIG`).
const FLOAT8_DIGITS: usize = 15;
const FLOAT4_DIGITS: usize = 6;

fn scale_of(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn numeric_to_char(value: &Numeric, template: &str) -> Result<Datum> {
    let template = Template::parse(template)?;
    if template.roman {
        let text = roman(value.round(0)?.to_i32()?);
        let digits = Digits { negative: false, text, blanks: 0 };
        return Ok(Datum::text(write(&template, &digits)));
    }
    if template.exponent {
        return Ok(Datum::text(scientific(value, &template)));
    }
    let mut value = value.clone();
    if template.shifted {
        let factor = Numeric::from_i64(10).power(&Numeric::from_i64(template.shift as i64))?;
        value = value.mul(&factor)?;
    }
    let rounded = value.round(scale_of(template.after))?;
    let negative = rounded.signum() < 0;
    let before = template.before + template.shift;
    let digits = Digits::fit(&template, before, negative, rounded.abs().to_string());
    Ok(Datum::text(write(&template, &digits)))
}

/// What stands for NaN and infinities in scientific notation.
fn scientific_overflow(template: &Template) -> String {
    format!(" {}.{}", "#".repeat(template.before), "#".repeat(template.after + 4))
}

/// `d.ddde+xx`, with the template's digits after the point.
fn scientific(value: &Numeric, template: &Template) -> String {
    let Some(coefficient) = value.coefficient() else {
        return scientific_overflow(template);
    };
    let digits = coefficient.magnitude().to_string();
    let mut exponent = digits.len() as i64 - 1 - i64::from(value.scale());
    let wanted = template.after + 1;
    let mut kept: String = digits.chars().chain(std::iter::repeat('0')).take(wanted).collect();
    if digits.as_bytes().get(wanted).is_some_and(|digit| *digit >= b'5') {
        let rounded = BigUint::parse_bytes(kept.as_bytes(), 10).unwrap_or_default() + 1u32;
        // PostgreSQL does not normalise again: 99.99 by 9.99EEEE is 10.00e+01.
        kept = rounded.to_string();
    }
    if value.is_zero() {
        exponent = 0;
    }
    let sign = if value.signum() < 0 { '-' } else { ' ' };
    let point = if template.after > 0 { "." } else { "" };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let exponent = exponent.abs();
    let (whole, fraction) = kept.split_at(kept.len() - template.after);
    format!("{sign}{whole}{point}{fraction}e{exponent_sign}{exponent:02}")
}

/// Floats show no more digits than the type has.
fn float_to_char(value: f64, template: &str, significant: usize) -> Result<Datum> {
    let mut template = Template::parse(template)?;
    if template.roman {
        let text = roman(value.round_ties_even() as i32);
        let digits = Digits { negative: false, text, blanks: 0 };
        return Ok(Datum::text(write(&template, &digits)));
    }
    if template.exponent {
        return Ok(Datum::text(float_scientific(value, &template)));
    }
    let mut value = value;
    if template.shifted {
        value *= 10f64.powi(scale_of(template.shift));
    }
    let whole = format!("{:.0}", value.abs()).len();
    template.after = template.after.min(significant.saturating_sub(whole));
    let text = match value {
        v if v.is_nan() => "NaN".to_owned(),
        v if v.is_infinite() => "Infinity".to_owned(),
        v => format!("{:.*}", template.after, v.abs()),
    };
    let before = template.before + template.shift;
    let digits = Digits::fit(&template, before, value.is_sign_negative() && !value.is_nan(), text);
    Ok(Datum::text(write(&template, &digits)))
}

fn float_scientific(value: f64, template: &Template) -> String {
    if !value.is_finite() {
        return scientific_overflow(template);
    }
    let text = format!("{:.*e}", template.after, value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if value.is_sign_negative() { '-' } else { ' ' };
    let (exponent_sign, exponent) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{sign}{mantissa}e{exponent_sign}{exponent:0>2}")
}

fn to_number(text: &str, template: &str) -> Result<Datum> {
    if template.is_empty() {
        return Ok(Datum::Null);
    }
    let template = Template::parse(template)?;
    if template.exponent || template.roman {
        let pattern = if template.exponent { "EEEE" } else { "RN" };
        let message = format!("\"{pattern}\" not supported for input");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let (number, after) = read::read(&template, text)?;
    // The template's digits and those read after the point are the number's precision and scale.
    let precision = template.before + template.shift + after;
    let typmod = ((precision << 16 | after) + 4) as i32;
    let mut value = Numeric::parse(&number)?.apply_typmod(typmod)?;
    if template.shifted {
        let shift = Numeric::from_i64(-(template.shift as i64));
        value = value.mul(&Numeric::from_i64(10).power(&shift)?)?;
    }
    Ok(Datum::Numeric(value))
}

fn int_to_char(value: i64, template: &str) -> Result<Datum> {
    numeric_to_char(&Numeric::from_i64(value), template)
}

/// Scientific notation of an `integer` is a float's.
fn int4_to_char(value: i32, template: &str) -> Result<Datum> {
    let parsed = Template::parse(template)?;
    match parsed.exponent {
        true => Ok(Datum::text(float_scientific(value.into(), &parsed))),
        false => int_to_char(value.into(), template),
    }
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("numeric_to_char", Scalar(|_, a| numeric_to_char(a[0].as_numeric(), a[1].as_text()))),
    ("int4_to_char", Scalar(|_, a| int4_to_char(a[0].as_int4(), a[1].as_text()))),
    ("int8_to_char", Scalar(|_, a| int_to_char(a[0].as_int8(), a[1].as_text()))),
    (
        "float4_to_char",
        Scalar(|_, a| float_to_char(a[0].as_float4().into(), a[1].as_text(), FLOAT4_DIGITS)),
    ),
    (
        "float8_to_char",
        Scalar(|_, a| float_to_char(a[0].as_float8(), a[1].as_text(), FLOAT8_DIGITS)),
    ),
    ("numeric_to_number", Scalar(|_, a| to_number(a[0].as_text(), a[1].as_text()))),
];

#[cfg(test)]
mod tests;
