//! Expressions that an aggregation computes more than once: a projection below it does it once.

use super::expr::evaluates_all_children;
use super::lowering::Lowering;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use std::collections::HashMap;
use std::sync::Arc;

type Expr = Arc<dyn PhysicalExpr>;

/// Makes what occurs repeatedly in expressions over `input` columns of a plan that is given instead;
/// the columns of `input` keep their places in it.
pub(super) fn computed_once<'e>(
    input: Arc<dyn ExecutionPlan>,
    exprs: impl Iterator<Item = &'e mut Expr>,
    cx: &Lowering<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let mut exprs: Vec<&mut Expr> = exprs.collect();
    let mut counts = HashMap::new();
    exprs.iter().for_each(|expr| count(expr, &mut counts));
    let schema = input.schema();
    let own = schema.fields().len();
    let mut common: Vec<(Expr, String)> = Vec::new();
    for expr in &mut exprs {
        let taken = (**expr).clone().transform_down(|expr| {
            if counts.get(&expr).is_none_or(|count| *count < 2) {
                return Ok(Transformed::no(expr));
            }
            let known = common.iter().position(|(known, _)| known.eq(&expr));
            let at = known.unwrap_or_else(|| {
                common.push((expr, cx.name()));
                common.len() - 1
            });
            let column: Expr = Arc::new(Column::new(&common[at].1, own + at));
            Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
        });
        **expr = taken.data()?;
    }
    if common.is_empty() {
        return Ok(input);
    }
    let columns = schema.fields().iter().enumerate().map(|(at, field)| {
        let column: Expr = Arc::new(Column::new(field.name(), at));
        (column, field.name().clone())
    });
    let columns: Vec<_> = columns.chain(common).collect();
    Ok(Arc::new(ProjectionExec::try_new(columns, input)?))
}

/// Counts the expressions that are computed for every row.
fn count(expr: &Expr, counts: &mut HashMap<Expr, usize>) {
    if expr.children().is_empty() {
        return;
    }
    *counts.entry(expr.clone()).or_default() += 1;
    if evaluates_all_children(expr) {
        expr.children().into_iter().for_each(|child| count(child, counts));
    }
}
