//! How values travel in DataFusion plans.
//!
//! Types with an exact Arrow counterpart use it; others are bytes of our own, whose order and
//! equality plans take from a key column ([`super::key`]). The PostgreSQL type is in the field's
//! metadata: an Arrow type alone never decides it.
//!
//! | PostgreSQL | Arrow |
//! |---|---|
//! | boolean, integers, floats, oid and reg* | Boolean, Int16/32/64, Float32/64, UInt32 |
//! | "char" | UInt8 |
//! | text and everything held as text | Utf8View |
//! | bytea | BinaryView |
//! | numeric | BinaryView of [`Numeric::encode`] |
//! | jsonb | BinaryView of [`Jsonb::as_bytes`] |
//! | date, time | Date32, Time64 in microseconds |
//! | timestamp, timestamptz | Timestamp in microseconds, since 1970 |
//! | timetz, interval, uuid | FixedSizeBinary of 12, 16, 16 bytes |
//! | arrays, records | BinaryView of the wire's binary form |
//!
//! Infinite dates and timestamps are the least and greatest integers on both sides. Timestamps of
//! the last thirty years before 294276 wrap around: they come back exact, but Arrow's own order
//! would misplace them.

use super::datetime::timestamp::is_infinite;
use super::datetime::{DATE_INFINITY, DATE_NEG_INFINITY, DAY};
use super::{Datum, Jsonb, Numeric, Oid, array, codec, oids, record};
use datafusion::arrow::array::builder::*;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt32Type,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Keys of a field's metadata: the type's OID and modifier.
pub const TYPE_KEY: &str = "pg.type";
pub const TYPMOD_KEY: &str = "pg.typmod";

/// Days from 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;

/// The Arrow type that represents a PostgreSQL type.
pub fn data_type(type_oid: Oid) -> DataType {
    match type_oid {
        oids::BOOL => DataType::Boolean,
        oids::CHAR => DataType::UInt8,
        oids::INT2 => DataType::Int16,
        oids::INT4 => DataType::Int32,
        oids::INT8 | oids::TID | oids::XID8 => DataType::Int64,
        oids::FLOAT4 => DataType::Float32,
        oids::FLOAT8 => DataType::Float64,
        oids::DATE => DataType::Date32,
        oids::TIME => DataType::Time64(TimeUnit::Microsecond),
        oids::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        oids::TIMESTAMPTZ => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        oids::TIMETZ => DataType::FixedSizeBinary(12),
        oids::INTERVAL | oids::UUID => DataType::FixedSizeBinary(16),
        oids::NUMERIC | oids::BYTEA | oids::JSONB | oids::RECORD => DataType::BinaryView,
        _ if codec::is_oid_like(type_oid) => DataType::UInt32,
        _ if array::element_type(type_oid).is_some() => DataType::BinaryView,
        _ => DataType::Utf8View,
    }
}

/// A nullable field of a PostgreSQL type; the type's OID and modifier travel in its metadata.
pub fn field(name: &str, type_oid: Oid, typmod: i32) -> Field {
    let metadata = HashMap::from([
        (TYPE_KEY.to_owned(), type_oid.to_string()),
        (TYPMOD_KEY.to_owned(), typmod.to_string()),
    ]);
    Field::new(name, data_type(type_oid), true).with_metadata(metadata)
}

/// The PostgreSQL type of a field that [`field`] made.
pub fn field_type(field: &Field) -> Option<Oid> {
    field.metadata().get(TYPE_KEY)?.parse().ok()
}

/// Builds an array of one PostgreSQL type from datums.
pub struct Builder {
    type_oid: Oid,
    /// Reused for values that are encoded.
    scratch: Vec<u8>,
    inner: Inner,
}

enum Inner {
    Bool(BooleanBuilder),
    UInt8(UInt8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt32(UInt32Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Fixed(FixedSizeBinaryBuilder),
    Text(StringViewBuilder),
    Bytes(BinaryViewBuilder),
}

impl Builder {
    pub fn new(type_oid: Oid, capacity: usize) -> Builder {
        let inner = match data_type(type_oid) {
            DataType::Boolean => Inner::Bool(BooleanBuilder::with_capacity(capacity)),
            DataType::UInt8 => Inner::UInt8(UInt8Builder::with_capacity(capacity)),
            DataType::Int16 => Inner::Int16(Int16Builder::with_capacity(capacity)),
            DataType::Int32 => Inner::Int32(Int32Builder::with_capacity(capacity)),
            DataType::Int64 => Inner::Int64(Int64Builder::with_capacity(capacity)),
            DataType::UInt32 => Inner::UInt32(UInt32Builder::with_capacity(capacity)),
            DataType::Float32 => Inner::Float32(Float32Builder::with_capacity(capacity)),
            DataType::Float64 => Inner::Float64(Float64Builder::with_capacity(capacity)),
            DataType::Date32 => Inner::Date(Date32Builder::with_capacity(capacity)),
            DataType::Time64(_) => Inner::Time(Time64MicrosecondBuilder::with_capacity(capacity)),
            DataType::Timestamp(_, zone) => Inner::Timestamp(
                TimestampMicrosecondBuilder::with_capacity(capacity).with_timezone_opt(zone),
            ),
            DataType::FixedSizeBinary(width) => {
                Inner::Fixed(FixedSizeBinaryBuilder::with_capacity(capacity, width))
            }
            DataType::BinaryView => Inner::Bytes(BinaryViewBuilder::with_capacity(capacity)),
            _ => Inner::Text(StringViewBuilder::with_capacity(capacity)),
        };
        Builder { type_oid, scratch: Vec::new(), inner }
    }

    /// Appends a value of the builder's type, or NULL.
    pub fn append(&mut self, value: &Datum) {
        match (&mut self.inner, value) {
            (Inner::Bool(b), Datum::Bool(v)) => b.append_value(*v),
            (Inner::UInt8(b), Datum::Char(v)) => b.append_value(*v),
            (Inner::Int16(b), Datum::Int2(v)) => b.append_value(*v),
            (Inner::Int32(b), Datum::Int4(v)) => b.append_value(*v),
            (Inner::Int64(b), Datum::Int8(v)) => b.append_value(*v),
            (Inner::UInt32(b), Datum::Oid(v)) => b.append_value(*v),
            (Inner::Float32(b), Datum::Float4(v)) => b.append_value(*v),
            (Inner::Float64(b), Datum::Float8(v)) => b.append_value(*v),
            (Inner::Date(b), Datum::Date(v)) => b.append_value(date_to_unix(*v)),
            (Inner::Time(b), Datum::Time(v)) => b.append_value(*v),
            (Inner::Timestamp(b), Datum::Timestamp(v) | Datum::TimestampTz(v)) => {
                b.append_value(timestamp_to_unix(*v));
            }
            (Inner::Text(b), Datum::Text(v)) => b.append_value(v),
            (Inner::Bytes(b), Datum::Bytea(v)) => b.append_value(v),
            (Inner::Bytes(b), Datum::Jsonb(v)) => b.append_value(v.as_bytes()),
            (_, Datum::Null) => self.append_null(),
            (inner, value) => {
                self.scratch.clear();
                encode(self.type_oid, value, &mut self.scratch);
                match inner {
                    Inner::Bytes(b) => b.append_value(&self.scratch),
                    Inner::Fixed(b) => {
                        b.append_value(&self.scratch).expect("the encoding has the type's width");
                    }
                    _ => panic!("a value of type {} expected, found {value:?}", self.type_oid),
                }
            }
        }
    }

    fn append_null(&mut self) {
        match &mut self.inner {
            Inner::Bool(b) => b.append_null(),
            Inner::UInt8(b) => b.append_null(),
            Inner::Int16(b) => b.append_null(),
            Inner::Int32(b) => b.append_null(),
            Inner::Int64(b) => b.append_null(),
            Inner::UInt32(b) => b.append_null(),
            Inner::Float32(b) => b.append_null(),
            Inner::Float64(b) => b.append_null(),
            Inner::Date(b) => b.append_null(),
            Inner::Time(b) => b.append_null(),
            Inner::Timestamp(b) => b.append_null(),
            Inner::Fixed(b) => b.append_null(),
            Inner::Text(b) => b.append_null(),
            Inner::Bytes(b) => b.append_null(),
        }
    }

    /// The array; the builder is empty again.
    pub fn finish(&mut self) -> ArrayRef {
        match &mut self.inner {
            Inner::Bool(b) => Arc::new(b.finish()),
            Inner::UInt8(b) => Arc::new(b.finish()),
            Inner::Int16(b) => Arc::new(b.finish()),
            Inner::Int32(b) => Arc::new(b.finish()),
            Inner::Int64(b) => Arc::new(b.finish()),
            Inner::UInt32(b) => Arc::new(b.finish()),
            Inner::Float32(b) => Arc::new(b.finish()),
            Inner::Float64(b) => Arc::new(b.finish()),
            Inner::Date(b) => Arc::new(b.finish()),
            Inner::Time(b) => Arc::new(b.finish()),
            Inner::Timestamp(b) => Arc::new(b.finish()),
            Inner::Fixed(b) => Arc::new(b.finish()),
            Inner::Text(b) => Arc::new(b.finish()),
            Inner::Bytes(b) => Arc::new(b.finish()),
        }
    }
}

/// The bytes of values without an Arrow type of their own.
fn encode(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Numeric(v) => v.encode(out),
        _ => codec::binary_out(type_oid, value, out),
    }
}

fn date_to_unix(days: i32) -> i32 {
    match days {
        DATE_INFINITY | DATE_NEG_INFINITY => days,
        _ => days.wrapping_add(EPOCH_DAYS),
    }
}

fn date_from_unix(days: i32) -> i32 {
    match days {
        DATE_INFINITY | DATE_NEG_INFINITY => days,
        _ => days.wrapping_sub(EPOCH_DAYS),
    }
}

/// A timestamp as Arrow has it: microseconds since 1970.
pub fn timestamp_to_unix(micros: i64) -> i64 {
    if is_infinite(micros) { micros } else { micros.wrapping_add(i64::from(EPOCH_DAYS) * DAY) }
}

/// A timestamp from Arrow's form.
pub fn timestamp_from_unix(micros: i64) -> i64 {
    if is_infinite(micros) { micros } else { micros.wrapping_sub(i64::from(EPOCH_DAYS) * DAY) }
}

/// The value in a row of an array of a PostgreSQL type.
pub fn datum_at(array: &dyn Array, row: usize, type_oid: Oid) -> Datum {
    if array.is_null(row) {
        return Datum::Null;
    }
    match data_type(type_oid) {
        DataType::Boolean => Datum::Bool(array.as_boolean().value(row)),
        DataType::UInt8 => Datum::Char(array.as_primitive::<UInt8Type>().value(row)),
        DataType::Int16 => Datum::Int2(array.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => Datum::Int4(array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Datum::Int8(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt32 => Datum::Oid(array.as_primitive::<UInt32Type>().value(row)),
        DataType::Float32 => Datum::Float4(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Datum::Float8(array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => {
            Datum::Date(date_from_unix(array.as_primitive::<Date32Type>().value(row)))
        }
        DataType::Time64(_) => {
            Datum::Time(array.as_primitive::<Time64MicrosecondType>().value(row))
        }
        DataType::Timestamp(_, zone) => {
            let unix = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let value = timestamp_from_unix(unix);
            if zone.is_some() { Datum::TimestampTz(value) } else { Datum::Timestamp(value) }
        }
        DataType::FixedSizeBinary(_) => decode(type_oid, array.as_fixed_size_binary().value(row)),
        DataType::BinaryView => decode(type_oid, array.as_binary_view().value(row)),
        _ => Datum::text(array.as_string_view().value(row)),
    }
}

/// The value of bytes that [`encode`] made.
fn decode(type_oid: Oid, bytes: &[u8]) -> Datum {
    const INVARIANT: &str = "arrays hold what the builder encoded";
    match type_oid {
        oids::BYTEA => Datum::bytea(bytes),
        oids::NUMERIC => Datum::Numeric(Numeric::decode(bytes).expect(INVARIANT)),
        oids::JSONB => Datum::Jsonb(Jsonb::from_bytes(bytes)),
        oids::RECORD => Datum::Record(Arc::new(record::binary_in(bytes).expect(INVARIANT))),
        _ => codec::binary_in(type_oid, -1, bytes).expect(INVARIANT),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, equal, text_in};
    use super::*;

    #[test]
    fn arrays_give_back_what_was_appended() {
        for (type_oid, texts) in [
            (oids::BOOL, &["t", "f"][..]),
            (oids::CHAR, &["a", ""]),
            (oids::INT2, &["-1", "32767"]),
            (oids::INT4, &["-1", "2147483647"]),
            (oids::INT8, &["-1", "9223372036854775807"]),
            (oids::FLOAT4, &["1.5", "NaN"]),
            (oids::FLOAT8, &["1.5", "-Infinity"]),
            (oids::OID, &["0", "4294967295"]),
            (oids::REGCLASS, &["1259"]),
            (oids::TID, &["(1,2)"]),
            (oids::NUMERIC, &["1.00", "1e40", "NaN", "-Infinity"]),
            (oids::TEXT, &["", "short", "a text longer than a view's inline bytes"]),
            (oids::JSON, &["{\"a\": 1}"]),
            (oids::BYTEA, &["\\x00ff"]),
            (oids::UUID, &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
            (oids::DATE, &["2001-02-03", "4714-11-24 BC", "infinity", "-infinity"]),
            (oids::TIME, &["24:00"]),
            (oids::TIMETZ, &["10:00+02"]),
            (oids::TIMESTAMP, &["1969-12-31 23:59:59", "294276-12-31", "infinity"]),
            (oids::TIMESTAMPTZ, &["2001-02-03 04:05:06+01", "-infinity"]),
            (oids::INTERVAL, &["1 mon -1 day 00:00:01"]),
            (oids::JSONB, &["{\"a\": [1, 2.50, null]}"]),
            (1007, &["{}", "[0:1]={1,NULL}"]),
            (oids::OIDVECTOR, &["1 2", ""]),
        ] {
            let format = Format::default();
            let mut values: Vec<Datum> =
                texts.iter().map(|t| text_in(type_oid, -1, t, &format).unwrap()).collect();
            values.push(Datum::Null);
            let mut builder = Builder::new(type_oid, values.len());
            values.iter().for_each(|v| builder.append(v));
            let array = builder.finish();
            assert_eq!(array.data_type(), &data_type(type_oid));
            for (row, value) in values.iter().enumerate() {
                let found = datum_at(&*array, row, type_oid);
                assert_eq!(found.is_null(), value.is_null());
                assert!(equal(type_oid, &found, value), "{found:?} {value:?}");
            }
        }
    }

    #[test]
    fn rows_travel_with_their_types() {
        let fields = vec![(oids::INT4, Datum::Int4(1)), (oids::TEXT, Datum::Null)];
        let row = Datum::Record(Arc::new(super::super::Record::unnamed(fields)));
        let mut builder = Builder::new(oids::RECORD, 1);
        builder.append(&row);
        assert_eq!(datum_at(&*builder.finish(), 0, oids::RECORD), row);
    }

    #[test]
    fn fields_name_their_type() {
        let field = field("price", oids::NUMERIC, 655366);
        assert_eq!(field_type(&field), Some(oids::NUMERIC));
        assert_eq!(field.metadata()[TYPMOD_KEY], "655366");
    }
}
