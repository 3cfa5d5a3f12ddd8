//! Templates of `to_char`, `to_date` and `to_timestamp` for dates and times (manual, table 9.28).
//!
//! A template is read once into [`pattern::Node`]s; [`output`] writes a value by them, [`input`]
//! reads text by them.

mod date;
mod functions;
mod input;
pub(super) mod names;
mod output;
mod pattern;
mod standard;

pub(in crate::functions) use functions::FUNCTIONS;
pub(in crate::functions) use standard::{check_template, parse_datetime};
