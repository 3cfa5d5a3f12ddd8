//! The binary form of ranges: a byte of flags, then the bounds that there are, each with its length.

use super::{Bound, Range, Subtype};
use crate::error::{PgError, Result, code};
use crate::types::input::{Reader, incorrect_format};
use crate::types::{Datum, codec, tagged};

mod flag {
    pub const EMPTY: u8 = 0x01;
    pub const LOWER_INCLUSIVE: u8 = 0x02;
    pub const UPPER_INCLUSIVE: u8 = 0x04;
    pub const LOWER_INFINITE: u8 = 0x08;
    pub const UPPER_INFINITE: u8 = 0x10;
}

fn flags(range: &Range) -> u8 {
    let Some((lower, upper)) = &range.bounds else { return flag::EMPTY };
    let set = |condition: bool, flag: u8| if condition { flag } else { 0 };
    set(lower.inclusive, flag::LOWER_INCLUSIVE)
        | set(upper.inclusive, flag::UPPER_INCLUSIVE)
        | set(lower.value.is_none(), flag::LOWER_INFINITE)
        | set(upper.value.is_none(), flag::UPPER_INFINITE)
}

/// Reads a range; what its bounds are must be as in a range made otherwise.
pub fn binary_in(subtype: Subtype, typmod: i32, bytes: &[u8]) -> Result<Range> {
    binary_in_by(subtype, bytes, &mut |bytes| codec::binary_in(subtype.oid, typmod, bytes))
}

/// Reads a range whose bounds `value` reads.
pub fn binary_in_by(
    subtype: Subtype,
    bytes: &[u8],
    value: &mut dyn FnMut(&[u8]) -> Result<Datum>,
) -> Result<Range> {
    let mut reader = Reader(bytes);
    let range = read(subtype, &mut reader, value)?;
    reader.finish()?;
    Ok(range)
}

fn read(
    subtype: Subtype,
    reader: &mut Reader<'_>,
    mut value: impl FnMut(&[u8]) -> Result<Datum>,
) -> Result<Range> {
    let [flags] = reader.array::<1>()?;
    if flags & flag::EMPTY != 0 {
        return Ok(Range::empty(subtype));
    }
    let mut bound = |infinite: u8| -> Result<Option<Datum>> {
        if flags & infinite != 0 {
            return Ok(None);
        }
        let length = usize::try_from(reader.i32()?).map_err(|_| invalid_length())?;
        value(reader.take(length)?).map(Some)
    };
    let (lower, upper) = (bound(flag::LOWER_INFINITE)?, bound(flag::UPPER_INFINITE)?);
    Range::new(
        subtype,
        Bound::lower(lower, flags & flag::LOWER_INCLUSIVE != 0),
        Bound::upper(upper, flags & flag::UPPER_INCLUSIVE != 0),
    )
}

fn invalid_length() -> PgError {
    PgError::new(code::PROTOCOL_VIOLATION, "insufficient data left in message")
}

/// Appends a range's binary form.
pub fn binary_out(range: &Range, out: &mut Vec<u8>) {
    write(range, out, |value, out| codec::binary_out(range.subtype.oid, value, out));
}

/// Appends the binary form of a range whose bounds `value` writes.
pub fn binary_out_by(
    range: &Range,
    out: &mut Vec<u8>,
    value: &mut dyn FnMut(&Datum, &mut Vec<u8>),
) {
    write(range, out, value);
}

fn write(range: &Range, out: &mut Vec<u8>, mut value: impl FnMut(&Datum, &mut Vec<u8>)) {
    out.push(flags(range));
    let Some((lower, upper)) = &range.bounds else { return };
    for bound in [lower, upper].into_iter().filter_map(|bound| bound.value.as_ref()) {
        with_length(out, |out| value(bound, out));
    }
}

/// Appends what `write` writes with its length before it.
pub(super) fn with_length(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - at - 4).expect("values are below 1 GiB");
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Appends a range with its subtype, the bounds [tagged].
pub fn tagged_out(range: &Range, out: &mut Vec<u8>) {
    out.extend_from_slice(&range.subtype.oid.to_be_bytes());
    write(range, out, tagged::write);
}

/// Reads what [`tagged_out`] wrote; whether bounds stay as given is the tag's to say.
pub fn tagged_in(as_given: bool, reader: &mut Reader<'_>) -> Result<Range> {
    let subtype = Subtype { oid: reader.array().map(u32::from_be_bytes)?, as_given };
    read(subtype, reader, |bytes| tagged::read(bytes).map_err(|_| incorrect_format()))
}
