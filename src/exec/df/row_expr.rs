//! A compiled program as a DataFusion expression: what has no native form runs row by row.
//!
//! Its children are the columns that it reads, and no others are turned into datums. The programs
//! are PostgreSQL's semantics in full; DataFusion sees an opaque function of these columns.

use super::runtime::external;
use crate::exec::expr::Program;
use crate::exec::{ExecState, Known, StatementContext};
use crate::types::arrow::ColumnType;
use crate::types::{Datum, Oid, arrow, key};
use datafusion::arrow::array::{ArrayRef, BinaryBuilder};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

type DfResult<T> = datafusion::error::Result<T>;

/// What a program needs besides the row; shared by the expressions of a plan.
pub(super) struct Bindings {
    pub cx: Arc<StatementContext>,
    pub params: Arc<[Datum]>,
    pub outer: Vec<Datum>,
    pub known: Known,
}

impl Bindings {
    pub(super) fn state(&self) -> ExecState {
        let mut state = ExecState::new(self.cx.clone(), self.params.clone());
        *state.outer.borrow_mut() = self.outer.clone();
        state.known = self.known.clone();
        state
    }
}

/// What becomes of the programs' values.
#[derive(Clone)]
pub(super) enum Output {
    /// One program's value.
    Value(Oid),
    /// All values' keys, one after the other: type, descending, nulls first. NULL anywhere makes a
    /// join key NULL.
    Key { columns: Vec<(Oid, bool, bool)>, join: bool },
}

/// A column that programs read.
#[derive(Clone)]
pub(super) struct Input {
    pub slot: usize,
    pub ty: ColumnType,
}

pub(super) struct RowExpr {
    pub programs: Arc<Vec<Program>>,
    pub output: Output,
    pub bindings: Arc<Bindings>,
    /// Slots of the programs' rows.
    pub width: usize,
    pub inputs: Vec<Input>,
    /// As [`ExecState::lookups`] has them.
    pub lookups: Vec<(usize, usize)>,
    /// What gives the inputs.
    pub columns: Vec<Arc<dyn PhysicalExpr>>,
}

impl RowExpr {
    fn array(&self, batch: &RecordBatch) -> DfResult<ArrayRef> {
        let rows = batch.num_rows();
        let arrays = self.columns.iter().map(|c| c.evaluate(batch)?.into_array(rows));
        let arrays = arrays.collect::<DfResult<Vec<_>>>()?;
        let mut state = self.bindings.state();
        state.lookups = self.lookups.clone();
        let mut row = vec![Datum::Null; self.width];
        let mut values = Vec::with_capacity(self.programs.len());
        let mut sink = Sink::new(&self.output, rows);
        for at in 0..rows {
            for (input, array) in self.inputs.iter().zip(&arrays) {
                row[input.slot] = arrow::datum_at(array, at, input.ty);
            }
            values.clear();
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
    fn data_type(&self, _schema: &Schema) -> DfResult<DataType> {
        Ok(match &self.output {
            Output::Value(type_oid) => arrow::data_type(*type_oid),
            Output::Key { .. } => DataType::Binary,
        })
    }

    fn nullable(&self, _schema: &Schema) -> DfResult<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> DfResult<ColumnarValue> {
        self.array(batch).map(ColumnarValue::Array)
    }

    fn return_field(&self, _schema: &Schema) -> DfResult<FieldRef> {
        Ok(Arc::new(match &self.output {
            Output::Value(type_oid) => arrow::field("value", *type_oid, -1),
            Output::Key { .. } => Field::new("key", DataType::Binary, true),
        }))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.columns.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        columns: Vec<Arc<dyn PhysicalExpr>>,
    ) -> DfResult<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(RowExpr {
            programs: self.programs.clone(),
            output: self.output.clone(),
            bindings: self.bindings.clone(),
            width: self.width,
            inputs: self.inputs.clone(),
            lookups: self.lookups.clone(),
            columns,
        }))
    }

    /// Programs stay where they are: they may fail, and rows decide whether they do.
    fn is_volatile_node(&self) -> bool {
        true
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Programs have no equality; the same list of programs of the same columns is the same expression.
impl PartialEq for RowExpr {
    fn eq(&self, other: &RowExpr) -> bool {
        Arc::ptr_eq(&self.programs, &other.programs) && self.columns == other.columns
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
