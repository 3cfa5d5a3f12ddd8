//! Arrays: `op ANY (array)`, `ARRAY[…]`, casts of every element.

use super::eval::Eval;
use super::node::{ArrayCoerce, ArrayNode, Node, ScalarArray};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::types::{self, Array, Datum, Oid, oids};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

/// The elements of a constant array that `=` finds its left side among, compared as values and not by
/// calls of the operator's function.
pub(in crate::exec) struct Members {
    /// Each behind its hash, in the order of these, without NULLs.
    values: Vec<(u64, Datum)>,
    type_oid: Oid,
    has_null: bool,
    hashes: RandomState,
}

impl Members {
    /// `None`: the operator is not the equality of keys, or the array is not known.
    pub fn of(op: Oid, scalar_type: Oid, array: &Node) -> Option<Members> {
        let Node::Const(Datum::Array(array)) = array else { return None };
        let same = text_like(scalar_type) == text_like(array.element_type);
        let is_equality = builtin::operator(op).is_some_and(|operator| operator.name == "=");
        (same && has_simple_key(scalar_type) && is_equality).then_some(())?;
        let known = || array.elements.iter().filter(|element| !element.is_null());
        let has_null = known().count() < array.elements.len();
        let (type_oid, hashes) = (scalar_type, RandomState::new());
        let mut members = Members { values: Vec::new(), type_oid, has_null, hashes };
        members.values = known().map(|value| (members.hash(value), value.clone())).collect();
        members.values.sort_unstable_by_key(|(hash, _)| *hash);
        Some(members)
    }

    /// Whether a value is among them; NULL where it is not and an element is unknown.
    fn contain(&self, value: &Datum) -> Datum {
        let hash = self.hash(value);
        let from = self.values.partition_point(|(other, _)| *other < hash);
        let mut alike = self.values[from..].iter().take_while(|(other, _)| *other == hash);
        match alike.any(|(_, member)| types::equal(self.type_oid, member, value)) {
            true => Datum::Bool(true),
            false if self.has_null => Datum::Null,
            false => Datum::Bool(false),
        }
    }

    fn hash(&self, value: &Datum) -> u64 {
        let mut hasher = self.hashes.build_hasher();
        types::hash(self.type_oid, value, &mut hasher);
        hasher.finish()
    }
}

fn text_like(type_oid: Oid) -> Oid {
    if matches!(type_oid, oids::VARCHAR | oids::NAME) { oids::TEXT } else { type_oid }
}

/// Types whose values are equal where their representations are.
fn has_simple_key(type_oid: Oid) -> bool {
    const TYPES: [Oid; 11] = [
        oids::BOOL,
        oids::CHAR,
        oids::INT2,
        oids::INT4,
        oids::INT8,
        oids::OID,
        oids::TEXT,
        oids::UUID,
        oids::DATE,
        oids::TIMESTAMP,
        oids::TIMESTAMPTZ,
    ];
    TYPES.contains(&text_like(type_oid))
}

/// `scalar op ANY (array)`: OR over the elements, AND for ALL, with NULL unknown.
pub(super) fn scalar_array(s: &ScalarArray, cx: &Eval<'_>) -> Result<Datum> {
    let array = s.array.eval(cx)?;
    let Datum::Array(array) = &array else { return Ok(Datum::Null) };
    if array.elements.is_empty() {
        return Ok(Datum::Bool(!s.any));
    }
    let scalar = s.scalar.eval(cx)?;
    if scalar.is_null() && s.call.callee.strict {
        return Ok(Datum::Null);
    }
    if let Some(members) = &s.members {
        return Ok(members.contain(&scalar));
    }
    let env = cx.state.env();
    let mut unknown = false;
    let mut args = [scalar, Datum::Null];
    for element in &array.elements {
        args[1] = element.clone();
        match s.call.callee.call(env, &args)? {
            Datum::Bool(b) if b == s.any => return Ok(Datum::Bool(b)),
            Datum::Bool(_) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(!s.any) })
}

/// `ARRAY[…]` of elements, or of sub-arrays that must agree in their dimensions.
pub(super) fn construct(node: &ArrayNode, cx: &Eval<'_>) -> Result<Datum> {
    let values: Vec<Datum> = node.elements.iter().map(|e| e.eval(cx)).collect::<Result<_>>()?;
    match node.multidims {
        false => Ok(array_datum(Array::from_elements(node.element_type, values))),
        true => stack_arrays(node.element_type, &values),
    }
}

/// An array one dimension up from its sub-arrays. NULL and empty sub-arrays are left out, unless
/// there are others with elements: then they do not fit.
pub(in crate::exec) fn stack_arrays(element_type: Oid, values: &[Datum]) -> Result<Datum> {
    let mismatch = || {
        PgError::new(
            code::ARRAY_SUBSCRIPT_ERROR,
            "multidimensional arrays must have array expressions with matching dimensions",
        )
    };
    let arrays: Vec<&Array> = values
        .iter()
        .filter_map(|v| match v {
            Datum::Array(a) if !a.elements.is_empty() => Some(&**a),
            _ => None,
        })
        .collect();
    let Some(first) = arrays.first() else {
        return Ok(array_datum(Array::from_elements(element_type, Vec::new())));
    };
    if arrays.len() != values.len() || arrays.iter().any(|a| a.dims != first.dims) {
        return Err(mismatch());
    }
    let mut dims = vec![(i32::try_from(arrays.len()).map_err(|_| mismatch())?, 1)];
    dims.extend(&first.dims);
    if dims.len() > 6 {
        let message =
            format!("number of array dimensions ({}) exceeds the maximum allowed (6)", dims.len());
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    }
    let elements = arrays.iter().flat_map(|a| a.elements.iter().cloned()).collect();
    Ok(array_datum(Array { element_type, dims, elements }))
}

/// The arrays of a subquery's rows as one array: `ARRAY(SELECT …)`.
pub(in crate::exec) fn accumulate_arrays(element_type: Oid, values: &[Datum]) -> Result<Datum> {
    let wrong = |message| PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message);
    let mut first: Option<&Array> = None;
    for value in values {
        let Datum::Array(array) = value else {
            let message = "cannot accumulate null arrays";
            return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
        };
        match first {
            None if array.dims.is_empty() => {
                return Err(wrong("cannot accumulate empty arrays"));
            }
            None => first = Some(array),
            Some(first) if first.dims != array.dims => {
                return Err(wrong("cannot accumulate arrays of different dimensionality"));
            }
            Some(_) => {}
        }
    }
    stack_arrays(element_type, values)
}

/// Casts each element; the dimensions stay.
pub(super) fn coerce(c: &ArrayCoerce, cx: &Eval<'_>) -> Result<Datum> {
    let value = c.arg.eval(cx)?;
    let Datum::Array(array) = &value else { return Ok(Datum::Null) };
    let elements: Result<Vec<Datum>> = array
        .elements
        .iter()
        .map(|element| c.element.eval(&Eval { case_test: Some(element), ..*cx }))
        .collect();
    let (element_type, dims) = (c.element_type, array.dims.clone());
    Ok(array_datum(Array { element_type, dims, elements: elements? }))
}

fn array_datum(array: Array) -> Datum {
    Datum::Array(Arc::new(array))
}
