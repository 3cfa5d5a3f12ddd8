//! CALL: a procedure, whose output parameters come as a row.

use super::{Outcome, column};
use crate::error::Result;
use crate::exec::{ResultColumn, Row};
use crate::nodes::Expr;
use crate::session::Session;
use crate::session::pipeline::output_columns;
use crate::sql::bind::{self, BindContext, ParamTypes};
use crate::types::Datum;
use pg_raw_parse::Node;
use std::sync::Arc;

impl Session {
    pub(super) async fn call(&mut self, node: Node<'_>) -> Result<Outcome> {
        let parameters = self.parameters.clone();
        let columns = self.call_columns(node, &mut parameters.param_types())?;
        let planned = self.compile(node, &mut parameters.param_types())?;
        let result = output_columns(planned.plan.columns(), &[]);
        let mut running = self.start_query(Arc::new(planned), parameters.values).await?;
        let rows = running.rows.drain(&result).await?;
        let value = rows.into_iter().next().and_then(|row| row.into_iter().next());
        let Some(columns) = columns else { return Ok(Outcome::done("CALL")) };
        let row: Row = match value {
            Some(Datum::Record(record)) => record.fields.iter().map(|(_, v)| v.clone()).collect(),
            _ => vec![Datum::Null; columns.len()],
        };
        Ok(Outcome::Rows {
            columns,
            rows: vec![row],
            encodings: Vec::new(),
            tag: "CALL".to_owned(),
        })
    }

    /// A procedure's output parameters; `None`: it has none.
    pub(super) fn call_columns(
        &mut self,
        node: Node<'_>,
        params: &mut ParamTypes,
    ) -> Result<Option<Vec<ResultColumn>>> {
        let env = self.statement_env()?;
        let context = BindContext { catalog: &env.catalog, env: &*env };
        let query = bind::bind_node(node, &context, params)?;
        let Some(Expr::Func(call)) = query.output().next().map(|t| &t.expr) else {
            return Ok(None);
        };
        let Some(function) = env.catalog.function(call.func) else { return Ok(None) };
        let out = function.proc.out_columns();
        let columns = out.iter().map(|(name, type_oid)| column(name, *type_oid));
        Ok((!out.is_empty()).then(|| columns.collect()))
    }
}
