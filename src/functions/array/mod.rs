//! Array functions and operators (manual, 9.19).
//!
//! An empty array has no dimensions, whatever its element type; it concatenates with anything.

pub(super) mod comparison;
pub(super) mod construct;
pub(super) mod edit;
pub(super) mod search;
pub(super) mod set;
pub(super) mod shape;

use super::Ctx;
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::types::{Array, Datum, Oid, oids};
use std::sync::Arc;

/// The most dimensions an array has.
const DIMENSIONS_MAX: usize = 6;
/// The most elements an array has.
const ELEMENTS_MAX: i64 = 134_217_727;

/// The element type of the call's result; an array argument that is NULL does not tell.
fn result_element(ctx: &Ctx<'_>) -> Oid {
    element_of(ctx, ctx.result_type).unwrap_or(oids::TEXT)
}

/// The element type of an array type.
pub(super) fn element_of(ctx: &Ctx<'_>, array: Oid) -> Option<Oid> {
    match Catalog::is_system(array) {
        true => oids::element_of(array),
        false => ctx.env.catalog().element_of(array),
    }
}

fn datum(array: Array) -> Datum {
    Datum::Array(Arc::new(array))
}

fn subscript_error(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
}

/// The number of elements of dimensions; 54000 where it is too large or a length is negative.
fn element_count(lengths: impl IntoIterator<Item = i32>) -> Result<usize> {
    let mut count = 1_i64;
    for length in lengths {
        count = count.saturating_mul(i64::from(length));
        if length < 0 || count > ELEMENTS_MAX {
            return Err(PgError::new(
                code::PROGRAM_LIMIT_EXCEEDED,
                format!("array size exceeds the maximum allowed ({ELEMENTS_MAX})"),
            ));
        }
    }
    Ok(count as usize)
}
