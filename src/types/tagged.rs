//! Values that say themselves what they are: how rows, records and arrays of users' types are kept.
//!
//! The other forms need a type to be read by, and of a user's type only the catalog knows what it is. So
//! each value begins with a tag for its representation; composites and arrays hold values in turn, with
//! their types' OIDs.
//!
//! ```text
//! NULL 0     fixed width: tag, bytes (big endian)     others: tag, length u32, bytes
//! array      tag, element type u32, dimensions u8 (length i32, lower bound i32 each), elements
//! record     tag, fields u16, (type u32, value) each
//! range      tag, subtype u32, flags u8, length u32 and value of each bound that there is
//! multirange tag, subtype u32, ranges u32, each as above without the tag
//!            other tags where the range type is a user's, which has no canonical form
//! ```
//!
//! The form is on disk: tags keep their meaning.

use super::input::{Reader, incorrect_format};
use super::range::{self, Multirange, Subtype};
use super::{Array, Datum, Interval, Jsonb, Numeric, Oid, Record, oids, string};
use crate::error::Result;
use std::sync::Arc;

mod tag {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const CHAR: u8 = 3;
    pub const INT2: u8 = 4;
    pub const INT4: u8 = 5;
    pub const INT8: u8 = 6;
    pub const FLOAT4: u8 = 7;
    pub const FLOAT8: u8 = 8;
    pub const OID: u8 = 9;
    pub const NUMERIC: u8 = 10;
    pub const TEXT: u8 = 11;
    pub const BYTEA: u8 = 12;
    pub const DATE: u8 = 13;
    pub const TIME: u8 = 14;
    pub const TIMETZ: u8 = 15;
    pub const TIMESTAMP: u8 = 16;
    pub const TIMESTAMPTZ: u8 = 17;
    pub const INTERVAL: u8 = 18;
    pub const UUID: u8 = 19;
    pub const JSONB: u8 = 20;
    pub const ARRAY: u8 = 21;
    pub const RECORD: u8 = 22;
    pub const RANGE: u8 = 23;
    pub const MULTIRANGE: u8 = 24;
    pub const RANGE_AS_GIVEN: u8 = 25;
    pub const MULTIRANGE_AS_GIVEN: u8 = 26;
}

/// Whether values of a type are kept in this form.
pub fn is_tagged(type_oid: Oid) -> bool {
    /// `record[]`: no text is read as one.
    const RECORDS: Oid = 2287;
    let tagged = [oids::RECORD, oids::ANYARRAY, oids::ANYRANGE, oids::ANYMULTIRANGE, RECORDS];
    tagged.contains(&type_oid)
}

/// Appends a value.
pub fn write(value: &Datum, out: &mut Vec<u8>) {
    macro_rules! put {
        ($tag:ident $($v:expr),*) => {{
            out.push(tag::$tag);
            $(out.extend_from_slice(&$v.to_be_bytes());)*
        }};
    }
    match value {
        Datum::Null => out.push(tag::NULL),
        Datum::Bool(v) => out.push(if *v { tag::TRUE } else { tag::FALSE }),
        Datum::Char(v) => put!(CHAR v),
        Datum::Int2(v) => put!(INT2 v),
        Datum::Int4(v) => put!(INT4 v),
        Datum::Int8(v) => put!(INT8 v),
        Datum::Float4(v) => put!(FLOAT4 v),
        Datum::Float8(v) => put!(FLOAT8 v),
        Datum::Oid(v) => put!(OID v),
        Datum::Numeric(v) => bytes(tag::NUMERIC, out, |out| v.encode(out)),
        Datum::Text(v) => bytes(tag::TEXT, out, |out| out.extend_from_slice(v.as_bytes())),
        Datum::Bytea(v) => bytes(tag::BYTEA, out, |out| out.extend_from_slice(v)),
        Datum::Date(v) => put!(DATE v),
        Datum::Time(v) => put!(TIME v),
        Datum::TimeTz(v, zone) => put!(TIMETZ v, zone),
        Datum::Timestamp(v) => put!(TIMESTAMP v),
        Datum::TimestampTz(v) => put!(TIMESTAMPTZ v),
        Datum::Interval(v) => put!(INTERVAL v.micros, v.days, v.months),
        Datum::Uuid(v) => {
            out.push(tag::UUID);
            out.extend_from_slice(&v[..]);
        }
        Datum::Jsonb(v) => bytes(tag::JSONB, out, |out| out.extend_from_slice(v.as_bytes())),
        Datum::Array(v) => {
            put!(ARRAY v.element_type);
            out.push(u8::try_from(v.dims.len()).expect("arrays have at most six dimensions"));
            for (length, lower) in &v.dims {
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(&lower.to_be_bytes());
            }
            v.elements.iter().for_each(|element| write(element, out));
        }
        Datum::Range(v) => {
            out.push(if v.subtype.as_given { tag::RANGE_AS_GIVEN } else { tag::RANGE });
            range::tagged_out(v, out);
        }
        Datum::Multirange(v) => {
            let ranges = u32::try_from(v.ranges.len()).expect("values are below 1 GiB");
            match v.subtype.as_given {
                true => put!(MULTIRANGE_AS_GIVEN v.subtype.oid, ranges),
                false => put!(MULTIRANGE v.subtype.oid, ranges),
            }
            v.ranges.iter().for_each(|one| range::tagged_out(one, out));
        }
        Datum::Record(v) => {
            let fields = u16::try_from(v.fields.len()).expect("rows have at most 1664 columns");
            put!(RECORD fields);
            for (type_oid, field) in &v.fields {
                out.extend_from_slice(&type_oid.to_be_bytes());
                write(field, out);
            }
        }
    }
}

/// A tag, and what is written with its length before it.
fn bytes(tag: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - at - 4).expect("values are below 1 GiB");
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Reads the one value that these bytes are.
pub fn read(bytes: &[u8]) -> Result<Datum> {
    let mut reader = Reader(bytes);
    let value = next(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

fn next(r: &mut Reader<'_>) -> Result<Datum> {
    let [found] = r.array::<1>()?;
    Ok(match found {
        tag::NULL => Datum::Null,
        tag::FALSE => Datum::Bool(false),
        tag::TRUE => Datum::Bool(true),
        tag::CHAR => Datum::Char(r.array::<1>()?[0]),
        tag::INT2 => Datum::Int2(i16::from_be_bytes(r.array()?)),
        tag::INT4 => Datum::Int4(r.i32()?),
        tag::INT8 => Datum::Int8(r.i64()?),
        tag::FLOAT4 => Datum::Float4(f32::from_be_bytes(r.array()?)),
        tag::FLOAT8 => Datum::Float8(f64::from_be_bytes(r.array()?)),
        tag::OID => Datum::Oid(oid(r)?),
        tag::NUMERIC => Datum::Numeric(Numeric::decode(counted(r)?).ok_or_else(incorrect_format)?),
        tag::TEXT => Datum::text(string::from_utf8(counted(r)?)?),
        tag::BYTEA => Datum::bytea(counted(r)?),
        tag::DATE => Datum::Date(r.i32()?),
        tag::TIME => Datum::Time(r.i64()?),
        tag::TIMETZ => Datum::TimeTz(r.i64()?, r.i32()?),
        tag::TIMESTAMP => Datum::Timestamp(r.i64()?),
        tag::TIMESTAMPTZ => Datum::TimestampTz(r.i64()?),
        tag::INTERVAL => {
            let (micros, days, months) = (r.i64()?, r.i32()?, r.i32()?);
            Datum::Interval(Arc::new(Interval { micros, days, months }))
        }
        tag::UUID => Datum::Uuid(Arc::new(r.array()?)),
        tag::JSONB => Datum::Jsonb(Jsonb::from_bytes(counted(r)?)),
        tag::ARRAY => array(r)?,
        tag::RECORD => record(r)?,
        tag::RANGE => range::tagged_in(false, r)?.datum(),
        tag::RANGE_AS_GIVEN => range::tagged_in(true, r)?.datum(),
        tag::MULTIRANGE => multirange(false, r)?,
        tag::MULTIRANGE_AS_GIVEN => multirange(true, r)?,
        _ => return Err(incorrect_format()),
    })
}

fn oid(r: &mut Reader<'_>) -> Result<Oid> {
    r.array().map(u32::from_be_bytes)
}

fn counted<'a>(r: &mut Reader<'a>) -> Result<&'a [u8]> {
    let length = oid(r)?;
    r.take(usize::try_from(length).map_err(|_| incorrect_format())?)
}

fn array(r: &mut Reader<'_>) -> Result<Datum> {
    let element_type = oid(r)?;
    let [dimensions] = r.array::<1>()?;
    let dims = (0..dimensions).map(|_| Ok((r.i32()?, r.i32()?))).collect::<Result<Vec<_>>>()?;
    let lengths = dims.iter().map(|(length, _)| usize::try_from(*length).unwrap_or(0));
    let count: usize = if dims.is_empty() { 0 } else { lengths.product() };
    let elements = (0..count).map(|_| next(r)).collect::<Result<Vec<_>>>()?;
    Ok(Datum::Array(Arc::new(Array { element_type, dims, elements })))
}

fn multirange(as_given: bool, r: &mut Reader<'_>) -> Result<Datum> {
    let (subtype, count) = (Subtype { oid: oid(r)?, as_given }, oid(r)?);
    let ranges = (0..count).map(|_| range::tagged_in(as_given, r)).collect::<Result<Vec<_>>>()?;
    Ok(Multirange::new(subtype, ranges).datum())
}

fn record(r: &mut Reader<'_>) -> Result<Datum> {
    let fields = u16::from_be_bytes(r.array()?);
    let fields = (0..fields).map(|_| Ok((oid(r)?, next(r)?))).collect::<Result<Vec<_>>>()?;
    Ok(Datum::Record(Arc::new(Record::unnamed(fields))))
}

#[cfg(test)]
mod tests {
    use super::super::{Format, text_in};
    use super::*;

    #[test]
    fn every_representation_comes_back() {
        let text = |type_oid, text: &str| text_in(type_oid, -1, text, &Format::default()).unwrap();
        let scalars = [
            (oids::BOOL, "t"),
            (oids::CHAR, "x"),
            (oids::INT2, "-2"),
            (oids::INT4, "4"),
            (oids::INT8, "-8"),
            (oids::FLOAT4, "NaN"),
            (oids::FLOAT8, "-0"),
            (oids::OID, "4000000000"),
            (oids::NUMERIC, "-1.50"),
            (oids::TEXT, "ä"),
            (oids::BYTEA, "\\x00ff"),
            (oids::DATE, "infinity"),
            (oids::TIME, "24:00"),
            (oids::TIMETZ, "12:00+02"),
            (oids::TIMESTAMP, "2000-01-02"),
            (oids::TIMESTAMPTZ, "-infinity"),
            (oids::INTERVAL, "1 mon -2 days 3 us"),
            (oids::UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            (oids::JSONB, "{\"a\": [1, null]}"),
            (1007, "[0:1][2:3]={{1,NULL},{3,4}}"),
            (1007, "{}"),
            (oids::NUMRANGE, "[1.50,)"),
            (oids::DATERANGE, "empty"),
            (oids::INT4MULTIRANGE, "{(,1),[5,7)}"),
            (oids::INET, "1.2.3.4/8"),
        ];
        let mut fields: Vec<(Oid, Datum)> =
            scalars.iter().map(|(oid, value)| (*oid, text(*oid, value))).collect();
        fields.push((oids::TEXT, Datum::Null));
        let value = Datum::Record(Arc::new(Record::unnamed(fields)));
        let mut out = Vec::new();
        write(&value, &mut out);
        assert_eq!(read(&out).unwrap(), value);
        assert!(read(&out[..out.len() - 1]).is_err());
    }
}
