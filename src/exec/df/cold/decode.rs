//! Values that are in segments in a form of their own, as plans have them: an expression that decodes
//! a column row by row.

use crate::exec::df::runtime::external;
use crate::storage::cold::text_value;
use crate::types::Datum;
use crate::types::arrow::{self, ColumnType};
use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Decode {
    column: Arc<dyn PhysicalExpr>,
    ty: ColumnType,
}

impl Decode {
    pub fn new(column: Arc<dyn PhysicalExpr>, ty: ColumnType) -> Decode {
        Decode { column, ty }
    }
}

impl PhysicalExpr for Decode {
    fn data_type(&self, _schema: &Schema) -> Result<DataType> {
        Ok(self.ty.data_type())
    }

    fn nullable(&self, _schema: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let array = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let of_file = match array.data_type() {
            DataType::Decimal128(precision, scale) => {
                Some(ColumnType::decimal(*precision, scale.unsigned_abs()))
            }
            DataType::Utf8View => None,
            _ => Some(self.ty.oid.into()),
        };
        let mut builder = arrow::Builder::new(self.ty, array.len());
        for at in 0..array.len() {
            builder.append(&match of_file {
                Some(ty) => arrow::datum_at(&*array, at, ty),
                None if array.is_null(at) => Datum::Null,
                None => text_value(&*array, at, self.ty.oid).map_err(external)?,
            });
        }
        Ok(ColumnarValue::Array(builder.finish()))
    }

    fn return_field(&self, _schema: &Schema) -> Result<FieldRef> {
        Ok(Arc::new(self.ty.field("decoded")))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Decode { column: children[0].clone(), ty: self.ty }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Decode {
    fn eq(&self, other: &Decode) -> bool {
        self.column.eq(&other.column) && self.ty == other.ty
    }
}

impl Eq for Decode {}

impl Hash for Decode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.ty.oid.hash(state);
    }
}

impl fmt::Display for Decode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "decode({})", self.column)
    }
}
