//! EXISTS asks whether there is a row, not what is in it: the select list, and what works on its values
//! only, is dropped (`simplify_EXISTS_query`). So its functions are not called and its errors do not
//! happen, as in PostgreSQL.
//!
//! ```text
//! EXISTS (SELECT DISTINCT nextval('s') FROM t WHERE a > 1 ORDER BY 1 LIMIT 1)
//! EXISTS (SELECT                       FROM t WHERE a > 1)
//! ```
//!
//! Privileges are asked for before: what the dropped list reads must be allowed.

use super::planner::Planner;
use super::quals::has_sub_link;
use super::walk;
use crate::exec::Layout;
use crate::exec::expr::Program;
use crate::nodes::*;
use crate::types::Datum;
use std::sync::Arc;

impl Planner {
    /// Simplifies all EXISTS conditions of a query and of what is below it.
    pub(super) fn simplify_exists(&mut self, query: &mut Query) {
        walk::deep_query_mut(query, 0, &mut |expr, _| {
            if let Expr::SubLink(link) = expr
                && link.kind == SubLinkKind::Exists
                && rows_are_those_of_from(&link.query)
                && self.leaves_a_row(link.query.limit.as_ref())
            {
                drop_columns(&mut link.query);
            }
        });
    }

    /// Whether there is no LIMIT, or a constant one above zero or NULL.
    fn leaves_a_row(&mut self, limit: Option<&Expr>) -> bool {
        let Some(limit) = limit else { return true };
        let is_outer = |e: &Expr| matches!(e, Expr::Var(_) | Expr::Aggregate(_));
        if has_sub_link(limit) || limit.any(&mut |e| is_outer(e)) {
            return false;
        }
        // What fails fails again, with its error, when the LIMIT is planned.
        let limit = self.compile(limit, &Arc::new(Layout::default())).ok();
        match limit.as_ref().and_then(Program::as_const) {
            Some(Datum::Null) => true,
            Some(Datum::Int8(rows)) => *rows > 0,
            _ => false,
        }
    }
}

/// Whether there is a row as soon as FROM and WHERE give one.
fn rows_are_those_of_from(query: &Query) -> bool {
    query.command == CommandType::Select
        && query.set_operation.is_none()
        && !query.has_aggregates
        && !query.has_window_functions
        && !query.has_target_srfs
        && query.grouping_sets.is_empty()
        && query.having.is_none()
        && query.offset.is_none()
        && query.row_marks.is_empty()
}

fn drop_columns(query: &mut Query) {
    query.targets.clear();
    query.group_by.clear();
    query.windows.clear();
    query.distinct.clear();
    query.distinct_on = false;
    query.order_by.clear();
    query.limit = None;
    query.with_ties = false;
}
