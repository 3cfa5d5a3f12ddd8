//! Times of day, with and without zone. Adding a span wraps around midnight; its months and days do
//! not count.

use super::interval::{datum as interval_datum, of_micros};
use super::timestamp::zone;
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::DAY;
use crate::types::datetime::timestamp::to_local;
use crate::types::{Datum, apply_typmod, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "time_pl_interval",
        Scalar(|_, a| Ok(Datum::Time(wrapped(a[0].as_time(), a[1].as_interval().micros)))),
    ),
    (
        "time_mi_interval",
        Scalar(|_, a| {
            Ok(Datum::Time(wrapped(a[0].as_time(), a[1].as_interval().micros.wrapping_neg())))
        }),
    ),
    (
        "timetz_pl_interval",
        Scalar(|_, a| {
            let (time, west) = timetz(&a[0]);
            Ok(Datum::TimeTz(wrapped(time, a[1].as_interval().micros), west))
        }),
    ),
    (
        "timetz_mi_interval",
        Scalar(|_, a| {
            let (time, west) = timetz(&a[0]);
            Ok(Datum::TimeTz(wrapped(time, a[1].as_interval().micros.wrapping_neg()), west))
        }),
    ),
    ("time_mi_time", Scalar(|_, a| Ok(interval_datum(of_micros(a[0].as_time() - a[1].as_time()))))),
    ("time_interval", Scalar(|_, a| Ok(interval_datum(of_micros(a[0].as_time()))))),
    ("interval_time", Scalar(|_, a| Ok(Datum::Time(a[0].as_interval().micros.rem_euclid(DAY))))),
    ("time_timetz", Scalar(time_timetz)),
    ("timetz_time", Scalar(|_, a| Ok(Datum::Time(timetz(&a[0]).0)))),
    ("time_scale", Scalar(|_, a| apply_typmod(oids::TIME, a[1].as_int4(), true, a[0].clone()))),
    ("timetz_scale", Scalar(|_, a| apply_typmod(oids::TIMETZ, a[1].as_int4(), true, a[0].clone()))),
];

/// A `timetz`: microseconds since midnight, seconds west of Greenwich.
pub(super) fn timetz(value: &Datum) -> (i64, i32) {
    match value {
        Datum::TimeTz(time, west) => (*time, *west),
        other => unreachable!("a timetz, found {other:?}"),
    }
}

/// A time moved by a span, on the same clock face.
pub(super) fn wrapped(time: i64, micros: i64) -> i64 {
    (time + micros % DAY).rem_euclid(DAY)
}

fn time_timetz(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    in_session_zone(ctx, args[0].as_time())
}

/// The time with the offset that the session's zone has at this time today.
pub(in crate::functions) fn in_session_zone(ctx: &Ctx<'_>, time: i64) -> Result<Datum> {
    let today = to_local(ctx.env.transaction_time(), zone(ctx))?.div_euclid(DAY);
    let offset = zone(ctx).offset_at_local(today * DAY + time);
    Ok(Datum::TimeTz(time, -offset))
}
