//! Arrays from datums.

use super::super::{Datum, Oid, codec, oids, tagged};
use super::{ColumnType, date_to_unix, decimal, timestamp_to_unix};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::array::builder::*;
use datafusion::arrow::datatypes::DataType;
use std::sync::Arc;

/// Builds an array of one PostgreSQL type from datums.
pub struct Builder {
    ty: ColumnType,
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
    Decimal(Decimal128Builder),
    Text(StringViewBuilder),
    Bytes(BinaryViewBuilder),
}

impl Builder {
    pub fn new(ty: impl Into<ColumnType>, capacity: usize) -> Builder {
        let ty = ty.into();
        let inner = match ty.data_type() {
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
            decimal @ DataType::Decimal128(..) => {
                Inner::Decimal(Decimal128Builder::with_capacity(capacity).with_data_type(decimal))
            }
            DataType::BinaryView => Inner::Bytes(BinaryViewBuilder::with_capacity(capacity)),
            _ => Inner::Text(StringViewBuilder::with_capacity(capacity)),
        };
        Builder { ty, scratch: Vec::new(), inner }
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
            (Inner::Decimal(b), Datum::Numeric(v)) => {
                let scale = self.ty.as_decimal().map_or(0, |(_, scale)| scale);
                let found = decimal::coefficient(v, scale);
                b.append_value(found.expect("the column's values have its scale"));
            }
            (Inner::Text(b), Datum::Text(v)) => b.append_value(v),
            (Inner::Bytes(b), Datum::Bytea(v)) => b.append_value(v),
            (Inner::Bytes(b), Datum::Jsonb(v)) => b.append_value(v.as_bytes()),
            (_, Datum::Null) => self.append_null(),
            (inner, value) => {
                self.scratch.clear();
                encode(self.ty.oid, value, &mut self.scratch);
                match inner {
                    Inner::Bytes(b) => b.append_value(&self.scratch),
                    Inner::Fixed(b) => {
                        b.append_value(&self.scratch).expect("the encoding has the type's width");
                    }
                    _ => panic!("a value of type {} expected, found {value:?}", self.ty.oid),
                }
            }
        }
    }

    /// Appends a text as it is stored, where the builder is of a type that is stored so; `false`: it is
    /// not.
    pub fn append_stored_text(&mut self, stored: &[u8]) -> bool {
        const TEXTS: [Oid; 6] =
            [oids::TEXT, oids::VARCHAR, oids::BPCHAR, oids::NAME, oids::JSON, oids::CITEXT];
        match &mut self.inner {
            Inner::Text(builder) if TEXTS.contains(&self.ty.oid) => {
                builder.append_value(std::str::from_utf8(stored).expect("stored text is UTF-8"));
                true
            }
            _ => false,
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
            Inner::Decimal(b) => b.append_null(),
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
            Inner::Decimal(b) => Arc::new(b.finish()),
            Inner::Text(b) => Arc::new(b.finish()),
            Inner::Bytes(b) => Arc::new(b.finish()),
        }
    }
}

/// The bytes of values without an Arrow type of their own.
fn encode(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Numeric(v) => v.encode(out),
        _ if tagged::is_tagged(type_oid) => tagged::write(value, out),
        _ => codec::binary_out(type_oid, value, out),
    }
}
