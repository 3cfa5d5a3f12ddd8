//! Support functions of RANGE window frames with an offset: `in_range(value, base, offset, sub,
//! less)` tells whether `value` is at most (or, without `less`, at least) `base` plus or minus
//! `offset`.

use super::date::to_timestamp;
use super::interval::{add, datum as interval_datum, subtract};
use super::time::timetz;
use super::timestamp::{add_interval, negated, zone};
use crate::error::{PgError, Result, code};
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::Interval;
use crate::types::{Datum, Oid, compare, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "in_range_date_interval",
        Scalar(|_, a| {
            let value = Datum::Timestamp(to_timestamp(a[0].as_date())?);
            let base = to_timestamp(a[1].as_date())?;
            let bound = Datum::Timestamp(add_interval(base, &offset(a)?, None)?);
            Ok(decide(oids::TIMESTAMP, &value, &bound, a))
        }),
    ),
    (
        "in_range_timestamp_interval",
        Scalar(|_, a| {
            let bound = Datum::Timestamp(add_interval(a[1].as_timestamp(), &offset(a)?, None)?);
            Ok(decide(oids::TIMESTAMP, &a[0], &bound, a))
        }),
    ),
    (
        "in_range_timestamptz_interval",
        Scalar(|c, a| {
            let bound = add_interval(a[1].as_timestamptz(), &offset(a)?, Some(zone(c)))?;
            Ok(decide(oids::TIMESTAMPTZ, &a[0], &Datum::TimestampTz(bound), a))
        }),
    ),
    (
        "in_range_interval_interval",
        Scalar(|_, a| {
            offset(a)?;
            let combine = if a[3].as_bool() { subtract } else { add };
            let bound = combine(a[1].as_interval(), a[2].as_interval())?;
            Ok(decide(oids::INTERVAL, &a[0], &interval_datum(bound), a))
        }),
    ),
    // Times do not wrap around midnight here: a bound may lie beyond it.
    (
        "in_range_time_interval",
        Scalar(|_, a| {
            let bound = a[1].as_time().saturating_add(offset(a)?.micros);
            Ok(decide(oids::TIME, &a[0], &Datum::Time(bound), a))
        }),
    ),
    (
        "in_range_timetz_interval",
        Scalar(|_, a| {
            let (time, west) = timetz(&a[1]);
            let bound = Datum::TimeTz(time.saturating_add(offset(a)?.micros), west);
            Ok(decide(oids::TIMETZ, &a[0], &bound, a))
        }),
    ),
];

/// The offset with the direction's sign; 22013 where it is negative itself.
fn offset(args: &[Datum]) -> Result<Interval> {
    let offset = args[2].as_interval();
    if offset.compare(&Interval::default()).is_lt() {
        return Err(PgError::new(
            code::INVALID_PRECEDING_OR_FOLLOWING_SIZE,
            "invalid preceding or following size in window function",
        ));
    }
    Ok(if args[3].as_bool() { negated(offset) } else { *offset })
}

fn decide(type_oid: Oid, value: &Datum, bound: &Datum, args: &[Datum]) -> Datum {
    let order = compare(type_oid, value, bound);
    Datum::Bool(if args[4].as_bool() { order.is_le() } else { order.is_ge() })
}
