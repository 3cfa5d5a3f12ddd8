//! What aggregates that users make do: their rows of pg_aggregate.

use super::builtin;
use super::{Catalog, Function};
use crate::types::Oid;
use serde::{Deserialize, Serialize};

/// A row of pg_aggregate. Functions that are not given are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateInfo {
    pub steps: AggregateSteps,
    /// Those for moving window frames. They are shown; frames are computed by the plain ones.
    pub moving: Option<AggregateSteps>,
    /// Takes in the inverse of a row, for moving frames.
    pub inverse: Oid,
    pub combine: Oid,
    pub serialize: Oid,
    pub deserialize: Oid,
    pub sort_operator: Oid,
}

/// How a value comes from rows: the state starts as `initial`, each row makes a new one of it, and the
/// last one makes the value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateSteps {
    pub transition: Oid,
    pub final_func: Oid,
    /// The final function takes a NULL for each of the aggregate's arguments, too.
    pub final_extra: bool,
    /// What the final function does to the state: `r` only reads it, `s` or `w`.
    pub final_modify: u8,
    pub state_type: Oid,
    /// The planner's guess of the state's size.
    pub state_bytes: i32,
    /// In its text form; `None`: NULL.
    pub initial: Option<String>,
}

impl AggregateInfo {
    /// All functions that it calls.
    pub fn functions(&self) -> impl Iterator<Item = Oid> {
        let steps = std::iter::once(&self.steps).chain(&self.moving);
        let steps = steps.flat_map(|steps| [steps.transition, steps.final_func]);
        let others = [self.inverse, self.combine, self.serialize, self.deserialize];
        steps.chain(others).filter(|oid| *oid != 0)
    }

    /// The types of its states.
    pub fn state_types(&self) -> impl Iterator<Item = Oid> {
        std::iter::once(&self.steps).chain(&self.moving).map(|steps| steps.state_type)
    }
}

impl Catalog {
    /// `aggkind` of a function that is an aggregate, PostgreSQL's own or a user's.
    pub fn aggregate_kind(&self, func: Oid) -> Option<u8> {
        match Catalog::is_system(func) {
            true => builtin::aggregate(func).map(|aggregate| aggregate.kind),
            false => self.aggregate(func).map(|_| b'n'),
        }
    }

    /// What a user's aggregate does.
    pub fn aggregate(&self, func: Oid) -> Option<&AggregateInfo> {
        self.function(func)
            .and_then(|function: &std::sync::Arc<Function>| function.aggregate.as_ref())
    }
}
