//! Binary-coercible casts whose sides we represent differently: `int4` and the `oid` family.

use crate::types::{Datum, Oid, oids};

/// Whether values of this type are [`Datum::Oid`].
fn is_oid(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::OID
            | oids::REGPROC
            | oids::REGPROCEDURE
            | oids::REGOPER
            | oids::REGOPERATOR
            | oids::REGCLASS
            | oids::REGTYPE
            | oids::REGROLE
            | oids::REGNAMESPACE
            | oids::REGCONFIG
            | oids::REGDICTIONARY
            | oids::REGCOLLATION
    )
}

/// Whether a cast between the types changes the [`Datum`].
pub(super) fn needs_relabel(from: Oid, to: Oid) -> bool {
    from == oids::INT4 && is_oid(to) || is_oid(from) && to == oids::INT4
}

/// The value as `to` represents it: the same 32 bits.
pub(super) fn relabel(value: Datum, to: Oid) -> Datum {
    match value {
        Datum::Int4(v) if is_oid(to) => Datum::Oid(v.cast_unsigned()),
        Datum::Oid(v) if to == oids::INT4 => Datum::Int4(v.cast_signed()),
        other => other,
    }
}
