//! `CURRENT_DATE`, `CURRENT_USER` and the other functions without parentheses.
//!
//! Times are the transaction's start, converted by the functions of the casts from `timestamptz`.

use super::eval::Eval;
use crate::error::{PgError, Result};
use crate::functions::{self, Ctx, Implementation};
use crate::nodes::SqlValueFunction;
use crate::types::{Datum, Oid, oids};

pub(super) fn eval(function: SqlValueFunction, typmod: i32, cx: &Eval<'_>) -> Result<Datum> {
    use SqlValueFunction::*;
    let now = || Datum::TimestampTz(cx.state.env().transaction_time());
    match function {
        CurrentTimestamp => scaled(cx, now(), "timestamptz_scale", oids::TIMESTAMPTZ, typmod),
        CurrentDate => call(cx, "timestamptz_date", &[now()], oids::DATE),
        CurrentTime => {
            let value = call(cx, "timestamptz_timetz", &[now()], oids::TIMETZ)?;
            scaled(cx, value, "timetz_scale", oids::TIMETZ, typmod)
        }
        LocalTime => {
            let value = call(cx, "timestamptz_time", &[now()], oids::TIME)?;
            scaled(cx, value, "time_scale", oids::TIME, typmod)
        }
        LocalTimestamp => {
            let value = call(cx, "timestamptz_timestamp", &[now()], oids::TIMESTAMP)?;
            scaled(cx, value, "timestamp_scale", oids::TIMESTAMP, typmod)
        }
        CurrentRole | CurrentUser | User => call(cx, "current_user", &[], oids::NAME),
        SessionUser => call(cx, "session_user", &[], oids::NAME),
        CurrentCatalog => call(cx, "current_database", &[], oids::NAME),
        CurrentSchema => call(cx, "current_schema", &[], oids::NAME),
    }
}

/// Rounds to the precision asked for, `-1` for full.
fn scaled(cx: &Eval<'_>, value: Datum, scale: &str, type_oid: Oid, typmod: i32) -> Result<Datum> {
    match typmod {
        -1 => Ok(value),
        _ => call(cx, scale, &[value, Datum::Int4(typmod)], type_oid),
    }
}

fn call(cx: &Eval<'_>, prosrc: &str, args: &[Datum], result_type: Oid) -> Result<Datum> {
    let Some(Implementation::Scalar(function)) = functions::lookup(prosrc) else {
        return Err(PgError::unsupported(prosrc));
    };
    let ctx = Ctx {
        env: cx.state.env(),
        func: 0,
        arg_types: &[],
        result_type,
        variadic: false,
        columns: &[],
    };
    function(&ctx, args)
}
