//! Window functions and WINDOW clauses (`transformWindowDefinitions`, `transformWindowFuncCall`).

use super::func::Resolved;
use super::place::Place;
use super::state::Binder;
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::{Node, nodes};

/// Bits of `WindowDef.frameOptions` (`FRAMEOPTION_…` of parsenodes.h).
mod option {
    pub const NONDEFAULT: i32 = 0x1;
    pub const RANGE: i32 = 0x2;
    pub const ROWS: i32 = 0x4;
    pub const GROUPS: i32 = 0x8;
    pub const BETWEEN: i32 = 0x10;
    pub const START_UNBOUNDED_PRECEDING: i32 = 0x20;
    pub const START_CURRENT_ROW: i32 = 0x200;
    pub const END_CURRENT_ROW: i32 = 0x400;
    pub const START_OFFSET_PRECEDING: i32 = 0x800;
    pub const END_OFFSET_PRECEDING: i32 = 0x1000;
    pub const START_OFFSET_FOLLOWING: i32 = 0x2000;
    pub const END_OFFSET_FOLLOWING: i32 = 0x4000;
    pub const EXCLUDE_CURRENT_ROW: i32 = 0x8000;
    pub const EXCLUDE_GROUP: i32 = 0x10000;
    pub const EXCLUDE_TIES: i32 = 0x20000;
    pub const DEFAULTS: i32 = RANGE | START_UNBOUNDED_PRECEDING | END_CURRENT_ROW;
}

impl<'n> Binder<'_, 'n> {
    /// A call with OVER, or of a window function without (an error).
    pub fn finish_window(
        &mut self,
        call: &'n nodes::FuncCall,
        resolved: Resolved<'_>,
        filter: Option<Expr>,
        has_names: bool,
    ) -> Result<Expr> {
        let at = call.location;
        let wrong = |message: String| PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(at);
        let is_aggregate = resolved.proc.kind == b'a';
        let Some(over) = call.over() else {
            let message = format!("window function {} requires an OVER clause", resolved.name);
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).at(at));
        };
        if call.agg_distinct {
            return Err(wrong("DISTINCT is not implemented for window functions".into()));
        }
        if call.agg_within_group {
            let message = format!("window function {} cannot have WITHIN GROUP", resolved.name);
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).at(at));
        }
        if is_aggregate && call.args().is_empty() && !call.agg_star {
            return Err(super::agg::parameterless(&resolved.name).at(at));
        }
        if !call.agg_order().is_empty() {
            return Err(wrong("aggregate ORDER BY is not implemented for window functions".into()));
        }
        if filter.is_some() && !is_aggregate {
            return Err(wrong(
                "FILTER is not implemented for non-aggregate window functions".into(),
            ));
        }
        if has_names {
            return Err(wrong("window functions cannot use named arguments".into()));
        }
        if resolved.args.iter().any(super::srf::returns_set) {
            let message = "window function calls cannot contain set-returning function calls";
            return Err(wrong(message.into()).hint(
                "You might be able to move the set-returning function into a LATERAL FROM item.",
            ));
        }
        self.check_window_place(&resolved, filter.as_ref(), at)?;
        let window = self.window_index(over)?;
        self.scope().has_window_functions = true;
        let input_collation = self.input_collation(&resolved.args);
        Ok(Expr::Window(Box::new(WindowFunc {
            func: resolved.proc.oid,
            type_oid: resolved.type_oid,
            collation: self.collation(resolved.type_oid),
            input_collation,
            args: resolved.args,
            filter,
            window,
            star: call.agg_star,
            is_aggregate,
            location: at,
        })))
    }

    fn check_window_place(
        &self,
        resolved: &Resolved<'_>,
        filter: Option<&Expr>,
        location: i32,
    ) -> Result<()> {
        let error = |message: String, at: i32| PgError::new(code::WINDOWING_ERROR, message).at(at);
        for expr in resolved.args.iter().chain(filter) {
            if let Some(at) = find_window(expr) {
                return Err(error("window function calls cannot be nested".into(), at));
            }
        }
        let place = match self.place() {
            Place::SelectTarget | Place::OrderBy | Place::DistinctOn => return Ok(()),
            Place::WindowPartition
            | Place::WindowOrder
            | Place::WindowFrameRange
            | Place::WindowFrameRows
            | Place::WindowFrameGroups => "window definitions",
            other => other.refusal(),
        };
        Err(error(format!("window functions are not allowed in {place}"), location))
    }

    /// The window an OVER clause names or defines, from 0.
    fn window_index(&mut self, over: &'n nodes::WindowDef) -> Result<u32> {
        let windows = &mut self.scope().windows;
        let index = match over.name() {
            Some(name) => {
                let found = windows.iter().position(|w| w.name() == Some(name));
                found.ok_or_else(|| undefined_window(name).at(over.location))?
            }
            None => {
                let same = |w: &&nodes::WindowDef| w.name().is_none() && std::ptr::eq(*w, over);
                windows.iter().position(same).unwrap_or_else(|| {
                    windows.push(over);
                    windows.len() - 1
                })
            }
        };
        Ok(u32::try_from(index).expect("window lists are short"))
    }

    /// All windows of the query, once every call is bound.
    pub fn bind_windows(&mut self, targets: &mut Vec<TargetEntry>) -> Result<Vec<WindowClause>> {
        let mut bound: Vec<WindowClause> = Vec::new();
        let mut at = 0;
        while let Some(&definition) = self.scope_ref().windows.get(at) {
            if let Some(name) = definition.name()
                && bound.iter().any(|w| w.name.as_deref() == Some(name))
            {
                let message = format!("window \"{name}\" is already defined");
                return Err(PgError::new(code::WINDOWING_ERROR, message).at(definition.location));
            }
            let clause = self.bind_window(definition, &bound, targets)?;
            bound.push(clause);
            at += 1;
        }
        Ok(bound)
    }

    fn bind_window(
        &mut self,
        definition: &'n nodes::WindowDef,
        earlier: &[WindowClause],
        targets: &mut Vec<TargetEntry>,
    ) -> Result<WindowClause> {
        let location = definition.location;
        let base = match definition.refname() {
            None => None,
            Some(name) => {
                let found = earlier.iter().position(|w| w.name.as_deref() == Some(name));
                let at = found.ok_or_else(|| undefined_window(name).at(location))?;
                Some((name, at))
            }
        };
        let order_by =
            self.bind_order_by(definition.order_clause(), targets, Place::WindowOrder, true)?;
        let mut partition_by = Vec::new();
        for node in definition.partition_clause() {
            let at = self.find_target_expr(node, targets, Place::WindowPartition)?;
            let place = targets[at].expr.location();
            self.add_group(at, targets, &mut partition_by, place)?;
        }
        let mut order_inherited = false;
        let (partition_by, order_by) = match base {
            None => (partition_by, order_by),
            Some((name, at)) => {
                let base = &earlier[at];
                check_override(definition, self.scope_ref().windows[at], base, name)?;
                order_inherited = !base.order_by.is_empty();
                let order = if base.order_by.is_empty() { order_by } else { base.order_by.clone() };
                (base.partition_by.clone(), order)
            }
        };
        let mut window = self.bind_frame(definition, partition_by, order_by, targets)?;
        window.base = definition.refname().map(str::to_owned);
        window.order_inherited = order_inherited;
        Ok(window)
    }

    fn bind_frame(
        &mut self,
        definition: &'n nodes::WindowDef,
        partition_by: Vec<SortGroup>,
        order_by: Vec<SortGroup>,
        targets: &[TargetEntry],
    ) -> Result<WindowClause> {
        let options = definition.frame_options;
        let has = |bit: i32| options & bit != 0;
        let at = definition.location;
        let mode = match () {
            () if has(option::ROWS) => FrameMode::Rows,
            () if has(option::GROUPS) => FrameMode::Groups,
            () => FrameMode::Range,
        };
        let offsets = has(option::START_OFFSET_PRECEDING)
            || has(option::START_OFFSET_FOLLOWING)
            || has(option::END_OFFSET_PRECEDING)
            || has(option::END_OFFSET_FOLLOWING);
        let error = |message: &'static str| PgError::new(code::WINDOWING_ERROR, message).at(at);
        if mode == FrameMode::Range && offsets && order_by.len() != 1 {
            return Err(error(
                "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
            ));
        }
        if mode == FrameMode::Groups && order_by.is_empty() {
            return Err(error("GROUPS mode requires an ORDER BY clause"));
        }
        let sort_type = order_by.first().and_then(|sort| {
            let target = targets.iter().find(|t| t.sort_group_ref == sort.target_ref);
            target.map(|t| t.expr.type_oid())
        });
        let mut in_range = None;
        let start = if has(option::START_OFFSET_PRECEDING) || has(option::START_OFFSET_FOLLOWING) {
            let (offset, func) =
                self.frame_offset(definition.start_offset(), mode, sort_type.unwrap_or(0))?;
            in_range = func;
            match has(option::START_OFFSET_PRECEDING) {
                true => FrameBound::Preceding(offset),
                false => FrameBound::Following(offset),
            }
        } else if has(option::START_CURRENT_ROW) {
            FrameBound::CurrentRow
        } else {
            FrameBound::UnboundedPreceding
        };
        let end = if has(option::END_OFFSET_PRECEDING) || has(option::END_OFFSET_FOLLOWING) {
            let (offset, func) =
                self.frame_offset(definition.end_offset(), mode, sort_type.unwrap_or(0))?;
            in_range = in_range.or(func);
            match has(option::END_OFFSET_PRECEDING) {
                true => FrameBound::Preceding(offset),
                false => FrameBound::Following(offset),
            }
        } else if has(option::END_CURRENT_ROW) {
            FrameBound::CurrentRow
        } else {
            FrameBound::UnboundedFollowing
        };
        let exclusion = match () {
            () if has(option::EXCLUDE_CURRENT_ROW) => FrameExclusion::CurrentRow,
            () if has(option::EXCLUDE_GROUP) => FrameExclusion::Group,
            () if has(option::EXCLUDE_TIES) => FrameExclusion::Ties,
            () => FrameExclusion::None,
        };
        let name = definition.name().map(str::to_owned);
        let frame = match () {
            () if has(option::BETWEEN) => WrittenFrame::Between,
            () if has(option::NONDEFAULT) => WrittenFrame::Start,
            () => WrittenFrame::Nothing,
        };
        Ok(WindowClause {
            name,
            partition_by,
            order_by,
            mode,
            start,
            end,
            exclusion,
            in_range,
            base: None,
            order_inherited: false,
            frame,
        })
    }

    /// A frame's offset: a count for ROWS and GROUPS; for RANGE a distance that the sort column's
    /// operator family knows how to add (`transformFrameOffset`).
    fn frame_offset(
        &mut self,
        node: Node<'n>,
        mode: FrameMode,
        sort_type: Oid,
    ) -> Result<(Expr, Option<Oid>)> {
        let (place, construct) = match mode {
            FrameMode::Rows => (Place::WindowFrameRows, "ROWS"),
            FrameMode::Groups => (Place::WindowFrameGroups, "GROUPS"),
            FrameMode::Range => (Place::WindowFrameRange, "RANGE"),
        };
        let expr = self.bind_expr_in(node, place)?;
        let (expr, func) = match mode {
            FrameMode::Range => self.range_offset(expr, sort_type)?,
            FrameMode::Rows => (self.coerce_to_specific(expr, oids::INT8, -1, construct)?, None),
            FrameMode::Groups => (self.coerce_to_specific(expr, oids::INT8, -1, construct)?, None),
        };
        super::clause::check_variable_free(&expr, construct)?;
        Ok((expr, func))
    }

    fn range_offset(&mut self, expr: Expr, sort_type: Oid) -> Result<(Expr, Option<Oid>)> {
        /// btree support function number of `in_range`.
        const IN_RANGE: i16 = 3;
        let given = expr.type_oid();
        let location = expr.location();
        let unsupported = |b: &Self, detail: &str| {
            let message = format!(
                "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {}{detail}",
                b.type_name(sort_type)
            );
            PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location)
        };
        let comparison =
            self.context.catalog.comparison(sort_type).ok_or_else(|| unsupported(self, ""))?;
        let (family, input) = (comparison.family, comparison.input_type);
        let support = |offset: Oid| builtin::amproc(family, input, offset, IN_RANGE);
        let candidates = [
            oids::INT8,
            oids::INT4,
            oids::INT2,
            oids::INTERVAL,
            oids::FLOAT8,
            oids::NUMERIC,
            oids::FLOAT4,
        ];
        let known: Vec<Oid> = candidates.into_iter().filter(|t| support(*t).is_some()).collect();
        if known.is_empty() {
            return Err(unsupported(self, ""));
        }
        let chosen = if known.contains(&given) {
            given
        } else {
            let fits = |t: &Oid| self.can_coerce(given, *t, builtin::CastContext::Implicit);
            let mut fitting = known.iter().copied().filter(fits);
            let first = fitting.next().ok_or_else(|| {
                unsupported(self, &format!(" and offset type {}", self.type_name(given)))
                    .hint("Cast the offset value to an appropriate type.")
            })?;
            // An untyped offset takes the sort column's own type where that works.
            let own = known.contains(&input) && given == oids::UNKNOWN;
            if own { input } else { first }
        };
        let func = support(chosen);
        let expr = self.coerce_to_specific(expr, chosen, -1, "RANGE")?;
        Ok((expr, func))
    }
}

/// A window that builds on another cannot replace what that one says.
fn check_override(
    definition: &nodes::WindowDef,
    base_definition: &nodes::WindowDef,
    base: &WindowClause,
    name: &str,
) -> Result<()> {
    let error =
        |message: String| Err(PgError::new(code::WINDOWING_ERROR, message).at(definition.location));
    if !definition.partition_clause().is_empty() {
        return error(format!("cannot override PARTITION BY clause of window \"{name}\""));
    }
    if !definition.order_clause().is_empty() && !base.order_by.is_empty() {
        return error(format!("cannot override ORDER BY clause of window \"{name}\""));
    }
    if base_definition.frame_options != option::DEFAULTS {
        let message = format!("cannot copy window \"{name}\" because it has a frame clause");
        let plain = definition.name().is_none()
            && definition.order_clause().is_empty()
            && definition.frame_options == option::DEFAULTS;
        let error = PgError::new(code::WINDOWING_ERROR, message).at(definition.location);
        return Err(match plain {
            true => error.hint("Omit the parentheses in this OVER clause."),
            false => error,
        });
    }
    Ok(())
}

fn undefined_window(name: &str) -> PgError {
    PgError::new(code::UNDEFINED_OBJECT, format!("window \"{name}\" does not exist"))
}

/// The place of a window function call in an expression.
pub(super) fn find_window(expr: &Expr) -> Option<i32> {
    let mut at = None;
    expr.any(&mut |e| match e {
        Expr::Window(w) => {
            at = Some(w.location);
            true
        }
        _ => false,
    });
    at
}
