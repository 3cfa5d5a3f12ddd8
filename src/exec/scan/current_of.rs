//! WHERE CURRENT OF: the one row that a cursor stands on.

use super::Source;
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::op::PlanNode;
use crate::exec::{ExecState, Operator, Row};
use crate::storage::Space;
use std::sync::Arc;

pub(in crate::exec) struct CurrentOfScan {
    pub source: Arc<Source>,
    pub cursor: Arc<str>,
}

struct Run {
    source: Arc<Source>,
    cursor: Arc<str>,
    done: bool,
}

impl PlanNode for CurrentOfScan {
    fn describe(&self) -> Description {
        let relation = &self.source.schema.relation.name;
        Description { target: format!(" on {relation}"), ..Description::new("Tid Scan", &[]) }
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        let (source, cursor) = (self.source.clone(), self.cursor.clone());
        Box::new(Run { source, cursor, done: false })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let schema = &self.source.schema;
        let (table, name) = (schema.relation.oid, &schema.relation.name);
        let Some(suffix) = state.env().session().cursor_row(&self.cursor, table, name)? else {
            return Ok(None);
        };
        // The cursor may be older than a SET ROLE.
        if schema.owner_of(&suffix) != self.source.owner(state) {
            return Ok(None);
        }
        // The newest version that the statement sees, as PostgreSQL follows a row's updates.
        match state.view.get(Space::Rows, &schema.row_key(&suffix))? {
            Some(value) => self.source.row(&suffix, &value, state),
            None => Ok(None),
        }
    }
}
