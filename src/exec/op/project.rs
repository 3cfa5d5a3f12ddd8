//! The select list.

use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row, df};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::Oid;
use datafusion::physical_plan::ExecutionPlan;
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
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.columns.iter().map(Program::type_oid).collect())
    }

    fn describe(&self) -> Description {
        Description { is_select_list: true, ..Description::new("Result", &[&self.input]) }
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(state), columns: self.columns.clone() })
    }

    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let wanted = self.columns.iter().enumerate().filter(|(n, _)| needed.contains(*n));
        let mut below = df::Needed::none(self.input.estimate.columns);
        wanted.clone().try_for_each(|(_, column)| below.read(column))?;
        let input = self.input.lower(&below, cx)?;
        let programs: Vec<&Program> = wanted.clone().map(|(_, column)| column).collect();
        let input = df::with_lookups(input, &programs, self.input.estimate.rows, cx)?;
        let mut slots = vec![None; self.columns.len()];
        let mut columns = Vec::with_capacity(self.columns.len());
        for (n, column) in wanted {
            let value = df::value(column, &input.columns, cx)?;
            slots[n] = Some(df::Place { at: columns.len(), ty: value.ty });
            columns.push((value.expr, cx.name()));
        }
        // Rows without columns would have no length everywhere.
        (!columns.is_empty()).then_some(())?;
        let plan = Arc::new(ProjectionExec::try_new(columns, input.plan).ok()?);
        let columns = df::Columns::new(slots, plan.schema());
        Some(df::Lowered { plan, columns })
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
