//! `acldefault`: the access list that an object without one of its own has (manual, 5.7).

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::catalog::acl::{item, role_name};
use crate::error::{PgError, Result, code};
use crate::types::{Array, Datum, oids};
use std::sync::Arc;

/// What PUBLIC and what the owner may do with an object of a kind; `None`: there is no such kind.
fn defaults(kind: u8) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        b'c' => ("", ""),
        b'r' => ("", "arwdDxt"),
        b's' => ("", "rwU"),
        b'd' => ("Tc", "CTc"),
        b'f' => ("X", "X"),
        b'l' | b'T' => ("U", "U"),
        b'L' => ("", "rw"),
        b'n' => ("", "UC"),
        b'p' => ("", "sA"),
        b't' => ("", "C"),
        b'F' | b'S' => ("", "U"),
        _ => return None,
    })
}

fn acldefault(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let Datum::Char(kind) = a[0] else { return Ok(Datum::Null) };
    let Some((public, own)) = defaults(kind) else {
        let message = format!("unrecognized objtype abbreviation: {}", char::from(kind));
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    };
    let owner = role_name(ctx.env.catalog(), a[1].as_oid());
    let mut items = Vec::new();
    if !public.is_empty() {
        items.push(Datum::text(item(None, public, &owner)));
    }
    if !own.is_empty() {
        items.push(Datum::text(item(Some(&owner), own, &owner)));
    }
    Ok(Datum::Array(Arc::new(Array::from_elements(oids::ACLITEM, items))))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[("acldefault_sql", Scalar(acldefault))];
