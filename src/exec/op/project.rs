//! The select list.

use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row, df};
use crate::error::Result;
use crate::exec::explain::Description;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

pub(in crate::exec) struct Project {
    pub input: NodeRef,
    pub columns: Arc<Vec<Program>>,
}

struct Run {
    input: Box<dyn Operator>,
    columns: Arc<Vec<Program>>,
}

impl PlanNode for Project {
    fn describe(&self) -> Description {
        Description::new("Result", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(state), columns: self.columns.clone() })
    }

    fn lower(&self, cx: &df::Lowering) -> Option<df::Lowered> {
        let input = self.input.lower(cx)?;
        let types = Arc::new(input.types);
        let mut columns = Vec::with_capacity(self.columns.len());
        for (n, column) in self.columns.iter().enumerate() {
            columns.push((df::value(column, &types, cx)?, format!("c{n}")));
        }
        let plan = Arc::new(ProjectionExec::try_new(columns, input.plan).ok()?);
        Some(df::Lowered { plan, types: self.columns.iter().map(Program::type_oid).collect() })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let Some(row) = self.input.next(state)? else { return Ok(None) };
        self.columns
            .iter()
            .map(|column| column.eval(state, &row))
            .collect::<Result<Row>>()
            .map(Some)
    }
}
