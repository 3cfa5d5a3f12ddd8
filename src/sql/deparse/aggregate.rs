//! Aggregates, window functions and their windows to SQL (`get_agg_expr`, `get_windowfunc_expr`).

use super::writer::Writer;
use crate::error::{PgError, Result};
use crate::functions::quote_identifier;
use crate::nodes::*;
use crate::types::Oid;

impl<'a> Writer<'a> {
    pub fn aggregate(&mut self, aggregate: &'a Aggregate) -> Result<()> {
        self.function_name(aggregate.func)?;
        self.push(if aggregate.distinct.is_empty() { "(" } else { "(DISTINCT " });
        if aggregate.kind != b'n' {
            self.list(&aggregate.direct_args)?;
            self.push(") WITHIN GROUP (ORDER BY ");
            self.order_by(&aggregate.order_by, &aggregate.args, false)?;
        } else {
            self.aggregated(aggregate)?;
        }
        self.filter(aggregate.filter.as_ref())?;
        self.push(")");
        Ok(())
    }

    fn aggregated(&mut self, aggregate: &'a Aggregate) -> Result<()> {
        if aggregate.star {
            self.push("*");
        }
        let args: Vec<&TargetEntry> = aggregate.args.iter().filter(|t| !t.resjunk).collect();
        let last = args.len().saturating_sub(1);
        self.separated(args.into_iter().enumerate(), ", ", |w, (at, arg)| {
            if aggregate.variadic && at == last {
                w.push("VARIADIC ");
            }
            w.expr(&arg.expr, true)
        })?;
        if !aggregate.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.order_by(&aggregate.order_by, &aggregate.args, false)?;
        }
        Ok(())
    }

    fn filter(&mut self, filter: Option<&'a Expr>) -> Result<()> {
        let Some(filter) = filter else { return Ok(()) };
        self.push(") FILTER (WHERE ");
        self.expr(filter, false)
    }

    pub fn window_function(&mut self, call: &'a WindowFunc) -> Result<()> {
        self.function_name(call.func)?;
        self.push("(");
        if call.star {
            self.push("*");
        }
        self.list(&call.args)?;
        self.filter(call.filter.as_ref())?;
        self.push(") OVER ");
        let query = self.scope().query;
        let window = query.and_then(|q| Some((q, q.windows.get(call.window as usize)?)));
        match window {
            Some((_, WindowClause { name: Some(name), .. })) => {
                self.push(&quote_identifier(name));
                Ok(())
            }
            Some((query, window)) => self.window(window, query),
            None => Err(PgError::internal("a window function without its window")),
        }
    }

    fn function_name(&mut self, func: Oid) -> Result<()> {
        let Some(proc) = self.names.catalog.proc(func) else {
            return Err(PgError::internal("a call of no function"));
        };
        let name = self.names.function(proc);
        self.push(&name);
        Ok(())
    }

    /// WINDOW: the windows that have names.
    pub fn window_clause(&mut self, query: &'a Query) -> Result<()> {
        let mut first = true;
        for window in &query.windows {
            let Some(name) = &window.name else { continue };
            match std::mem::take(&mut first) {
                true => self.clause(" WINDOW ", 1),
                false => self.push(", "),
            }
            self.push(&format!("{} AS ", quote_identifier(name)));
            self.window(window, query)?;
        }
        Ok(())
    }

    /// A window's definition in parentheses, without what it has from the window it builds on.
    fn window(&mut self, window: &'a WindowClause, query: &'a Query) -> Result<()> {
        let mut parts = Vec::new();
        if let Some(base) = &window.base {
            parts.push(quote_identifier(base).into_owned());
        }
        if !window.partition_by.is_empty() && window.base.is_none() {
            parts.push(self.captured(|w| {
                w.push("PARTITION BY ");
                w.sort_items(&window.partition_by, &query.targets)
            })?);
        }
        if !window.order_by.is_empty() && !window.order_inherited {
            parts.push(self.captured(|w| {
                w.push("ORDER BY ");
                w.order_by(&window.order_by, &query.targets, false)
            })?);
        }
        if window.frame != WrittenFrame::Nothing {
            parts.push(self.captured(|w| w.frame(window))?);
        }
        self.push(&format!("({})", parts.join(" ")));
        Ok(())
    }

    fn frame(&mut self, window: &'a WindowClause) -> Result<()> {
        self.push(match window.mode {
            FrameMode::Range => "RANGE ",
            FrameMode::Rows => "ROWS ",
            FrameMode::Groups => "GROUPS ",
        });
        if window.frame == WrittenFrame::Between {
            self.push("BETWEEN ");
            self.bound(&window.start)?;
            self.push(" AND ");
            self.bound(&window.end)?;
        } else {
            self.bound(&window.start)?;
        }
        self.push(match window.exclusion {
            FrameExclusion::None => "",
            FrameExclusion::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion::Group => " EXCLUDE GROUP",
            FrameExclusion::Ties => " EXCLUDE TIES",
        });
        Ok(())
    }

    fn bound(&mut self, bound: &'a FrameBound) -> Result<()> {
        match bound {
            FrameBound::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameBound::CurrentRow => self.push("CURRENT ROW"),
            FrameBound::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
            FrameBound::Preceding(offset) => {
                self.expr(offset, false)?;
                self.push(" PRECEDING");
            }
            FrameBound::Following(offset) => {
                self.expr(offset, false)?;
                self.push(" FOLLOWING");
            }
        }
        Ok(())
    }
}
