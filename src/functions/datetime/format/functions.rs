//! The SQL functions over templates.

use super::output::{self, Value};
use super::{date, input, pattern, standard};
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::functions::datetime::fields::{Fields, is_finite, timestamp_from};
use crate::types::datetime::SECOND;
use crate::types::datetime::timestamp::{check_range, to_utc};
use crate::types::{Datum, apply_typmod, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("timestamp_to_char", Scalar(timestamp_to_char)),
    ("timestamptz_to_char", Scalar(timestamptz_to_char)),
    ("interval_to_char", Scalar(interval_to_char)),
    ("to_date", Scalar(to_date)),
    ("to_timestamp", Scalar(to_timestamp)),
];

/// NULL for an empty template or an infinite time, as PostgreSQL has it.
fn timestamp_to_char(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let timestamp = args[0].as_timestamp();
    if !is_finite(timestamp) || args[1].as_text().is_empty() {
        return Ok(Datum::Null);
    }
    format_point(Fields::of_timestamp(timestamp), args[1].as_text())
}

fn timestamptz_to_char(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let timestamp = args[0].as_timestamptz();
    if !is_finite(timestamp) || args[1].as_text().is_empty() {
        return Ok(Datum::Null);
    }
    let fields = Fields::of_timestamptz(timestamp, &ctx.env.format().time_zone)?;
    format_point(fields, args[1].as_text())
}

fn format_point(fields: Fields, template: &str) -> Result<Datum> {
    let day_of_year = fields.day_of_year();
    let value = Value { fields, day_of_year, is_interval: false };
    Ok(Datum::text(output::format(template, &value)?))
}

fn interval_to_char(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (span, template) = (args[0].as_interval(), args[1].as_text());
    if template.is_empty() {
        return Ok(Datum::Null);
    }
    let fields = Fields::of_interval(span);
    let day_of_year = span.months.wrapping_mul(30).wrapping_add(span.days);
    let value = Value { fields, day_of_year, is_interval: true };
    Ok(Datum::text(output::format(template, &value)?))
}

fn to_date(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let text = args[0].as_text();
    let (moment, _) = read(text, args[1].as_text())?;
    standard::date(&moment.fields, text)
}

fn to_timestamp(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (moment, digits) = read(args[0].as_text(), args[1].as_text())?;
    let fields = &moment.fields;
    let local = if (-4713..294_277).contains(&fields.year) {
        fields.timestamp()?
    } else {
        // Any day past the end gives the error.
        timestamp_from(i32::MAX, 0)?
    };
    let timestamp = match moment.offset {
        Some(offset) => check_range(local - i64::from(offset) * SECOND)?,
        None => to_utc(local, &ctx.env.format().time_zone)?,
    };
    let value = Datum::TimestampTz(timestamp);
    match digits {
        Some(digits) => apply_typmod(oids::TIMESTAMPTZ, i32::from(digits), true, value),
        None => Ok(value),
    }
}

/// The moment that `text` stands for, and the digits of its fraction where the template says.
fn read(text: &str, template: &str) -> Result<(date::Moment, Option<u8>)> {
    let parsed = input::read(&pattern::parse(template), text)?;
    let digits = parsed.fraction_digits;
    Ok((date::resolve(parsed, text)?, digits))
}
