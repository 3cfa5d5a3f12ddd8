//! `date_trunc` and `date_bin`.

use super::fields::{Fields, interval_out_of_range, is_finite, timestamp_out_of_range};
use super::interval::datum as interval_datum;
use super::timestamp::{finite, zone};
use super::unit::{Unit, not_recognized, not_supported};
use super::zone::named_zone;
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::calendar::julian_to_date;
use crate::types::datetime::timestamp::{to_local, to_utc};
use crate::types::datetime::{DAY, HOUR, Interval, MINUTE, SECOND, TimeZone};
use crate::types::{Datum, Oid, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("timestamp_trunc", Scalar(timestamp_trunc)),
    ("timestamptz_trunc", Scalar(|c, a| timestamptz_trunc(&a[0], &a[1], zone(c)))),
    ("timestamptz_trunc_zone", Scalar(timestamptz_trunc_zone)),
    ("interval_trunc", Scalar(interval_trunc)),
    (
        "timestamp_bin",
        Scalar(|_, a| {
            bin(a[0].as_interval(), a[1].as_timestamp(), a[2].as_timestamp()).map(Datum::Timestamp)
        }),
    ),
    (
        "timestamptz_bin",
        Scalar(|_, a| {
            bin(a[0].as_interval(), a[1].as_timestamptz(), a[2].as_timestamptz())
                .map(Datum::TimestampTz)
        }),
    ),
];

fn timestamp_trunc(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let timestamp = args[1].as_timestamp();
    if !is_finite(timestamp) {
        return Ok(args[1].clone());
    }
    let name = args[0].as_text();
    let unit = length_unit(name, oids::TIMESTAMP)?;
    match truncate(timestamp, unit)? {
        Some(result) => Ok(Datum::Timestamp(result)),
        None => Err(not_supported(name, oids::TIMESTAMP)),
    }
}

fn timestamptz_trunc_zone(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    if !is_finite(args[1].as_timestamptz()) {
        return Ok(args[1].clone());
    }
    timestamptz_trunc(&args[0], &args[1], &named_zone(args[2].as_text())?)
}

/// Days and larger units begin at a local midnight, which may have another offset than the value;
/// smaller units keep the value's offset, so that the two 02:30 of autumn stay apart.
fn timestamptz_trunc(name: &Datum, value: &Datum, zone: &TimeZone) -> Result<Datum> {
    let timestamp = value.as_timestamptz();
    if !is_finite(timestamp) {
        return Ok(value.clone());
    }
    let name = name.as_text();
    let unit = length_unit(name, oids::TIMESTAMPTZ)?;
    let local = to_local(timestamp, zone)?;
    let Some(result) = truncate(local, unit)? else {
        return Err(not_supported(name, oids::TIMESTAMPTZ));
    };
    Ok(Datum::TimestampTz(match clock_unit(unit) {
        Some(_) => finite(timestamp - (local - result))?,
        None => to_utc(result, zone)?,
    }))
}

/// Reads a unit's name for a type.
fn length_unit(name: &str, type_oid: Oid) -> Result<Unit> {
    let unit = Unit::parse(name).filter(|unit| unit.is_length());
    unit.ok_or_else(|| not_recognized(name, type_oid))
}

/// The length of a unit of the clock in microseconds.
fn clock_unit(unit: Unit) -> Option<i64> {
    Some(match unit {
        Unit::Microsecond => 1,
        Unit::Millisecond => 1000,
        Unit::Second => SECOND,
        Unit::Minute => MINUTE,
        Unit::Hour => HOUR,
        _ => return None,
    })
}

/// The start of the unit that a local time is in; `None`: nothing to truncate to.
fn truncate(local: i64, unit: Unit) -> Result<Option<i64>> {
    if let Some(length) = clock_unit(unit) {
        return Ok(Some(local - local.rem_euclid(length)));
    }
    let mut fields = Fields::of_timestamp(local);
    (fields.hour, fields.minute, fields.second, fields.micros) = (0, 0, 0, 0);
    match unit {
        Unit::Day => {}
        Unit::Week => {
            let monday = fields.julian_day() - (fields.day_of_week() + 6) % 7;
            (fields.year, fields.month, fields.day) = julian_to_date(monday);
        }
        Unit::Month => fields.day = 1,
        Unit::Quarter => (fields.month, fields.day) = (3 * ((fields.month - 1) / 3) + 1, 1),
        unit => match first_year(unit, fields.year) {
            Some(year) => (fields.year, fields.month, fields.day) = (year, 1, 1),
            None => return Ok(None),
        },
    }
    fields.timestamp().map(Some)
}

/// The first year of a unit of years. Decades begin with years that end in 0, centuries and
/// millennia one year later.
fn first_year(unit: Unit, year: i32) -> Option<i32> {
    Some(match unit {
        Unit::Year => year,
        Unit::Decade => year.div_euclid(10) * 10,
        Unit::Century => (year - 1).div_euclid(100) * 100 + 1,
        Unit::Millennium => (year - 1).div_euclid(1000) * 1000 + 1,
        _ => return None,
    })
}

fn interval_trunc(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (name, span) = (args[0].as_text(), args[1].as_interval());
    let unit = length_unit(name, oids::INTERVAL)?;
    if let Some(length) = clock_unit(unit) {
        let micros = span.micros - span.micros % length;
        return Ok(interval_datum(Interval { micros, ..*span }));
    }
    let months_of = |months: i32| Interval {
        months: span.months - span.months % months,
        ..Interval::default()
    };
    let result = match unit {
        Unit::Day => Interval { micros: 0, ..*span },
        Unit::Month => months_of(1),
        Unit::Quarter => months_of(3),
        Unit::Year => months_of(12),
        Unit::Decade => months_of(120),
        Unit::Century => months_of(1200),
        Unit::Millennium => months_of(12_000),
        Unit::Week => {
            return Err(
                not_supported(name, oids::INTERVAL).detail("Months usually have fractional weeks.")
            );
        }
        _ => return Err(not_supported(name, oids::INTERVAL)),
    };
    Ok(interval_datum(result))
}

/// The start of the bin of width `stride`, counted from `origin`, that a time stamp is in.
fn bin(stride: &Interval, timestamp: i64, origin: i64) -> Result<i64> {
    if !is_finite(timestamp) {
        return Ok(timestamp);
    }
    if !is_finite(origin) {
        return Err(PgError::new(code::DATETIME_FIELD_OVERFLOW, "origin out of range"));
    }
    if stride.months != 0 {
        return Err(PgError::new(
            code::FEATURE_NOT_SUPPORTED,
            "timestamps cannot be binned into intervals containing months or years",
        ));
    }
    let days = i64::from(stride.days).checked_mul(DAY);
    let width =
        days.and_then(|d| d.checked_add(stride.micros)).ok_or_else(interval_out_of_range)?;
    if width <= 0 {
        return Err(PgError::new(
            code::DATETIME_FIELD_OVERFLOW,
            "stride must be greater than zero",
        ));
    }
    let distance = timestamp.checked_sub(origin).ok_or_else(interval_out_of_range)?;
    finite(timestamp.checked_sub(distance.rem_euclid(width)).ok_or_else(timestamp_out_of_range)?)
}
