//! Names of units of time, as `extract`, `date_part` and `date_trunc` take them.

use crate::error::{PgError, code};
use crate::types::{Oid, format_type};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Julian,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
    /// A word of date input that is no unit (`now`, `infinity`): never supported.
    Word,
}

/// Ten letters identify a unit; what follows them is not looked at.
const LENGTH_MAX: usize = 10;

impl Unit {
    /// The unit of a name in any case; `None` where there is none.
    pub fn parse(name: &str) -> Option<Unit> {
        let lower = name.to_lowercase();
        let end = lower.char_indices().nth(LENGTH_MAX).map_or(lower.len(), |(at, _)| at);
        Some(match &lower[..end] {
            "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => Unit::Microsecond,
            "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => Unit::Millisecond,
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" => Unit::Week,
            "mon" | "mons" | "month" | "months" => Unit::Month,
            "qtr" | "quarter" => Unit::Quarter,
            "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
            "dec" | "decs" | "decade" | "decades" => Unit::Decade,
            "c" | "cent" | "century" | "centuries" => Unit::Century,
            "mil" | "mils" | "millennia" | "millennium" => Unit::Millennium,
            "dow" => Unit::DayOfWeek,
            "isodow" => Unit::IsoDayOfWeek,
            "doy" => Unit::DayOfYear,
            "isoyear" => Unit::IsoYear,
            "j" | "jd" | "julian" => Unit::Julian,
            "epoch" => Unit::Epoch,
            "timezone" => Unit::Timezone,
            "timezone_h" => Unit::TimezoneHour,
            "timezone_m" => Unit::TimezoneMinute,
            "now" | "today" | "tomorrow" | "yesterday" | "infinity" | "-infinity" | "allballs" => {
                Unit::Word
            }
            _ => return None,
        })
    }

    /// Whether it names a length of time; the rest are parts of a date, for `extract` alone.
    pub fn is_length(self) -> bool {
        use Unit::*;
        !matches!(self, DayOfWeek | IsoDayOfWeek | DayOfYear | IsoYear | Julian | Epoch | Word)
    }

    /// Whether the unit only grows with time, so that infinity has one: the rest come round.
    pub fn is_monotonic(self) -> bool {
        use Unit::*;
        matches!(self, Year | Decade | Century | Millennium | Julian | IsoYear | Epoch)
    }
}

/// 22023 for a name that is no unit.
pub(super) fn not_recognized(name: &str, type_oid: Oid) -> PgError {
    let name = name.to_lowercase();
    let message = format!("unit \"{name}\" not recognized for type {}", type_name(type_oid));
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

/// 0A000 for a unit that a type does not have.
pub(super) fn not_supported(name: &str, type_oid: Oid) -> PgError {
    let name = name.to_lowercase();
    let message = format!("unit \"{name}\" not supported for type {}", type_name(type_oid));
    PgError::new(code::FEATURE_NOT_SUPPORTED, message)
}

fn type_name(type_oid: Oid) -> String {
    format_type(type_oid, -1).unwrap_or_default()
}
