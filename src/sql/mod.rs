//! SQL text to bound trees, and back.
//!
//! [`parse()`] turns text into PostgreSQL's raw parse trees; [`bind`] resolves names, types and
//! functions against the catalog and gives [`crate::nodes`]. [`template`] finds out which texts differ
//! only in their numbers.

mod apart;
pub mod bind;
pub mod deparse;
pub mod numbers;
mod parse;
mod raw_error;
pub mod template;

pub use parse::{Statement, parse, parse_often};
