//! Polymorphic types: what `anyelement`, `anyarray`, `anycompatible`… stand for in a call (manual,
//! section 38.2.5).
//!
//! Two families are solved apart. The simple one (`anyelement`) takes one type for all; the
//! compatible one (`anycompatible`) takes the common type of its arguments.
//!
//! ```text
//! array_append(anycompatiblearray, anycompatible)  on (int4[], int8)  → anycompatible = int8
//! coalesce-like f(anyelement, anyelement)          on (int4, unknown) → anyelement = int4
//! ```

use super::state::Binder;
use crate::catalog::builtin::{CastContext, TypeKind};
use crate::error::{PgError, Result, code};
use crate::types::range::Subtype;
use crate::types::{Oid, oids};

/// Any pseudo-type that stands for an actual type (`IsPolymorphicType`).
pub(super) fn is_polymorphic(oid: Oid) -> bool {
    is_simple(oid) || is_compatible(oid)
}

fn is_simple(oid: Oid) -> bool {
    matches!(
        oid,
        oids::ANYELEMENT
            | oids::ANYARRAY
            | oids::ANYNONARRAY
            | oids::ANYENUM
            | oids::ANYRANGE
            | oids::ANYMULTIRANGE
    )
}

fn is_compatible(oid: Oid) -> bool {
    matches!(
        oid,
        oids::ANYCOMPATIBLE
            | oids::ANYCOMPATIBLEARRAY
            | oids::ANYCOMPATIBLENONARRAY
            | oids::ANYCOMPATIBLERANGE
            | oids::ANYCOMPATIBLEMULTIRANGE
    )
}

/// Polymorphic types whose values are stored as what they are made of: domains are looked through.
pub(super) fn is_container(oid: Oid) -> bool {
    matches!(
        oid,
        oids::ANYARRAY
            | oids::ANYENUM
            | oids::ANYRANGE
            | oids::ANYMULTIRANGE
            | oids::ANYCOMPATIBLEARRAY
            | oids::ANYCOMPATIBLERANGE
            | oids::ANYCOMPATIBLEMULTIRANGE
    )
}

/// What the arguments say about the families.
#[derive(Default)]
struct Evidence {
    element: Option<Oid>,
    array: Option<Oid>,
    range: Option<Oid>,
    multirange: Option<Oid>,
    /// Actual types of the compatible family's elements.
    compatible: Vec<Oid>,
    has_simple: bool,
    has_compatible: bool,
    has_compatible_array: bool,
    non_array: Option<Oid>,
    compatible_non_array: bool,
}

impl Binder<'_, '_> {
    /// Whether actual types fit polymorphic declarations (`check_generic_type_consistency`).
    pub fn generics_agree(&self, actual: &[Oid], declared: &[Oid]) -> bool {
        let Ok(mut evidence) = self.gather(actual, declared) else { return false };
        if let (Some(array), Some(element)) = (evidence.array, evidence.element) {
            if array == oids::ANYARRAY {
                return false;
            }
            if self.element(array) != Some(element) {
                return false;
            }
        }
        evidence.element = evidence.element.or_else(|| self.element(evidence.array?));
        if self.deduce_from_ranges(&mut evidence).is_err() {
            return false;
        }
        if declared.contains(&oids::ANYENUM) {
            let element = evidence.element.or_else(|| self.element(evidence.array?));
            if element.is_none_or(|e| self.facts(e).kind != TypeKind::Enum) {
                return false;
            }
        }
        if evidence.non_array.is_some() {
            let element = evidence.element.or_else(|| self.element(evidence.array?));
            if element.is_some_and(|e| self.element(e).is_some()) {
                return false;
            }
        }
        self.compatible_agrees(&evidence)
    }

    fn compatible_agrees(&self, evidence: &Evidence) -> bool {
        let Some(common) = self.try_common_type(&evidence.compatible) else { return false };
        if evidence.compatible.is_empty() {
            return true;
        }
        if evidence.compatible_non_array && self.element(common).is_some() {
            return false;
        }
        if evidence.has_compatible_array && self.array_of(common).is_none() {
            return false;
        }
        let fits = |t: &Oid| self.can_coerce(*t, common, CastContext::Implicit);
        evidence.compatible.iter().all(fits)
    }

    /// Sorts the arguments' types by family.
    fn gather(&self, actual: &[Oid], declared: &[Oid]) -> Result<Evidence> {
        let mut found = Evidence::default();
        for (&actual, &declared) in actual.iter().zip(declared) {
            found.has_simple |= is_simple(declared);
            found.has_compatible |= is_compatible(declared);
            found.compatible_non_array |= declared == oids::ANYCOMPATIBLENONARRAY;
            found.has_compatible_array |= declared == oids::ANYCOMPATIBLEARRAY;
            if declared == oids::ANYNONARRAY {
                found.non_array = Some(declared);
            }
            if actual == oids::UNKNOWN || !is_polymorphic(declared) {
                continue;
            }
            self.gather_one(&mut found, actual, declared)?;
        }
        Ok(found)
    }

    fn gather_one(&self, found: &mut Evidence, actual: Oid, declared: Oid) -> Result<()> {
        match declared {
            oids::ANYELEMENT | oids::ANYNONARRAY => agree(&mut found.element, actual)
                .map_err(|old| self.not_alike("anyelement", old, actual)),
            oids::ANYARRAY => {
                let base = self.base_type(actual, -1).0;
                if self.element(base).is_none() && base != oids::ANYARRAY {
                    return Err(self.not_a(declared, "an array", actual));
                }
                agree(&mut found.array, base).map_err(|old| self.not_alike("anyarray", old, base))
            }
            oids::ANYCOMPATIBLE | oids::ANYCOMPATIBLENONARRAY => {
                found.compatible.push(actual);
                Ok(())
            }
            oids::ANYCOMPATIBLEARRAY => match self.element(actual) {
                Some(element) => {
                    found.compatible.push(element);
                    Ok(())
                }
                None => Err(self.not_a(declared, "an array", actual)),
            },
            oids::ANYENUM => {
                // As in PostgreSQL, a domain over an enum is none.
                if actual != declared && self.facts(actual).kind != TypeKind::Enum {
                    return Err(self.not_a(declared, "an enum", actual));
                }
                agree(&mut found.element, actual)
                    .map_err(|old| self.not_alike("anyelement", old, actual))
            }
            oids::ANYMULTIRANGE | oids::ANYCOMPATIBLEMULTIRANGE => {
                let base = self.base_type(actual, -1).0;
                if base != declared && self.facts(base).kind != TypeKind::Multirange {
                    return Err(self.not_a(declared, "a multirange type", actual));
                }
                agree(&mut found.multirange, base)
                    .map_err(|old| self.not_alike("anymultirange", old, base))
            }
            _ => {
                let base = self.base_type(actual, -1).0;
                if base != declared && self.facts(base).kind != TypeKind::Range {
                    return Err(self.not_a(declared, "a range type", actual));
                }
                agree(&mut found.range, base).map_err(|old| self.not_alike("anyrange", old, base))
            }
        }
    }

    /// A multirange says what the range is, and a range what the element is.
    fn deduce_from_ranges(&self, found: &mut Evidence) -> Result<()> {
        if let Some(multirange) = found.multirange
            && let Some(of) = self.context.catalog.range_of(multirange)
        {
            agree(&mut found.range, of).map_err(|range| {
                self.inconsistent(["anymultirange", "anyrange"], multirange, range)
            })?;
        }
        if let Some(range) = found.range
            && let Some(Subtype { oid: of, .. }) = self.context.catalog.range_subtype(range)
        {
            agree(&mut found.element, of)
                .map_err(|element| self.inconsistent(["anyrange", "anyelement"], range, element))?;
        }
        Ok(())
    }

    fn inconsistent(&self, declared: [&str; 2], a: Oid, b: Oid) -> PgError {
        let [first, second] = declared;
        let message =
            format!("argument declared {first} is not consistent with argument declared {second}");
        PgError::new(code::DATATYPE_MISMATCH, message).detail(format!(
            "{} versus {}",
            self.type_name(a),
            self.type_name(b)
        ))
    }

    fn not_alike(&self, declared: &str, a: Oid, b: Oid) -> PgError {
        let message = format!("arguments declared \"{declared}\" are not all alike");
        PgError::new(code::DATATYPE_MISMATCH, message).detail(format!(
            "{} versus {}",
            self.type_name(a),
            self.type_name(b)
        ))
    }

    fn not_a(&self, declared: Oid, what: &str, actual: Oid) -> PgError {
        let (declared, actual) = (self.type_name(declared), self.type_name(actual));
        let message = format!("argument declared {declared} is not {what} but type {actual}");
        PgError::new(code::DATATYPE_MISMATCH, message)
    }

    /// Replaces polymorphic declarations by the actual types and gives the actual result type
    /// (`enforce_generic_type_consistency`).
    pub fn resolve_generics(
        &self,
        actual: &[Oid],
        declared: &mut [Oid],
        result: Oid,
    ) -> Result<Oid> {
        if !declared.iter().any(|t| is_polymorphic(*t)) {
            return Ok(result);
        }
        let mut evidence = self.gather(actual, declared)?;
        let element = self.solve_simple(&mut evidence, declared, result)?;
        let compatible = self.solve_compatible(&evidence)?;
        for (declared, &actual) in declared.iter_mut().zip(actual) {
            *declared = self.substitute(*declared, &evidence, element, compatible, actual)?;
        }
        self.substitute(result, &evidence, element, compatible, oids::UNKNOWN)
    }

    /// The type of `anyelement`; 0 where the family is not used.
    fn solve_simple(&self, evidence: &mut Evidence, declared: &[Oid], result: Oid) -> Result<Oid> {
        if !evidence.has_simple {
            return Ok(0);
        }
        let from_array = match evidence.array {
            // pg_statistic's anyarray columns have no element type to speak of.
            Some(oids::ANYARRAY) if evidence.element.is_none() && !is_element(result) => {
                return Ok(oids::ANYELEMENT);
            }
            Some(oids::ANYARRAY) => {
                let message = "cannot determine element type of \"anyarray\" argument";
                return Err(PgError::new(code::DATATYPE_MISMATCH, message));
            }
            Some(array) => self.element(array),
            None => None,
        };
        let element = match (evidence.element, from_array) {
            (Some(element), Some(from_array)) if element != from_array => {
                let array = evidence.array.unwrap_or(oids::ANYARRAY);
                return Err(self.inconsistent(["anyarray", "anyelement"], array, element));
            }
            (element, from_array) => element.or(from_array),
        };
        evidence.element = element;
        self.deduce_from_ranges(evidence)?;
        // A polymorphic aggregate's functions are found by what it declares itself.
        let declared_range = [evidence.range, evidence.multirange].into_iter().flatten();
        if evidence.element.is_none() && declared_range.into_iter().any(is_simple) {
            return Ok(oids::ANYELEMENT);
        }
        let Some(element) = evidence.element else {
            let message = "could not determine polymorphic type because input has type unknown";
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        };
        if declared.contains(&oids::ANYENUM) && self.facts(element).kind != TypeKind::Enum {
            let message =
                format!("type matched to anyenum is not an enum type: {}", self.type_name(element));
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        if declared.contains(&oids::ANYNONARRAY) && self.element(element).is_some() {
            let message = format!(
                "type matched to anynonarray is an array type: {}",
                self.type_name(element)
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        Ok(element)
    }

    /// The type of `anycompatible`; 0 where the family is not used.
    fn solve_compatible(&self, evidence: &Evidence) -> Result<Oid> {
        if !evidence.has_compatible {
            return Ok(0);
        }
        let Some(common) = self.try_common_type(&evidence.compatible) else {
            let mut types = evidence.compatible.iter();
            let first = types.next().copied().unwrap_or(oids::UNKNOWN);
            let differs = |t: &&Oid| self.facts(**t).category != self.facts(first).category;
            let other = types.find(differs).copied().unwrap_or(first);
            let message = format!(
                "arguments of anycompatible family cannot be cast to a common type: {} and {}",
                self.type_name(first),
                self.type_name(other)
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        };
        if evidence.compatible_non_array && self.element(common).is_some() {
            let message = format!(
                "type matched to anycompatiblenonarray is an array type: {}",
                self.type_name(common)
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        Ok(common)
    }

    fn substitute(
        &self,
        declared: Oid,
        evidence: &Evidence,
        element: Oid,
        compatible: Oid,
        actual: Oid,
    ) -> Result<Oid> {
        let array = |element: Oid| {
            self.array_of(element).ok_or_else(|| {
                let name = self.type_name(element);
                let message = format!("could not find array type for data type {name}");
                PgError::new(code::UNDEFINED_OBJECT, message)
            })
        };
        match declared {
            oids::ANYARRAY if element == oids::ANYELEMENT => Ok(oids::ANYARRAY),
            oids::ANYARRAY => array(element),
            oids::ANYCOMPATIBLEARRAY => array(compatible),
            oids::ANYCOMPATIBLE | oids::ANYCOMPATIBLENONARRAY => Ok(compatible),
            oids::ANYELEMENT | oids::ANYNONARRAY | oids::ANYENUM if element != 0 => Ok(element),
            oids::ANYRANGE => evidence.range.ok_or_else(|| undetermined("anyrange")),
            oids::ANYMULTIRANGE => evidence
                .multirange
                .or_else(|| self.context.catalog.multirange_of(evidence.range?))
                .ok_or_else(|| undetermined("anymultirange")),
            other if is_polymorphic(other) && actual != oids::UNKNOWN => Ok(actual),
            other => Ok(other),
        }
    }
}

fn undetermined(name: &str) -> PgError {
    let message =
        format!("could not determine polymorphic type {name} because input has type unknown");
    PgError::new(code::DATATYPE_MISMATCH, message)
}

fn is_element(oid: Oid) -> bool {
    matches!(oid, oids::ANYELEMENT | oids::ANYNONARRAY | oids::ANYENUM)
}

/// Keeps the first type seen; a different one is an error that gives the first.
fn agree(slot: &mut Option<Oid>, actual: Oid) -> std::result::Result<(), Oid> {
    match *slot {
        Some(old) if old != actual => Err(old),
        _ => {
            *slot = Some(actual);
            Ok(())
        }
    }
}
