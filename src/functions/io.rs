//! Text and binary forms of every type, those that the catalog knows more of included: names of
//! `regclass` and its kin, labels of enums, columns of composite types, checks of domains.
//!
//! [`types::text_out`] and the like know neither the catalog nor regular expressions (which paths may
//! have); statements convert through here.

use super::{Env, acl_input, composite, enums, jsonpath, reg, xml};
use crate::catalog::{Catalog, UserType, UserTypeKind};
use crate::error::{PgError, Result};
use crate::types::range::{self, Bound, Multirange, Range, Subtype, multirange};
use crate::types::{self, Array, Datum, Oid, Record, array, oids, record, string};
use std::sync::Arc;

/// Appends a value's text form. Not for NULL.
pub fn text_out(env: &dyn Env, type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    let type_oid = shown_type(env, type_oid);
    match name(env, type_oid, value) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => match named(env, value) {
            Some(named) => types::text_out(type_oid, &named, env.format(), out),
            None => types::text_out(type_oid, value, env.format(), out),
        },
    }
}

/// A value's text form as a string.
pub fn output(env: &dyn Env, type_oid: Oid, value: &Datum) -> Result<String> {
    let mut out = Vec::new();
    text_out(env, type_oid, value, &mut out);
    Ok(String::from_utf8(out).expect("text forms are UTF-8"))
}

/// Its elements are checked as a setting says.
const XML_ARRAY: Oid = 143;

/// Whether it takes the catalog, or settings, to read the elements of a built-in array type.
fn is_array_of_names(type_oid: Oid) -> bool {
    const ACLITEM_ARRAY: Oid = 1034;
    reg::is_reg_array(type_oid) || type_oid == ACLITEM_ARRAY || type_oid == XML_ARRAY
}

/// Reads a value's text form.
pub fn text_in(env: &dyn Env, type_oid: Oid, typmod: i32, text: &str) -> Result<Datum> {
    if reg::is_reg(type_oid) {
        return reg::input(env, type_oid, text).map(Datum::Oid);
    }
    match type_oid {
        oids::JSONPATH => return jsonpath::text_in(text),
        oids::ACLITEM => return acl_input::text_in(env, text),
        oids::XML => return xml::input(env, text),
        _ => {}
    }
    if Catalog::is_system(type_oid) && !is_array_of_names(type_oid) {
        return types::text_in(type_oid, typmod, text, env.format());
    }
    let catalog = env.catalog();
    if let Some(found) = catalog.user_type(type_oid) {
        return match &found.kind {
            UserTypeKind::Enum(_) => enums::input(env, found, text),
            UserTypeKind::Domain(domain) => {
                let value = text_in(env, domain.base, domain.typmod, text)?;
                env.check_domain(type_oid, &value)?;
                Ok(value)
            }
            UserTypeKind::Range(_) | UserTypeKind::Multirange(_) => {
                range_in(env, found, |subtype, is_range| {
                    let mut bound = |text: &str| text_in(env, subtype.oid, -1, text);
                    Ok(match is_range {
                        true => range::text_in_by(subtype, text, &mut bound)?.datum(),
                        false => multirange::text_in_by(subtype, text, &mut bound)?.datum(),
                    })
                })
            }
        };
    }
    if let Some(relation) = catalog.row_type_relation(type_oid) {
        return composite::input(env, relation, text);
    }
    let Some(element) = catalog.element_of(type_oid) else { return Err(unknown(type_oid)) };
    array::text_in_by(element, text, &mut |item| match item {
        Some(item) => text_in(env, element, typmod, item),
        None => null_in(env, element),
    })
}

/// Reads a value of a range or multirange type that a user made.
fn range_in(
    env: &dyn Env,
    found: &UserType,
    read: impl FnOnce(Subtype, bool) -> Result<Datum>,
) -> Result<Datum> {
    let over = found.multirange_over();
    let subtype = env.catalog().range_subtype(over.unwrap_or(found.oid));
    read(subtype.ok_or_else(|| unknown(found.oid))?, over.is_none())
}

/// NULL as a value of a type: a domain may not allow it.
pub fn null_in(env: &dyn Env, type_oid: Oid) -> Result<Datum> {
    if !Catalog::is_system(type_oid)
        && env.catalog().user_type(type_oid).is_some_and(|t| t.domain().is_some())
    {
        env.check_domain(type_oid, &Datum::Null)?;
    }
    Ok(Datum::Null)
}

/// Appends a value's binary form. Not for NULL.
pub fn binary_out(env: &dyn Env, type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Array(array) if !Catalog::is_system(array.element_type) => {
            let element = array.element_type;
            array::binary_out_by(array, out, &mut |value, out| {
                binary_out(env, element, value, out);
            });
        }
        Datum::Range(range) if range.subtype.as_given => {
            range::binary_out_by(range, out, &mut |value, out| {
                binary_out(env, range.subtype.oid, value, out);
            });
        }
        Datum::Multirange(multirange) if multirange.subtype.as_given => {
            multirange::binary_out_by(multirange, out, &mut |value, out| {
                binary_out(env, multirange.subtype.oid, value, out);
            });
        }
        Datum::Record(record) => {
            record::binary_out_by(record, out, &mut |type_oid, value, out| {
                binary_out(env, type_oid, value, out);
            });
        }
        _ => {
            let type_oid = shown_type(env, type_oid);
            match enums::label(env, type_oid, value) {
                Some(label) => out.extend_from_slice(label.as_bytes()),
                None => types::binary_out(type_oid, value, out),
            }
        }
    }
}

/// Reads a value's binary form.
pub fn binary_in(env: &dyn Env, type_oid: Oid, typmod: i32, bytes: &[u8]) -> Result<Datum> {
    if type_oid == oids::XML {
        return xml::input(env, string::from_utf8(bytes)?);
    }
    if Catalog::is_system(type_oid) && type_oid != XML_ARRAY {
        return types::binary_in(type_oid, typmod, bytes);
    }
    let catalog = env.catalog();
    if let Some(found) = catalog.user_type(type_oid) {
        return match &found.kind {
            UserTypeKind::Enum(_) => enums::input(env, found, string::from_utf8(bytes)?),
            UserTypeKind::Domain(domain) => {
                let value = binary_in(env, domain.base, domain.typmod, bytes)?;
                env.check_domain(type_oid, &value)?;
                Ok(value)
            }
            UserTypeKind::Range(_) | UserTypeKind::Multirange(_) => {
                range_in(env, found, |subtype, is_range| {
                    let mut bound = |bytes: &[u8]| binary_in(env, subtype.oid, -1, bytes);
                    Ok(match is_range {
                        true => range::binary_in_by(subtype, bytes, &mut bound)?.datum(),
                        false => multirange::binary_in_by(subtype, bytes, &mut bound)?.datum(),
                    })
                })
            }
        };
    }
    if let Some(relation) = catalog.row_type_relation(type_oid) {
        return composite::receive(env, relation, bytes);
    }
    let Some(element) = catalog.element_of(type_oid) else { return Err(unknown(type_oid)) };
    let name = |oid| reg::output(env, oids::REGTYPE, oid);
    array::binary_in_by(type_oid, element, bytes, &name, &mut |bytes| match bytes {
        Some(bytes) => binary_in(env, element, typmod, bytes),
        None => null_in(env, element),
    })
}

fn unknown(type_oid: Oid) -> PgError {
    PgError::internal(format!("cache lookup failed for type {type_oid}"))
}

/// The type whose output function a type has: a domain has that of its base type.
pub(super) fn shown_type(env: &dyn Env, type_oid: Oid) -> Oid {
    match Catalog::is_system(type_oid) {
        true => type_oid,
        false => env.catalog().base_type(type_oid, -1).0,
    }
}

/// The name that a value shows, if it shows one: that of an object, or a label.
fn name(env: &dyn Env, type_oid: Oid, value: &Datum) -> Option<String> {
    match value {
        Datum::Oid(oid) if reg::is_reg(type_oid) => Some(reg::output(env, type_oid, *oid)),
        value if Catalog::is_system(type_oid) || !matches!(value, Datum::Int8(_)) => None,
        value => enums::label(env, type_oid, value).map(str::to_owned),
    }
}

/// An array, row or range with the names in it in their values' place; `None` where it has none.
fn named(env: &dyn Env, value: &Datum) -> Option<Datum> {
    match value {
        Datum::Array(array) => named_array(env, array),
        Datum::Record(record) => named_record(env, record),
        Datum::Range(range) => named_range(env, range).map(Range::datum),
        Datum::Multirange(multirange) => named_multirange(env, multirange),
        _ => None,
    }
}

fn may_have_names(type_oid: Oid, value: &Datum) -> bool {
    reg::is_reg(type_oid)
        || !Catalog::is_system(type_oid)
        || matches!(
            value,
            Datum::Array(_) | Datum::Record(_) | Datum::Range(_) | Datum::Multirange(_)
        )
}

/// A value's type and value with all names in place.
fn named_value(env: &dyn Env, type_oid: Oid, value: &Datum) -> (Oid, Datum) {
    let shown = shown_type(env, type_oid);
    match name(env, shown, value) {
        Some(name) => (oids::TEXT, Datum::text(name)),
        None => (shown, named(env, value).unwrap_or_else(|| value.clone())),
    }
}

fn named_array(env: &dyn Env, array: &Array) -> Option<Datum> {
    let element = array.element_type;
    if !array.elements.iter().any(|value| may_have_names(element, value)) {
        return None;
    }
    let mut element_type = shown_type(env, element);
    let mut elements = Vec::with_capacity(array.elements.len());
    for value in &array.elements {
        let (shown, value) = named_value(env, element, value);
        if !value.is_null() {
            element_type = shown;
        }
        elements.push(value);
    }
    Some(Datum::Array(Arc::new(Array { element_type, dims: array.dims.clone(), elements })))
}

fn named_record(env: &dyn Env, record: &Record) -> Option<Datum> {
    if !record.fields.iter().any(|(type_oid, value)| may_have_names(*type_oid, value)) {
        return None;
    }
    let fields = record.fields.iter();
    let fields = fields.map(|(type_oid, value)| named_value(env, *type_oid, value)).collect();
    Some(Datum::Record(Arc::new(Record { fields, names: record.names.clone() })))
}

/// The result is for being shown alone: its bounds may have lost their order.
fn named_range(env: &dyn Env, range: &Range) -> Option<Range> {
    let subtype = range.subtype;
    if !subtype.as_given {
        return None;
    }
    let (lower, upper) = range.bounds.as_ref()?;
    let mut shown_type = shown_type(env, subtype.oid);
    let mut shown = |bound: &Bound| Bound {
        value: bound.value.as_ref().map(|value| {
            let (type_oid, value) = named_value(env, subtype.oid, value);
            shown_type = type_oid;
            value
        }),
        ..bound.clone()
    };
    let bounds = Some((shown(lower), shown(upper)));
    Some(Range { subtype: Subtype { oid: shown_type, ..subtype }, bounds })
}

fn named_multirange(env: &dyn Env, multirange: &Multirange) -> Option<Datum> {
    let subtype = multirange.subtype;
    if !subtype.as_given {
        return None;
    }
    let ranges = multirange.ranges.iter();
    let ranges = ranges.map(|range| named_range(env, range).unwrap_or_else(|| range.clone()));
    Some(Multirange { subtype, ranges: ranges.collect() }.datum())
}
