//! Functions that PostgreSQL writes in SQL, in terms of the others: swapped arguments, ages from
//! today. They are named by signature.

use super::{date, extract, time, timestamp};
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::Datum;
use crate::types::datetime::DAY;
use crate::types::datetime::timestamp::{to_local, to_utc};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "age(timestamp)",
        Scalar(|c, a| {
            let today = Datum::Timestamp(today(c)?);
            call(timestamp::FUNCTIONS, "timestamp_age", c, &[today, a[0].clone()])
        }),
    ),
    (
        "age(timestamptz)",
        Scalar(|c, a| {
            let today = Datum::TimestampTz(to_utc(today(c)?, timestamp::zone(c))?);
            call(timestamp::FUNCTIONS, "timestamptz_age", c, &[today, a[0].clone()])
        }),
    ),
    (
        "date_part(text,date)",
        Scalar(|c, a| {
            let midnight = Datum::Timestamp(date::to_timestamp(a[1].as_date())?);
            call(extract::FUNCTIONS, "timestamp_part", c, &[a[0].clone(), midnight])
        }),
    ),
    (
        "timestamptz(date,time)",
        Scalar(|c, a| {
            let local = call(date::FUNCTIONS, "datetime_timestamp", c, a)?.as_timestamp();
            to_utc(local, timestamp::zone(c)).map(Datum::TimestampTz)
        }),
    ),
    ("timedate_pl(time,date)", Scalar(|c, a| swapped(date::FUNCTIONS, "datetime_timestamp", c, a))),
    (
        "timetzdate_pl(timetz,date)",
        Scalar(|c, a| swapped(date::FUNCTIONS, "datetimetz_timestamptz", c, a)),
    ),
    (
        "interval_pl_time(interval,time)",
        Scalar(|c, a| swapped(time::FUNCTIONS, "time_pl_interval", c, a)),
    ),
    (
        "interval_pl_timetz(interval,timetz)",
        Scalar(|c, a| swapped(time::FUNCTIONS, "timetz_pl_interval", c, a)),
    ),
    (
        "interval_pl_date(interval,date)",
        Scalar(|c, a| swapped(date::FUNCTIONS, "date_pl_interval", c, a)),
    ),
    (
        "interval_pl_timestamp(interval,timestamp)",
        Scalar(|c, a| swapped(timestamp::FUNCTIONS, "timestamp_pl_interval", c, a)),
    ),
    (
        "interval_pl_timestamptz(interval,timestamptz)",
        Scalar(|c, a| swapped(timestamp::FUNCTIONS, "timestamptz_pl_interval", c, a)),
    ),
    ("integer_pl_date(int4,date)", Scalar(|c, a| swapped(date::FUNCTIONS, "date_pli", c, a))),
];

/// Midnight of the transaction's date, as a local time.
fn today(ctx: &Ctx<'_>) -> Result<i64> {
    let now = to_local(ctx.env.transaction_time(), timestamp::zone(ctx))?;
    Ok(now.div_euclid(DAY) * DAY)
}

/// Calls a function of a table above by name.
fn call(
    table: &[(&str, Implementation)],
    name: &str,
    ctx: &Ctx<'_>,
    args: &[Datum],
) -> Result<Datum> {
    match table.iter().find(|(entry, _)| *entry == name) {
        Some((_, Scalar(function))) => function(ctx, args),
        _ => unreachable!("{name} is in its file's table"),
    }
}

fn swapped(
    table: &[(&str, Implementation)],
    name: &str,
    ctx: &Ctx<'_>,
    args: &[Datum],
) -> Result<Datum> {
    call(table, name, ctx, &[args[1].clone(), args[0].clone()])
}
