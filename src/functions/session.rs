//! Functions that act: settings, sequences, advisory locks, notifications, waiting, signals.
//!
//! The work is the session's ([`super::SessionFunctions`]); here are the arguments' rules.

use super::Implementation::{self, Scalar, Set};
use super::privileges::require_any;
use super::{Ctx, Env, Rows, void};
use crate::catalog::RelationKind;
use crate::error::{PgError, Result, code};
use crate::types::{Array, Datum, Interval, Oid, oids};
use std::sync::Arc;

fn current_setting(env: &dyn Env, name: &str, missing_ok: bool) -> Result<Datum> {
    match env.setting(name) {
        Some(value) => Ok(Datum::text(value)),
        None if missing_ok => Ok(Datum::Null),
        None => {
            let message = format!("unrecognized configuration parameter \"{name}\"");
            Err(PgError::new(code::UNDEFINED_OBJECT, message))
        }
    }
}

/// A NULL value resets the setting; a NULL `is_local` means false.
fn set_config(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let Datum::Text(name) = &a[0] else {
        let message = "SET requires parameter name";
        return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
    };
    let value = if a[1].is_null() { None } else { Some(a[1].as_text()) };
    let local = matches!(a[2], Datum::Bool(true));
    ctx.env.set_config(name, value, local).map(Datum::text)
}

fn sequence(env: &dyn Env, oid: Oid) -> Result<Oid> {
    // One that the running statement has made (ADD COLUMN serial) only the session knows.
    let Some(relation) = env.catalog().relation(oid) else { return Ok(oid) };
    if relation.kind != RelationKind::Sequence {
        let message = format!("\"{}\" is not a sequence", relation.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    Ok(oid)
}

/// 42501 unless the current role has one of the privileges on a sequence.
fn require_privilege(env: &dyn Env, sequence: Oid, letters: &str) -> Result<()> {
    require_any(env.catalog(), env.current_role(), sequence, letters)
}

fn setval(ctx: &Ctx<'_>, a: &[Datum], is_called: bool) -> Result<Datum> {
    let oid = sequence(ctx.env, a[0].as_oid())?;
    require_privilege(ctx.env, oid, "w")?;
    ctx.env.session().setval(oid, a[1].as_int8(), is_called).map(Datum::Int8)
}

/// `pg_sequence_parameters`: start, minimum, maximum, increment, cycle, cache, type.
fn sequence_parameters(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    use crate::types::{Record, oids};
    if ctx.env.catalog().relation(oid).is_none() {
        let message = format!("relation with OID {oid} does not exist");
        return Err(PgError::new(code::UNDEFINED_TABLE, message));
    }
    let oid = sequence(ctx.env, oid)?;
    let relation = ctx.env.catalog().relation(oid);
    let Some(info) = relation.and_then(|relation| relation.sequence.as_ref()) else {
        return Err(PgError::internal("a sequence without parameters"));
    };
    let int8 = |value| (oids::INT8, Datum::Int8(value));
    let fields = vec![
        int8(info.start),
        int8(info.min),
        int8(info.max),
        int8(info.increment),
        (oids::BOOL, Datum::Bool(info.cycle)),
        int8(info.cache),
        (oids::OID, Datum::Oid(info.type_oid)),
    ];
    Ok(Datum::Record(std::sync::Arc::new(Record::unnamed(fields))))
}

/// A lock's key as PostgreSQL's lock tag has it: one bigint in two halves, or two integers.
fn lock_key(a: &[Datum]) -> (u32, u32, u16) {
    match a {
        [Datum::Int4(high), Datum::Int4(low)] => (*high as u32, *low as u32, 2),
        _ => {
            let key = a[0].as_int8() as u64;
            ((key >> 32) as u32, key as u32, 1)
        }
    }
}

fn lock(ctx: &Ctx<'_>, a: &[Datum], shared: bool, transaction: bool) -> Result<Datum> {
    ctx.env.session().advisory_lock(lock_key(a), shared, transaction, false)?;
    Ok(void())
}

fn try_lock(ctx: &Ctx<'_>, a: &[Datum], shared: bool, transaction: bool) -> Result<Datum> {
    ctx.env.session().advisory_lock(lock_key(a), shared, transaction, true).map(Datum::Bool)
}

fn unlock(ctx: &Ctx<'_>, a: &[Datum], shared: bool) -> Result<Datum> {
    ctx.env.session().advisory_unlock(lock_key(a), shared).map(Datum::Bool)
}

/// Each function for both kinds of key.
macro_rules! advisory {
    ($($name:literal: $f:expr;)*) => {
        pub(super) const ADVISORY: &[(&str, Implementation)] = &[$(
            (concat!($name, "_int8"), Scalar($f)),
            (concat!($name, "_int4"), Scalar($f)),
        )*];
    };
}

advisory! {
    "pg_advisory_lock": |c, a| lock(c, a, false, false);
    "pg_advisory_lock_shared": |c, a| lock(c, a, true, false);
    "pg_advisory_xact_lock": |c, a| lock(c, a, false, true);
    "pg_advisory_xact_lock_shared": |c, a| lock(c, a, true, true);
    "pg_try_advisory_lock": |c, a| try_lock(c, a, false, false);
    "pg_try_advisory_lock_shared": |c, a| try_lock(c, a, true, false);
    "pg_try_advisory_xact_lock": |c, a| try_lock(c, a, false, true);
    "pg_try_advisory_xact_lock_shared": |c, a| try_lock(c, a, true, true);
    "pg_advisory_unlock": |c, a| unlock(c, a, false);
    "pg_advisory_unlock_shared": |c, a| unlock(c, a, true);
}

/// The longest channel name, and the first payload length that is too long.
const CHANNEL_BYTES_MAX: usize = 63;
const PAYLOAD_BYTES_LIMIT: usize = 8000;

/// NULLs count as empty.
fn notify(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let text = |value: &Datum| match value {
        Datum::Text(text) => text.to_string(),
        _ => String::new(),
    };
    let (channel, payload) = (text(&a[0]), text(&a[1]));
    let invalid = |message| Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    if channel.is_empty() {
        return invalid("channel name cannot be empty");
    }
    if channel.len() > CHANNEL_BYTES_MAX {
        return invalid("channel name too long");
    }
    if payload.len() >= PAYLOAD_BYTES_LIMIT {
        return invalid("payload string too long");
    }
    ctx.env.session().notify(&channel, &payload)?;
    Ok(void())
}

fn listening_channels(env: &dyn Env) -> Rows {
    let channels = env.session().listening_channels();
    Box::new(channels.into_iter().map(|channel| Ok(vec![Datum::text(channel)])))
}

/// Seconds until a time, none for the past.
fn sleep_until(ctx: &Ctx<'_>, until: i64) -> Result<Datum> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0.0, |since| since.as_secs_f64()) - EPOCH_2000_SECONDS;
    ctx.env.session().sleep((until as f64 / 1e6 - now).max(0.0)).map(|()| void())
}

/// 2000-01-01, PostgreSQL's epoch, after 1970-01-01.
const EPOCH_2000_SECONDS: f64 = 946_684_800.0;

/// An interval as seconds: months count 30 days, as in `extract(epoch …)` below a year.
fn sleep_for(ctx: &Ctx<'_>, interval: &Interval) -> Result<Datum> {
    let days = f64::from(interval.months) * 30.0 + f64::from(interval.days);
    let seconds = days * 86_400.0 + interval.micros as f64 / 1e6;
    ctx.env.session().sleep(seconds.max(0.0)).map(|()| void())
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_export_snapshot", Scalar(|c, _| c.env.session().export_snapshot().map(Datum::text))),
    ("show_config_by_name", Scalar(|c, a| current_setting(c.env, a[0].as_text(), false))),
    (
        "show_config_by_name_missing_ok",
        Scalar(|c, a| current_setting(c.env, a[0].as_text(), a[1].as_bool())),
    ),
    ("set_config_by_name", Scalar(set_config)),
    (
        "nextval_oid",
        Scalar(|c, a| {
            let oid = sequence(c.env, a[0].as_oid())?;
            require_privilege(c.env, oid, "Uw")?;
            c.env.session().nextval(oid).map(Datum::Int8)
        }),
    ),
    (
        "currval_oid",
        Scalar(|c, a| {
            let oid = sequence(c.env, a[0].as_oid())?;
            require_privilege(c.env, oid, "rU")?;
            c.env.session().currval(oid).map(Datum::Int8)
        }),
    ),
    ("lastval", Scalar(|c, _| c.env.session().lastval().map(Datum::Int8))),
    ("setval_oid", Scalar(|c, a| setval(c, a, true))),
    ("setval3_oid", Scalar(|c, a| setval(c, a, a[2].as_bool()))),
    (
        "pg_sequence_last_value",
        Scalar(|c, a| {
            let oid = sequence(c.env, a[0].as_oid())?;
            let last = c.env.session().sequence_last_value(oid)?;
            Ok(last.map_or(Datum::Null, Datum::Int8))
        }),
    ),
    ("pg_sequence_parameters", Scalar(|c, a| sequence_parameters(c, a[0].as_oid()))),
    (
        "pg_advisory_unlock_all",
        Scalar(|c, _| {
            c.env.session().advisory_unlock_all();
            Ok(void())
        }),
    ),
    ("pg_notify", Scalar(notify)),
    ("pg_listening_channels", Set(|c, _| Ok(listening_channels(c.env)))),
    ("pg_sleep", Scalar(|c, a| c.env.session().sleep(a[0].as_float8()).map(|()| void()))),
    ("pg_sleep_for(interval)", Scalar(|c, a| sleep_for(c, a[0].as_interval()))),
    ("pg_sleep_until(timestamptz)", Scalar(|c, a| sleep_until(c, a[0].as_timestamptz()))),
    ("pg_blocking_pids", Scalar(|c, a| Ok(blocking_pids(c, a[0].as_int4())))),
    (
        "pg_cancel_backend",
        Scalar(|c, a| c.env.session().signal_backend(a[0].as_int4(), false).map(Datum::Bool)),
    ),
    (
        "pg_terminate_backend",
        Scalar(|c, a| c.env.session().signal_backend(a[0].as_int4(), true).map(Datum::Bool)),
    ),
];

fn blocking_pids(c: &Ctx<'_>, pid: i32) -> Datum {
    let pids = c.env.session().blocking_backends(pid).into_iter().map(Datum::Int4);
    Datum::Array(Arc::new(Array::from_elements(oids::INT4, pids.collect())))
}
