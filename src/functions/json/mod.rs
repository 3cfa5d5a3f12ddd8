//! `json` and `jsonb` (manual, 9.16).
//!
//! A `json` value is its text, kept as written; [`text`] walks it. A `jsonb` value is navigated in
//! its binary form ([`crate::types::Jsonb`]) and changed along a path without rebuilding the rest.

pub(super) mod access;
pub(super) mod aggregate;
pub(super) mod assign;
pub(super) mod build;
pub(super) mod cast;
pub(super) mod change;
pub(super) mod compare;
pub(super) mod convert;
pub(super) mod object;
mod path;
pub(super) mod record;
pub(super) mod sets;
mod text;

use crate::error::{PgError, code};

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}
