//! Datums of catalog columns.

use crate::types::{Array, Datum, Oid, oids};
use std::sync::Arc;

pub(in crate::catalog) fn text(value: &str) -> Datum {
    Datum::text(value)
}

pub(in crate::catalog) fn text_or_null(value: Option<&str>) -> Datum {
    value.map_or(Datum::Null, Datum::text)
}

/// A `"char"`.
pub(in crate::catalog) fn letter(value: u8) -> Datum {
    Datum::Char(value)
}

/// An int2, of a count or attribute number that fits one.
pub(in crate::catalog) fn int2(value: usize) -> Datum {
    Datum::Int2(i16::try_from(value).unwrap_or(i16::MAX))
}

pub(in crate::catalog) fn int4(value: usize) -> Datum {
    Datum::Int4(i32::try_from(value).unwrap_or(i32::MAX))
}

/// An array of element values with lower bound 1.
pub(in crate::catalog) fn array(element_type: Oid, elements: Vec<Datum>) -> Datum {
    Datum::Array(Arc::new(Array::from_elements(element_type, elements)))
}

pub(in crate::catalog) fn text_array<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Datum {
    array(oids::TEXT, values.into_iter().map(|v| Datum::text(v.as_ref())).collect())
}

pub(in crate::catalog) fn int2_array(values: impl IntoIterator<Item = i16>) -> Datum {
    array(oids::INT2, values.into_iter().map(Datum::Int2).collect())
}

pub(in crate::catalog) fn oid_array(values: impl IntoIterator<Item = Oid>) -> Datum {
    array(oids::OID, values.into_iter().map(Datum::Oid).collect())
}

/// An int2vector or oidvector: an array with lower bound 0.
pub(in crate::catalog) fn vector(element_type: Oid, elements: Vec<Datum>) -> Datum {
    let length = i32::try_from(elements.len()).unwrap_or(i32::MAX);
    Datum::Array(Arc::new(Array { element_type, dims: vec![(length, 0)], elements }))
}

/// An `aclitem[]`, NULL for the default privileges.
pub(in crate::catalog) fn acl(items: Option<&[String]>) -> Datum {
    match items {
        None => Datum::Null,
        Some(items) => array(oids::ACLITEM, items.iter().map(|i| Datum::text(&**i)).collect()),
    }
}

/// Reloptions as `name=value`, NULL where there are none. A view's WITH CHECK OPTION follows what
/// its WITH says.
pub(in crate::catalog) fn options<'a>(
    options: impl ExactSizeIterator<Item = (&'a String, &'a String)>,
) -> Datum {
    let mut options: Vec<_> = options.collect();
    options.sort_by_key(|(name, _)| *name == "check_option");
    match options.len() {
        0 => Datum::Null,
        _ => text_array(options.iter().map(|(name, value)| format!("{name}={value}"))),
    }
}
