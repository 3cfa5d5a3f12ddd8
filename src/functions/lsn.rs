//! Functions and operators of `pg_lsn`, and the log's positions. A commit's sequence number is the
//! position: it grows with every commit, as PostgreSQL's does.

use super::Ctx;
use super::Implementation::{self, Scalar};
use super::comparison::{extremes, of, operators};
use crate::error::{PgError, Result, code};
use crate::types::lsn::{datum, position};
use crate::types::{Datum, Numeric};
use num_traits::ToPrimitive;

operators! {
    ["pg_lsn_" "pg_lsn_" "" "pg_lsn_cmp"] of!(PG_LSN);
}

extremes! {
    "pg_lsn_": PG_LSN;
}

fn number(value: &Datum) -> Numeric {
    Numeric::new(position(value).into(), 0)
}

fn difference(a: &[Datum]) -> Result<Datum> {
    number(&a[0]).sub(&number(&a[1])).map(Datum::Numeric)
}

fn from_numeric(value: &Numeric) -> Result<Datum> {
    if !value.is_finite() {
        let message =
            format!("cannot convert {} to pg_lsn", if value.is_nan() { "NaN" } else { "infinity" });
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let rounded = value.round(0)?;
    let found = rounded.coefficient().and_then(|coefficient| coefficient.to_u64());
    found
        .map(datum)
        .ok_or_else(|| PgError::new(code::INVALID_PARAMETER_VALUE, "pg_lsn out of range"))
}

fn plus(lsn: &Datum, bytes: &Numeric) -> Result<Datum> {
    if bytes.is_nan() {
        let message = "cannot add NaN to pg_lsn";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    from_numeric(&number(lsn).add(bytes)?)
}

fn minus(lsn: &Datum, bytes: &Numeric) -> Result<Datum> {
    if bytes.is_nan() {
        let message = "cannot subtract NaN from pg_lsn";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    from_numeric(&number(lsn).sub(bytes)?)
}

fn current(ctx: &Ctx<'_>) -> Datum {
    datum(ctx.env.session().last_commit())
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

pub(super) const POSITIONS: &[(&str, Implementation)] = &[
    ("pg_lsn_mi", Scalar(|_, a| difference(a))),
    ("pg_wal_lsn_diff", Scalar(|_, a| difference(a))),
    ("pg_lsn_pli", Scalar(|_, a| plus(&a[0], a[1].as_numeric()))),
    ("pg_lsn_mii", Scalar(|_, a| minus(&a[0], a[1].as_numeric()))),
    ("numeric_pl_pg_lsn(numeric,pg_lsn)", Scalar(|_, a| plus(&a[1], a[0].as_numeric()))),
    ("numeric_pg_lsn", Scalar(|_, a| from_numeric(a[0].as_numeric()))),
    ("pg_current_wal_lsn", Scalar(|c, _| Ok(current(c)))),
    ("pg_current_wal_insert_lsn", Scalar(|c, _| Ok(current(c)))),
    ("pg_current_wal_flush_lsn", Scalar(|c, _| Ok(current(c)))),
    ("pg_walfile_name", Scalar(|_, a| Ok(Datum::text(file_name(position(&a[0])))))),
    ("pg_is_wal_replay_paused", Scalar(|_, _| not_in_recovery())),
    ("pg_get_wal_replay_pause_state", Scalar(|_, _| not_in_recovery())),
];
