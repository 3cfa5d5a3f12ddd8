//! The SQL standard's reading of templates, for SQL/JSON's `.datetime()`: separators are those of the
//! standard and must match, nothing may be left over, and the fields decide the type.

use super::pattern::{Field, Node};
use super::{date, input, pattern};
use crate::error::{PgError, Result, code};
use crate::functions::datetime::fields::Fields;
use crate::types::datetime::SECOND;
use crate::types::datetime::calendar::{POSTGRES_EPOCH_JDATE, date_to_julian};
use crate::types::datetime::timestamp::check_range;
use crate::types::{Datum, Oid, apply_typmod, oids};

/// Characters that may separate fields.
const SEPARATORS: &str = "-./,':; ";

/// What a template has fields of.
#[derive(Default)]
struct Contents {
    date: bool,
    time: bool,
    zone: bool,
}

/// Reads `text`; the value, a date, time or time stamp with or without zone, and the offset read.
pub(in crate::functions) fn parse_datetime(text: &str, template: &str) -> Result<(Datum, i32)> {
    let nodes = pattern::parse(template);
    let contents = contents(&nodes);
    if nodes.is_empty() {
        return Err(bad_template("datetime format is not dated and not timed"));
    }
    let parsed = input::read_standard(&nodes, text)?;
    let digits = parsed.fraction_digits;
    let moment = date::resolve(parsed, text)?;
    let offset = moment.offset.unwrap_or(0);
    let (type_oid, value) = value(&contents, &moment.fields, offset, text)?;
    let value = match digits {
        Some(digits) => apply_typmod(type_oid, i32::from(digits), true, value)?,
        None => value,
    };
    Ok((value, offset))
}

fn bad_template(message: &'static str) -> PgError {
    PgError::new(code::INVALID_DATETIME_FORMAT, message)
}

/// 22007 where a template has a separator that the standard does not know. Quoted text is none.
pub(in crate::functions) fn check_template(template: &str) -> Result<()> {
    let nodes = pattern::parse(template);
    let unknown = nodes.iter().find_map(|node| match node {
        Node::Separator(c) | Node::Space(c) | Node::Plain(c) => {
            (!SEPARATORS.contains(*c)).then_some(*c)
        }
        _ => None,
    });
    unknown.map_or(Ok(()), |c| {
        let message = format!("invalid datetime format separator: \"{c}\"");
        Err(PgError::new(code::INVALID_DATETIME_FORMAT, message))
    })
}

fn contents(nodes: &[Node]) -> Contents {
    let mut contents = Contents::default();
    for node in nodes {
        let Node::Field { keyword, .. } = node else { continue };
        match keyword.field {
            Field::FixedWidth => {}
            Field::ZoneHours | Field::ZoneMinutes | Field::ZoneName | Field::ZoneOffset => {
                contents.zone = true;
            }
            Field::Hour12
            | Field::Hour24
            | Field::Minute
            | Field::Second
            | Field::SecondOfDay
            | Field::Milliseconds
            | Field::Microseconds
            | Field::Fraction(_)
            | Field::HalfDay
            | Field::HalfDayDotted => contents.time = true,
            _ => contents.date = true,
        }
    }
    contents
}

fn value(contents: &Contents, fields: &Fields, offset: i32, text: &str) -> Result<(Oid, Datum)> {
    match (contents.date, contents.time, contents.zone) {
        (true, true, true) => {
            let out_of_range = |_| out_of_range("timestamptz out of range".to_owned());
            let local = timestamp(fields).map_err(out_of_range)?;
            let instant = check_range(local - i64::from(offset) * SECOND);
            Ok((oids::TIMESTAMPTZ, Datum::TimestampTz(instant.map_err(out_of_range)?)))
        }
        (true, true, false) => Ok((oids::TIMESTAMP, Datum::Timestamp(timestamp(fields)?))),
        (true, false, true) => Err(bad_template("datetime format is zoned but not timed")),
        (true, false, false) => Ok((oids::DATE, date(fields, text)?)),
        (false, true, true) => Ok((oids::TIMETZ, Datum::TimeTz(fields.time(), -offset))),
        (false, true, false) => Ok((oids::TIME, Datum::Time(fields.time()))),
        (false, false, _) => Err(bad_template("datetime format is not dated and not timed")),
    }
}

fn out_of_range(message: String) -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, message)
}

fn timestamp(fields: &Fields) -> Result<i64> {
    match fields.year {
        -4713..294_277 => fields.timestamp(),
        _ => Err(out_of_range("timestamp out of range".to_owned())),
    }
}

/// 4714-11-24 BC is Julian day 0; dates end before 5874898-01-01.
pub(super) fn date(fields: &Fields, text: &str) -> Result<Datum> {
    let in_range = (-4713..5_874_898).contains(&fields.year);
    let day = in_range.then(|| date_to_julian(fields.year, fields.month, fields.day));
    let day = day.filter(|day| *day >= 0);
    let day = day.ok_or_else(|| out_of_range(format!("date out of range: \"{text}\"")))?;
    Ok(Datum::Date(day - POSTGRES_EPOCH_JDATE))
}
