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
//! | bytea, and what is held as bytes (inet and the like) | BinaryView |
//! | numeric of one scale | Decimal128, see [`decimal`] |
//! | numeric, else | BinaryView of [`Numeric::encode`](super::Numeric::encode) |
//! | jsonb | BinaryView of [`Jsonb::as_bytes`](super::Jsonb::as_bytes) |
//! | date, time | Date32, Time64 in microseconds |
//! | timestamp, timestamptz | Timestamp in microseconds, since 1970 |
//! | timetz, interval, uuid | FixedSizeBinary of 12, 16, 16 bytes |
//! | ranges, multiranges | BinaryView of the wire's binary form |
//! | arrays of built-in types | BinaryView of the wire's binary form |
//! | enums | Int64 of the label's rank |
//! | money, pg_lsn, xid8, tid | Int64 in their order |
//! | records, arrays of users' types, users' ranges | BinaryView of the [tagged] form |
//!
//! A type alone does not say how its values travel: what is known of *all* values of a column may
//! allow a better form. [`ColumnType`] says both.
//!
//! Infinite dates and timestamps are the least and greatest integers on both sides. Timestamps of
//! the last thirty years before 294276 wrap around: they come back exact, but Arrow's own order
//! would misplace them ([`timestamp_from_unix`] is the order).

mod builder;
pub mod decimal;
mod read;
#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use read::datum_at;

use super::datetime::timestamp::is_infinite;
use super::datetime::{DATE_INFINITY, DATE_NEG_INFINITY, DAY};
use super::numeric::precision_and_scale;
use super::{Oid, array, codec, is_bytes, oids, range, string, tagged};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use std::collections::HashMap;

/// Keys of a field's metadata: the type's OID and modifier.
pub const TYPE_KEY: &str = "pg.type";
pub const TYPMOD_KEY: &str = "pg.typmod";

/// Days from 1970-01-01 to 2000-01-01.
pub const EPOCH_DAYS: i32 = 10_957;

/// A column's PostgreSQL type, and how its values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnType {
    pub oid: Oid,
    pub form: Form,
}

/// What is known of all values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing but the type.
    Plain,
    /// A `numeric`, each of this scale and below 10^precision in its coefficient, or NaN.
    Decimal { precision: u8, scale: u8 },
    /// A `bpchar` padded with blanks to so many characters: values are equal if their bytes are.
    Padded(u32),
}

impl From<Oid> for ColumnType {
    fn from(oid: Oid) -> ColumnType {
        ColumnType { oid, form: Form::Plain }
    }
}

impl ColumnType {
    pub fn decimal(precision: u8, scale: u8) -> ColumnType {
        ColumnType { oid: oids::NUMERIC, form: Form::Decimal { precision, scale } }
    }

    /// The type of a stored column: its values satisfy its modifier.
    pub fn stored(oid: Oid, typmod: i32) -> ColumnType {
        let form = match oid {
            oids::NUMERIC => decimal_form(typmod),
            oids::BPCHAR => string::declared_length(typmod)
                .and_then(|n| u32::try_from(n).ok())
                .map(Form::Padded),
            _ => None,
        };
        ColumnType { oid, form: form.unwrap_or(Form::Plain) }
    }

    /// Precision and scale of a decimal.
    pub fn as_decimal(self) -> Option<(u8, u8)> {
        match self.form {
            Form::Decimal { precision, scale } => Some((precision, scale)),
            _ => None,
        }
    }

    /// The Arrow type of the column.
    pub fn data_type(self) -> DataType {
        match self.form {
            Form::Decimal { precision, scale } => {
                DataType::Decimal128(precision, scale.cast_signed())
            }
            Form::Plain | Form::Padded(_) => data_type(self.oid),
        }
    }

    /// A nullable field of the type.
    pub fn field(self, name: &str) -> Field {
        field(name, self.oid, -1).with_data_type(self.data_type())
    }
}

/// The form of `numeric(p,s)`, where Decimal128 holds all its values.
fn decimal_form(typmod: i32) -> Option<Form> {
    let (precision, scale) = precision_and_scale(typmod)?;
    // A negative scale rounds before the point; values are shown without fraction.
    let digits = u8::try_from(precision + (-scale).max(0)).ok()?;
    let scale = u8::try_from(scale.max(0)).ok()?;
    let precision = digits.max(scale);
    (precision <= decimal::PRECISION_MAX).then_some(Form::Decimal { precision, scale })
}

/// Whether values of a type travel in plans. Types that users make do so as the built-in ones that stand
/// in for them.
pub fn travels(type_oid: Oid) -> bool {
    const FIRST_USER_OID: Oid = 16384;
    type_oid < FIRST_USER_OID || oids::EXTENSIONS.contains(&type_oid)
}

/// The Arrow type that represents a PostgreSQL type of whose values nothing more is known.
pub fn data_type(type_oid: Oid) -> DataType {
    match type_oid {
        oids::BOOL => DataType::Boolean,
        oids::CHAR => DataType::UInt8,
        oids::INT2 => DataType::Int16,
        oids::INT4 => DataType::Int32,
        oids::INT8 | oids::TID | oids::XID8 | oids::MONEY | oids::PG_LSN | oids::ANYENUM => {
            DataType::Int64
        }
        oids::FLOAT4 => DataType::Float32,
        oids::FLOAT8 => DataType::Float64,
        oids::DATE => DataType::Date32,
        oids::TIME => DataType::Time64(TimeUnit::Microsecond),
        oids::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        oids::TIMESTAMPTZ => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        oids::TIMETZ => DataType::FixedSizeBinary(12),
        oids::INTERVAL | oids::UUID => DataType::FixedSizeBinary(16),
        oids::NUMERIC | oids::JSONB => DataType::BinaryView,
        _ if tagged::is_tagged(type_oid) => DataType::BinaryView,
        _ if is_bytes(type_oid) => DataType::BinaryView,
        _ if range::is_range(type_oid) => DataType::BinaryView,
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

/// A date as Arrow has it: days since 1970.
pub fn date_to_unix(days: i32) -> i32 {
    match days {
        DATE_INFINITY | DATE_NEG_INFINITY => days,
        _ => days.wrapping_add(EPOCH_DAYS),
    }
}

/// A date from Arrow's form.
pub fn date_from_unix(days: i32) -> i32 {
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
