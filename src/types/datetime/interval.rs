//! `interval`.

use crate::error::Result;
use std::cmp::Ordering;

/// A span of time, as PostgreSQL keeps it. `==` compares fields; [`Interval::compare`] is SQL's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

impl Interval {
    /// SQL's order: months count 30 days, days 24 hours.
    pub fn compare(&self, _o: &Interval) -> Ordering {
        todo!()
    }
    /// Reads text as `interval` with typmod -1, style `postgres`.
    pub fn parse(_text: &str) -> Result<Interval> {
        todo!()
    }
}
