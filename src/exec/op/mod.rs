//! Row operators, one per file.

use super::Operator;

/// An operator of a plan: immutable, shared by executions.
pub(in crate::exec) trait PlanNode: Send + Sync {
    /// Starts it. Nothing is read before the first row is asked for.
    fn open(&self) -> Box<dyn Operator>;
}
