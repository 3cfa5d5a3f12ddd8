//! Aggregates and GROUPING (`parse_agg.c`): which query level they belong to, and where they may
//! stand.
//!
//! An aggregate belongs to the innermost query that its arguments' variables come from; a call
//! inside a sub-query may so be an aggregate of an outer query.

use super::coerce::Cast;
use super::func::{Resolved, check_plain_function};
use super::place::Place;
use super::state::Binder;
use super::target::push_target;
use crate::catalog::builtin::{self, Proc};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::Oid;
use pg_raw_parse::nodes;

impl<'n> Binder<'_, 'n> {
    /// Syntax that fits the kind of function found.
    pub fn check_call_syntax(
        &self,
        call: &nodes::FuncCall,
        proc: &Proc,
        name: &super::func::FunctionName<'_>,
    ) -> Result<()> {
        match proc.kind {
            b'f' | b'p' => check_plain_function(call, &name.text()),
            b'a' => {
                let kind = self.context.catalog.aggregate_kind(proc.oid).unwrap_or(b'n');
                check_ordered_set(call, kind, &name.text())
            }
            _ => Ok(()),
        }
    }

    /// An aggregate call without OVER.
    pub fn finish_aggregate(
        &mut self,
        call: &'n nodes::FuncCall,
        resolved: Resolved<'_>,
        filter: Option<Expr>,
        has_names: bool,
    ) -> Result<Expr> {
        let at = call.location;
        if resolved.args.is_empty() && !call.agg_star && !call.agg_within_group {
            return Err(parameterless(&resolved.name).at(at));
        }
        if has_names {
            let message = "aggregates cannot use named arguments";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(at));
        }
        if let Some(arg) = resolved.args.iter().find(|a| super::srf::returns_set(a)) {
            let message = "aggregate function calls cannot contain set-returning function calls";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
                .hint(
                    "You might be able to move the set-returning function into a LATERAL FROM item.",
                )
                .at(arg.location()));
        }
        let kind = self
            .context
            .catalog
            .aggregate_kind(resolved.proc.oid)
            .ok_or_else(|| PgError::internal("an aggregate without a pg_aggregate row"))?;
        let arg_types: Vec<Oid> = resolved.args.iter().map(Expr::type_oid).collect();
        let input_collation = self.input_collation(&resolved.args);
        let (direct_args, args, order_by, distinct) = if call.agg_within_group {
            self.ordered_set_args(call, resolved.args)?
        } else {
            self.plain_args(call, resolved.args)?
        };
        let mut aggregate = Aggregate {
            func: resolved.proc.oid,
            type_oid: resolved.type_oid,
            collation: self.collation(resolved.type_oid),
            input_collation,
            arg_types,
            direct_args,
            args,
            order_by,
            distinct,
            filter,
            star: call.agg_star,
            variadic: resolved.variadic,
            kind,
            level: 0,
            location: at,
        };
        aggregate.level = self.aggregate_level(&aggregate)?;
        self.check_aggregate_place(aggregate.level, at, "aggregate functions")?;
        self.scope_up(aggregate.level).has_aggregates = true;
        Ok(Expr::Aggregate(Box::new(aggregate)))
    }

    /// Arguments of a normal aggregate, with its ORDER BY and DISTINCT.
    #[allow(clippy::type_complexity)]
    fn plain_args(
        &mut self,
        call: &'n nodes::FuncCall,
        list: Vec<Expr>,
    ) -> Result<(Vec<Expr>, Vec<TargetEntry>, Vec<SortGroup>, Vec<SortGroup>)> {
        let mut args = Vec::with_capacity(list.len());
        list.into_iter().for_each(|e| push_target(&mut args, String::new(), e));
        let order_by = self.bind_order_by(call.agg_order(), &mut args, Place::OrderBy, true)?;
        let mut distinct = Vec::new();
        if call.agg_distinct {
            distinct = self.bind_distinct_clause(&mut args, &order_by, true)?;
            for item in &distinct {
                let target = args.iter().find(|t| t.sort_group_ref == item.target_ref);
                if let (0, Some(target)) = (item.sort_op, target) {
                    let message = format!(
                        "could not identify an ordering operator for type {}",
                        self.type_name(target.expr.type_oid())
                    );
                    return Err(PgError::new(code::UNDEFINED_FUNCTION, message)
                        .detail("Aggregates with DISTINCT must be able to sort their inputs.")
                        .at(target.expr.location()));
                }
            }
        }
        Ok((Vec::new(), args, order_by, distinct))
    }

    /// Direct and aggregated arguments of `f(direct) WITHIN GROUP (ORDER BY aggregated)`.
    #[allow(clippy::type_complexity)]
    fn ordered_set_args(
        &mut self,
        call: &'n nodes::FuncCall,
        mut list: Vec<Expr>,
    ) -> Result<(Vec<Expr>, Vec<TargetEntry>, Vec<SortGroup>, Vec<SortGroup>)> {
        // A VARIADIC parameter's array holds several aggregated arguments; none built in does.
        let direct_count = call.args().len().min(list.len());
        let mut aggregated = list.split_off(direct_count);
        let mut direct = list;
        if builtin_hypothetical(call) {
            self.unify_hypothetical(&mut direct, &mut aggregated, call.location)?;
        }
        let mut args = Vec::with_capacity(aggregated.len());
        aggregated.into_iter().for_each(|e| push_target(&mut args, String::new(), e));
        let mut order_by = Vec::new();
        for (at, sort) in call.agg_order().iter().enumerate().take(args.len()) {
            self.add_sort(at, &mut args, sort, &mut order_by)?;
        }
        Ok((direct, args, order_by, Vec::new()))
    }

    /// A hypothetical row's values take the aggregated columns' types (`unify_hypothetical_args`).
    fn unify_hypothetical(
        &mut self,
        direct: &mut [Expr],
        aggregated: &mut [Expr],
        location: i32,
    ) -> Result<()> {
        if direct.len() != aggregated.len() {
            let message = "the number of hypothetical direct arguments must match the number of \
                           ordering columns";
            return Err(PgError::new(code::UNDEFINED_FUNCTION, message).at(location));
        }
        for (d, a) in direct.iter_mut().zip(aggregated) {
            let common = self.common_type(&[&*a, &*d], "WITHIN GROUP")?;
            for slot in [d, a] {
                let expr = std::mem::replace(slot, super::target::null());
                *slot = self.coerce_type(expr, common, -1, Cast::IMPLICIT)?;
            }
        }
        Ok(())
    }

    /// The query an aggregate belongs to, levels up (`check_agg_arguments`).
    fn aggregate_level(&self, aggregate: &Aggregate) -> Result<u32> {
        let mut levels = Levels::default();
        aggregate.args.iter().for_each(|t| levels.visit(&t.expr, 0));
        aggregate.filter.iter().for_each(|f| levels.visit(f, 0));
        let level = match (levels.var, levels.aggregate) {
            (None, None) => 0,
            (Some(level), None) => level,
            (None, Some((level, _))) => level,
            (Some(v), Some((a, _))) => v.min(a),
        };
        if let Some((inner, at)) = levels.aggregate
            && inner == level
        {
            let message = "aggregate function calls cannot be nested";
            return Err(PgError::new(code::GROUPING_ERROR, message).at(at));
        }
        if let (0, Some(at)) = (level, levels.window) {
            let message = "aggregate function calls cannot contain window function calls";
            return Err(PgError::new(code::GROUPING_ERROR, message).at(at));
        }
        self.check_direct_args(aggregate, level)?;
        Ok(level)
    }

    fn check_direct_args(&self, aggregate: &Aggregate, level: u32) -> Result<()> {
        let mut levels = Levels::default();
        aggregate.direct_args.iter().for_each(|e| levels.visit(e, 0));
        if levels.var.is_some_and(|v| v < level) {
            let message = "outer-level aggregate cannot contain a lower-level variable in its \
                           direct arguments";
            return Err(
                PgError::new(code::GROUPING_ERROR, message).at(aggregate.direct_args[0].location())
            );
        }
        match levels.aggregate {
            Some((inner, at)) if inner <= level => {
                let message = "aggregate function calls cannot be nested";
                Err(PgError::new(code::GROUPING_ERROR, message).at(at))
            }
            _ => Ok(()),
        }
    }

    /// Whether the clause, in the query the aggregate belongs to, may contain one.
    fn check_aggregate_place(&mut self, level: u32, at: i32, what: &str) -> Result<()> {
        let place = match self.scope_up(level).place {
            None
            | Some(
                Place::SelectTarget
                | Place::Having
                | Place::OrderBy
                | Place::DistinctOn
                | Place::WindowPartition
                | Place::WindowOrder,
            ) => return Ok(()),
            Some(Place::FromSubselect) => "FROM clause of their own query level",
            Some(place) => place.refusal(),
        };
        let message = format!("{what} are not allowed in {place}");
        Err(PgError::new(code::GROUPING_ERROR, message).at(at))
    }

    /// GROUP BY items can contain neither aggregates nor window functions of this level.
    pub fn refuse_aggregates(&self, expr: &Expr, place: Place) -> Result<()> {
        let place = place.name();
        if let Some(at) = find_aggregate(expr) {
            let message = format!("aggregate functions are not allowed in {place}");
            return Err(PgError::new(code::GROUPING_ERROR, message).at(at));
        }
        if let Some(at) = super::window::find_window(expr) {
            let message = format!("window functions are not allowed in {place}");
            return Err(PgError::new(code::WINDOWING_ERROR, message).at(at));
        }
        Ok(())
    }

    /// `GROUPING(…)`; its arguments are matched to GROUP BY once that is known.
    pub fn bind_grouping(&mut self, node: &'n nodes::GroupingFunc) -> Result<Expr> {
        if node.args().len() > 31 {
            let message = "GROUPING must have fewer than 32 arguments";
            return Err(PgError::new(code::TOO_MANY_ARGUMENTS, message).at(node.location));
        }
        let args: Vec<Expr> =
            node.args().iter().map(|a| self.bind_expr_here(a)).collect::<Result<_>>()?;
        let mut levels = Levels::default();
        args.iter().for_each(|e| levels.visit(e, 0));
        let level = levels.var.unwrap_or(0);
        self.check_aggregate_place(level, node.location, "grouping operations")?;
        self.scope_up(level).has_aggregates = true;
        Ok(Expr::Grouping { args, group_refs: Vec::new(), level, location: node.location })
    }
}

/// The lowest levels that an expression's variables and aggregates belong to.
#[derive(Default)]
struct Levels {
    var: Option<u32>,
    /// With its location.
    aggregate: Option<(u32, i32)>,
    window: Option<i32>,
}

impl Levels {
    fn visit(&mut self, expr: &Expr, depth: u32) {
        match expr {
            Expr::Var(v) if v.rel != SUBLINK_RANGE => {
                if let Some(level) = v.level.checked_sub(depth) {
                    self.var = Some(self.var.map_or(level, |old| old.min(level)));
                }
                return;
            }
            Expr::Aggregate(a) => {
                if let Some(level) = a.level.checked_sub(depth) {
                    let lower = self.aggregate.is_none_or(|(old, _)| level < old);
                    if lower {
                        self.aggregate = Some((level, a.location));
                    }
                }
            }
            Expr::Window(w) if depth == 0 => self.window = Some(w.location),
            Expr::SubLink(s) => self.visit_query(&s.query, depth + 1),
            _ => {}
        }
        expr.for_each_child(&mut |child| self.visit(child, depth));
    }

    fn visit_query(&mut self, query: &Query, depth: u32) {
        query.for_each_expr(&mut |e| self.visit(e, depth));
        query.for_each_subquery(&mut |q| self.visit_query(q, depth + 1));
    }
}

/// The place of an aggregate of this query level.
fn find_aggregate(expr: &Expr) -> Option<i32> {
    let mut levels = Levels::default();
    levels.visit(expr, 0);
    levels.aggregate.filter(|(level, _)| *level == 0).map(|(_, at)| at)
}

pub(super) fn parameterless(name: &str) -> PgError {
    let message = format!("{name}(*) must be used to call a parameterless aggregate function");
    PgError::new(code::WRONG_OBJECT_TYPE, message)
}

/// WITHIN GROUP belongs to ordered-set aggregates, and they need it.
fn check_ordered_set(call: &nodes::FuncCall, kind: u8, name: &str) -> Result<()> {
    let wrong =
        |message: String| Err(PgError::new(code::WRONG_OBJECT_TYPE, message).at(call.location));
    if kind == b'n' && call.agg_within_group {
        return wrong(format!(
            "{name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"
        ));
    }
    if kind != b'n' && !call.agg_within_group {
        return wrong(format!("WITHIN GROUP is required for ordered-set aggregate {name}"));
    }
    if kind != b'n' && call.over().is_some() {
        let message = format!("OVER is not supported for ordered-set aggregate {name}");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(call.location));
    }
    Ok(())
}

/// Hypothetical-set aggregates: rank, dense_rank, percent_rank, cume_dist.
fn builtin_hypothetical(call: &nodes::FuncCall) -> bool {
    let name = call.funcname().iter().filter_map(|n| n.as_str()).next_back();
    let procs = builtin::procs_named(name.unwrap_or(""));
    procs.filter_map(|p| builtin::aggregate(p.oid)).any(|a| a.kind == b'h') && call.agg_within_group
}
