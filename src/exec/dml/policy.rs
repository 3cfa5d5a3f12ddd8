//! What policies ask of the rows that a statement writes (`ExecWithCheckOptions`).

use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::plan::Planner;
use crate::exec::{ExecState, Layout};
use crate::nodes::{PolicyCheck, PolicyCheckKind};
use crate::types::Datum;
use std::sync::Arc;

/// The checks of a statement, over rows of the table that it names.
#[derive(Default)]
pub(super) struct PolicyChecks {
    table: String,
    checks: Vec<Check>,
}

struct Check {
    kind: PolicyCheckKind,
    policy: Option<String>,
    condition: Program,
}

impl PolicyChecks {
    pub(super) fn plan(
        planner: &mut Planner,
        table: &Relation,
        checks: &[PolicyCheck],
        row: &Arc<Layout>,
    ) -> Result<PolicyChecks> {
        let plan = |check: &PolicyCheck| {
            let condition = planner.compile(&check.condition, row)?;
            Ok(Check { kind: check.kind, policy: check.policy.clone(), condition })
        };
        let checks = checks.iter().map(plan).collect::<Result<_>>()?;
        Ok(PolicyChecks { table: table.name.clone(), checks })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// 42501 unless a row satisfies the checks of this kind; NULL does not.
    pub(super) fn test(
        &self,
        kind: PolicyCheckKind,
        state: &ExecState,
        row: &[Datum],
    ) -> Result<()> {
        for check in self.checks.iter().filter(|check| check.kind == kind) {
            if !check.condition.is_true(state, row)? {
                return Err(check.violation(&self.table));
            }
        }
        Ok(())
    }
}

impl Check {
    fn violation(&self, table: &str) -> PgError {
        let (whose, by) = match self.kind {
            PolicyCheckKind::Insert | PolicyCheckKind::Update => ("new", ""),
            PolicyCheckKind::Conflict => ("new", " (USING expression)"),
            PolicyCheckKind::MergeUpdate | PolicyCheckKind::MergeDelete => {
                ("target", " (USING expression)")
            }
        };
        let policy = self.policy.as_ref().map_or_else(String::new, |name| format!(" \"{name}\""));
        let message = format!(
            "{whose} row violates row-level security policy{policy}{by} for table \"{table}\""
        );
        PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
    }
}
