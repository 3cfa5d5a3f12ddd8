//! Values that are in segments in a form of their own, as plans have them: an expression that decodes
//! a column row by row.

use crate::exec::df::runtime::external;
use crate::storage::cold::SegmentColumn;
use crate::types::{Oid, arrow};
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
    type_oid: Oid,
}

impl Decode {
    pub fn new(column: Arc<dyn PhysicalExpr>, type_oid: Oid) -> Decode {
        Decode { column, type_oid }
    }
}

impl PhysicalExpr for Decode {
    fn data_type(&self, _schema: &Schema) -> Result<DataType> {
        Ok(arrow::data_type(self.type_oid))
    }

    fn nullable(&self, _schema: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let array = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let column = SegmentColumn::read_as(array.data_type(), self.type_oid);
        let mut builder = arrow::Builder::new(self.type_oid, array.len());
        for at in 0..array.len() {
            builder.append(&column.datum(&*array, at).map_err(external)?);
        }
        Ok(ColumnarValue::Array(builder.finish()))
    }

    fn return_field(&self, _schema: &Schema) -> Result<FieldRef> {
        Ok(Arc::new(arrow::field("decoded", self.type_oid, -1)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Decode { column: children[0].clone(), type_oid: self.type_oid }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Decode {
    fn eq(&self, other: &Decode) -> bool {
        self.column.eq(&other.column) && self.type_oid == other.type_oid
    }
}

impl Eq for Decode {}

impl Hash for Decode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.type_oid.hash(state);
    }
}

impl fmt::Display for Decode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "decode({})", self.column)
    }
}
