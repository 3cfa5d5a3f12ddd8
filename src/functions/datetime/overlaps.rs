//! OVERLAPS: whether two spans, each given by two points, have a moment in common.
//!
//! The SQL standard's three-valued definition: a span starts at the lesser of its points, a NULL
//! point is an unknown end, and the answer is NULL where it depends on one.

use super::time::{timetz, wrapped};
use super::timestamp::{add_interval, micros_of, zone};
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::{Datum, Oid, compare, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("overlaps_timestamp", Scalar(timestamps)),
    ("overlaps_time", Scalar(|_, a| Ok(overlap(oids::TIME, a)))),
    ("overlaps_timetz", Scalar(|_, a| Ok(overlap(oids::TIMETZ, a)))),
    ("overlaps(timestamp,timestamp,timestamp,interval)", Scalar(timestamps)),
    ("overlaps(timestamp,interval,timestamp,timestamp)", Scalar(timestamps)),
    ("overlaps(timestamp,interval,timestamp,interval)", Scalar(timestamps)),
    ("overlaps(timestamptz,timestamptz,timestamptz,interval)", Scalar(timestamps)),
    ("overlaps(timestamptz,interval,timestamptz,timestamptz)", Scalar(timestamps)),
    ("overlaps(timestamptz,interval,timestamptz,interval)", Scalar(timestamps)),
    ("overlaps(time,time,time,interval)", Scalar(times)),
    ("overlaps(time,interval,time,time)", Scalar(times)),
    ("overlaps(time,interval,time,interval)", Scalar(times)),
];

fn timestamps(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let points = with_ends(args, |start, span| {
        Ok(match start {
            Datum::TimestampTz(start) => {
                Datum::TimestampTz(add_interval(*start, span.as_interval(), Some(zone(ctx)))?)
            }
            start => Datum::Timestamp(add_interval(micros_of(start), span.as_interval(), None)?),
        })
    })?;
    let type_oid = match points.iter().find(|point| !point.is_null()) {
        Some(Datum::TimestampTz(_)) => oids::TIMESTAMPTZ,
        _ => oids::TIMESTAMP,
    };
    Ok(overlap(type_oid, &points))
}

fn times(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let points = with_ends(args, |start, span| {
        let micros = span.as_interval().micros;
        Ok(match start {
            Datum::Time(start) => Datum::Time(wrapped(*start, micros)),
            start => {
                let (start, west) = timetz(start);
                Datum::TimeTz(wrapped(start, micros), west)
            }
        })
    })?;
    Ok(overlap(oids::TIME, &points))
}

/// Start, end, start, end: a length becomes the end it leads to.
fn with_ends(args: &[Datum], plus: impl Fn(&Datum, &Datum) -> Result<Datum>) -> Result<Vec<Datum>> {
    let mut points = Vec::with_capacity(4);
    for pair in args.chunks(2) {
        points.push(pair[0].clone());
        points.push(match (&pair[0], &pair[1]) {
            (Datum::Null, Datum::Interval(_)) => Datum::Null,
            (start, span @ Datum::Interval(_)) => plus(start, span)?,
            (_, end) => end.clone(),
        });
    }
    Ok(points)
}

fn overlap(type_oid: Oid, points: &[Datum]) -> Datum {
    let less = |a: &Datum, b: &Datum| compare(type_oid, a, b).is_lt();
    let span = |a: &Datum, b: &Datum| {
        let swap = a.is_null() || (!b.is_null() && less(b, a));
        if swap { (b.clone(), a.clone()) } else { (a.clone(), b.clone()) }
    };
    let (first, second) = (span(&points[0], &points[1]), span(&points[2], &points[3]));
    if first.0.is_null() || second.0.is_null() {
        return Datum::Null;
    }
    // The one that starts earlier decides: its end must lie after the other's start.
    let (earlier, later) =
        if less(&second.0, &first.0) { (second, first) } else { (first, second) };
    if !less(&earlier.0, &later.0) {
        let known = !earlier.1.is_null() && !later.1.is_null();
        return if known { Datum::Bool(true) } else { Datum::Null };
    }
    if earlier.1.is_null() {
        return Datum::Null;
    }
    if less(&later.0, &earlier.1) {
        return Datum::Bool(true);
    }
    if later.1.is_null() { Datum::Null } else { Datum::Bool(false) }
}
