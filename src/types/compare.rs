//! Order, equality and hash, as the default operator classes have them.

use super::datetime::SECOND;
use super::range::{self, Range};
use super::{Array, Datum, Oid, Record, bits, collation, float, oids, string, textsearch};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// The order of the type's default btree operator class. NULLs are equal to each other and greater
/// than anything else.
pub fn compare(type_oid: Oid, a: &Datum, b: &Datum) -> Ordering {
    match (a, b) {
        (Datum::Null, Datum::Null) => Ordering::Equal,
        (Datum::Null, _) => Ordering::Greater,
        (_, Datum::Null) => Ordering::Less,
        (Datum::Bool(a), Datum::Bool(b)) => a.cmp(b),
        (Datum::Char(a), Datum::Char(b)) => a.cmp(b),
        (Datum::Int2(a), Datum::Int2(b)) => a.cmp(b),
        (Datum::Int4(a), Datum::Int4(b)) | (Datum::Date(a), Datum::Date(b)) => a.cmp(b),
        (Datum::Int8(a), Datum::Int8(b))
        | (Datum::Time(a), Datum::Time(b))
        | (Datum::Timestamp(a), Datum::Timestamp(b))
        | (Datum::TimestampTz(a), Datum::TimestampTz(b)) => a.cmp(b),
        (Datum::Float4(a), Datum::Float4(b)) => float::compare_f32(*a, *b),
        (Datum::Float8(a), Datum::Float8(b)) => float::compare_f64(*a, *b),
        (Datum::Oid(a), Datum::Oid(b)) => a.cmp(b),
        (Datum::Numeric(a), Datum::Numeric(b)) => a.cmp(b),
        (Datum::Text(a), Datum::Text(b)) => compare_texts(type_oid, a, b),
        (Datum::Bytea(a), Datum::Bytea(b)) if bits::is_bits(type_oid) => bits::compare(a, b),
        (Datum::Bytea(_), Datum::Bytea(_)) if textsearch::is_textsearch(type_oid) => {
            textsearch_key(type_oid, a).cmp(&textsearch_key(type_oid, b))
        }
        (Datum::Bytea(a), Datum::Bytea(b)) => a.cmp(b),
        (Datum::TimeTz(a, x), Datum::TimeTz(b, y)) => timetz_key(*a, *x).cmp(&timetz_key(*b, *y)),
        (Datum::Interval(a), Datum::Interval(b)) => a.compare(b),
        (Datum::Uuid(a), Datum::Uuid(b)) => a.cmp(b),
        (Datum::Jsonb(a), Datum::Jsonb(b)) => a.compare(b),
        (Datum::Array(a), Datum::Array(b)) => compare_arrays(type_oid, a, b),
        (Datum::Record(a), Datum::Record(b)) => compare_records(a, b),
        (Datum::Range(a), Datum::Range(b)) => range::compare_ranges(a, b),
        (Datum::Multirange(a), Datum::Multirange(b)) => range::multirange::compare(a, b),
        (a, b) => unreachable!("values of one type have one representation: {a:?}, {b:?}"),
    }
}

#[inline]
fn compare_texts(type_oid: Oid, a: &str, b: &str) -> Ordering {
    match type_oid {
        oids::TEXT => a.cmp(b),
        oids::BPCHAR => string::trim_blanks(a).cmp(string::trim_blanks(b)),
        oids::CITEXT => string::folded(a).cmp(&string::folded(b)),
        _ => match collation::collated(type_oid) {
            Some(collated) => collated.compare(a, b),
            None => a.cmp(b),
        },
    }
}

fn textsearch_key(type_oid: Oid, value: &Datum) -> Vec<u8> {
    let mut key = Vec::new();
    textsearch::encode_key(type_oid, value, &mut key);
    key
}

/// `timetz` compares by the instant, then by zone.
pub(super) fn timetz_key(time: i64, seconds_west: i32) -> (i64, i32) {
    (time + i64::from(seconds_west) * SECOND, seconds_west)
}

/// What an array's elements compare by where the array does so by `type_oid`.
pub(super) fn of_elements(type_oid: Oid, array: &Array) -> Oid {
    if collation::is_collated(type_oid) { type_oid } else { array.element_type }
}

/// Elements first, then their number, dimensions and lower bounds.
fn compare_arrays(type_oid: Oid, a: &Array, b: &Array) -> Ordering {
    let element_type = of_elements(type_oid, a);
    a.elements
        .iter()
        .zip(&b.elements)
        .map(|(x, y)| compare(element_type, x, y))
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
        .then_with(|| a.elements.len().cmp(&b.elements.len()))
        .then_with(|| a.dims.len().cmp(&b.dims.len()))
        .then_with(|| a.dims.iter().map(|d| d.0).cmp(b.dims.iter().map(|d| d.0)))
        .then_with(|| a.dims.iter().map(|d| d.1).cmp(b.dims.iter().map(|d| d.1)))
}

/// Column by column; columns of different types sort by type (the operators refuse them, see
/// [`super::record::check_comparable`]).
fn compare_records(a: &Record, b: &Record) -> Ordering {
    a.fields
        .iter()
        .zip(&b.fields)
        .map(|((ta, x), (tb, y))| ta.cmp(tb).then_with(|| compare(*ta, x, y)))
        .find(|o| o.is_ne())
        .unwrap_or_else(|| a.fields.len().cmp(&b.fields.len()))
}

/// Equality by the default operator class; cheaper than [`compare`]. NULL equals NULL.
pub fn equal(type_oid: Oid, a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::Text(a), Datum::Text(b)) => match type_oid {
            oids::TEXT => a == b,
            oids::BPCHAR | oids::CITEXT => compare_texts(type_oid, a, b).is_eq(),
            _ => match collation::collated(type_oid) {
                Some(collated) => collated.equal(a, b),
                None => a == b,
            },
        },
        (Datum::Bytea(a), Datum::Bytea(b)) if type_oid != oids::TSQUERY => a == b,
        (Datum::Array(a), Datum::Array(b)) => {
            a.dims == b.dims && compare_arrays(type_oid, a, b).is_eq()
        }
        _ => compare(type_oid, a, b).is_eq(),
    }
}

/// Hashes so that values that are [`equal`] hash alike (1.0 and 1.00, -0 and 0).
pub fn hash(type_oid: Oid, value: &Datum, state: &mut impl Hasher) {
    match value {
        Datum::Null => state.write_u8(0),
        Datum::Bool(v) => v.hash(state),
        Datum::Char(v) => v.hash(state),
        Datum::Int2(v) => v.hash(state),
        Datum::Int4(v) | Datum::Date(v) => v.hash(state),
        Datum::Int8(v) | Datum::Time(v) | Datum::Timestamp(v) | Datum::TimestampTz(v) => {
            v.hash(state);
        }
        Datum::Float4(v) => hash_float(f64::from(*v), state),
        Datum::Float8(v) => hash_float(*v, state),
        Datum::Oid(v) => v.hash(state),
        Datum::Numeric(v) => v.hash(state),
        Datum::Text(v) => match type_oid {
            oids::TEXT => v.hash(state),
            oids::BPCHAR => string::trim_blanks(v).hash(state),
            oids::CITEXT => string::folded(v).hash(state),
            _ => match collation::collated(type_oid) {
                Some(collated) => collated.hash(v, state),
                None => v.hash(state),
            },
        },
        Datum::Bytea(_) if type_oid == oids::TSQUERY => textsearch_key(type_oid, value).hash(state),
        Datum::Bytea(v) => v.hash(state),
        Datum::TimeTz(v, zone) => timetz_key(*v, *zone).hash(state),
        Datum::Interval(v) => v.span().hash(state),
        Datum::Uuid(v) => v.hash(state),
        Datum::Jsonb(v) => {
            // Numbers of different scale are equal: the key has them in one form.
            let mut key = Vec::new();
            v.root().encode_key(&mut key);
            key.hash(state);
        }
        Datum::Array(v) => {
            let element_type = of_elements(type_oid, v);
            v.elements.iter().for_each(|e| hash(element_type, e, state));
        }
        Datum::Record(v) => v.fields.iter().for_each(|(t, e)| hash(*t, e, state)),
        Datum::Range(v) => hash_range(v, state),
        Datum::Multirange(v) => v.ranges.iter().for_each(|range| hash_range(range, state)),
    }
}

fn hash_range(range: &Range, state: &mut impl Hasher) {
    let Some((lower, upper)) = &range.bounds else { return state.write_u8(0) };
    for bound in [lower, upper] {
        bound.inclusive.hash(state);
        hash(range.subtype.oid, bound.value.as_ref().unwrap_or(&Datum::Null), state);
    }
}

fn hash_float(v: f64, state: &mut impl Hasher) {
    let canonical = match v {
        _ if v.is_nan() => f64::NAN,
        _ if v == 0.0 => 0.0,
        _ => v,
    };
    canonical.to_bits().hash(state);
}
