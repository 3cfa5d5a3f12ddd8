//! Set-returning functions in a select list (manual, 38.5.8): all of one level run in step, those
//! that end early give NULLs; a row for which all are empty gives nothing.

use super::{ExecState, NodeRef, Operator, PlanNode, Row, SetCall};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::functions::Rows;
use crate::types::{Datum, Oid, Record};
use std::sync::Arc;

/// Appends one column per call to each input row.
pub(in crate::exec) struct ProjectSet {
    pub input: NodeRef,
    /// With the columns' types of a set of rows, empty for a set of values.
    pub calls: Arc<Vec<(SetCall, Vec<Oid>)>>,
}

struct Run {
    input: Box<dyn Operator>,
    calls: Arc<Vec<(SetCall, Vec<Oid>)>>,
    current: Option<(Row, Vec<Option<Rows>>)>,
}

impl PlanNode for ProjectSet {
    fn describe(&self) -> Description {
        Description::new("ProjectSet", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(state), calls: self.calls.clone(), current: None })
    }
}

impl Run {
    fn advance(&mut self, state: &ExecState) -> Result<bool> {
        state.cx.cancel.check()?;
        let Some(row) = self.input.next(state)? else { return Ok(false) };
        let start = |(call, _): &(SetCall, Vec<Oid>)| call.rows(state, &row).map(Some);
        let sets = self.calls.iter().map(start).collect::<Result<_>>()?;
        self.current = Some((row, sets));
        Ok(true)
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        loop {
            let Some((row, sets)) = &mut self.current else {
                if self.advance(state)? {
                    continue;
                }
                return Ok(None);
            };
            let mut output = row.clone();
            let mut any = false;
            for (set, (_, types)) in sets.iter_mut().zip(self.calls.iter()) {
                match set.as_mut().and_then(Iterator::next) {
                    Some(value) => {
                        any = true;
                        output.push(one_value(value?, types));
                    }
                    None => {
                        *set = None;
                        output.push(Datum::Null);
                    }
                }
            }
            if any {
                return Ok(Some(output));
            }
            self.current = None;
        }
    }
}

/// A row of the set as one value: several columns are a record.
fn one_value(row: Vec<Datum>, types: &[Oid]) -> Datum {
    // A function in SQL gives whole rows.
    if types.len() < 2 || matches!(row.as_slice(), [Datum::Record(_)]) {
        return row.into_iter().next().unwrap_or_default();
    }
    let fields = types.iter().copied().zip(row).collect();
    Datum::Record(Arc::new(Record::unnamed(fields)))
}
