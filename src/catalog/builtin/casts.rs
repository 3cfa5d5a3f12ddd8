//! `pg_cast`, and which types are the same but for their name.

use super::HashMap;
use super::data::Reader;
use super::{TypeKind, type_};
use crate::types::{Oid, oids};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Where a cast may happen unasked (`castcontext`). Ordered: what an implicit context allows,
/// assignment and explicit casts allow too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CastContext {
    Implicit,
    Assignment,
    Explicit,
}

/// How a cast works (`castmethod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CastMethod {
    /// By [`Cast::func`].
    Function,
    /// Through the text form.
    InOut,
    /// Not at all: the values are the same.
    Binary,
}

/// A row of pg_cast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cast {
    pub oid: Oid,
    pub source: Oid,
    pub target: Oid,
    /// pg_proc row taking the value, and where it has more arguments the typmod and whether the
    /// cast is explicit. 0 unless the method is `Function`.
    pub func: Oid,
    pub context: CastContext,
    pub method: CastMethod,
}

impl Cast {
    fn read(r: &Reader) -> Cast {
        Cast {
            oid: r.oid("oid"),
            source: r.oid("castsource"),
            target: r.oid("casttarget"),
            func: r.oid("castfunc"),
            context: match r.char("castcontext") {
                b'i' => CastContext::Implicit,
                b'a' => CastContext::Assignment,
                _ => CastContext::Explicit,
            },
            method: match r.char("castmethod") {
                b'f' => CastMethod::Function,
                b'i' => CastMethod::InOut,
                _ => CastMethod::Binary,
            },
        }
    }
}

static CASTS: LazyLock<HashMap<(Oid, Oid), Cast>> = LazyLock::new(|| {
    let mut reader = Reader::open_all("pg_cast").expect("an exported catalog");
    let mut casts = HashMap::default();
    while reader.advance() {
        let cast = Cast::read(&reader);
        casts.insert((cast.source, cast.target), cast);
    }
    casts
});

/// The pg_cast row from one type to another. A row from a type to itself applies its typmod.
pub fn cast(source: Oid, target: Oid) -> Option<&'static Cast> {
    CASTS.get(&(source, target))
}

/// The pg_cast row with this OID.
pub fn cast_with_oid(oid: Oid) -> Option<&'static Cast> {
    CASTS.values().find(|cast| cast.oid == oid)
}

/// Whether a value of `source` is one of `target` as it is (`IsBinaryCoercible`): by an implicit
/// binary cast, by a domain's base type, or because `target` is a pseudo-type that takes it.
pub fn binary_coercible(source: Oid, target: Oid) -> bool {
    if source == target || target == oids::ANY || target == oids::ANYELEMENT {
        return true;
    }
    let source = base_type(source);
    if source == target {
        return true;
    }
    let is_array = type_(source).is_some_and(|t| t.is_array);
    let is = |kind| type_(source).is_some_and(|t| t.kind == kind);
    match target {
        oids::ANYCOMPATIBLE => return true,
        oids::ANYARRAY | oids::ANYCOMPATIBLEARRAY if is_array => return true,
        oids::ANYRANGE | oids::ANYCOMPATIBLERANGE if is(TypeKind::Range) => return true,
        oids::ANYMULTIRANGE | oids::ANYCOMPATIBLEMULTIRANGE if is(TypeKind::Multirange) => {
            return true;
        }
        oids::ANYNONARRAY | oids::ANYCOMPATIBLENONARRAY if !is_array => return true,
        // Row types, built-in or a user's (which pg_type's export does not have).
        oids::RECORD if type_(source).is_none_or(|t| t.kind == TypeKind::Composite) => return true,
        _ => {}
    }
    let binary = |c: &Cast| c.method == CastMethod::Binary && c.context == CastContext::Implicit;
    cast(source, target).is_some_and(binary)
}

/// A domain's base type; other types as they are.
fn base_type(oid: Oid) -> Oid {
    match type_(oid) {
        Some(t) if t.kind == TypeKind::Domain => base_type(t.base),
        _ => oid,
    }
}
