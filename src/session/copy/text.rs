//! COPY's text format: fields between delimiters, backslash escapes.

use super::from::Fields;
use super::options::Options;

/// Cuts a line into fields and undoes their escapes. NULL is told before escapes are undone, so that
/// `\\N` is the two characters.
pub(super) fn split(line: &[u8], options: &Options, fields: &mut Fields) {
    fields.clear();
    if !line.contains(&b'\\') {
        return split_plain(line, options, fields);
    }
    let mut rest = line;
    loop {
        let end = field_end(rest, options.delimiter);
        let raw = &rest[..end];
        if raw == options.null.as_bytes() {
            fields.push_null();
        } else {
            fields.push(|out| unescape(raw, out));
        }
        match rest.get(end) {
            Some(_) => rest = &rest[end + 1..],
            None => return,
        }
    }
}

/// A line without escapes: its fields are parts of it.
fn split_plain(line: &[u8], options: &Options, fields: &mut Fields) {
    fields.stay_in_line();
    let mut start = 0;
    loop {
        let rest = &line[start..];
        let length = rest.iter().position(|b| *b == options.delimiter).unwrap_or(rest.len());
        match rest[..length] == *options.null.as_bytes() {
            true => fields.push_null(),
            false => fields.push_part(start, start + length),
        }
        start += length + 1;
        if start > line.len() {
            return;
        }
    }
}

/// Where the field ends: at a delimiter that no backslash precedes.
fn field_end(text: &[u8], delimiter: u8) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if byte == delimiter => return at,
            _ => at += 1,
        }
    }
    text.len()
}

fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    if !raw.contains(&b'\\') {
        return out.extend_from_slice(raw);
    }
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(&escaped) = raw.get(at) else {
            out.push(b'\\');
            break;
        };
        at += 1;
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                at -= 1;
                out.push(number(raw, &mut at, 8, 3));
            }
            b'x' if raw.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                out.push(number(raw, &mut at, 16, 2));
            }
            other => out.push(other),
        }
    }
}

/// Up to `digits` digits as a byte; what does not fit is cut off, as PostgreSQL does.
fn number(raw: &[u8], at: &mut usize, radix: u32, digits: usize) -> u8 {
    let mut value = 0;
    for _ in 0..digits {
        let digit = raw.get(*at).and_then(|b| char::from(*b).to_digit(radix));
        let Some(digit) = digit else { break };
        value = value * radix + digit;
        *at += 1;
    }
    (value & 0xff) as u8
}

/// Appends a value's text with what would be misread escaped.
pub(super) fn escape(text: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    for &byte in text {
        let letter = match byte {
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            11 => b'v',
            b'\\' => b'\\',
            byte if byte == delimiter => byte,
            byte => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(raw: &str) -> Vec<u8> {
        let mut out = Vec::new();
        unescape(raw.as_bytes(), &mut out);
        out
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped(r"a\tb\\c\q"), b"a\tb\\cq");
        assert_eq!(unescaped(r"\x41\101\x"), b"AAx");
        assert_eq!(unescaped(r"\777\0\8"), b"\xff\x008");
        assert_eq!(unescaped("end\\"), b"end\\");
    }

    #[test]
    fn what_is_escaped_reads_back() {
        let all: Vec<u8> = (1..=127).collect();
        let mut out = Vec::new();
        escape(&all, b'|', &mut out);
        assert!(!out.contains(&b'\n'));
        let mut back = Vec::new();
        unescape(&out, &mut back);
        assert_eq!(back, all);
        assert_eq!(field_end(&out, b'|'), out.len());
    }
}
