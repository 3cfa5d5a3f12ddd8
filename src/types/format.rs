//! Settings that decide how values are read and written: `DateStyle`, `IntervalStyle`, `TimeZone`,
//! `extra_float_digits`, `bytea_output`.

use super::TimeZone;

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
            now: 0,
        }
    }
}

impl Format {
    /// Sets `DateStyle` from a setting's text; gives the canonical text (`ISO, MDY`), `None` where
    /// the text is not valid.
    pub fn set_date_style(&mut self, _text: &str) -> Option<String> {
        todo!()
    }

    /// Sets `IntervalStyle`; gives the canonical text, `None` where invalid.
    pub fn set_interval_style(&mut self, _text: &str) -> Option<String> {
        todo!()
    }

    /// Sets `TimeZone` from a name, an offset in hours, or `INTERVAL '...'`; gives what SHOW shows,
    /// `None` where invalid. `LOCAL` and `DEFAULT` are the caller's: they name the default.
    pub fn set_time_zone(&mut self, _text: &str) -> Option<String> {
        todo!()
    }

    /// Sets `bytea_output`; gives the canonical text, `None` where invalid.
    pub fn set_bytea_output(&mut self, _text: &str) -> Option<String> {
        todo!()
    }
}
