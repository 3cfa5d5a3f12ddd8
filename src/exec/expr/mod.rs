//! Compiled expressions.

use super::{ExecState, Layout};
use crate::catalog::Catalog;
use crate::error::{PgError, Result};
use crate::nodes::Expr;
use crate::types::Datum;

/// An expression ready to be evaluated on rows of one layout.
pub struct Program {}

impl Program {
    /// Compiles an expression without subqueries, aggregates or outer references, over rows of
    /// `layout`.
    pub fn compile(_expr: &Expr, _layout: &Layout, _catalog: &Catalog) -> Result<Program> {
        Err(PgError::unsupported("expression"))
    }

    /// The expression's value on `row`.
    pub fn eval(&self, _state: &ExecState, _row: &[Datum]) -> Result<Datum> {
        Err(PgError::unsupported("expression"))
    }

    /// Whether the expression is true: WHERE's test. NULL is not.
    pub fn is_true(&self, state: &ExecState, row: &[Datum]) -> Result<bool> {
        Ok(matches!(self.eval(state, row)?, Datum::Bool(true)))
    }
}
