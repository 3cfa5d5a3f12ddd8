//! `array[i]`, `array[lo:hi]`, assignment to them, and `jsonb[…]`.
//!
//! Reading outside an array gives NULL, a slice is cut to what exists; assigning outside extends a
//! one-dimensional array, filling the gap with NULLs (manual, 8.15). `name[i]` reads a letter, `point[i]` a
//! coordinate.

use super::eval::Eval;
use super::node::{Node, Subscript};
use crate::error::{PgError, Result, code};
use crate::functions::{self, Ctx, Implementation};
use crate::types::jsonb::Value;
use crate::types::{Array, Datum, Oid, array, hstore, oids};
use std::borrow::Cow;
use std::sync::Arc;

pub(super) fn eval(s: &Subscript, cx: &Eval<'_>) -> Result<Datum> {
    let container = s.container.eval(cx)?;
    if s.container_type == oids::JSONB {
        return jsonb(s, container, cx);
    }
    if s.container_type == oids::HSTORE {
        return hstore_value(s, &container, cx);
    }
    if array::fixed_element(s.container_type).is_some() {
        return fixed_element(s, &container, cx);
    }
    match (&s.assign, s.is_slice) {
        (Some(_), false) => assign_element(s, container, cx),
        (Some(_), true) => assign_slice(s, container, cx),
        (None, false) => fetch_element(s, &container, cx),
        (None, true) => fetch_slice(s, &container, cx),
    }
}

/// A subscript's value: `Err(())`-like `None` for NULL.
fn index(node: &Node, cx: &Eval<'_>) -> Result<Option<i32>> {
    Ok(match node.eval(cx)? {
        Datum::Int4(i) => Some(i),
        _ => None,
    })
}

fn fetch_element(s: &Subscript, container: &Datum, cx: &Eval<'_>) -> Result<Datum> {
    let Datum::Array(array) = container else { return Ok(Datum::Null) };
    let mut indexes = Vec::with_capacity(s.upper.len());
    for node in s.upper.iter().flatten() {
        let Some(i) = index(node, cx)? else { return Ok(Datum::Null) };
        indexes.push(i);
    }
    Ok(offset(array, &indexes).map_or(Datum::Null, |at| array.elements[at].clone()))
}

/// A part of what is an array of fixed length from 0 on.
fn fixed_element(s: &Subscript, container: &Datum, cx: &Eval<'_>) -> Result<Datum> {
    let [Some(node)] = s.upper.as_slice() else { return Ok(Datum::Null) };
    let at = index(node, cx)?.and_then(|i| usize::try_from(i).ok());
    Ok(at.and_then(|at| part(container, s.container_type, at)).unwrap_or_default())
}

/// A `name` is 64 bytes, zeros at its end; shapes are held as their coordinates.
fn part(container: &Datum, container_type: Oid, at: usize) -> Option<Datum> {
    const NAME_BYTES: usize = 64;
    match (container, array::fixed_element(container_type)?) {
        (Datum::Text(name), _) => {
            let byte = name.as_bytes().get(at).copied().unwrap_or(0);
            (at < NAME_BYTES).then_some(Datum::Char(byte))
        }
        (Datum::Bytea(held), oids::POINT) => {
            let point = held.chunks_exact(2 * size_of::<f64>()).nth(at)?;
            Some(Datum::bytea(point))
        }
        (Datum::Bytea(held), _) => {
            let bytes = held.as_chunks().0.get(at)?;
            Some(Datum::Float8(f64::from_be_bytes(*bytes)))
        }
        _ => None,
    }
}

/// The row-major position of an element; `None` outside the array.
fn offset(array: &Array, indexes: &[i32]) -> Option<usize> {
    if array.dims.len() != indexes.len() || indexes.is_empty() {
        return None;
    }
    let mut at = 0usize;
    for (&(length, lower), &i) in array.dims.iter().zip(indexes) {
        let within = usize::try_from(i64::from(i) - i64::from(lower)).ok()?;
        let length = usize::try_from(length).ok()?;
        if within >= length {
            return None;
        }
        at = at * length + within;
    }
    Some(at)
}

/// The bounds of a slice, per dimension of the array; omitted ones are the array's.
fn bounds(s: &Subscript, array: &Array, cx: &Eval<'_>) -> Result<Option<Vec<(i32, i32)>>> {
    let mut bounds = Vec::with_capacity(s.upper.len());
    for (n, upper) in s.upper.iter().enumerate() {
        let (length, first) = array.dims.get(n).copied().unwrap_or((0, 1));
        let last = first.saturating_add(length).saturating_sub(1);
        let low = match s.lower.get(n).and_then(Option::as_ref) {
            Some(node) => index(node, cx)?,
            // A plain subscript among slices means 1:i.
            None if s.lower.len() <= n => Some(1),
            None => Some(first),
        };
        let high = match upper {
            Some(node) => index(node, cx)?,
            None => Some(last),
        };
        match (low, high) {
            (Some(low), Some(high)) => bounds.push((low, high)),
            _ => return Ok(None),
        }
    }
    Ok(Some(bounds))
}

fn fetch_slice(s: &Subscript, container: &Datum, cx: &Eval<'_>) -> Result<Datum> {
    let Datum::Array(array) = container else { return Ok(Datum::Null) };
    let Some(wanted) = bounds(s, array, cx)? else { return Ok(Datum::Null) };
    let empty = || Array::from_elements(array.element_type, Vec::new());
    if wanted.len() > array.dims.len() || array.dims.is_empty() {
        return Ok(Datum::Array(Arc::new(empty())));
    }
    let mut ranges = Vec::with_capacity(array.dims.len());
    for (n, &(length, lower)) in array.dims.iter().enumerate() {
        let last = lower.saturating_add(length).saturating_sub(1);
        let (low, high) = wanted.get(n).copied().unwrap_or((lower, last));
        let (low, high) = (low.max(lower), high.min(last));
        if low > high {
            return Ok(Datum::Array(Arc::new(empty())));
        }
        ranges.push((low, high));
    }
    let mut elements = Vec::new();
    let mut at: Vec<i32> = ranges.iter().map(|r| r.0).collect();
    loop {
        let position = offset(array, &at).expect("the slice was cut to the array");
        elements.push(array.elements[position].clone());
        if !advance(&mut at, &ranges) {
            break;
        }
    }
    let dims = ranges.iter().map(|(low, high)| (high - low + 1, 1)).collect();
    Ok(Datum::Array(Arc::new(Array { element_type: array.element_type, dims, elements })))
}

/// Steps through a box in row-major order.
fn advance(at: &mut [i32], ranges: &[(i32, i32)]) -> bool {
    for (i, range) in at.iter_mut().zip(ranges).rev() {
        if *i < range.1 {
            *i += 1;
            return true;
        }
        *i = range.0;
    }
    false
}

fn null_subscript() -> PgError {
    PgError::new(code::NULL_VALUE_NOT_ALLOWED, "array subscript in assignment must not be null")
}

fn out_of_range() -> PgError {
    wrong_subscript("array subscript out of range")
}

fn new_value(s: &Subscript, cx: &Eval<'_>) -> Result<Datum> {
    s.assign.as_ref().map_or(Ok(Datum::Null), |value| value.eval(cx))
}

fn assign_element(s: &Subscript, container: Datum, cx: &Eval<'_>) -> Result<Datum> {
    let mut indexes = Vec::with_capacity(s.upper.len());
    for node in s.upper.iter().flatten() {
        indexes.push(index(node, cx)?.ok_or_else(null_subscript)?);
    }
    let value = new_value(s, cx)?;
    let mut array = match container {
        Datum::Array(array) => (*array).clone(),
        _ => Array::from_elements(s.element_type, Vec::new()),
    };
    if array.dims.is_empty() {
        array.dims = indexes.iter().map(|&i| (1, i)).collect();
        array.elements = vec![value];
    } else if let Some(at) = offset(&array, &indexes) {
        array.elements[at] = value;
    } else if let (&[(length, lower)], &[i]) = (array.dims.as_slice(), indexes.as_slice()) {
        extend(&mut array, length, lower, i, value)?;
    } else {
        return Err(out_of_range());
    }
    Ok(Datum::Array(Arc::new(array)))
}

/// Most elements an array may be extended to (`MaxArraySize`).
const ELEMENTS_MAX: i64 = 134_217_727;

/// Assigns just outside a one-dimensional array; the gap is filled with NULLs.
fn extend(array: &mut Array, length: i32, lower: i32, i: i32, value: Datum) -> Result<()> {
    let first = i64::from(lower.min(i));
    let last = (i64::from(lower) + i64::from(length) - 1).max(i64::from(i));
    let total = last - first + 1;
    if total > ELEMENTS_MAX {
        let message = format!("array size exceeds the maximum allowed ({ELEMENTS_MAX})");
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    }
    let total_len = usize::try_from(total).map_err(|_| out_of_range())?;
    let at = |n: i32| usize::try_from(i64::from(n) - first).map_err(|_| out_of_range());
    let mut elements = vec![Datum::Null; total_len];
    let start = at(lower)?;
    for (n, old) in std::mem::take(&mut array.elements).into_iter().enumerate() {
        elements[start + n] = old;
    }
    elements[at(i)?] = value;
    array.elements = elements;
    array.dims = vec![(i32::try_from(total).map_err(|_| out_of_range())?, lower.min(i))];
    Ok(())
}

/// Assigns an array's first elements, whatever its shape, to a slice; it must have enough. Only
/// arrays of one dimension grow.
fn assign_slice(s: &Subscript, container: Datum, cx: &Eval<'_>) -> Result<Datum> {
    let source = new_value(s, cx)?;
    let Datum::Array(source) = &source else { return Ok(container) };
    let mut array = match container {
        Datum::Array(array) if !array.dims.is_empty() => (*array).clone(),
        _ => return new_slice(s, source, cx),
    };
    if array.dims.len() < s.upper.len() {
        return Err(wrong_subscript("wrong number of array subscripts"));
    }
    let wanted = bounds(s, &array, cx)?.ok_or_else(null_subscript)?;
    let one_dimension = array.dims.len() == 1;
    let mut ranges = Vec::with_capacity(array.dims.len());
    for (n, &(length, lower)) in array.dims.iter().enumerate() {
        let last = lower.saturating_add(length).saturating_sub(1);
        let (low, high) = wanted.get(n).copied().unwrap_or((lower, last));
        if low > high {
            return Err(wrong_subscript("upper bound cannot be less than lower bound"));
        }
        if !one_dimension && (low < lower || high > last) {
            return Err(out_of_range());
        }
        ranges.push((low, high));
    }
    check_source(&ranges, source)?;
    let mut at: Vec<i32> = ranges.iter().map(|r| r.0).collect();
    for value in &source.elements {
        match (offset(&array, &at), array.dims.first().copied()) {
            (Some(place), _) => array.elements[place] = value.clone(),
            (None, Some((length, lower))) => {
                extend(&mut array, length, lower, at[0], value.clone())?;
            }
            (None, None) => return Err(out_of_range()),
        }
        if !advance(&mut at, &ranges) {
            break;
        }
    }
    Ok(Datum::Array(Arc::new(array)))
}

/// A slice of an array that is empty or NULL becomes the array, with the slice's bounds.
fn new_slice(s: &Subscript, source: &Array, cx: &Eval<'_>) -> Result<Datum> {
    let empty = Array::from_elements(s.element_type, Vec::new());
    let given = |n: usize| s.lower.get(n).is_none_or(Option::is_some) && s.upper[n].is_some();
    if !(0..s.upper.len()).all(given) {
        let detail = "When assigning to a slice of an empty array value, slice boundaries must be \
                      fully specified.";
        return Err(
            wrong_subscript("array slice subscript must provide both boundaries").detail(detail)
        );
    }
    let ranges = bounds(s, &empty, cx)?.ok_or_else(null_subscript)?;
    let count = check_source(&ranges, source)?;
    if count == 0 {
        return Ok(Datum::Array(Arc::new(empty)));
    }
    let dims = ranges.iter().map(|(low, high)| (high - low + 1, *low)).collect();
    let elements = source.elements[..count].to_vec();
    Ok(Datum::Array(Arc::new(Array { element_type: s.element_type, dims, elements })))
}

/// How many elements a slice takes, which the source must have.
fn check_source(ranges: &[(i32, i32)], source: &Array) -> Result<usize> {
    let lengths = ranges.iter().map(|(low, high)| i64::from(*high) - i64::from(*low) + 1);
    let count = lengths.fold(1i64, |count, length| count.saturating_mul(length.max(0)));
    match usize::try_from(count) {
        Ok(count) if count <= source.elements.len() => Ok(count),
        _ => Err(wrong_subscript("source array too small")),
    }
}

fn wrong_subscript(message: &'static str) -> PgError {
    PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
}

/// The value of a key, or the pairs with another value of it.
fn hstore_value(s: &Subscript, container: &Datum, cx: &Eval<'_>) -> Result<Datum> {
    let [Some(key)] = s.upper.as_slice() else { return Ok(Datum::Null) };
    let held = match container {
        Datum::Bytea(held) => &**held,
        _ => &[],
    };
    let Datum::Text(key) = key.eval(cx)? else {
        if s.assign.is_none() {
            return Ok(Datum::Null);
        }
        let message = "hstore subscript in assignment must not be null";
        return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
    };
    if s.assign.is_none() {
        let found = hstore::pairs(held).find(|(known, _)| **known == *key);
        return Ok(found.and_then(|(_, value)| value).map_or(Datum::Null, Datum::text));
    }
    let new = new_value(s, cx)?;
    let value = match &new {
        Datum::Text(value) => Some(Cow::Borrowed(&**value)),
        _ => None,
    };
    // Of equal keys the first counts.
    let others = hstore::pairs(held).map(|(k, v)| (Cow::Borrowed(k), v.map(Cow::Borrowed)));
    Ok(hstore::datum([(Cow::Borrowed(&*key), value)].into_iter().chain(others).collect()))
}

/// `jsonb['a'][0]` is `#>` with the subscripts as a path.
fn jsonb(s: &Subscript, container: Datum, cx: &Eval<'_>) -> Result<Datum> {
    let mut path = Vec::with_capacity(s.upper.len());
    let mut first_is_index = false;
    for (n, node) in s.upper.iter().flatten().enumerate() {
        path.push(match node.eval(cx)? {
            Datum::Int4(i) => {
                first_is_index |= n == 0;
                i.to_string()
            }
            Datum::Null if s.assign.is_some() => {
                let message = "jsonb subscript in assignment must not be null";
                return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
            }
            Datum::Null => return Ok(Datum::Null),
            text => text.as_text().to_owned(),
        });
    }
    if s.assign.is_some() {
        let new = match new_value(s, cx)? {
            Datum::Jsonb(new) => Value::Embedded(new),
            _ => Value::Null,
        };
        let document = match &container {
            Datum::Jsonb(document) => Some(document),
            _ => None,
        };
        return functions::set_jsonb_element(document, &path, first_is_index, new)
            .map(Datum::Jsonb);
    }
    if container.is_null() {
        return Ok(Datum::Null);
    }
    let path = path.into_iter().map(Datum::text).collect();
    let path = Datum::Array(Arc::new(Array::from_elements(oids::TEXT, path)));
    let Some(Implementation::Scalar(f)) = functions::lookup("jsonb_extract_path") else {
        return Err(PgError::unsupported("jsonb subscripting"));
    };
    f(
        &Ctx {
            env: cx.state.env(),
            func: 0,
            arg_types: &[],
            result_type: oids::JSONB,
            variadic: true,
            columns: &[],
        },
        &[container, path],
    )
}
