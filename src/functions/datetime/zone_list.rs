//! The zones and abbreviations there are: `pg_timezone_names()`, `pg_timezone_abbrevs()`.

use super::interval::{datum as interval_datum, of_micros};
use crate::error::Result;
use crate::functions::Implementation::{self, Set};
use crate::functions::{Ctx, Rows};
use crate::types::Datum;
use crate::types::datetime::abbreviations::{ABBREVIATIONS, Meaning};
use crate::types::datetime::{SECOND, TimeZone};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] =
    &[("pg_timezone_names", Set(names)), ("pg_timezone_abbrevs", Set(abbreviations))];

fn offset(seconds_east: i32) -> Datum {
    interval_datum(of_micros(i64::from(seconds_east) * SECOND))
}

/// Name, abbreviation, offset and whether it is summer time, now.
fn names(ctx: &Ctx<'_>, _: &[Datum]) -> Result<Rows> {
    let now = ctx.env.transaction_time();
    let row = move |name: &'static str| {
        let now = TimeZone::parse(name)?.offset_at(now);
        let abbreviation = Datum::text(now.abbreviation);
        Some(vec![
            Datum::text(name),
            abbreviation,
            offset(now.seconds_east),
            Datum::Bool(now.is_dst),
        ])
    };
    Ok(Box::new(TimeZone::names().filter_map(row).map(Ok)))
}

/// Abbreviation, offset and whether it is summer time.
fn abbreviations(ctx: &Ctx<'_>, _: &[Datum]) -> Result<Rows> {
    let now = ctx.env.transaction_time();
    let row = move |(name, meaning): &(&'static str, Meaning)| {
        let (seconds_east, is_dst) = match meaning {
            Meaning::Offset(seconds) => (*seconds, false),
            Meaning::Daylight(seconds) => (*seconds, true),
            Meaning::InZone(_) => {
                let now = TimeZone::parse_or_abbreviation(name)?.offset_at(now);
                (now.seconds_east, now.is_dst)
            }
        };
        Some(vec![Datum::text(*name), offset(seconds_east), Datum::Bool(is_dst)])
    };
    Ok(Box::new(ABBREVIATIONS.iter().filter_map(row).map(Ok)))
}
