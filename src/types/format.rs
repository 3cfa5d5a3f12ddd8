//! Settings that decide how values are read and written: `DateStyle`, `IntervalStyle`, `TimeZone`,
//! `extra_float_digits`, `bytea_output`, `client_encoding`.

use super::{Charset, TimeZone};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateStyle {
    #[default]
    Iso,
    Sql,
    Postgres,
    German,
}

/// Which field comes first in an ambiguous date such as 01/02/03.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    Ymd,
    Dmy,
    #[default]
    Mdy,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntervalStyle {
    #[default]
    Postgres,
    PostgresVerbose,
    SqlStandard,
    Iso8601,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteaOutput {
    #[default]
    Hex,
    Escape,
}

/// The settings, parsed. The session keeps one and replaces it when a setting changes.
#[derive(Clone, Debug)]
pub struct Format {
    pub date_style: DateStyle,
    pub date_order: DateOrder,
    pub interval_style: IntervalStyle,
    pub time_zone: TimeZone,
    /// Above 0: shortest text that reads back the same; else 15 (6 for float4) digits plus this.
    pub extra_float_digits: i32,
    pub bytea_output: ByteaOutput,
    /// For binary forms that are text; the connection converts text forms.
    pub client_encoding: Charset,
    /// The transaction's start, microseconds since 2000-01-01 UTC: what `'now'` and `'today'` mean.
    pub now: i64,
}

impl Default for Format {
    fn default() -> Format {
        Format {
            date_style: DateStyle::Iso,
            date_order: DateOrder::Mdy,
            interval_style: IntervalStyle::Postgres,
            time_zone: TimeZone::utc(),
            extra_float_digits: 1,
            bytea_output: ByteaOutput::Hex,
            client_encoding: Charset::UTF8,
            now: 0,
        }
    }
}

impl Format {
    /// Sets `DateStyle` from a setting's text; gives the canonical text (`ISO, MDY`), `None` where
    /// the text is not valid. Style and order can each be given; what is not stays as it is.
    pub fn set_date_style(&mut self, text: &str) -> Option<String> {
        let (mut style, mut order) = (None, None);
        let mut implied_order = None;
        for word in text.split(',').map(str::trim) {
            let word = word.trim_matches('"').to_ascii_lowercase();
            let (new_style, new_order) = match word.as_str() {
                "" if text.trim().is_empty() => continue,
                "iso" => (Some(DateStyle::Iso), None),
                "sql" => (Some(DateStyle::Sql), None),
                "german" => {
                    implied_order = Some(DateOrder::Dmy);
                    (Some(DateStyle::German), None)
                }
                "ymd" => (None, Some(DateOrder::Ymd)),
                "dmy" => (None, Some(DateOrder::Dmy)),
                "mdy" | "us" => (None, Some(DateOrder::Mdy)),
                "default" => {
                    style = style.or(Some(DateStyle::Iso));
                    order = order.or(Some(DateOrder::Mdy));
                    continue;
                }
                w if w.starts_with("postgres") => (Some(DateStyle::Postgres), None),
                w if w.starts_with("euro") => (None, Some(DateOrder::Dmy)),
                w if w.starts_with("noneuro") => (None, Some(DateOrder::Mdy)),
                _ => return None,
            };
            style = merge(style, new_style)?;
            order = merge(order, new_order)?;
        }
        self.date_style = style.unwrap_or(self.date_style);
        self.date_order = order.or(implied_order).unwrap_or(self.date_order);
        Some(self.date_style_text())
    }

    fn date_style_text(&self) -> String {
        let style = match self.date_style {
            DateStyle::Iso => "ISO",
            DateStyle::Sql => "SQL",
            DateStyle::Postgres => "Postgres",
            DateStyle::German => "German",
        };
        let order = match self.date_order {
            DateOrder::Ymd => "YMD",
            DateOrder::Dmy => "DMY",
            DateOrder::Mdy => "MDY",
        };
        format!("{style}, {order}")
    }

    /// Sets `IntervalStyle`; gives the canonical text, `None` where invalid.
    pub fn set_interval_style(&mut self, text: &str) -> Option<String> {
        let name = text.to_ascii_lowercase();
        self.interval_style = match name.as_str() {
            "postgres" => IntervalStyle::Postgres,
            "postgres_verbose" => IntervalStyle::PostgresVerbose,
            "sql_standard" => IntervalStyle::SqlStandard,
            "iso_8601" => IntervalStyle::Iso8601,
            _ => return None,
        };
        Some(name)
    }

    /// Sets `TimeZone` from a name, an offset in hours, or `INTERVAL '...'`; gives what SHOW shows,
    /// `None` where invalid. `LOCAL` and `DEFAULT` are the caller's: they name the default.
    pub fn set_time_zone(&mut self, text: &str) -> Option<String> {
        let zone = match text.get(..8) {
            Some(word) if word.eq_ignore_ascii_case("interval") => interval_zone(&text[8..])?,
            _ => match text.trim().parse::<f64>() {
                Ok(hours) if hours.abs() <= ZONE_HOURS_MAX => {
                    TimeZone::fixed((hours * 3600.0).trunc() as i32)
                }
                _ => TimeZone::parse(text)?,
            },
        };
        self.time_zone = zone;
        Some(self.time_zone.name().to_owned())
    }

    /// Sets `bytea_output`; gives the canonical text, `None` where invalid.
    pub fn set_bytea_output(&mut self, text: &str) -> Option<String> {
        let name = text.to_ascii_lowercase();
        self.bytea_output = match name.as_str() {
            "hex" => ByteaOutput::Hex,
            "escape" => ByteaOutput::Escape,
            _ => return None,
        };
        Some(name)
    }
}

/// Largest offset that POSIX's zone notation can express, in hours.
const ZONE_HOURS_MAX: f64 = 167.0;

/// A part given anew; two different ones conflict.
fn merge<T: PartialEq>(old: Option<T>, new: Option<T>) -> Option<Option<T>> {
    match (old, new) {
        (Some(a), Some(b)) if a != b => None,
        (old, new) => Some(new.or(old)),
    }
}

/// `'+03:30'` behind the word INTERVAL: hours, minutes and seconds only.
fn interval_zone(text: &str) -> Option<TimeZone> {
    let quoted = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let interval = super::Interval::parse(quoted).ok()?;
    let seconds = interval.micros / super::datetime::SECOND;
    (interval.months == 0 && interval.days == 0)
        .then(|| i32::try_from(seconds).ok())
        .flatten()
        .map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_style_keeps_what_is_not_given() {
        let mut format = Format::default();
        for (text, shown) in [
            ("dmy", Some("ISO, DMY")),
            ("iso", Some("ISO, DMY")),
            ("German", Some("German, DMY")),
            ("sql", Some("SQL, DMY")),
            ("ISO, MDY, SQL", None),
            ("us", Some("SQL, MDY")),
            ("european, postgres", Some("Postgres, DMY")),
            ("ymd, german", Some("German, YMD")),
            ("", Some("German, YMD")),
            ("foo", None),
        ] {
            assert_eq!(format.set_date_style(text).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn time_zones_by_name_hours_and_interval() {
        let mut format = Format::default();
        for (text, shown) in [
            ("5.5", Some("<+05:30>-05:30")),
            ("-7", Some("<-07>+07")),
            ("interval '+03:30'", Some("<+03:30>-03:30")),
            ("utc", Some("UTC")),
            ("gmt", Some("GMT")),
            ("est5edt", Some("EST5EDT")),
            ("foo1", Some("FOO1")),
            ("0", Some("<+00>-00")),
            ("CEST", None),
        ] {
            assert_eq!(format.set_time_zone(text).as_deref(), shown, "{text}");
        }
    }
}
