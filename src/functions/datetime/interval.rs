//! Arithmetic of spans. Months, days and microseconds are kept apart: a month has no fixed number
//! of days, a day no fixed number of hours. Justifying is what moves one into another.

use super::fields::interval_out_of_range;
use crate::error::{PgError, Result, code};
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::{DAY, Interval, SECOND};
use crate::types::{Datum, apply_typmod, oids};
use std::sync::Arc;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("interval_pl", Scalar(|_, a| done(add(a[0].as_interval(), a[1].as_interval())))),
    ("interval_mi", Scalar(|_, a| done(subtract(a[0].as_interval(), a[1].as_interval())))),
    ("interval_um", Scalar(|_, a| done(subtract(&Interval::default(), a[0].as_interval())))),
    ("interval_mul", Scalar(|_, a| done(multiply(a[0].as_interval(), a[1].as_float8())))),
    ("mul_d_interval", Scalar(|_, a| done(multiply(a[1].as_interval(), a[0].as_float8())))),
    ("interval_div", Scalar(|_, a| done(divide(a[0].as_interval(), a[1].as_float8())))),
    ("interval_justify_hours", Scalar(|_, a| done(justify_hours(a[0].as_interval())))),
    ("interval_justify_days", Scalar(|_, a| done(justify_days(a[0].as_interval())))),
    ("interval_justify_interval", Scalar(|_, a| done(justify(a[0].as_interval())))),
    // PostgreSQL 15 has no infinite spans.
    ("interval_finite", Scalar(|_, _| Ok(Datum::Bool(true)))),
    (
        "interval_scale",
        Scalar(|_, a| apply_typmod(oids::INTERVAL, a[1].as_int4(), true, a[0].clone())),
    ),
];

fn done(span: Result<Interval>) -> Result<Datum> {
    span.map(datum)
}

/// A span as a value.
pub(super) fn datum(span: Interval) -> Datum {
    Datum::Interval(Arc::new(span))
}

/// A span of hours, minutes and so on only.
pub(super) fn of_micros(micros: i64) -> Interval {
    Interval { micros, ..Interval::default() }
}

fn combine(
    a: &Interval,
    b: &Interval,
    small: fn(i32, i32) -> Option<i32>,
    large: fn(i64, i64) -> Option<i64>,
) -> Result<Interval> {
    let sum = || {
        Some(Interval {
            months: small(a.months, b.months)?,
            days: small(a.days, b.days)?,
            micros: large(a.micros, b.micros)?,
        })
    };
    sum().ok_or_else(interval_out_of_range)
}

/// Adds field by field; 22008 on overflow.
pub(in crate::functions) fn add(a: &Interval, b: &Interval) -> Result<Interval> {
    combine(a, b, i32::checked_add, i64::checked_add)
}

/// Subtracts field by field; 22008 on overflow.
pub(in crate::functions) fn subtract(a: &Interval, b: &Interval) -> Result<Interval> {
    combine(a, b, i32::checked_sub, i64::checked_sub)
}

/// Multiplies; fractions of months become days of 30 to the month, fractions of days time.
pub(in crate::functions) fn multiply(span: &Interval, factor: f64) -> Result<Interval> {
    cascade(span, |part| part * factor)
}

/// Divides, with fractions as in [`multiply`]; 22012 by zero.
pub(in crate::functions) fn divide(span: &Interval, divisor: f64) -> Result<Interval> {
    if divisor == 0.0 {
        return Err(PgError::new(code::DIVISION_BY_ZERO, "division by zero"));
    }
    cascade(span, |part| part / divisor)
}

/// Scales each part and hands fractions down to the next smaller one, rounded to a microsecond
/// before they are cut so that 0.1 month is 3 days and not 2 days and 23:59:59.999999.
fn cascade(span: &Interval, scale: impl Fn(f64) -> f64) -> Result<Interval> {
    let exact_months = scale(f64::from(span.months));
    let exact_days = scale(f64::from(span.days));
    let months = whole(exact_months)?;
    let mut days = i64::from(whole(exact_days)?);
    let day_rest = round_micros((exact_months - f64::from(months)) * 30.0);
    let mut second_rest =
        round_micros((exact_days - days as f64 + day_rest - day_rest.trunc()) * 86_400.0);
    if second_rest.abs() >= 86_400.0 {
        let carried = (second_rest / 86_400.0).trunc();
        days += carried as i64;
        second_rest -= carried * 86_400.0;
    }
    days += day_rest.trunc() as i64;
    let micros = (scale(span.micros as f64) + second_rest * SECOND as f64).round_ties_even();
    // 2^63 itself is a float8 and does not fit.
    if !(-(2f64.powi(63))..2f64.powi(63)).contains(&micros) {
        return Err(interval_out_of_range());
    }
    let days = i32::try_from(days).map_err(|_| interval_out_of_range())?;
    Ok(Interval { months, days, micros: micros as i64 })
}

fn whole(value: f64) -> Result<i32> {
    let in_range = value >= f64::from(i32::MIN) && value <= f64::from(i32::MAX);
    if in_range { Ok(value as i32) } else { Err(interval_out_of_range()) }
}

fn round_micros(value: f64) -> f64 {
    (value * SECOND as f64).round_ties_even() / SECOND as f64
}

/// Moves whole days out of the time, then makes the signs of both agree.
pub(super) fn justify_hours(span: &Interval) -> Result<Interval> {
    let mut days = i64::from(span.days) + span.micros / DAY;
    let mut micros = span.micros % DAY;
    align(&mut days, &mut micros, DAY);
    let days = i32::try_from(days).map_err(|_| interval_out_of_range())?;
    Ok(Interval { months: span.months, days, micros })
}

/// Moves whole months of 30 days out of the days.
fn justify_days(span: &Interval) -> Result<Interval> {
    let mut months = i64::from(span.months) + i64::from(span.days / 30);
    let mut days = i64::from(span.days % 30);
    align(&mut months, &mut days, 30);
    let months = i32::try_from(months).map_err(|_| interval_out_of_range())?;
    Ok(Interval { months, days: days as i32, micros: span.micros })
}

/// Both, and all three signs agree.
fn justify(span: &Interval) -> Result<Interval> {
    let mut days = i64::from(span.days) + span.micros / DAY;
    let mut micros = span.micros % DAY;
    let mut months = i64::from(span.months) + days / 30;
    days %= 30;
    if months > 0 && (days < 0 || (days == 0 && micros < 0)) {
        days += 30;
        months -= 1;
    } else if months < 0 && (days > 0 || (days == 0 && micros > 0)) {
        days -= 30;
        months += 1;
    }
    align(&mut days, &mut micros, DAY);
    let months = i32::try_from(months).map_err(|_| interval_out_of_range())?;
    Ok(Interval { months, days: days as i32, micros })
}

/// Borrows one of `large` (worth `unit` of `small`) where their signs differ.
fn align(large: &mut i64, small: &mut i64, unit: i64) {
    if *large > 0 && *small < 0 {
        *small += unit;
        *large -= 1;
    } else if *large < 0 && *small > 0 {
        *small -= unit;
        *large += 1;
    }
}
