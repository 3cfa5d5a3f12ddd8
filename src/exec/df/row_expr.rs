//! A compiled program as a DataFusion expression: evaluated row by row.

use super::runtime::external;
use crate::exec::expr::Program;
use crate::exec::{ExecState, StatementContext};
use crate::types::{Datum, Oid, arrow, key};
use datafusion::arrow::array::{ArrayRef, BinaryBuilder};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a program needs besides the row; shared by the expressions of a plan.
pub(super) struct Bindings {
    pub cx: Arc<StatementContext>,
    pub params: Arc<[Datum]>,
    pub outer: Vec<Datum>,
}

impl Bindings {
    pub(super) fn state(&self) -> ExecState {
        let state = ExecState::new(self.cx.clone(), self.params.clone());
        *state.outer.borrow_mut() = self.outer.clone();
        state
    }
}

/// What becomes of the programs' values.
pub(super) enum Output {
    /// One program's value.
    Value(Oid),
    /// All values' keys, one after the other: type, descending, nulls first. NULL anywhere makes a
    /// join key NULL.
    Key { columns: Vec<(Oid, bool, bool)>, join: bool },
}

pub(super) struct RowExpr {
    pub programs: Arc<Vec<Program>>,
    pub output: Output,
    pub bindings: Arc<Bindings>,
    /// Types of the input's columns, and which of them the programs read.
    pub types: Arc<Vec<Oid>>,
    pub used: Vec<usize>,
}

impl RowExpr {
    fn array(&self, batch: &RecordBatch) -> datafusion::error::Result<ArrayRef> {
        let state = self.bindings.state();
        let mut row = vec![Datum::Null; self.types.len()];
        let mut sink = Sink::new(&self.output, batch.num_rows());
        for at in 0..batch.num_rows() {
            for &column in &self.used {
                row[column] = arrow::datum_at(batch.column(column), at, self.types[column]);
            }
            let mut values = Vec::with_capacity(self.programs.len());
            for program in self.programs.iter() {
                values.push(program.eval(&state, &row).map_err(external)?);
            }
            sink.push(&self.output, &values);
        }
        Ok(sink.finish())
    }
}

enum Sink {
    Value(Box<arrow::Builder>),
    Key(BinaryBuilder, Vec<u8>),
}

impl Sink {
    fn new(output: &Output, rows: usize) -> Sink {
        match output {
            Output::Value(type_oid) => Sink::Value(Box::new(arrow::Builder::new(*type_oid, rows))),
            Output::Key { .. } => {
                Sink::Key(BinaryBuilder::with_capacity(rows, rows * 16), Vec::new())
            }
        }
    }

    fn push(&mut self, output: &Output, values: &[Datum]) {
        match (self, output) {
            (Sink::Value(builder), _) => builder.append(&values[0]),
            (Sink::Key(builder, bytes), Output::Key { columns, join }) => {
                if *join && values.iter().any(Datum::is_null) {
                    return builder.append_null();
                }
                bytes.clear();
                for (value, (type_oid, descending, nulls_first)) in values.iter().zip(columns) {
                    key::encode(*type_oid, value, *descending, *nulls_first, bytes);
                }
                builder.append_value(&*bytes);
            }
            (Sink::Key(builder, _), Output::Value(_)) => builder.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Sink::Value(mut builder) => builder.finish(),
            Sink::Key(mut builder, _) => Arc::new(builder.finish()),
        }
    }
}

impl PhysicalExpr for RowExpr {
    fn data_type(&self, _schema: &Schema) -> datafusion::error::Result<DataType> {
        Ok(match &self.output {
            Output::Value(type_oid) => arrow::data_type(*type_oid),
            Output::Key { .. } => DataType::Binary,
        })
    }

    fn nullable(&self, _schema: &Schema) -> datafusion::error::Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> datafusion::error::Result<ColumnarValue> {
        self.array(batch).map(ColumnarValue::Array)
    }

    fn return_field(
        &self,
        _schema: &Schema,
    ) -> datafusion::error::Result<datafusion::arrow::datatypes::FieldRef> {
        Ok(Arc::new(match &self.output {
            Output::Value(type_oid) => arrow::field("value", *type_oid, -1),
            Output::Key { .. } => {
                datafusion::arrow::datatypes::Field::new("key", DataType::Binary, true)
            }
        }))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> datafusion::error::Result<Arc<dyn PhysicalExpr>> {
        Ok(self)
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Programs have no equality; the same list of programs is the same expression.
impl PartialEq for RowExpr {
    fn eq(&self, other: &RowExpr) -> bool {
        Arc::ptr_eq(&self.programs, &other.programs)
    }
}

impl Eq for RowExpr {}

impl Hash for RowExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.programs) as usize).hash(state);
    }
}

impl fmt::Display for RowExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("row_program")
    }
}

impl fmt::Debug for RowExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowExpr")
    }
}
