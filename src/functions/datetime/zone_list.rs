//! The zones and abbreviations there are: `pg_timezone_names()`, `pg_timezone_abbrevs()`.

use crate::catalog::pg_catalog::pg_timezone;
use crate::functions::Implementation::{self, Set};
use crate::functions::Rows;
use crate::types::Datum;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_timezone_names", Set(|c, _| Ok(rows(pg_timezone::names(c.env.transaction_time()))))),
    (
        "pg_timezone_abbrevs",
        Set(|c, _| Ok(rows(pg_timezone::abbreviations(c.env.transaction_time())))),
    ),
];

fn rows(rows: Vec<Vec<Datum>>) -> Rows {
    Box::new(rows.into_iter().map(Ok))
}
