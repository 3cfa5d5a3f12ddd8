//! Dates, times, time stamps and intervals (manual, 9.9) and their templates (9.8).

pub(super) mod clock;
pub(super) mod comparison;
pub(super) mod date;
pub(super) mod extract;
mod fields;
pub(super) mod format;
pub(super) mod in_range;
pub(super) mod interval;
pub(super) mod iso;
pub(super) mod make;
pub(super) mod overlaps;
pub(super) mod sql;
pub(super) mod time;
pub(super) mod timestamp;
pub(super) mod truncate;
mod unit;
pub(super) mod zone;
pub(super) mod zone_list;
