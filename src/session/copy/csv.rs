//! COPY's CSV format.

use super::from::Fields;
use super::lines::bad_format;
use super::options::Options;
use crate::error::Result;

/// Cuts a line into fields. `quoted[i]` tells for which NULL was not looked for yet: a quoted field
/// is never NULL unless FORCE_NULL says so. `is_null` decides for (field number, quoted, text).
pub(super) fn split(
    line: &[u8],
    options: &Options,
    fields: &mut Fields,
    is_null: impl Fn(usize, bool, &[u8]) -> bool,
) -> Result<()> {
    fields.clear();
    let mut at = 0;
    let mut number = 0;
    loop {
        let mut quoted = false;
        let mut more = false;
        let mut text = fields.take_scratch();
        while let Some(&byte) = line.get(at) {
            at += 1;
            if byte == options.delimiter {
                more = true;
                break;
            }
            if byte == options.quote {
                quoted = true;
                at = quoted_part(line, at, options, &mut text)?;
            } else {
                text.push(byte);
            }
        }
        if is_null(number, quoted, &text) {
            fields.push_null();
        } else {
            fields.push(|out| out.extend_from_slice(&text));
        }
        fields.give_scratch(text);
        number += 1;
        if !more {
            return Ok(());
        }
    }
}

/// Appends what stands between quotes; gives the place behind the closing one.
fn quoted_part(line: &[u8], mut at: usize, options: &Options, out: &mut Vec<u8>) -> Result<usize> {
    while let Some(&byte) = line.get(at) {
        at += 1;
        let next = line.get(at).copied();
        if byte == options.escape && next.is_some_and(|n| n == options.quote || n == options.escape)
        {
            out.extend(next);
            at += 1;
        } else if byte == options.quote {
            return Ok(at);
        } else {
            out.push(byte);
        }
    }
    Err(bad_format("unterminated CSV quoted field"))
}

/// Appends a value, quoted where it must be or `force` asks. `alone`: the only column, where `\.`
/// would end the data.
pub(super) fn write(text: &[u8], options: &Options, force: bool, alone: bool, out: &mut Vec<u8>) {
    let special =
        |b: &u8| *b == options.delimiter || *b == options.quote || matches!(b, b'\n' | b'\r');
    let must = force
        || text == options.null.as_bytes()
        || (alone && text == b"\\.")
        || text.iter().any(special);
    if !must {
        return out.extend_from_slice(text);
    }
    out.push(options.quote);
    for &byte in text {
        if byte == options.quote || byte == options.escape {
            out.push(options.escape);
        }
        out.push(byte);
    }
    out.push(options.quote);
}
