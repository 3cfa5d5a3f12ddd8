//! Functions and operators of `macaddr` and `macaddr8`.

use super::Implementation::{self, Scalar};
use super::comparison::{of, operators};
use crate::types::{Datum, macaddr};

operators! {
    ["macaddr_" "macaddr_" "" "macaddr_cmp"] of!(MACADDR);
    ["macaddr8_" "macaddr8_" "" "macaddr8_cmp"] of!(MACADDR8);
}

fn inverted(a: &[Datum]) -> Datum {
    Datum::bytea(a[0].as_bytea().iter().map(|byte| !byte).collect::<Vec<u8>>())
}

fn combined(a: &[Datum], f: fn(u8, u8) -> u8) -> Datum {
    let pairs = a[0].as_bytea().iter().zip(a[1].as_bytea());
    Datum::bytea(pairs.map(|(a, b)| f(*a, *b)).collect::<Vec<u8>>())
}

/// The manufacturer's part: three bytes, then zeros.
fn truncated(a: &[Datum]) -> Datum {
    let mut bytes = a[0].as_bytea().to_vec();
    bytes[3..].fill(0);
    Datum::bytea(bytes)
}

/// As a modified EUI-64, of which IPv6 addresses are made: the "local" bit is set.
fn with_local_bit(a: &[Datum]) -> Datum {
    let mut bytes = a[0].as_bytea().to_vec();
    bytes[0] |= 2;
    Datum::bytea(bytes)
}

pub(super) const ADDRESSES: &[(&str, Implementation)] = &[
    ("macaddr_not", Scalar(|_, a| Ok(inverted(a)))),
    ("macaddr8_not", Scalar(|_, a| Ok(inverted(a)))),
    ("macaddr_and", Scalar(|_, a| Ok(combined(a, |a, b| a & b)))),
    ("macaddr8_and", Scalar(|_, a| Ok(combined(a, |a, b| a & b)))),
    ("macaddr_or", Scalar(|_, a| Ok(combined(a, |a, b| a | b)))),
    ("macaddr8_or", Scalar(|_, a| Ok(combined(a, |a, b| a | b)))),
    ("macaddr_trunc", Scalar(|_, a| Ok(truncated(a)))),
    ("macaddr8_trunc", Scalar(|_, a| Ok(truncated(a)))),
    ("macaddr8_set7bit", Scalar(|_, a| Ok(with_local_bit(a)))),
    ("macaddrtomacaddr8", Scalar(|_, a| Ok(Datum::bytea(macaddr::widened(a[0].as_bytea()))))),
    ("macaddr8tomacaddr", Scalar(|_, a| macaddr::narrowed(a[0].as_bytea()).map(Datum::bytea))),
];
