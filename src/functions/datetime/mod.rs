//! Dates, times, time stamps and intervals (manual, 9.9) and their templates (9.8).

pub(super) mod comparison;
mod fields;
pub(super) mod format;
