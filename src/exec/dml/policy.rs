//! What policies ask of the rows that a statement writes (`ExecWithCheckOptions`).

use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::plan::Planner;
use crate::exec::{ExecState, Layout};
use crate::nodes::{PolicyCheck, PolicyCheckKind};
use crate::types::Datum;
use std::sync::Arc;

/// The checks of a statement, over rows of its target.
#[derive(Default)]
pub(super) struct PolicyChecks(Vec<Check>);

struct Check {
    kind: PolicyCheckKind,
    policy: Option<String>,
    condition: Program,
}

impl PolicyChecks {
    pub(super) fn plan(
        planner: &mut Planner,
        checks: &[PolicyCheck],
        row: &Arc<Layout>,
    ) -> Result<PolicyChecks> {
        let plan = |check: &PolicyCheck| {
            let condition = planner.compile(&check.condition, row)?;
            Ok(Check { kind: check.kind, policy: check.policy.clone(), condition })
        };
        checks.iter().map(plan).collect::<Result<_>>().map(PolicyChecks)
    }

    /// 42501 unless a row of `table` satisfies the checks of this kind; NULL does not.
    pub(super) fn test(
        &self,
        kind: PolicyCheckKind,
        table: &Relation,
        state: &ExecState,
        row: &[Datum],
    ) -> Result<()> {
        for check in self.0.iter().filter(|check| check.kind == kind) {
            if !check.condition.is_true(state, row)? {
                return Err(check.violation(table));
            }
        }
        Ok(())
    }
}

impl Check {
    fn violation(&self, table: &Relation) -> PgError {
        let (whose, by) = match self.kind {
            PolicyCheckKind::Insert | PolicyCheckKind::Update => ("new", ""),
            PolicyCheckKind::Conflict => ("new", " (USING expression)"),
            PolicyCheckKind::MergeUpdate | PolicyCheckKind::MergeDelete => {
                ("target", " (USING expression)")
            }
        };
        let policy = self.policy.as_ref().map_or_else(String::new, |name| format!(" \"{name}\""));
        let message = format!(
            "{whose} row violates row-level security policy{policy}{by} for table \"{}\"",
            table.name
        );
        PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
    }
}
