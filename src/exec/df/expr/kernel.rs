//! Functions of arrays as expressions: [`Kernel`]s, and what they share.

use super::super::lowering::Inexact;
use super::super::runtime::external;
use super::{DfResult, Typed};
use crate::error::PgError;
use crate::types::arrow::ColumnType;
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringViewArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::BinaryExpr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A function of arrays. Its debug form tells it from others.
pub(super) trait Kernel: fmt::Debug + Send + Sync + 'static {
    /// The type of the result.
    fn result(&self) -> ColumnType;

    /// Whether it may fail. DataFusion does not move such expressions to other operators: there they
    /// would see other rows, and their errors be lost.
    fn may_fail(&self) -> bool {
        false
    }

    /// The result for so many rows.
    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef>;
}

/// A kernel of some arguments' values.
pub(super) fn apply(kernel: impl Kernel, args: &[Typed]) -> Typed {
    let ty = kernel.result();
    let exprs = args.iter().map(|arg| arg.expr.clone()).collect();
    let expr = Arc::new(Apply { kernel: Arc::new(kernel), args: exprs });
    Typed::native(expr, ty, &args.iter().collect::<Vec<_>>())
}

/// Whether an expression's children are evaluated for every row that it is evaluated for.
pub(in crate::exec::df) fn evaluates_all_children(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let is_lazy = |operator| matches!(operator, &Operator::And | &Operator::Or);
    let binary = expr.downcast_ref::<BinaryExpr>().map(BinaryExpr::op);
    expr.is::<Apply>() || binary.is_some_and(|operator| !is_lazy(operator))
}

#[derive(Clone, Debug)]
struct Apply {
    kernel: Arc<dyn Kernel>,
    args: Vec<Arc<dyn PhysicalExpr>>,
}

impl Apply {
    fn name(&self) -> String {
        format!("{:?}", self.kernel)
    }
}

impl PhysicalExpr for Apply {
    fn data_type(&self, _schema: &Schema) -> DfResult<DataType> {
        Ok(self.kernel.result().data_type())
    }

    fn nullable(&self, _schema: &Schema) -> DfResult<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> DfResult<ColumnarValue> {
        let args = self.args.iter().map(|arg| arg.evaluate(batch)).collect::<DfResult<Vec<_>>>()?;
        self.kernel.eval(&args, batch.num_rows()).map(ColumnarValue::Array)
    }

    fn return_field(&self, _schema: &Schema) -> DfResult<FieldRef> {
        Ok(Arc::new(self.kernel.result().field("value")))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.args.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        args: Vec<Arc<dyn PhysicalExpr>>,
    ) -> DfResult<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Apply { kernel: self.kernel.clone(), args }))
    }

    fn is_volatile_node(&self) -> bool {
        self.kernel.may_fail()
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Apply {
    fn eq(&self, other: &Apply) -> bool {
        self.args == other.args && self.name() == other.name()
    }
}

impl Eq for Apply {}

impl Hash for Apply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
        self.args.hash(state);
    }
}

impl fmt::Display for Apply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(", self.kernel)?;
        for (n, arg) in self.args.iter().enumerate() {
            write!(f, "{}{arg}", if n > 0 { ", " } else { "" })?;
        }
        f.write_str(")")
    }
}

/// An argument of fixed width: an array, or one value for all rows.
pub(super) enum Operand<T: ArrowPrimitiveType> {
    Array(PrimitiveArray<T>),
    /// `None`: NULL.
    Scalar(Option<T::Native>),
}

impl<T: ArrowPrimitiveType> Operand<T> {
    pub fn of(value: &ColumnarValue) -> DfResult<Operand<T>> {
        Ok(match value {
            ColumnarValue::Array(array) => Operand::Array(array.as_primitive::<T>().clone()),
            ColumnarValue::Scalar(scalar) => {
                let array = scalar.to_array()?;
                let array = array.as_primitive::<T>();
                Operand::Scalar(array.is_valid(0).then(|| array.value(0)))
            }
        })
    }

    /// Which rows are not NULL; `None`: all.
    pub fn nulls(&self, rows: usize) -> Option<NullBuffer> {
        match self {
            Operand::Array(array) => array.nulls().cloned(),
            Operand::Scalar(Some(_)) => None,
            Operand::Scalar(None) => Some(NullBuffer::new_null(rows)),
        }
    }

    #[inline]
    pub fn value(&self, row: usize) -> T::Native {
        match self {
            Operand::Array(array) => array.value(row),
            Operand::Scalar(value) => value.unwrap_or_default(),
        }
    }
}

/// Why a function has no value.
pub(super) type Failure = fn() -> PgError;

/// Applies a function that may fail to each row where both arguments are there.
pub(super) fn binary<A: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    args: &[ColumnarValue],
    rows: usize,
    f: impl Fn(A::Native, A::Native) -> Result<O::Native, Failure>,
) -> DfResult<PrimitiveArray<O>> {
    let (left, right) = (Operand::<A>::of(&args[0])?, Operand::<A>::of(&args[1])?);
    let nulls = NullBuffer::union(left.nulls(rows).as_ref(), right.nulls(rows).as_ref());
    let at = |row| match f(left.value(row), right.value(row)) {
        Ok(value) => Ok(value),
        Err(_) if nulls.as_ref().is_some_and(|n| n.is_null(row)) => Ok(O::default_value()),
        Err(failure) => Err(external(failure())),
    };
    let values = (0..rows).map(at).collect::<DfResult<Vec<O::Native>>>()?;
    Ok(PrimitiveArray::new(values.into(), nulls))
}

/// Applies a function to each value of an array.
pub(super) fn unary<A: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    arg: &ColumnarValue,
    rows: usize,
    f: impl Fn(A::Native) -> O::Native,
) -> DfResult<PrimitiveArray<O>> {
    let array = arg.to_array(rows)?;
    Ok(array.as_primitive::<A>().unary(f))
}

/// A text argument as an array.
pub(super) fn texts(arg: &ColumnarValue, rows: usize) -> DfResult<StringViewArray> {
    Ok(arg.to_array(rows)?.as_string_view().clone())
}

/// The failure of a decimal that does not fit.
pub(in crate::exec::df) fn exact() -> DataFusionError {
    DataFusionError::External(Box::new(Inexact))
}
