//! Constants: each in the form in which its neighbours can use it best.

use super::Typed;
use crate::types::arrow::{self, ColumnType, Form, decimal};
use crate::types::{Datum, Numeric, oids};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::physical_expr::expressions::Literal;
use std::sync::Arc;

/// A constant of a type. A finite numeric is a decimal of its own digits and scale.
pub(super) fn literal(value: &Datum, ty: ColumnType) -> Option<Typed> {
    let ty = match (ty, value) {
        (ColumnType { oid: oids::NUMERIC, form: Form::Plain }, Datum::Numeric(value)) => {
            of_numeric(value)?
        }
        (ColumnType { oid: oids::NUMERIC, form: Form::Plain }, Datum::Null) => {
            ColumnType::decimal(1, 0)
        }
        _ => ty,
    };
    is_of(value, &ty.data_type()).then_some(())?;
    let mut builder = arrow::Builder::new(ty, 1);
    builder.append(value);
    let scalar = ScalarValue::try_from_array(&builder.finish(), 0).ok()?;
    let expr = Arc::new(Literal::new(scalar));
    let literal = Some(value.clone());
    Some(Typed { expr, ty, literal, fallible: false, native: true })
}

fn of_numeric(value: &Numeric) -> Option<ColumnType> {
    let (coefficient, scale) = value.as_i128()?;
    let scale = u8::try_from(scale).ok()?;
    let precision = decimal::digits(coefficient).max(scale);
    (precision <= decimal::PRECISION_MAX).then(|| ColumnType::decimal(precision, scale))
}

/// Whether the Arrow type is that of the value; types that no native expression takes are not.
fn is_of(value: &Datum, data_type: &DataType) -> bool {
    matches!(
        (value, data_type),
        (Datum::Null, _)
            | (Datum::Bool(_), DataType::Boolean)
            | (Datum::Char(_), DataType::UInt8)
            | (Datum::Int2(_), DataType::Int16)
            | (Datum::Int4(_), DataType::Int32)
            | (Datum::Int8(_), DataType::Int64)
            | (Datum::Float4(_), DataType::Float32)
            | (Datum::Float8(_), DataType::Float64)
            | (Datum::Oid(_), DataType::UInt32)
            | (Datum::Numeric(_), DataType::Decimal128(..))
            | (Datum::Text(_), DataType::Utf8View)
            | (Datum::Date(_), DataType::Date32)
            | (Datum::Time(_), DataType::Time64(_))
            | (Datum::Timestamp(_), DataType::Timestamp(_, None))
            | (Datum::TimestampTz(_), DataType::Timestamp(_, Some(_)))
            | (Datum::Uuid(_), DataType::FixedSizeBinary(16))
    )
}

/// A numeric constant as a decimal of a given form, in whose scale it has a coefficient. That may
/// have more digits than the precision says: kernels compare coefficients.
pub(super) fn of_type(value: &Datum, ty: ColumnType) -> Option<Typed> {
    let (precision, scale) = ty.as_decimal()?;
    let coefficient = match value {
        Datum::Null => None,
        Datum::Numeric(value) => Some(decimal::coefficient(value, scale)?),
        _ => return None,
    };
    let scalar = ScalarValue::Decimal128(coefficient, precision, scale.cast_signed());
    let (expr, literal) = (Arc::new(Literal::new(scalar)), Some(value.clone()));
    Some(Typed { expr, ty, literal, fallible: false, native: true })
}
