//! Arrays of any type, and the vectors `int2vector` and `oidvector`.
//!
//! Text: `{1,NULL,"a b"}`, nested braces for more dimensions, `[0:1]={…}` for other lower bounds.

use super::input::{Reader, is_space};
use super::{Array, Datum, Format, Oid, codec, oids};
use crate::error::{PgError, Result, code};
use std::io::Write;
use std::sync::Arc;

const DIMENSIONS_MAX: usize = 6;
/// Most elements of an array: PostgreSQL's limit, for allocations of a gigabyte.
const ELEMENTS_MAX: i64 = 134_217_727;

/// The element type of an array type or vector.
pub fn element_type(type_oid: Oid) -> Option<Oid> {
    match type_oid {
        oids::INT2VECTOR => Some(oids::INT2),
        oids::OIDVECTOR => Some(oids::OID),
        _ => oids::element_of(type_oid),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Per depth: the length of every array there, once the first is complete.
    dims: Vec<Option<usize>>,
    /// Depth at which elements stand.
    leaf_depth: Option<usize>,
    /// The elements' texts, `None` for NULL: all are split before the first is read.
    items: Vec<Option<String>>,
}

fn malformed(text: &str, detail: impl Into<String>) -> PgError {
    PgError::new(code::INVALID_TEXT_REPRESENTATION, format!("malformed array literal: \"{text}\""))
        .detail(detail)
}

/// Reads an array's text; the type modifier is the elements'.
pub fn text_in(element: Oid, typmod: i32, text: &str, format: &Format) -> Result<Datum> {
    text_in_by(element, text, &mut |item| match item {
        Some(item) => codec::text_in(element, typmod, item, format),
        None => Ok(Datum::Null),
    })
}

/// Reads an array's text, its elements, NULLs too, by a function.
pub fn text_in_by(
    element: Oid,
    text: &str,
    read: &mut dyn FnMut(Option<&str>) -> Result<Datum>,
) -> Result<Datum> {
    let mut parser = Parser { text, at: 0, dims: Vec::new(), leaf_depth: None, items: Vec::new() };
    let bounds = parser.bounds()?;
    parser.skip_spaces();
    if parser.peek() != Some('{') {
        return Err(malformed(
            text,
            match bounds {
                Some(_) => "Array contents must start with \"{\".",
                None => "Array value must start with \"{\" or dimension information.",
            },
        ));
    }
    // From here on errors show the contents alone.
    (parser.text, parser.at) = (&text[parser.at..], 0);
    parser.array(0)?;
    parser.skip_spaces();
    if parser.peek().is_some() {
        return Err(malformed(parser.text, "Junk after closing right brace."));
    }
    let lengths: Vec<usize> = parser.dims.iter().map(|d| d.unwrap_or(0)).collect();
    let dims = dimensions(text, &lengths, bounds, parser.items.is_empty())?;
    let elements = parser.items.iter().map(|item| read(item.as_deref()));
    let elements = elements.collect::<Result<Vec<Datum>>>()?;
    Ok(Datum::Array(Arc::new(Array { element_type: element, dims, elements })))
}

/// Lengths and lower bounds; given bounds must fit the contents.
fn dimensions(
    text: &str,
    lengths: &[usize],
    bounds: Option<Vec<(i32, i32)>>,
    empty: bool,
) -> Result<Vec<(i32, i32)>> {
    if let Some(bounds) = &bounds {
        let fits = bounds.len() == lengths.len()
            && bounds.iter().zip(lengths).all(|((n, _), length)| *n as usize == *length);
        if !fits {
            let detail = "Specified array dimensions do not match array contents.";
            return Err(malformed(text, detail));
        }
    }
    if empty {
        return Ok(Vec::new());
    }
    Ok(bounds.unwrap_or_else(|| lengths.iter().map(|n| (*n as i32, 1)).collect()))
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start_matches(is_space).len();
    }

    /// `[1:2][0:1]=`, length and lower bound each.
    fn bounds(&mut self) -> Result<Option<Vec<(i32, i32)>>> {
        let text = self.text;
        let mut bounds = Vec::new();
        loop {
            self.skip_spaces();
            if self.peek() != Some('[') {
                break;
            }
            self.at += 1;
            if bounds.len() >= DIMENSIONS_MAX {
                return Err(too_many_dimensions(bounds.len() + 1));
            }
            bounds.push(self.bound()?);
        }
        if bounds.is_empty() {
            return Ok(None);
        }
        if self.peek() != Some('=') {
            return Err(malformed(text, "Missing \"=\" after array dimensions."));
        }
        self.at += 1;
        Ok(Some(bounds))
    }

    /// `1:2]` or `2]`.
    fn bound(&mut self) -> Result<(i32, i32)> {
        let text = self.text;
        let first = self.bound_number().ok_or_else(|| {
            malformed(text, "\"[\" must introduce explicitly-specified array dimensions.")
        })?;
        let (lower, upper) = match self.peek() {
            Some(':') => {
                self.at += 1;
                let upper = self
                    .bound_number()
                    .ok_or_else(|| malformed(text, "Missing array dimension value."))?;
                (first, upper)
            }
            _ => (1, first),
        };
        if self.peek() != Some(']') {
            return Err(malformed(text, "Missing \"]\" after array dimensions."));
        }
        self.at += 1;
        if upper < lower {
            return Err(PgError::new(
                code::ARRAY_SUBSCRIPT_ERROR,
                "upper bound cannot be less than lower bound",
            ));
        }
        // Too long a dimension will not match its contents.
        let length = i64::from(upper) - i64::from(lower) + 1;
        Ok((i32::try_from(length).unwrap_or(i32::MAX), lower))
    }

    fn bound_number(&mut self) -> Option<i32> {
        let rest = &self.text[self.at..];
        let signs = usize::from(rest.starts_with(['+', '-']));
        let digits = rest[signs..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        self.at += signs + digits;
        let limit = if rest.starts_with('-') { i32::MIN } else { i32::MAX };
        Some(rest[..signs + digits].parse().unwrap_or(limit))
    }

    /// One array with its braces, at a depth.
    fn array(&mut self, depth: usize) -> Result<()> {
        let text = self.text;
        self.at += 1;
        if depth >= DIMENSIONS_MAX {
            return Err(too_many_dimensions(depth + 1));
        }
        if self.dims.len() == depth {
            self.dims.push(None);
        }
        let mut length = 0;
        self.skip_spaces();
        if self.peek() == Some('}') && depth > 0 {
            return Err(malformed(text, "Unexpected \"}\" character."));
        }
        if self.peek() == Some('}') {
            self.at += 1;
            return self.close(depth, length);
        }
        loop {
            self.skip_spaces();
            match self.peek() {
                Some('{') => {
                    if self.leaf_depth.is_some_and(|leaf| leaf <= depth) {
                        return Err(malformed(text, "Unexpected \"{\" character."));
                    }
                    self.array(depth + 1)?;
                }
                Some('}') => return Err(malformed(text, "Unexpected \"}\" character.")),
                _ => {
                    if self.dims.len() > depth + 1 {
                        return Err(malformed(text, "Unexpected array element."));
                    }
                    self.leaf_depth = Some(depth);
                    self.item()?;
                }
            }
            length += 1;
            self.skip_spaces();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => {
                    self.at += 1;
                    return self.close(depth, length);
                }
                Some(_) => return Err(malformed(text, "Unexpected array element.")),
                None => return Err(malformed(text, "Unexpected end of input.")),
            }
        }
    }

    fn close(&mut self, depth: usize, length: usize) -> Result<()> {
        match self.dims[depth].replace(length) {
            Some(before) if before != length => Err(malformed(
                self.text,
                "Multidimensional arrays must have sub-arrays with matching dimensions.",
            )),
            _ => Ok(()),
        }
    }

    /// One element: quoted, or up to the next delimiter; backslashes take the next character as is.
    fn item(&mut self) -> Result<()> {
        let text = self.text;
        let quoted = self.peek() == Some('"');
        if quoted {
            self.at += 1;
        }
        let mut item = String::new();
        // Blanks at the end do not count, unless escaped.
        let mut kept = 0;
        let mut escaped = false;
        loop {
            let Some(c) = self.peek() else {
                return Err(malformed(text, "Unexpected end of input."));
            };
            match c {
                '"' if quoted => {
                    self.at += 1;
                    self.items.push(Some(item));
                    return Ok(());
                }
                '\\' => {
                    self.at += 1;
                    let Some(next) = self.peek() else {
                        return Err(malformed(text, "Unexpected end of input."));
                    };
                    item.push(next);
                    self.at += next.len_utf8();
                    kept = item.len();
                    escaped = true;
                    continue;
                }
                ',' | '}' if !quoted => break,
                '{' | '"' if !quoted => {
                    let detail = match c {
                        '{' => "Unexpected \"{\" character.",
                        _ => "Unexpected array element.",
                    };
                    return Err(malformed(text, detail));
                }
                _ => {
                    item.push(c);
                    if !is_space(c) {
                        kept = item.len();
                    }
                }
            }
            self.at += c.len_utf8();
        }
        item.truncate(kept);
        if item.is_empty() {
            let c = self.peek().unwrap_or('}');
            return Err(malformed(text, format!("Unexpected \"{c}\" character.")));
        }
        let null = !escaped && item.eq_ignore_ascii_case("null");
        self.items.push((!null).then_some(item));
        Ok(())
    }
}

fn too_many_dimensions(n: usize) -> PgError {
    PgError::new(
        code::PROGRAM_LIMIT_EXCEEDED,
        format!("number of array dimensions ({n}) exceeds the maximum allowed ({DIMENSIONS_MAX})"),
    )
}

fn too_large() -> PgError {
    PgError::new(
        code::PROGRAM_LIMIT_EXCEEDED,
        format!("array size exceeds the maximum allowed ({ELEMENTS_MAX})"),
    )
}

/// Appends an array's text.
pub fn text_out(array: &Array, format: &Format, out: &mut Vec<u8>) {
    if array.elements.is_empty() {
        out.extend_from_slice(b"{}");
        return;
    }
    if array.dims.iter().any(|(_, lower)| *lower != 1) {
        for (length, lower) in &array.dims {
            let upper = i64::from(*lower) + i64::from(*length) - 1;
            write!(out, "[{lower}:{upper}]").expect("writing to memory succeeds");
        }
        out.push(b'=');
    }
    let mut elements = array.elements.iter();
    write_dimension(&array.dims, array.element_type, &mut elements, format, out);
}

fn write_dimension(
    dims: &[(i32, i32)],
    element: Oid,
    elements: &mut std::slice::Iter<'_, Datum>,
    format: &Format,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let length = dims.first().map_or(0, |(n, _)| *n);
    for i in 0..length {
        if i > 0 {
            out.push(b',');
        }
        if dims.len() > 1 {
            write_dimension(&dims[1..], element, elements, format, out);
        } else if let Some(value) = elements.next() {
            write_element(element, value, format, out);
        }
    }
    out.push(b'}');
}

fn write_element(element: Oid, value: &Datum, format: &Format, out: &mut Vec<u8>) {
    if value.is_null() {
        out.extend_from_slice(b"NULL");
        return;
    }
    let start = out.len();
    codec::text_out(element, value, format, out);
    let text = &out[start..];
    let special =
        |b: &u8| matches!(b, b'"' | b'\\' | b'{' | b'}' | b',') || is_space(char::from(*b));
    if text.is_empty() || text.eq_ignore_ascii_case(b"null") || text.iter().any(special) {
        let text = out.split_off(start);
        out.push(b'"');
        for b in text {
            if matches!(b, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(b);
        }
        out.push(b'"');
    }
}

/// Reads `int2vector` or `oidvector`: numbers with blanks between.
pub fn vector_in(type_oid: Oid, text: &str) -> Result<Datum> {
    let words = text.split(is_space).filter(|w| !w.is_empty());
    let (element_type, elements): (Oid, Result<Vec<Datum>>) = match type_oid {
        oids::INT2VECTOR => {
            let number = |w: &str| super::int::parse(w, "smallint").map(Datum::Int2);
            (oids::INT2, words.map(number).collect())
        }
        _ => (oids::OID, words.map(|w| super::int::parse_oid(w).map(Datum::Oid)).collect()),
    };
    Ok(vector(element_type, elements?))
}

/// A vector: one dimension from 0, also where empty.
pub fn vector(element_type: Oid, elements: Vec<Datum>) -> Datum {
    let length = i32::try_from(elements.len()).expect("vectors are short");
    Datum::Array(Arc::new(Array { element_type, dims: vec![(length, 0)], elements }))
}

/// Appends a vector's text.
pub fn vector_out(array: &Array, format: &Format, out: &mut Vec<u8>) {
    for (i, value) in array.elements.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        codec::text_out(array.element_type, value, format, out);
    }
}

/// `array_recv`.
pub fn binary_in(type_oid: Oid, element: Oid, typmod: i32, bytes: &[u8]) -> Result<Datum> {
    let name = |oid| super::names::type_name(oid).unwrap_or_else(|| "???".to_owned());
    let read = &mut |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => codec::binary_in(element, typmod, bytes),
        None => Ok(Datum::Null),
    };
    binary_in_by(type_oid, element, bytes, &name, read)
}

/// Reads an array's binary form, its elements, NULLs too, by a function; `name` names types in messages.
pub fn binary_in_by(
    type_oid: Oid,
    element: Oid,
    bytes: &[u8],
    name: &dyn Fn(Oid) -> String,
    read: &mut dyn FnMut(Option<&[u8]>) -> Result<Datum>,
) -> Result<Datum> {
    let invalid =
        |message: &'static str| PgError::new(code::INVALID_BINARY_REPRESENTATION, message);
    let mut reader = Reader(bytes);
    let (dimensions, flags, found) = (reader.i32()?, reader.i32()?, reader.i32()? as Oid);
    let dimensions = usize::try_from(dimensions)
        .map_err(|_| invalid("invalid number of dimensions"))
        .and_then(|n| if n > DIMENSIONS_MAX { Err(too_many_dimensions(n)) } else { Ok(n) })?;
    if !matches!(flags, 0 | 1) {
        return Err(invalid("invalid array flags"));
    }
    if found != element {
        return Err(PgError::new(
            code::DATATYPE_MISMATCH,
            format!(
                "binary data has array element type {found} ({}) instead of expected {element} ({})",
                name(found),
                name(element)
            ),
        ));
    }
    let mut dims = Vec::with_capacity(dimensions);
    let mut count: i64 = i64::from(dimensions > 0);
    for _ in 0..dimensions {
        let (length, lower) = (reader.i32()?, reader.i32()?);
        count = count.saturating_mul(i64::from(length));
        if length < 0 || count > ELEMENTS_MAX || lower.checked_add(length).is_none() {
            return Err(too_large());
        }
        dims.push((length, lower));
    }
    let mut elements = Vec::new();
    for _ in 0..count {
        elements.push(match reader.i32()? {
            -1 => read(None)?,
            length => {
                let length = usize::try_from(length)
                    .map_err(|_| invalid("insufficient data left in message"))?;
                read(Some(reader.take(length)?))?
            }
        });
    }
    reader.finish()?;
    let is_vector = matches!(type_oid, oids::INT2VECTOR | oids::OIDVECTOR);
    if is_vector && (dims.len() != 1 || dims[0].1 != 0 || flags != 0) {
        return Err(invalid(match type_oid {
            oids::INT2VECTOR => "invalid int2vector data",
            _ => "invalid oidvector data",
        }));
    }
    if elements.is_empty() && !is_vector {
        dims.clear();
    }
    Ok(Datum::Array(Arc::new(Array { element_type: element, dims, elements })))
}

/// `array_send`.
pub fn binary_out(array: &Array, out: &mut Vec<u8>) {
    binary_out_by(array, out, &mut |value, out| codec::binary_out(array.element_type, value, out));
}

/// Appends an array's binary form, its elements by a function.
pub fn binary_out_by(
    array: &Array,
    out: &mut Vec<u8>,
    write: &mut dyn FnMut(&Datum, &mut Vec<u8>),
) {
    let mut word = |v: i32| out.extend_from_slice(&v.to_be_bytes());
    word(array.dims.len() as i32);
    word(i32::from(array.elements.iter().any(Datum::is_null)));
    word(array.element_type as i32);
    for (length, lower) in &array.dims {
        word(*length);
        word(*lower);
    }
    for value in &array.elements {
        write_field(value, out, write);
    }
}

/// A value behind its length; -1 for NULL.
pub(super) fn write_field(
    value: &Datum,
    out: &mut Vec<u8>,
    write: &mut dyn FnMut(&Datum, &mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&(-1i32).to_be_bytes());
    if !value.is_null() {
        write(value, out);
        let length = i32::try_from(out.len() - start - 4).expect("values are below 2 GB");
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(type_oid: Oid, text: &str) -> Result<String> {
        let format = Format::default();
        let value = codec::text_in(type_oid, -1, text, &format)?;
        let mut wire = Vec::new();
        codec::binary_out(type_oid, &value, &mut wire);
        assert_eq!(codec::binary_in(type_oid, -1, &wire).unwrap(), value);
        let mut out = Vec::new();
        codec::text_out(type_oid, &value, &format, &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn text_as_postgres_reads_and_writes_it() {
        let (int4, text) = (1007, 1009);
        for (type_oid, input, output) in [
            (int4, "{}", "{}"),
            (int4, " { 1 , NULL, 3 } ", "{1,NULL,3}"),
            (int4, "{{1,2},{3,4}}", "{{1,2},{3,4}}"),
            (int4, "[0:1]={5,6}", "[0:1]={5,6}"),
            (int4, "[1:2]={5,6}", "{5,6}"),
            (
                text,
                r#"{a, "b c", "", "null", x\,y, "q\"\\"}"#,
                r#"{a,"b c","","null","x,y","q\"\\"}"#,
            ),
            (oids::INT2VECTOR, "1 2  3", "1 2 3"),
            (oids::OIDVECTOR, "", ""),
        ] {
            assert_eq!(round_trip(type_oid, input).unwrap(), output);
        }
    }

    #[test]
    fn malformed_literals_say_why() {
        for (text, detail) in [
            ("1", "Array value must start with \"{\" or dimension information."),
            ("{1", "Unexpected end of input."),
            ("{1,}", "Unexpected \"}\" character."),
            ("{,1}", "Unexpected \",\" character."),
            ("{1}x", "Junk after closing right brace."),
            (
                "{{1},{2,3}}",
                "Multidimensional arrays must have sub-arrays with matching dimensions.",
            ),
            ("[1:3]={1,2}", "Specified array dimensions do not match array contents."),
        ] {
            let e = round_trip(1007, text).unwrap_err();
            assert_eq!(e.message(), format!("malformed array literal: \"{text}\""));
            assert_eq!(e.detail_text(), Some(detail), "{text}");
        }
    }
}
