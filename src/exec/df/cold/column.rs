//! A scan's columns, and what they are in a segment that may be of an older schema.
//!
//! Columns are known by id. One that a segment does not have was added later: it has the value that it
//! was added with. One of a narrower type is widened. One that is in a form of its own (a decimal or
//! text where plans have bytes) is decoded row by row.

use crate::exec::df::runtime::external;
use crate::storage::cold::{OpenSegment, SEQ_ID, XMIN_ID, text_value};
use crate::types::Datum;
use crate::types::arrow::{self, ColumnType};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use std::sync::Arc;

/// A column, as plans have it.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// One with an id; where a segment does not have it, it is `missing`.
    Stored {
        id: i32,
        ty: ColumnType,
        missing: Datum,
    },
    /// `xmin`.
    Xmin,
    Constant(ScalarValue),
}

/// A column in one segment.
pub(super) enum InSegment {
    Constant(ScalarValue),
    /// Made of the values of a field.
    Field(usize, Form),
}

/// How values are made of a field's.
pub(super) enum Form {
    Same,
    Widened(DataType),
    Decoded(ColumnType),
    LowHalf,
}

impl Column {
    pub fn field(&self, name: &str) -> Field {
        match self {
            Column::Stored { ty, .. } => ty.field(name),
            Column::Xmin => Field::new(name, DataType::UInt32, true),
            Column::Constant(value) => Field::new(name, value.data_type(), true),
        }
    }

    /// A scan's columns in one segment.
    pub fn all_in_segment(columns: &[Column], segment: &OpenSegment) -> Result<Vec<InSegment>> {
        columns.iter().map(|column| column.in_segment(segment)).collect()
    }

    fn in_segment(&self, segment: &OpenSegment) -> Result<InSegment> {
        let (id, ty, missing) = match self {
            Column::Constant(value) => return Ok(InSegment::Constant(value.clone())),
            Column::Xmin => {
                let seq = || segment.field(SEQ_ID).map(|field| (field, Form::LowHalf));
                let found = segment.field(XMIN_ID).map(|field| (field, Form::Same)).or_else(seq);
                return Ok(match found {
                    Some((field, form)) => InSegment::Field(field, form),
                    None => InSegment::Constant(ScalarValue::UInt32(None)),
                });
            }
            Column::Stored { id, ty, missing } => (*id, *ty, missing),
        };
        let Some(field) = segment.field(id) else {
            let mut builder = arrow::Builder::new(ty, 1);
            builder.append(missing);
            return Ok(InSegment::Constant(ScalarValue::try_from_array(&builder.finish(), 0)?));
        };
        let wanted = ty.data_type();
        let form = match segment.arrow_field(field).data_type() {
            same if *same == wanted => Form::Same,
            narrow if widens(narrow, &wanted) => Form::Widened(wanted),
            _ => Form::Decoded(ty),
        };
        Ok(InSegment::Field(field, form))
    }
}

impl InSegment {
    pub fn field(&self) -> Option<usize> {
        match self {
            InSegment::Constant(_) => None,
            InSegment::Field(field, _) => Some(*field),
        }
    }

    /// The values of so many rows, made of the field's.
    pub fn values(&self, of_field: Option<&ArrayRef>, rows: usize) -> Result<ArrayRef> {
        match (self, of_field) {
            (InSegment::Field(_, form), Some(values)) => form.values(values),
            (InSegment::Constant(value), _) => value.to_array_of_size(rows),
            (InSegment::Field(..), None) => {
                datafusion::common::internal_err!("a column of a segment was not read")
            }
        }
    }
}

impl Form {
    fn values(&self, of_field: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Form::Same => Ok(of_field.clone()),
            Form::Widened(wanted) => Ok(cast(of_field, wanted)?),
            Form::Decoded(ty) => decoded(&**of_field, *ty),
            Form::LowHalf => {
                let values = of_field.as_primitive::<Int64Type>();
                let low: UInt32Array = values.unary::<_, UInt32Type>(|value| value as u32);
                Ok(Arc::new(low))
            }
        }
    }
}

/// Whether each value of one type is one of the other.
fn widens(narrow: &DataType, wide: &DataType) -> bool {
    use DataType::{Float32, Float64, Int16, Int32, Int64};
    matches!((narrow, wide), (Int16, Int32 | Int64) | (Int32, Int64) | (Float32, Float64))
}

/// Values in a form of a segment's own, as plans have them.
fn decoded(array: &dyn Array, ty: ColumnType) -> Result<ArrayRef> {
    let of_file = match array.data_type() {
        DataType::Decimal128(precision, scale) => {
            Some(ColumnType::decimal(*precision, scale.unsigned_abs()))
        }
        DataType::Utf8View => None,
        _ => Some(ty.oid.into()),
    };
    let mut builder = arrow::Builder::new(ty, array.len());
    for at in 0..array.len() {
        builder.append(&match of_file {
            Some(of_file) => arrow::datum_at(array, at, of_file),
            None if array.is_null(at) => Datum::Null,
            None => text_value(array, at, ty.oid).map_err(external)?,
        });
    }
    Ok(builder.finish())
}
