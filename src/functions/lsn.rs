//! Positions in the log, `pg_lsn`: how far commits have come (manual, 8.20 and 9.27.4).
//!
//! The log here counts commits, and a position is the number of the last one: it never goes back, and
//! two positions differ where something was committed between.

use super::Ctx;
use super::Implementation::{self, Scalar};
use super::comparison::{larger, smaller};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Numeric, compare, int, oids};
use num_bigint::BigInt;
use std::cmp::Ordering;

fn value(datum: &Datum) -> u64 {
    int::xid8_value(datum.as_int8())
}

fn current(ctx: &Ctx<'_>) -> Datum {
    int::xid8(ctx.env.session().last_commit())
}

fn difference(a: &[Datum]) -> Result<Datum> {
    let bytes = BigInt::from(value(&a[0])) - BigInt::from(value(&a[1]));
    Numeric::parse(&bytes.to_string()).map(Datum::Numeric)
}

fn moved(position: &Datum, by: &Numeric, forward: bool) -> Result<Datum> {
    let out_of_range = || PgError::new(code::INVALID_PARAMETER_VALUE, "pg_lsn out of range");
    let Some(by) = by.trunc(0).coefficient() else {
        let message =
            if forward { "cannot add NaN to pg_lsn" } else { "cannot subtract NaN from pg_lsn" };
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    };
    let start = BigInt::from(value(position));
    let end = if forward { start + by } else { start - by };
    u64::try_from(end).map(int::xid8).map_err(|_| out_of_range())
}

/// The name of a file that a position would be in, had the log PostgreSQL's files.
fn file_name(position: u64) -> String {
    const SEGMENT_BYTES: u64 = 16 << 20;
    const SEGMENTS_OF_ID: u64 = (1 << 32) / SEGMENT_BYTES;
    let segment = position.saturating_sub(1) / SEGMENT_BYTES;
    format!("{:08X}{:08X}{:08X}", 1, segment / SEGMENTS_OF_ID, segment % SEGMENTS_OF_ID)
}

fn not_in_recovery() -> Result<Datum> {
    Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, "recovery is not in progress")
        .hint("Recovery control functions can only be executed during recovery."))
}

macro_rules! compares {
    ($test:expr) => {
        Scalar(|_, a| Ok(Datum::Bool(($test)(compare(oids::PG_LSN, &a[0], &a[1])))))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_current_wal_lsn", Scalar(|c, _| Ok(current(c)))),
    ("pg_current_wal_insert_lsn", Scalar(|c, _| Ok(current(c)))),
    ("pg_current_wal_flush_lsn", Scalar(|c, _| Ok(current(c)))),
    ("pg_wal_lsn_diff", Scalar(|_, a| difference(a))),
    ("pg_walfile_name", Scalar(|_, a| Ok(Datum::text(file_name(value(&a[0])))))),
    ("pg_is_wal_replay_paused", Scalar(|_, _| not_in_recovery())),
    ("pg_get_wal_replay_pause_state", Scalar(|_, _| not_in_recovery())),
    ("pg_lsn_mi", Scalar(|_, a| difference(a))),
    ("pg_lsn_pli", Scalar(|_, a| moved(&a[0], a[1].as_numeric(), true))),
    ("pg_lsn_mii", Scalar(|_, a| moved(&a[0], a[1].as_numeric(), false))),
    ("pg_lsn_eq", compares!(Ordering::is_eq)),
    ("pg_lsn_ne", compares!(Ordering::is_ne)),
    ("pg_lsn_lt", compares!(Ordering::is_lt)),
    ("pg_lsn_le", compares!(Ordering::is_le)),
    ("pg_lsn_gt", compares!(Ordering::is_gt)),
    ("pg_lsn_ge", compares!(Ordering::is_ge)),
    ("pg_lsn_cmp", Scalar(|_, a| Ok(Datum::Int4(compare(oids::PG_LSN, &a[0], &a[1]) as i32)))),
    ("pg_lsn_larger", Scalar(|_, a| Ok(larger(oids::PG_LSN, a)))),
    ("pg_lsn_smaller", Scalar(|_, a| Ok(smaller(oids::PG_LSN, a)))),
];
