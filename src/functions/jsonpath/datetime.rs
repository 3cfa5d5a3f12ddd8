//! `.datetime()`: strings as dates and times.

use super::execute::Executor;
use super::item::Item;
use super::{Failure, suppressible};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::datetime::time::in_session_zone;
use crate::functions::datetime::{format, iso};
use crate::types::datetime::timestamp::to_utc;
use crate::types::datetime::{DAY, TimeZone};
use crate::types::{Datum, compare as compare_datums, oids};
use std::cmp::Ordering;

/// A `date`, `time`, `timetz`, `timestamp` or `timestamptz`.
#[derive(Clone)]
pub(super) struct Moment {
    pub value: Datum,
    /// The offset that the string had: a `timestamptz` is shown with it.
    pub seconds_east: i32,
}

/// What is tried without a template, in order: ISO 8601, with a blank or a T.
const TEMPLATES: &[&str] = &[
    "yyyy-mm-dd",
    "HH24:MI:SS.USTZH:TZM",
    "HH24:MI:SS.USTZH",
    "HH24:MI:SSTZH:TZM",
    "HH24:MI:SSTZH",
    "HH24:MI:SS.US",
    "HH24:MI:SS",
    "yyyy-mm-dd HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd HH24:MI:SS.USTZH",
    "yyyy-mm-dd HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd HH24:MI:SSTZH",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH",
    "yyyy-mm-dd\"T\"HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SSTZH",
    "yyyy-mm-dd HH24:MI:SS.US",
    "yyyy-mm-dd HH24:MI:SS",
    "yyyy-mm-dd\"T\"HH24:MI:SS.US",
    "yyyy-mm-dd\"T\"HH24:MI:SS",
];

impl Executor<'_> {
    pub fn datetime(&self, template: Option<&str>, item: &Item) -> Result<Moment, Failure> {
        const CODE: crate::error::SqlState = code::INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION;
        let Item::String(text) = item else {
            let message = "jsonpath item method .datetime() can only be applied to a string";
            return Err(suppressible(CODE, message));
        };
        let read = |template: &str| {
            let (value, seconds_east) = format::parse_datetime(text, template)?;
            Ok(Moment { value, seconds_east })
        };
        if let Some(template) = template {
            format::check_template(template).map_err(Failure::Fatal)?;
            return read(template).map_err(Failure::Suppressible);
        }
        TEMPLATES.iter().find_map(|template| read(template).ok()).ok_or_else(|| {
            let message = format!("datetime format is not recognized: \"{text}\"");
            Failure::Suppressible(
                PgError::new(CODE, message)
                    .hint("Use a datetime template argument to specify the input data format."),
            )
        })
    }
}

impl Moment {
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Datum::Date(_) => "date",
            Datum::Time(_) => "time without time zone",
            Datum::TimeTz(..) => "time with time zone",
            Datum::Timestamp(_) => "timestamp without time zone",
            _ => "timestamp with time zone",
        }
    }

    /// In ISO 8601.
    pub fn text(&self) -> String {
        match self.value {
            Datum::Date(date) => iso::date(date),
            Datum::Time(time) => iso::time(time),
            Datum::TimeTz(time, west) => iso::timetz(time, west),
            Datum::Timestamp(timestamp) => iso::timestamp(timestamp),
            Datum::TimestampTz(timestamp) => iso::timestamp_at(timestamp, self.seconds_east),
            ref other => unreachable!("a date or time, found {other:?}"),
        }
    }
}

/// `None`: a date and a time of day cannot be compared. 0A000 where that takes the session's time
/// zone and the function must not depend on it.
pub(super) fn compare(
    ctx: &Ctx<'_>,
    a: &Moment,
    b: &Moment,
    zoned: bool,
) -> Result<Option<Ordering>> {
    let zone = &ctx.env.format().time_zone;
    let needs_zone = |from: &str, to: &str| {
        if zoned { Ok(()) } else { Err(without_zone(from, to)) }
    };
    let order = match (&a.value, &b.value) {
        (Datum::Date(a), Datum::Date(b)) => a.cmp(b),
        (Datum::Date(a), Datum::Timestamp(b)) => midnight(*a).cmp(b),
        (Datum::Date(a), Datum::TimestampTz(b)) => {
            needs_zone("date", "timestamptz")?;
            instant(midnight(*a), zone).cmp(b)
        }
        (Datum::Time(a), Datum::Time(b)) => a.cmp(b),
        (Datum::Time(a), Datum::TimeTz(..)) => {
            needs_zone("time", "timetz")?;
            compare_datums(oids::TIMETZ, &in_session_zone(ctx, *a)?, &b.value)
        }
        (Datum::TimeTz(..), Datum::TimeTz(..)) => compare_datums(oids::TIMETZ, &a.value, &b.value),
        (Datum::Timestamp(a), Datum::Timestamp(b)) => a.cmp(b),
        (Datum::Timestamp(a), Datum::TimestampTz(b)) => {
            needs_zone("timestamp", "timestamptz")?;
            instant(*a, zone).cmp(b)
        }
        (Datum::TimestampTz(a), Datum::TimestampTz(b)) => a.cmp(b),
        (Datum::TimeTz(..), Datum::Time(_))
        | (Datum::Timestamp(_), Datum::Date(_))
        | (Datum::TimestampTz(_), Datum::Date(_) | Datum::Timestamp(_)) => {
            return Ok(compare(ctx, b, a, zoned)?.map(Ordering::reverse));
        }
        _ => return Ok(None),
    };
    Ok(Some(order))
}

fn without_zone(from: &str, to: &str) -> PgError {
    let message = format!("cannot convert value from {from} to {to} without time zone usage");
    PgError::new(code::FEATURE_NOT_SUPPORTED, message)
        .hint("Use *_tz() function for time zone support.")
}

/// Days beyond the range of timestamps are past every one of them.
fn midnight(date: i32) -> i64 {
    i64::from(date).saturating_mul(DAY)
}

fn instant(local: i64, zone: &TimeZone) -> i64 {
    to_utc(local, zone).unwrap_or(local)
}
