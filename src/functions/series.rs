//! `generate_series` over numbers and time stamps.
//!
//! A series runs from start to stop by a step of either sign; it ends where the next value would
//! overflow.

use super::Implementation::{self, Set};
use super::datetime::timestamp::add_interval;
use super::{Ctx, Rows};
use crate::error::{PgError, Result, code};
use crate::types::datetime::{Interval, TimeZone};
use crate::types::{Datum, Numeric};

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("generate_series_int4", Set(int4)),
    ("generate_series_step_int4", Set(int4)),
    ("generate_series_int8", Set(int8)),
    ("generate_series_step_int8", Set(int8)),
    ("generate_series_numeric", Set(numeric)),
    ("generate_series_step_numeric", Set(numeric)),
    ("generate_series_timestamp", Set(timestamp)),
    ("generate_series_timestamptz", Set(timestamptz)),
];

fn int4(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let step = args.get(2).map_or(1, Datum::as_int4);
    let values = integers(args[0].as_int4().into(), args[1].as_int4().into(), step.into())?;
    // Between two int4s every value is one; stepping out of range ends the series.
    Ok(rows(values.map(|value| Datum::Int4(value as i32))))
}

fn int8(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let step = args.get(2).map_or(1, Datum::as_int8);
    let values = integers(args[0].as_int8(), args[1].as_int8(), step)?;
    Ok(rows(values.map(Datum::Int8)))
}

fn rows(values: impl Iterator<Item = Datum> + Send + 'static) -> Rows {
    Box::new(values.map(|value| Ok(vec![value])))
}

fn integers(
    start: i64,
    stop: i64,
    step: i64,
) -> Result<impl Iterator<Item = i64> + Send + 'static> {
    if step == 0 {
        return Err(invalid("step size cannot equal zero"));
    }
    let within = move |value: &i64| if step > 0 { *value <= stop } else { *value >= stop };
    let values = std::iter::successors(Some(start), move |value| value.checked_add(step));
    Ok(values.take_while(within))
}

fn numeric(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    for (what, value) in ["start", "stop", "step size"].into_iter().zip(args) {
        check_finite(what, value.as_numeric())?;
    }
    let (start, stop) = (args[0].as_numeric().clone(), args[1].as_numeric().clone());
    let step = args.get(2).map_or_else(Numeric::one, |step| step.as_numeric().clone());
    if step.is_zero() {
        return Err(invalid("step size cannot equal zero"));
    }
    let ascending = step.signum() > 0;
    let mut next = Some(Ok(start));
    Ok(Box::new(std::iter::from_fn(move || {
        let value = match next.take()? {
            Ok(value) => value,
            Err(e) => return Some(Err(e)),
        };
        if if ascending { value > stop } else { value < stop } {
            return None;
        }
        next = Some(value.add(&step));
        Some(Ok(vec![Datum::Numeric(value)]))
    })))
}

fn check_finite(what: &str, value: &Numeric) -> Result<()> {
    if value.is_nan() {
        return Err(invalid(format!("{what} {} NaN", cannot_be(what))));
    }
    if value.is_infinite() {
        return Err(invalid(format!("{what} {} infinity", cannot_be(what))));
    }
    Ok(())
}

/// "start value cannot be", but "step size cannot be".
fn cannot_be(what: &str) -> &'static str {
    if what == "step size" { "cannot be" } else { "value cannot be" }
}

fn timestamp(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let (start, stop) = (args[0].as_timestamp(), args[1].as_timestamp());
    let values = times(start, stop, *args[2].as_interval(), None)?;
    Ok(Box::new(values.map(|value| Ok(vec![Datum::Timestamp(value?)]))))
}

fn timestamptz(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let (start, stop) = (args[0].as_timestamptz(), args[1].as_timestamptz());
    let zone = ctx.env.format().time_zone.clone();
    let values = times(start, stop, *args[2].as_interval(), Some(zone))?;
    Ok(Box::new(values.map(|value| Ok(vec![Datum::TimestampTz(value?)]))))
}

/// Steps are added one after another, so month ends may shift as in PostgreSQL.
fn times(
    start: i64,
    stop: i64,
    step: Interval,
    zone: Option<TimeZone>,
) -> Result<impl Iterator<Item = Result<i64>> + Send + 'static> {
    let direction = step.compare(&Interval::default());
    if direction.is_eq() {
        return Err(invalid("step size cannot equal zero"));
    }
    let mut next = Some(Ok(start));
    Ok(std::iter::from_fn(move || {
        let value = match next.take()? {
            Ok(value) => value,
            Err(e) => return Some(Err(e)),
        };
        if if direction.is_gt() { value > stop } else { value < stop } {
            return None;
        }
        next = Some(add_interval(value, &step, zone.as_ref()));
        Some(Ok(value))
    }))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::rows;
    use crate::types::Datum::{self, Int4, Int8, Interval, Timestamp};
    use crate::types::datetime::{DAY, Interval as Span};
    use std::sync::Arc;

    fn column(prosrc: &str, args: &[Datum]) -> Vec<Datum> {
        rows(prosrc, args).into_iter().flatten().collect()
    }

    #[test]
    fn integers_step_either_way_and_stop_at_the_range() {
        let series = |args: &[Datum]| column("generate_series_step_int4", args);
        assert_eq!(series(&[Int4(1), Int4(5), Int4(2)]), [Int4(1), Int4(3), Int4(5)]);
        assert_eq!(series(&[Int4(3), Int4(1), Int4(-1)]), [Int4(3), Int4(2), Int4(1)]);
        assert_eq!(series(&[Int4(3), Int4(1), Int4(1)]), []);
        let last = [Int8(i64::MAX - 1), Int8(i64::MAX)];
        assert_eq!(column("generate_series_int8", &last), last);
    }

    #[test]
    fn months_step_along_the_calendar() {
        // From 2000-01-31: the day that February lacks stays lost, as in PostgreSQL.
        let month = Interval(Arc::new(Span { months: 1, days: 0, micros: 0 }));
        let args = [Timestamp(30 * DAY), Timestamp(100 * DAY), month];
        let days: Vec<i64> = column("generate_series_timestamp", &args)
            .iter()
            .map(|value| value.as_timestamp() / DAY)
            .collect();
        assert_eq!(days, [30, 59, 88]);
    }
}
