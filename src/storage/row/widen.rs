//! Values read as a wider type than they were stored as: what ALTER COLUMN … TYPE leaves to readers
//! instead of writing every row anew.
//!
//! Only casts that cannot fail and that PostgreSQL's own cast function would give to the last bit.

use crate::types::{Datum, Oid, oids};

/// How a stored value becomes one of the column's type now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Widening {
    /// It is one.
    Same,
    Int4,
    Int8,
    Float8,
}

impl Widening {
    /// `None`: values of the one type are not read as the other.
    pub(super) fn of(from: Oid, to: Oid) -> Option<Widening> {
        let is_text = |oid| matches!(oid, oids::TEXT | oids::VARCHAR);
        match (from, to) {
            _ if from == to || is_text(from) && is_text(to) => Some(Widening::Same),
            (oids::INT2, oids::INT4) => Some(Widening::Int4),
            (oids::INT2 | oids::INT4, oids::INT8) => Some(Widening::Int8),
            (oids::FLOAT4, oids::FLOAT8) => Some(Widening::Float8),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn apply(self, value: Datum) -> Datum {
        match (self, value) {
            (Widening::Same, value) => value,
            (Widening::Int4, Datum::Int2(v)) => Datum::Int4(v.into()),
            (Widening::Int8, Datum::Int2(v)) => Datum::Int8(v.into()),
            (Widening::Int8, Datum::Int4(v)) => Datum::Int8(v.into()),
            (Widening::Float8, Datum::Float4(v)) => Datum::Float8(v.into()),
            // NULL, and a missing value that is wide already.
            (_, value) => value,
        }
    }
}

/// Whether rows that hold values of one type can stay as they are when their column becomes of the
/// other.
pub fn widens(from: Oid, to: Oid) -> bool {
    Widening::of(from, to).is_some()
}

/// A value of one type as one of a type that it [`widens`] to.
pub fn widened(value: Datum, from: Oid, to: Oid) -> Datum {
    Widening::of(from, to).map_or(Datum::Null, |widening| widening.apply(value))
}
