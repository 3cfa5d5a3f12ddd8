//! AND, OR, NOT, IS NULL.
//!
//! What cannot fail is evaluated on all rows, by DataFusion's own operators, which its other parts
//! understand (pruning of Parquet row groups, say). What can fail is evaluated only on rows that the
//! arguments before it leave undecided, as PostgreSQL does: [`Lazily`].

use super::{DfResult, Scope, Typed};
use crate::exec::expr::Node;
use crate::exec::expr::NullTest;
use crate::types::oids;
use datafusion::arrow::array::{AsArray, BooleanArray};
use datafusion::arrow::compute::{and_kleene, is_null, not, or, or_kleene};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, IsNotNullExpr, IsNullExpr, NotExpr};
use std::fmt;
use std::sync::Arc;

pub(super) fn null_test(scope: &Scope<'_>, test: &NullTest) -> Option<Typed> {
    let arg = scope.native(&test.arg, oids::UNKNOWN)?;
    let expr: Arc<dyn PhysicalExpr> = match test.is_null {
        true => Arc::new(IsNullExpr::new(arg.expr.clone())),
        false => Arc::new(IsNotNullExpr::new(arg.expr.clone())),
    };
    Some(Typed::native(expr, oids::BOOL, &[&arg]))
}

pub(super) fn not_of(arg: Typed) -> Typed {
    Typed::native(Arc::new(NotExpr::new(arg.expr.clone())), oids::BOOL, &[&arg])
}

pub(super) fn negation(scope: &Scope<'_>, arg: &Node) -> Option<Typed> {
    scope.native(arg, oids::BOOL).map(not_of)
}

/// AND or OR of conditions, in their order.
pub(super) fn combined(args: Vec<Typed>, all: bool) -> Option<Typed> {
    let references: Vec<&Typed> = args.iter().collect();
    let guarded = args.iter().skip(1).any(|arg| arg.fallible);
    let expr = match guarded {
        true => {
            let args = args.iter().map(|arg| arg.expr.clone()).collect();
            Arc::new(Lazily { args, all }) as Arc<dyn PhysicalExpr>
        }
        false => {
            let op = if all { Operator::And } else { Operator::Or };
            let exprs = args.iter().map(|arg| arg.expr.clone());
            exprs.reduce(|left, right| Arc::new(BinaryExpr::new(left, op, right)))?
        }
    };
    let native = args.iter().all(|arg| arg.native);
    Some(Typed { native, ..Typed::native(expr, oids::BOOL, &references) })
}

/// AND or OR that evaluates an argument only on rows that those before it leave undecided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lazily {
    args: Vec<Arc<dyn PhysicalExpr>>,
    /// AND, not OR.
    all: bool,
}

impl Lazily {
    /// The rows that are not decided: not false for AND, not true for OR.
    fn undecided(&self, known: &BooleanArray) -> DfResult<BooleanArray> {
        let open = if self.all { known.clone() } else { not(known)? };
        let unknown = is_null(&open)?;
        let open = BooleanArray::new(open.values().clone(), None);
        let valid = not(&unknown)?;
        let open = datafusion::arrow::compute::and(&open, &valid)?;
        Ok(or(&open, &unknown)?)
    }
}

impl PhysicalExpr for Lazily {
    fn data_type(&self, _schema: &Schema) -> DfResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _schema: &Schema) -> DfResult<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> DfResult<ColumnarValue> {
        let rows = batch.num_rows();
        let mut known: Option<BooleanArray> = None;
        for arg in &self.args {
            let Some(before) = known else {
                known = Some(arg.evaluate(batch)?.into_array(rows)?.as_boolean().clone());
                continue;
            };
            let undecided = self.undecided(&before)?;
            if undecided.true_count() == 0 {
                known = Some(before);
                break;
            }
            let found = arg.evaluate_selection(batch, &undecided)?.into_array(rows)?;
            known = Some(match self.all {
                true => and_kleene(&before, found.as_boolean())?,
                false => or_kleene(&before, found.as_boolean())?,
            });
        }
        let known = known.unwrap_or_else(|| BooleanArray::from(vec![self.all; rows]));
        Ok(ColumnarValue::Array(Arc::new(known)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.args.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        args: Vec<Arc<dyn PhysicalExpr>>,
    ) -> DfResult<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Lazily { args, all: self.all }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Lazily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, arg) in self.args.iter().enumerate() {
            let word = if self.all { " AND THEN " } else { " OR ELSE " };
            write!(f, "{}{arg}", if n > 0 { word } else { "" })?;
        }
        Ok(())
    }
}
