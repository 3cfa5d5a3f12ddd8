//! Finding a table's columns in a segment that was written under an older schema.
//!
//! DataFusion looks columns up by name; ours are known by id. A column that the segment does not have
//! was added later: it has the value that it was added with. One of a narrower type is widened. One
//! that is in a form of its own (a decimal or text where plans have bytes) is decoded row by row.

use super::decode::Decode;
use crate::storage::cold::field_id;
use crate::types::Datum;
use crate::types::arrow::{self, ColumnType};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};
use std::sync::Arc;

/// A column of a scan, as plans have it.
#[derive(Clone, Debug)]
pub(super) struct Logical {
    id: i32,
    ty: ColumnType,
    missing: Datum,
}

impl Logical {
    pub fn new(id: i32, ty: ColumnType, missing: Datum) -> Logical {
        Logical { id, ty, missing }
    }

    /// The n-th field of the scan.
    pub fn field(&self, n: usize) -> Field {
        self.ty.field(&Logical::name(n))
    }

    /// The n-th field's name. No column of a segment has such a name: DataFusion would take one for
    /// the other.
    pub fn name(n: usize) -> String {
        format!("\u{1}{n}")
    }
}

/// The columns of a scan, in the order of its fields.
#[derive(Debug)]
pub(super) struct ColumnFiles(Arc<Vec<Logical>>);

impl ColumnFiles {
    pub fn new(columns: Vec<Logical>) -> ColumnFiles {
        ColumnFiles(Arc::new(columns))
    }
}

impl PhysicalExprAdapterFactory for ColumnFiles {
    fn create(
        &self,
        _logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        Ok(Arc::new(Adapter { columns: self.0.clone(), file: physical_file_schema }))
    }
}

#[derive(Debug)]
struct Adapter {
    columns: Arc<Vec<Logical>>,
    file: SchemaRef,
}

impl PhysicalExprAdapter for Adapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        expr.transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => Ok(Transformed::yes(self.column(column.index())?)),
            None => Ok(Transformed::no(expr)),
        })
        .data()
    }
}

impl Adapter {
    fn column(&self, at: usize) -> Result<Arc<dyn PhysicalExpr>> {
        let logical = &self.columns[at];
        let fields = self.file.fields();
        let Some(index) = fields.iter().position(|f| field_id(f) == Some(logical.id)) else {
            return Ok(Arc::new(Literal::new(logical.missing()?)));
        };
        let field = &fields[index];
        let column = Arc::new(Column::new(field.name(), index));
        let wanted = logical.ty.data_type();
        Ok(match field.data_type() {
            same if *same == wanted => column,
            narrow if widens(narrow, &wanted) => Arc::new(CastExpr::new(column, wanted, None)),
            _ => Arc::new(Decode::new(column, logical.ty)),
        })
    }
}

impl Logical {
    fn missing(&self) -> Result<ScalarValue> {
        let mut builder = arrow::Builder::new(self.ty, 1);
        builder.append(&self.missing);
        ScalarValue::try_from_array(&builder.finish(), 0)
    }
}

/// Whether each value of one type is one of the other.
fn widens(narrow: &DataType, wide: &DataType) -> bool {
    use DataType::{Float32, Float64, Int16, Int32, Int64};
    matches!((narrow, wide), (Int16, Int32 | Int64) | (Int32, Int64) | (Float32, Float64))
}
