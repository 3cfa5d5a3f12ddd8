//! Text forms of every type, those whose names live in the catalog (`regclass`, …) included.
//!
//! [`types::text_out`] and [`types::text_in`] know neither the catalog nor regular expressions (which
//! paths may have); statements convert through here.

use super::{Env, jsonpath, reg};
use crate::catalog::builtin;
use crate::error::Result;
use crate::types::{self, Array, Datum, Oid, oids};
use std::sync::Arc;

/// `text[]`.
const TEXT_ARRAY: Oid = 1009;

/// Appends a value's text form. Not for NULL.
pub fn text_out(env: &dyn Env, type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    if reg::is_reg(type_oid) {
        out.extend_from_slice(reg::output(env, type_oid, value.as_oid()).as_bytes());
    } else if let Datum::Array(array) = value
        && let Some(element) = builtin::type_(type_oid).map(|t| t.element)
        && reg::is_reg(element)
    {
        let names = reg_names(env, element, array);
        types::text_out(TEXT_ARRAY, &names, env.format(), out);
    } else {
        types::text_out(type_oid, value, env.format(), out);
    }
}

/// Reads a value's text form.
pub fn text_in(env: &dyn Env, type_oid: Oid, typmod: i32, text: &str) -> Result<Datum> {
    if reg::is_reg(type_oid) {
        reg::input(env, type_oid, text).map(Datum::Oid)
    } else if type_oid == oids::JSONPATH {
        jsonpath::text_in(text)
    } else {
        types::text_in(type_oid, typmod, text, env.format())
    }
}

/// A value's text form as a string.
pub fn output(env: &dyn Env, type_oid: Oid, value: &Datum) -> Result<String> {
    let mut out = Vec::new();
    text_out(env, type_oid, value, &mut out);
    Ok(String::from_utf8(out).expect("text forms are UTF-8"))
}

/// An array of OIDs as one of the names that they are shown as.
fn reg_names(env: &dyn Env, type_oid: Oid, array: &Array) -> Datum {
    let name = |element: &Datum| match element {
        Datum::Null => Datum::Null,
        oid => Datum::text(reg::output(env, type_oid, oid.as_oid())),
    };
    let elements = array.elements.iter().map(name).collect();
    let dims = array.dims.clone();
    Datum::Array(Arc::new(Array { element_type: oids::TEXT, dims, elements }))
}
