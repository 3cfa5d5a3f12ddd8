//! What EXPLAIN ANALYZE measures: rows, runs and time of each operator.
//!
//! An operator that is measured is wrapped when it is started. One that runs on DataFusion is not
//! started by us: its own metrics tell.

use crate::error::Result;
use crate::exec::op::Planned;
use crate::exec::{ExecState, Operator, Row};
use datafusion::physical_plan::ExecutionPlan;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The measurements of one execution, by operator.
#[derive(Default)]
pub struct Measurements(Arc<Mutex<HashMap<Id, Measured>>>);

/// An operator's address: plans do not move while they run.
type Id = usize;

/// What an operator did.
#[derive(Clone, Default)]
pub(in crate::exec) struct Measured {
    /// How often it was started.
    pub loops: u64,
    /// Rows that it gave, of all runs.
    pub rows: u64,
    /// Until the first row, and until the last, of all runs.
    pub startup: Duration,
    pub total: Duration,
    /// What it became on DataFusion.
    pub(super) lowered: Option<Arc<dyn ExecutionPlan>>,
}

impl Measured {
    /// Whether it ran on DataFusion.
    pub fn is_columnar(&self) -> bool {
        self.lowered.is_some()
    }
}

fn id(node: &Planned) -> Id {
    std::ptr::from_ref(node).addr()
}

impl Measurements {
    pub(in crate::exec) fn measured(
        &self,
        node: &Planned,
        running: Box<dyn Operator>,
    ) -> Box<dyn Operator> {
        self.0.lock().entry(id(node)).or_default().loops += 1;
        Box::new(Measuring { running, id: id(node), all: self.0.clone(), started: false })
    }

    pub(in crate::exec) fn lowered(&self, node: &Planned, plan: &Arc<dyn ExecutionPlan>) {
        self.0.lock().entry(id(node)).or_default().lowered = Some(plan.clone());
    }

    /// What a node did; `None` where it was never started.
    pub(in crate::exec) fn of(&self, node: &Planned) -> Option<Measured> {
        let mut measured = self.0.lock().get(&id(node))?.clone();
        if let (Some(plan), 0) = (&measured.lowered, measured.loops) {
            let metrics = plan.metrics()?;
            measured.loops = 1;
            measured.rows = metrics.output_rows().unwrap_or(0) as u64;
            let nanos = metrics.elapsed_compute().unwrap_or(0) as u64;
            measured.total = Duration::from_nanos(nanos);
        }
        Some(measured)
    }
}

struct Measuring {
    running: Box<dyn Operator>,
    id: Id,
    all: Arc<Mutex<HashMap<Id, Measured>>>,
    /// It has given a row.
    started: bool,
}

impl Operator for Measuring {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let began = Instant::now();
        let row = self.running.next(state)?;
        let took = began.elapsed();
        let mut all = self.all.lock();
        let measured = all.entry(self.id).or_default();
        measured.total += took;
        if !self.started {
            measured.startup += took;
            self.started = true;
        }
        measured.rows += u64::from(row.is_some());
        Ok(row)
    }
}
