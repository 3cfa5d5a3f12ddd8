//! Default arguments: of users' functions bound, of built-in ones as SQL text.

use super::ParamTypes;
use super::place::Place;
use super::state::Binder;
use crate::catalog::builtin::Proc;
use crate::error::{PgError, Result};
use crate::nodes::Expr;
use pg_raw_parse::Node;

impl Binder<'_, '_> {
    /// The defaults of a function's last arguments, bound.
    pub fn default_args(&self, proc: &Proc) -> Result<Vec<Expr>> {
        if let Some(function) = self.context.catalog.function(proc.oid)
            && !function.defaults.is_empty()
        {
            return Ok(function.defaults.clone());
        }
        let broken = || PgError::internal("a built-in function's defaults do not parse");
        let text = proc.arg_defaults.as_ref().ok_or_else(broken)?;
        let statements = crate::sql::parse(format!("SELECT {text}"))?;
        let Some(Node::SelectStmt(select)) = statements.first().map(|s| s.node()) else {
            return Err(broken());
        };
        let mut params = ParamTypes::None;
        let mut binder = Binder::new(self.context, &mut params);
        let targets = binder.bind_targets(select.target_list(), Place::SelectTarget)?;
        let mut defaults: Vec<Expr> = targets.into_iter().map(|t| t.expr).collect();
        defaults.iter_mut().for_each(Expr::clear_locations);
        Ok(defaults)
    }
}
