//! Multiranges: several ranges as one value, `{[1,3),[5,7)}`.
//!
//! Made by [`Multirange::new`] only, which sorts ranges, joins those that overlap or touch, and leaves out
//! empty ones.

use super::wire::with_length;
use super::{Bound, Range, Subtype, compare_bounds, compare_ranges, compare_values, text};
use crate::error::{PgError, Result, code};
use crate::types::input::{Reader, insufficient_data, is_space};
use crate::types::{Datum, Format, Oid, codec};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

/// The type of the bounds of a built-in multirange type.
pub fn subtype(multirange_type: Oid) -> Option<Subtype> {
    super::subtype(super::range_of(multirange_type)?)
}

/// A multirange value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Multirange {
    #[serde(flatten)]
    pub subtype: Subtype,
    /// In order, none of them empty, with something between each two.
    pub ranges: Vec<Range>,
}

impl Multirange {
    pub fn new(subtype: Subtype, mut ranges: Vec<Range>) -> Multirange {
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by(compare_ranges);
        let mut joined: Vec<Range> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match joined.last_mut() {
                Some(last) if reaches(last, &range) => extend(last, range),
                _ => joined.push(range),
            }
        }
        Multirange { subtype, ranges: joined }
    }

    pub fn datum(self) -> Datum {
        Datum::Multirange(Arc::new(self))
    }

    /// From the first range's lower bound to the last one's upper bound; `None`: there is none.
    pub fn span(&self) -> Option<(&Bound, &Bound)> {
        let (lower, _) = self.ranges.first()?.bounds.as_ref()?;
        let (_, upper) = self.ranges.last()?.bounds.as_ref()?;
        Some((lower, upper))
    }

    /// Bytes of memory beyond the value itself.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Multirange>() + self.ranges.iter().map(Range::memory_bytes).sum::<usize>()
    }
}

/// Whether a range overlaps or touches one that does not begin before it.
fn reaches(first: &Range, second: &Range) -> bool {
    let (Some((_, upper)), Some((lower, _))) = (&first.bounds, &second.bounds) else {
        return false;
    };
    compare_bounds(first.subtype, upper, lower).is_ge() || touch(first.subtype, upper, lower)
}

/// Whether nothing lies between an upper and a lower bound, nor in both. Discrete ranges are in canonical
/// form: theirs touch where the values are the same, too.
pub fn touch(subtype: Subtype, upper: &Bound, lower: &Bound) -> bool {
    compare_values(subtype, upper, lower).is_eq() && upper.inclusive != lower.inclusive
}

/// Moves the upper bound of a range to that of one that it reaches.
fn extend(first: &mut Range, second: Range) {
    let subtype = first.subtype;
    if let (Some((_, upper)), Some((_, other))) = (&mut first.bounds, second.bounds)
        && compare_bounds(subtype, upper, &other).is_lt()
    {
        *upper = other;
    }
}

/// The order of `multirange_ops`: range by range, then by their number.
pub fn compare(a: &Multirange, b: &Multirange) -> Ordering {
    let ranges = a.ranges.iter().zip(&b.ranges);
    let differing = ranges.map(|(a, b)| compare_ranges(a, b)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| a.ranges.len().cmp(&b.ranges.len()))
}

fn malformed(text: &str, detail: &str) -> PgError {
    let message = format!("malformed multirange literal: \"{text}\"");
    PgError::new(code::INVALID_TEXT_REPRESENTATION, message).detail(detail)
}

/// Reads the text of a multirange over a built-in subtype.
pub fn text_in(subtype: Subtype, typmod: i32, text: &str, format: &Format) -> Result<Multirange> {
    text_in_by(subtype, text, &mut |text| codec::text_in(subtype.oid, typmod, text, format))
}

/// Reads the text of a multirange whose bounds `read` reads.
pub fn text_in_by(
    subtype: Subtype,
    text: &str,
    read: &mut dyn FnMut(&str) -> Result<Datum>,
) -> Result<Multirange> {
    let unexpected_end = || malformed(text, "Unexpected end of input.");
    let blank = |rest: &'_ str| rest.len() - rest.trim_start_matches(is_space).len();
    let mut at = blank(text);
    if !text[at..].starts_with('{') {
        return Err(malformed(text, "Missing left brace."));
    }
    at += 1;
    let mut ranges = Vec::new();
    let mut seen = false;
    loop {
        at += blank(&text[at..]);
        let rest = &text[at..];
        match rest.chars().next().ok_or_else(unexpected_end)? {
            '[' | '(' => {
                let length = range_length(rest).ok_or_else(unexpected_end)?;
                ranges.push(text::text_in_by(subtype, &rest[..length], read)?);
                at += length;
            }
            '}' if !seen => break,
            _ => match text::after_empty(rest) {
                Some(after) => at = text.len() - after.len(),
                None => return Err(malformed(text, "Expected range start.")),
            },
        }
        seen = true;
        at += blank(&text[at..]);
        match text[at..].chars().next().ok_or_else(unexpected_end)? {
            ',' => at += 1,
            '}' => break,
            _ => return Err(malformed(text, "Expected comma or end of multirange.")),
        }
    }
    if !text[at + 1..].chars().all(is_space) {
        return Err(malformed(text, "Junk after closing right brace."));
    }
    Ok(Multirange::new(subtype, ranges))
}

/// Bytes of the range that a text begins with; `None`: it has no end.
fn range_length(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            // Blanks do not count here, so a backslash takes what follows them.
            '\\' => {
                chars.by_ref().find(|(_, c)| !is_space(*c))?;
            }
            '"' => quoted = !quoted,
            ']' | ')' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Appends a multirange's text.
pub fn text_out(multirange: &Multirange, format: &Format, out: &mut Vec<u8>) {
    out.push(b'{');
    for (i, range) in multirange.ranges.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        text::text_out(range, format, out);
    }
    out.push(b'}');
}

/// Reads the binary form: the number of ranges, and each with its length.
pub fn binary_in(subtype: Subtype, typmod: i32, bytes: &[u8]) -> Result<Multirange> {
    binary_in_by(subtype, bytes, &mut |bytes| codec::binary_in(subtype.oid, typmod, bytes))
}

/// Reads the binary form of a multirange whose bounds `value` reads.
pub fn binary_in_by(
    subtype: Subtype,
    bytes: &[u8],
    value: &mut dyn FnMut(&[u8]) -> Result<Datum>,
) -> Result<Multirange> {
    let mut reader = Reader(bytes);
    let count = reader.array().map(u32::from_be_bytes)?;
    let mut ranges = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(reader.i32()?).map_err(|_| insufficient_data())?;
        ranges.push(super::binary_in_by(subtype, reader.take(length)?, value)?);
    }
    reader.finish()?;
    Ok(Multirange::new(subtype, ranges))
}

/// Appends the binary form.
pub fn binary_out(multirange: &Multirange, out: &mut Vec<u8>) {
    let subtype = multirange.subtype.oid;
    binary_out_by(multirange, out, &mut |value, out| codec::binary_out(subtype, value, out));
}

/// Appends the binary form of a multirange whose bounds `value` writes.
pub fn binary_out_by(
    multirange: &Multirange,
    out: &mut Vec<u8>,
    value: &mut dyn FnMut(&Datum, &mut Vec<u8>),
) {
    let count = u32::try_from(multirange.ranges.len()).expect("values are below 1 GiB");
    out.extend_from_slice(&count.to_be_bytes());
    for range in &multirange.ranges {
        with_length(out, |out| super::binary_out_by(range, out, value));
    }
}
