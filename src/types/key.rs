//! Bytes whose `memcmp` order is a type's order: keys of RocksDB, and of sorts, joins and groups in
//! plans.
//!
//! A key is a byte for NULL or not, then the value's bytes; all but that byte are inverted for
//! descending order. Keys are prefix-free (none starts with another), so the keys of several columns
//! may follow each other. Equal values, such as 1.0 and 1.00, have equal keys; a key does not tell
//! the value.
//!
//! | type | bytes |
//! |---|---|
//! | integers, dates, times | big-endian, sign bit inverted |
//! | floats | sign-inverted IEEE bits; NaN last, -0 as 0 |
//! | text, bytea, what is held as bytes | the bytes, 00 as 00 FF, then 00 00 |
//! | text under a collation that is not bytewise | ICU's sort key with its 00; if deterministic, the bytes as above |
//! | bit, varbit | the bits as these bytes, then their number |
//! | numeric | sign class, decimal exponent, digits in pairs, end |
//! | ranges | empty or not, then per bound whether it is finite, its value, whether before, at or after that |
//! | multiranges | the ranges, then 00 |
//! | arrays | per element 01 or 02 (NULL) and key, then 00, dimensions |

use super::compare::{of_elements, timetz_key};
use super::range::Range;
use super::{Array, Datum, Numeric, Oid, Record, bits, collation, oids, string, textsearch};

const NULL_FIRST: u8 = 0;
/// What keys of values that are not NULL begin with.
pub const NOT_NULL: u8 = 1;
const NULL_LAST: u8 = 2;

/// Appends the key of a value.
pub fn encode(
    type_oid: Oid,
    value: &Datum,
    descending: bool,
    nulls_first: bool,
    out: &mut Vec<u8>,
) {
    if value.is_null() {
        out.push(if nulls_first { NULL_FIRST } else { NULL_LAST });
        return;
    }
    out.push(NOT_NULL);
    let start = out.len();
    encode_value(type_oid, value, out);
    if descending {
        out[start..].iter_mut().for_each(|b| *b = !*b);
    }
}

/// Appends the ascending key of a value that is not NULL, without the byte for NULL.
pub fn encode_value(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Null => unreachable!("the caller encodes NULL"),
        Datum::Bool(v) => out.push(u8::from(*v)),
        Datum::Char(v) => out.push(*v),
        Datum::Int2(v) => out.extend_from_slice(&(v ^ i16::MIN).to_be_bytes()),
        Datum::Int4(v) | Datum::Date(v) => encode_i32(*v, out),
        Datum::Int8(v) | Datum::Time(v) | Datum::Timestamp(v) | Datum::TimestampTz(v) => {
            encode_i64(*v, out);
        }
        Datum::Float4(v) => encode_f32(*v, out),
        Datum::Float8(v) => encode_f64(*v, out),
        Datum::Oid(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Numeric(v) => encode_numeric(v, out),
        Datum::Text(v) => match type_oid {
            oids::TEXT => encode_bytes(v.as_bytes(), out),
            oids::BPCHAR => encode_bytes(string::trim_blanks(v).as_bytes(), out),
            oids::CITEXT => encode_bytes(string::folded(v).as_bytes(), out),
            _ => match collation::collated(type_oid) {
                Some(collated) => collated.encode_key(v, out),
                None => encode_bytes(v.as_bytes(), out),
            },
        },
        Datum::Bytea(v) if bits::is_bits(type_oid) => {
            let (bytes, length) = bits::key_parts(v);
            encode_bytes(bytes, out);
            out.extend_from_slice(length);
        }
        Datum::Bytea(_) if textsearch::is_textsearch(type_oid) => {
            textsearch::encode_key(type_oid, value, out);
        }
        Datum::Bytea(v) => encode_bytes(v, out),
        Datum::TimeTz(v, zone) => {
            let (instant, zone) = timetz_key(*v, *zone);
            encode_i64(instant, out);
            encode_i32(zone, out);
        }
        Datum::Interval(v) => out.extend_from_slice(&(v.span() ^ i128::MIN).to_be_bytes()),
        Datum::Uuid(v) => out.extend_from_slice(&v[..]),
        Datum::Jsonb(v) => v.root().encode_key(out),
        Datum::Array(v) => encode_array(of_elements(type_oid, v), v, out),
        Datum::Record(v) => encode_record(v, out),
        Datum::Range(v) => encode_range(v, out),
        Datum::Multirange(v) => {
            v.ranges.iter().for_each(|range| encode_range(range, out));
            out.push(MULTIRANGE_END);
        }
    }
}

fn encode_i32(v: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(&(v ^ i32::MIN).to_be_bytes());
}

fn encode_i64(v: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&(v ^ i64::MIN).to_be_bytes());
}

fn encode_f64(v: f64, out: &mut Vec<u8>) {
    let bits = match v {
        _ if v.is_nan() => f64::NAN.to_bits() & (u64::MAX >> 1),
        _ if v == 0.0 => 0,
        _ => v.to_bits(),
    };
    let negative = bits >> 63 == 1;
    out.extend_from_slice(&if negative { !bits } else { bits | 1 << 63 }.to_be_bytes());
}

fn encode_f32(v: f32, out: &mut Vec<u8>) {
    let bits = match v {
        _ if v.is_nan() => f32::NAN.to_bits() & (u32::MAX >> 1),
        _ if v == 0.0 => 0,
        _ => v.to_bits(),
    };
    let negative = bits >> 31 == 1;
    out.extend_from_slice(&if negative { !bits } else { bits | 1 << 31 }.to_be_bytes());
}

/// Appends bytes with zeros escaped, and an end that sorts before all content.
pub fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| *b == 0) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[0, 0xff]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

/// Sign classes of numerics, in order.
mod class {
    pub const NEG_INFINITY: u8 = 1;
    pub const NEGATIVE: u8 = 2;
    pub const ZERO: u8 = 3;
    pub const POSITIVE: u8 = 4;
    pub const INFINITY: u8 = 5;
    pub const NAN: u8 = 6;
}

/// Appends a numeric's key: for 1234.5 the class, exponent 3, digit pairs 12 34 50, each plus one,
/// and a zero. All but the class are inverted for negative values.
pub fn encode_numeric(v: &Numeric, out: &mut Vec<u8>) {
    let Some(exponent) = v.decimal_exponent() else {
        out.push(match v.signum() {
            _ if v.is_nan() => class::NAN,
            1 => class::INFINITY,
            0 => class::ZERO,
            _ => class::NEG_INFINITY,
        });
        return;
    };
    let negative = v.signum() < 0;
    out.push(if negative { class::NEGATIVE } else { class::POSITIVE });
    let start = out.len();
    encode_i32(exponent, out);
    let coefficient = v.coefficient().unwrap_or_default();
    let digits = coefficient.magnitude().to_string();
    for pair in digits.trim_end_matches('0').as_bytes().chunks(2) {
        let second = pair.get(1).map_or(0, |b| b - b'0');
        out.push((pair[0] - b'0') * 10 + second + 1);
    }
    out.push(0);
    if negative {
        out[start..].iter_mut().for_each(|b| *b = !*b);
    }
}

const ARRAY_END: u8 = 0;
const ARRAY_ITEM: u8 = 1;
const ARRAY_NULL: u8 = 2;

fn encode_array(element_type: Oid, array: &Array, out: &mut Vec<u8>) {
    for item in &array.elements {
        encode_item(element_type, item, out);
    }
    out.push(ARRAY_END);
    out.push(array.dims.len() as u8);
    array.dims.iter().for_each(|(length, _)| encode_i32(*length, out));
    array.dims.iter().for_each(|(_, lower)| encode_i32(*lower, out));
}

fn encode_record(record: &Record, out: &mut Vec<u8>) {
    for (type_oid, item) in &record.fields {
        encode_item(*type_oid, item, out);
    }
    out.push(ARRAY_END);
}

/// Sorts before the key of any range that is not empty.
pub(super) const RANGE_EMPTY: u8 = 1;
/// The bounds follow.
pub(super) const RANGE_BOUNDED: u8 = 2;
const MULTIRANGE_END: u8 = 0;

/// Where a bound lies: without end, or just before, at, or after its value.
mod bound {
    pub const LOWEST: u8 = 0;
    pub const FINITE: u8 = 1;
    pub const HIGHEST: u8 = 2;
    pub const BEFORE: u8 = 0;
    pub const AT: u8 = 1;
    pub const AFTER: u8 = 2;
}

pub(super) fn encode_range(range: &Range, out: &mut Vec<u8>) {
    let Some((lower, upper)) = &range.bounds else {
        out.push(RANGE_EMPTY);
        return;
    };
    out.push(RANGE_BOUNDED);
    for end in [lower, upper] {
        encode_bound(range.subtype.oid, end, out);
    }
}

/// Appends the key of a range's bound; the order is that of all bounds, lower or upper.
pub(super) fn encode_bound(subtype: Oid, end: &super::range::Bound, out: &mut Vec<u8>) {
    match &end.value {
        None => out.push(if end.is_upper { bound::HIGHEST } else { bound::LOWEST }),
        Some(value) => {
            out.push(bound::FINITE);
            encode_value(subtype, value, out);
            out.push(match (end.inclusive, end.is_upper) {
                (true, _) => bound::AT,
                (false, true) => bound::BEFORE,
                (false, false) => bound::AFTER,
            });
        }
    }
}

fn encode_item(type_oid: Oid, item: &Datum, out: &mut Vec<u8>) {
    if item.is_null() {
        out.push(ARRAY_NULL);
    } else {
        out.push(ARRAY_ITEM);
        encode_value(type_oid, item, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, compare, equal, hash, text_in};
    use super::*;
    use std::hash::{DefaultHasher, Hasher};

    fn key(type_oid: Oid, value: &Datum, descending: bool) -> Vec<u8> {
        let mut out = Vec::new();
        encode(type_oid, value, descending, false, &mut out);
        out
    }

    /// Values of each type in PostgreSQL's ascending order; `=` marks a value equal to the one before.
    const SORTED: &[(Oid, &[&str])] = &[
        (oids::BOOL, &["f", "t"]),
        (oids::INT2, &["-32768", "-1", "0", "32767"]),
        (oids::INT4, &["-2147483648", "-1", "0", "1"]),
        (oids::INT8, &["-9223372036854775808", "0", "9223372036854775807"]),
        (
            oids::FLOAT8,
            &["-Infinity", "-1.5", "-1e-300", "0", "=-0", "1e-300", "2", "Infinity", "NaN", "=NaN"],
        ),
        (oids::FLOAT4, &["-Infinity", "-1.5", "0", "=-0", "2", "Infinity", "NaN"]),
        (
            oids::NUMERIC,
            &[
                "-Infinity",
                "-1e100",
                "-10.5",
                "-10",
                "-9.99",
                "-0.001",
                "0",
                "=0.00",
                "0.0001",
                "0.01",
                "1",
                "=1.0",
                "1.01",
                "9",
                "10",
                "=1e1",
                "123",
                "1234",
                "1e50",
                "Infinity",
                "NaN",
            ],
        ),
        (oids::TEXT, &["", "a", "a ", "aa", "b", "ä"]),
        (oids::CITEXT, &["", "a", "=A", "aB", "=Ab", "b", "ä"]),
        (oids::HSTORE, &["", "a=>1", "aa=>1", "a=>NULL,b=>2", "b=>1"]),
        (oids::BPCHAR, &["", "=  ", "a", "=a  ", "b"]),
        (oids::BYTEA, &["", "\\x00", "\\x0000", "\\x0001", "\\x01", "\\xff"]),
        (
            oids::INET,
            &["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/8", "10.0.0.0/9", "10.0.0.0", "::", "::1"],
        ),
        (oids::MACADDR, &["00:00:00:00:00:00", "08:00:2b:01:02:03", "ff:00:00:00:00:00"]),
        (
            oids::VARBIT,
            &["", "0", "00", "00000000", "000000000", "01", "1", "10", "10000000", "11"],
        ),
        (oids::MONEY, &["-1", "0", "0.01", "1"]),
        (
            oids::NUMRANGE,
            &[
                "empty",
                "(,1)",
                "(,1]",
                "(,)",
                "[1,1]",
                "=[1.0,1.00]",
                "[1,2)",
                "[1,2]",
                "[1,)",
                "(1,2)",
                "[2,3]",
            ],
        ),
        (oids::INT4RANGE, &["empty", "=[1,1)", "[1,2)", "=(0,1]", "[1,5)", "[2,3)"]),
        (oids::INT4MULTIRANGE, &["{}", "{[1,2)}", "{[1,2),[5,6)}", "{[1,3)}", "={[1,2),[2,3)}"]),
        (oids::PG_LSN, &["0/0", "0/FFFFFFFF", "1/0", "FFFFFFFF/0"]),
        (oids::DATE, &["-infinity", "4714-11-24 BC", "1999-12-31", "2000-01-01", "infinity"]),
        (oids::TIMETZ, &["00:00+02", "00:00+00", "=00:00+00", "00:00-01", "=00:00-01"]),
        (
            oids::INTERVAL,
            &[
                "-1 month", "0", "23:59", "1 day", "=24:00", "29 days", "1 mon", "=30 days",
                "1 year",
            ],
        ),
        (1007, &["{}", "{1}", "{1,2}", "{1,NULL}", "[0:0]={2}", "{2}", "{NULL}"]),
        (1009, &["{\"\"}", "{a}", "{a,b}", "{aa}"]),
    ];

    #[test]
    fn keys_hashes_and_comparison_agree() {
        for (type_oid, texts) in SORTED {
            let mut rank = 0;
            let values: Vec<(i32, Datum)> = texts
                .iter()
                .map(|text| {
                    rank += i32::from(!text.starts_with('='));
                    let text = text.trim_start_matches('=');
                    (rank, text_in(*type_oid, -1, text, &Format::default()).unwrap())
                })
                .chain([(i32::MAX, Datum::Null)])
                .collect();
            for (i, a) in &values {
                for (j, b) in &values {
                    let order = i.cmp(j);
                    assert_eq!(compare(*type_oid, a, b), order, "{type_oid}: {a:?} {b:?}");
                    assert_eq!(equal(*type_oid, a, b), order.is_eq());
                    let (ka, kb) = (key(*type_oid, a, false), key(*type_oid, b, false));
                    assert_eq!(ka.cmp(&kb), order, "{type_oid}: {a:?} {b:?}");
                    assert!(order.is_eq() || !kb.starts_with(&ka), "prefix: {a:?} {b:?}");
                    if !a.is_null() && !b.is_null() {
                        let descending = key(*type_oid, b, true).cmp(&key(*type_oid, a, true));
                        assert_eq!(descending, order);
                    }
                    if order.is_eq() {
                        let hashed = |v: &Datum| {
                            let mut state = DefaultHasher::new();
                            hash(*type_oid, v, &mut state);
                            state.finish()
                        };
                        assert_eq!(hashed(a), hashed(b), "{a:?} {b:?}");
                    }
                }
            }
        }
    }
}
