//! Datums from arrays.

use super::super::{Datum, Jsonb, Numeric, Oid, codec, oids, tagged};
use super::{ColumnType, date_from_unix, decimal, timestamp_from_unix};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimestampMicrosecondType, UInt8Type, UInt32Type,
};
/// The value in a row of an array of a column's type.
pub fn datum_at(array: &dyn Array, row: usize, ty: impl Into<ColumnType>) -> Datum {
    if array.is_null(row) {
        return Datum::Null;
    }
    let type_oid = ty.into().oid;
    match array.data_type() {
        DataType::Boolean => Datum::Bool(array.as_boolean().value(row)),
        DataType::UInt8 => Datum::Char(array.as_primitive::<UInt8Type>().value(row)),
        DataType::Int16 => Datum::Int2(array.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => Datum::Int4(array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Datum::Int8(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt32 => Datum::Oid(array.as_primitive::<UInt32Type>().value(row)),
        DataType::Float32 => Datum::Float4(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Datum::Float8(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            let coefficient = array.as_primitive::<Decimal128Type>().value(row);
            Datum::Numeric(decimal::numeric(coefficient, scale.cast_unsigned()))
        }
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

/// The value of bytes that the builder encoded.
fn decode(type_oid: Oid, bytes: &[u8]) -> Datum {
    const INVARIANT: &str = "arrays hold what the builder encoded";
    match type_oid {
        oids::BYTEA => Datum::bytea(bytes),
        oids::NUMERIC => Datum::Numeric(Numeric::decode(bytes).expect(INVARIANT)),
        oids::JSONB => Datum::Jsonb(Jsonb::from_bytes(bytes)),
        _ if tagged::is_tagged(type_oid) => tagged::read(bytes).expect(INVARIANT),
        _ => codec::binary_in(type_oid, -1, bytes).expect(INVARIANT),
    }
}
