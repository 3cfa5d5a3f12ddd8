//! Enums: labels in and out, and the functions on them (manual, 9.10).
//!
//! A value is its label's rank ([`crate::catalog::user_type`]), so comparison needs no catalog.

use super::Implementation::{self, Scalar};
use super::{Ctx, Env, reg};
use crate::catalog::{EnumLabel, UserType};
use crate::error::{PgError, Result, code};
use crate::types::{self, Array, Datum, Oid, oids};
use std::sync::Arc;

/// The label that a value shows.
pub(super) fn label<'a>(env: &'a dyn Env, type_oid: Oid, value: &Datum) -> Option<&'a str> {
    let Datum::Int8(rank) = value else { return None };
    let found = env.catalog().user_type(type_oid)?;
    found.label_of(*rank).map(|label| label.name.as_str())
}

/// The value that a label names.
pub(super) fn input(env: &dyn Env, found: &UserType, text: &str) -> Result<Datum> {
    let Some(label) = found.label_named(text) else {
        let name = reg::output(env, oids::REGTYPE, found.oid);
        let message = format!("invalid input value for enum {name}: \"{text}\"");
        return Err(PgError::new(code::INVALID_TEXT_REPRESENTATION, message));
    };
    value(env, found, label)
}

/// A label's value, unless it may not be used yet (55P04).
fn value(env: &dyn Env, found: &UserType, label: &EnumLabel) -> Result<Datum> {
    if env.catalog().is_uncommitted(found.oid, label) {
        let type_name = reg::output(env, oids::REGTYPE, found.oid);
        let message =
            format!("unsafe use of new value \"{}\" of enum type {type_name}", label.name);
        return Err(PgError::new(code::UNSAFE_NEW_ENUM_VALUE_USAGE, message)
            .hint("New enum values must be committed before they can be used."));
    }
    Ok(Datum::Int8(label.rank))
}

/// The enum that a call is about: its arguments may be NULL, its type says.
fn enum_of<'a>(ctx: &'a Ctx<'_>) -> Result<&'a UserType> {
    let catalog = ctx.env.catalog();
    let found = catalog.user_type(catalog.base_type(ctx.arg_types[0], -1).0);
    found.map(|found| &**found).filter(|found| found.labels().is_some()).ok_or_else(|| {
        PgError::new(code::FEATURE_NOT_SUPPORTED, "could not determine actual enum type")
    })
}

fn first(ctx: &Ctx<'_>, _: &[Datum]) -> Result<Datum> {
    let found = enum_of(ctx)?;
    let label = found.labels().and_then(<[_]>::first).ok_or_else(|| no_values(ctx, found))?;
    value(ctx.env, found, label)
}

fn last(ctx: &Ctx<'_>, _: &[Datum]) -> Result<Datum> {
    let found = enum_of(ctx)?;
    let label = found.labels().and_then(<[_]>::last).ok_or_else(|| no_values(ctx, found))?;
    value(ctx.env, found, label)
}

fn no_values(ctx: &Ctx<'_>, found: &UserType) -> PgError {
    let name = reg::output(ctx.env, oids::REGTYPE, found.oid);
    let message = format!("enum {name} contains no values");
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
}

/// All values from one to another; NULL is no limit.
fn range(ctx: &Ctx<'_>, from: &Datum, to: &Datum) -> Result<Datum> {
    let found = enum_of(ctx)?;
    let labels = found.labels().unwrap_or_default();
    let start = match from {
        Datum::Int8(rank) => labels.partition_point(|label| label.rank < *rank),
        _ => 0,
    };
    let end = match to {
        Datum::Int8(rank) => labels.partition_point(|label| label.rank <= *rank),
        _ => labels.len(),
    };
    let within = labels.get(start..end).unwrap_or_default();
    let values = within.iter().map(|label| value(ctx.env, found, label));
    let elements = values.collect::<Result<Vec<Datum>>>()?;
    Ok(Datum::Array(Arc::new(Array::from_elements(found.oid, elements))))
}

/// The order of two values.
macro_rules! order {
    ($method:ident) => {
        Scalar(|_, a| Ok(Datum::Bool(types::compare(oids::ANYENUM, &a[0], &a[1]).$method())))
    };
}

fn compared(_: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    Ok(Datum::Int4(types::compare(oids::ANYENUM, &a[0], &a[1]) as i32))
}

fn larger(_: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    Ok(a[usize::from(types::compare(oids::ANYENUM, &a[0], &a[1]).is_lt())].clone())
}

fn smaller(_: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    Ok(a[usize::from(types::compare(oids::ANYENUM, &a[0], &a[1]).is_gt())].clone())
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("enum_eq", order!(is_eq)),
    ("enum_ne", order!(is_ne)),
    ("enum_lt", order!(is_lt)),
    ("enum_le", order!(is_le)),
    ("enum_gt", order!(is_gt)),
    ("enum_ge", order!(is_ge)),
    ("enum_cmp", Scalar(compared)),
    ("enum_larger", Scalar(larger)),
    ("enum_smaller", Scalar(smaller)),
    ("enum_first", Scalar(first)),
    ("enum_last", Scalar(last)),
    ("enum_range_all", Scalar(|c, _| range(c, &Datum::Null, &Datum::Null))),
    ("enum_range_bounds", Scalar(|c, a| range(c, &a[0], &a[1]))),
];
