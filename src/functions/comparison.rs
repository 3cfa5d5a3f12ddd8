//! Comparison operators, btree support functions, and `larger`/`smaller` of scalar types.
//!
//! Each family is one `Ordering`-valued expression; the six operators and the `cmp` function follow
//! from it. One-type families use [`types::compare`], the order of the default operator class, so
//! that an operator, an index and a sort cannot disagree. Mixed integer widths widen; mixed floats
//! compare as `float8`; `name` and `text` compare as text.

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::types::{self, Datum, oids};
use std::cmp::Ordering;

/// The operators and the btree support function of orders `|ctx, a, b| -> Ordering`. Names are put
/// together from what stands before `eq` and `ne`, before the others, and after all of them.
macro_rules! operators {
    ($([$eq:literal $order:literal $suffix:literal $cmp:literal] $compare:expr;)*) => {
        pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[$(
            (concat!($eq, "eq", $suffix), Scalar(|c, a| Ok(Datum::Bool(($compare)(c, &a[0], &a[1]).is_eq())))),
            (concat!($eq, "ne", $suffix), Scalar(|c, a| Ok(Datum::Bool(($compare)(c, &a[0], &a[1]).is_ne())))),
            (concat!($order, "lt", $suffix), Scalar(|c, a| Ok(Datum::Bool(($compare)(c, &a[0], &a[1]).is_lt())))),
            (concat!($order, "le", $suffix), Scalar(|c, a| Ok(Datum::Bool(($compare)(c, &a[0], &a[1]).is_le())))),
            (concat!($order, "gt", $suffix), Scalar(|c, a| Ok(Datum::Bool(($compare)(c, &a[0], &a[1]).is_gt())))),
            (concat!($order, "ge", $suffix), Scalar(|c, a| Ok(Datum::Bool(($compare)(c, &a[0], &a[1]).is_ge())))),
            ($cmp, Scalar(|c, a| Ok(Datum::Int4(($compare)(c, &a[0], &a[1]) as i32)))),
        )*];
    };
}
pub(super) use operators;

/// The order of one type.
macro_rules! of {
    ($type_oid:ident) => {
        |_: &$crate::functions::Ctx<'_>, a: &$crate::types::Datum, b: &$crate::types::Datum| {
            $crate::types::compare($crate::types::oids::$type_oid, a, b)
        }
    };
}
pub(super) use of;

/// The order of two integer types, in the wider.
macro_rules! widened {
    ($ty:ty: $left:ident, $right:ident) => {
        |_: &Ctx<'_>, a: &Datum, b: &Datum| <$ty>::from(a.$left()).cmp(&<$ty>::from(b.$right()))
    };
}

fn as_float8(value: &Datum) -> Datum {
    match value {
        Datum::Float4(v) => Datum::Float8(f64::from(*v)),
        other => other.clone(),
    }
}

fn mixed_floats(_: &Ctx<'_>, a: &Datum, b: &Datum) -> Ordering {
    types::compare(oids::FLOAT8, &as_float8(a), &as_float8(b))
}

operators! {
    ["bool" "bool" "" "btboolcmp"] of!(BOOL);
    ["char" "char" "" "btcharcmp"] of!(CHAR);
    ["int2" "int2" "" "btint2cmp"] widened!(i16: as_int2, as_int2);
    ["int4" "int4" "" "btint4cmp"] widened!(i32: as_int4, as_int4);
    ["int8" "int8" "" "btint8cmp"] widened!(i64: as_int8, as_int8);
    ["int24" "int24" "" "btint24cmp"] widened!(i32: as_int2, as_int4);
    ["int28" "int28" "" "btint28cmp"] widened!(i64: as_int2, as_int8);
    ["int42" "int42" "" "btint42cmp"] widened!(i32: as_int4, as_int2);
    ["int48" "int48" "" "btint48cmp"] widened!(i64: as_int4, as_int8);
    ["int82" "int82" "" "btint82cmp"] widened!(i64: as_int8, as_int2);
    ["int84" "int84" "" "btint84cmp"] widened!(i64: as_int8, as_int4);
    ["float4" "float4" "" "btfloat4cmp"] of!(FLOAT4);
    ["float8" "float8" "" "btfloat8cmp"] of!(FLOAT8);
    ["float48" "float48" "" "btfloat48cmp"] mixed_floats;
    ["float84" "float84" "" "btfloat84cmp"] mixed_floats;
    ["numeric_" "numeric_" "" "numeric_cmp"] of!(NUMERIC);
    ["oid" "oid" "" "btoidcmp"] of!(OID);
    ["text" "text_" "" "bttextcmp"] of!(TEXT);
    ["name" "name" "" "btnamecmp"] of!(NAME);
    ["name" "name" "text" "btnametextcmp"] of!(TEXT);
    ["text" "text" "name" "bttextnamecmp"] of!(TEXT);
    ["bpchar" "bpchar" "" "bpcharcmp"] of!(BPCHAR);
    ["bytea" "bytea" "" "byteacmp"] of!(BYTEA);
    ["uuid_" "uuid_" "" "uuid_cmp"] of!(UUID);
    ["tid" "tid" "" "bttidcmp"] of!(TID);
    ["xid8" "xid8" "" "xid8cmp"] of!(XID8);
    ["oidvector" "oidvector" "" "btoidvectorcmp"] of!(OIDVECTOR);
}

/// The `~<~` family of the pattern operator classes: byte order, which under the C collation is
/// also the types' own order.
macro_rules! pattern_operators {
    ($($prefix:literal $cmp:literal $type_oid:ident;)*) => {
        pub(super) const PATTERN: &[(&str, Implementation)] = &[$(
            (concat!($prefix, "_lt"), Scalar(|_, a| Ok(Datum::Bool(types::compare(oids::$type_oid, &a[0], &a[1]).is_lt())))),
            (concat!($prefix, "_le"), Scalar(|_, a| Ok(Datum::Bool(types::compare(oids::$type_oid, &a[0], &a[1]).is_le())))),
            (concat!($prefix, "_gt"), Scalar(|_, a| Ok(Datum::Bool(types::compare(oids::$type_oid, &a[0], &a[1]).is_gt())))),
            (concat!($prefix, "_ge"), Scalar(|_, a| Ok(Datum::Bool(types::compare(oids::$type_oid, &a[0], &a[1]).is_ge())))),
            ($cmp, Scalar(|_, a| Ok(Datum::Int4(types::compare(oids::$type_oid, &a[0], &a[1]) as i32)))),
        )*];
    };
}

pattern_operators! {
    "text_pattern" "bttext_pattern_cmp" TEXT;
    "bpchar_pattern" "btbpchar_pattern_cmp" BPCHAR;
}

/// A transaction or command number; `xid = integer` compares it with an `integer`'s bits.
fn transaction_number(value: &Datum) -> u32 {
    match value {
        Datum::Int4(number) => *number as u32,
        value => value.as_oid(),
    }
}

fn same_number(a: &[Datum]) -> bool {
    transaction_number(&a[0]) == transaction_number(&a[1])
}

/// Types of system columns that have equality only.
pub(super) const SYSTEM: &[(&str, Implementation)] = &[
    ("xideq", Scalar(|_, a| Ok(Datum::Bool(same_number(a))))),
    ("xidneq", Scalar(|_, a| Ok(Datum::Bool(!same_number(a))))),
    ("cideq", Scalar(|_, a| Ok(Datum::Bool(same_number(a))))),
];

pub(super) fn larger(type_oid: types::Oid, a: &[Datum]) -> Datum {
    // The first of two equal values stays, as in PostgreSQL's `max`.
    a[usize::from(types::compare(type_oid, &a[0], &a[1]).is_lt())].clone()
}

pub(super) fn smaller(type_oid: types::Oid, a: &[Datum]) -> Datum {
    a[usize::from(types::compare(type_oid, &a[0], &a[1]).is_gt())].clone()
}

macro_rules! extremes {
    ($($prefix:literal: $type_oid:ident;)*) => {
        /// The transition functions of `max` and `min`.
        pub(in crate::functions) const EXTREMES: &[(&str, Implementation)] = &[$(
            (concat!($prefix, "larger"), Scalar(|_, a| Ok($crate::functions::comparison::larger($crate::types::oids::$type_oid, a)))),
            (concat!($prefix, "smaller"), Scalar(|_, a| Ok($crate::functions::comparison::smaller($crate::types::oids::$type_oid, a)))),
        )*];
    };
}

pub(super) use extremes;

extremes! {
    "int2": INT2;
    "int4": INT4;
    "int8": INT8;
    "float4": FLOAT4;
    "float8": FLOAT8;
    "numeric_": NUMERIC;
    "oid": OID;
    "xid8_": XID8;
    "tid": TID;
    "text_": TEXT;
    "bpchar_": BPCHAR;
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::{t, value};
    use crate::types::Datum::{Bool, Float4, Float8, Int4, Int8, Oid};

    #[test]
    fn mixed_widths_compare_by_value() {
        assert_eq!(value("int48lt", &[Int4(-1), Int8(i64::MAX)]), Bool(true));
        assert_eq!(value("btint84cmp", &[Int8(1 << 40), Int4(5)]), Int4(1));
        assert_eq!(value("oidgt", &[Oid(u32::MAX), Oid(1)]), Bool(true));
    }

    #[test]
    fn nan_is_the_largest_float_and_zeros_are_equal() {
        assert_eq!(value("float8eq", &[Float8(f64::NAN), Float8(f64::NAN)]), Bool(true));
        assert_eq!(value("float48gt", &[Float4(f32::NAN), Float8(f64::INFINITY)]), Bool(true));
        assert_eq!(value("float8eq", &[Float8(-0.0), Float8(0.0)]), Bool(true));
        assert_eq!(value("float48eq", &[Float4(0.1), Float8(0.1)]), Bool(false));
    }

    #[test]
    fn bpchar_ignores_trailing_blanks() {
        assert_eq!(value("bpchareq", &[t("a  "), t("a")]), Bool(true));
        assert_eq!(value("texteq", &[t("a  "), t("a")]), Bool(false));
        assert_eq!(value("namelttext", &[t("a"), t("b")]), Bool(true));
    }
}
