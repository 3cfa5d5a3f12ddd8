//! What planning keeps: the queries around the current one, and the numbering of shared values.
//!
//! Expressions of a subquery may belong to an enclosing query (`level > 0`). Such an expression
//! becomes an *outer value*: a numbered place in [`ExecState::outer`]. It is compiled over the
//! enclosing query's current row, and the subquery's runner, there, sets it before each run. While a
//! subquery is planned, the outer values it asks for gather in [`Level::pending`] of the level they
//! belong to; whoever runs the subquery takes those of its own level.

use super::walk;
use crate::catalog::{Catalog, Relation, builtin};
use crate::error::{PgError, Result};
use crate::exec::expr::{Compiler, Node, Program, Scope};
use crate::exec::op::{self, Estimate, KeyColumn, NodeRef, PlanNode};
use crate::exec::{ExecState, Layout, StatementContext};
use crate::nodes::{Expr, Query, RangeIndex, SortGroup, SubLink};
use crate::types::Oid;
use std::collections::HashMap;
use std::sync::Arc;

/// A planned part: an operator and what its rows are.
pub(in crate::exec) struct Built {
    pub node: NodeRef,
    pub layout: Arc<Layout>,
    /// Estimated rows.
    pub rows: f64,
    /// Estimated cost of all rows, in the units of [`super::cost`].
    pub cost: f64,
}

impl Built {
    /// An operator, the layout of its rows, how many they will be and what they cost.
    pub fn new(
        operator: impl PlanNode + 'static,
        layout: Arc<Layout>,
        rows: f64,
        cost: f64,
    ) -> Built {
        let rows = rows.max(1.0);
        let estimate = Estimate { rows, cost, columns: layout.width() };
        Built { node: op::Planned::new(operator, estimate), layout, rows, cost }
    }

    /// With an estimate from elsewhere of how many rows these are.
    pub fn with_rows(mut self, rows: f64) -> Built {
        self.rows = rows;
        if let Some(node) = Arc::get_mut(&mut self.node) {
            node.estimate.rows = rows;
        }
        self
    }
}

/// One query being planned.
#[derive(Default)]
pub(super) struct Level {
    /// The query itself, for EXPLAIN.
    pub query: Option<Arc<Query>>,
    /// The rows that expressions are compiled over at the moment.
    pub layout: Arc<Layout>,
    /// Expressions that those rows already hold: grouping columns, aggregates, window functions.
    pub computed: Vec<(Expr, usize)>,
    /// Outer values asked for by the subquery being planned below: number, and value on a row.
    pub pending: Vec<(usize, Program)>,
    pub ctes: HashMap<String, CteBinding>,
    /// The relations that its range table entries are, as far as they are planned.
    pub relations: HashMap<RangeIndex, Arc<Relation>>,
    /// The rows that a LATERAL item being planned sees.
    pub lateral: Option<Arc<Layout>>,
}

/// What a WITH name stands for.
#[derive(Clone)]
pub(super) enum CteBinding {
    /// Kept in a shared slot, with the outer values its rows depend on (level index, number).
    Store { slot: usize, rows: f64, depends_on: Vec<(usize, usize)> },
    /// Planned where it is referred to.
    Inline(Arc<Query>),
    /// The recursive reference.
    WorkTable { slot: usize, round: usize },
}

pub(in crate::exec) struct Planner {
    pub(super) cx: Arc<StatementContext>,
    /// Evaluates constants.
    fold: ExecState,
    pub(super) levels: Vec<Level>,
    pub(super) outer_count: usize,
    pub(super) shared_count: usize,
    /// Every outer value asked for, in order: level index and number.
    pub(super) log: Vec<(usize, usize)>,
    /// Range indexes for subqueries that became joins; they do not collide with any query's own.
    pub(super) next_rel: u32,
    /// See [`Plan`](super::Plan).
    pub(super) modifying: Vec<(usize, crate::exec::dml::Modify)>,
    /// See [`Plan`](super::Plan).
    pub(super) long: bool,
    /// A relation of the catalog is read from its beginning to its end.
    pub(super) whole_catalog: bool,
    /// The plan is for EXPLAIN: operators get [`Note`](crate::exec::op::Note)s.
    pub(super) explained: bool,
}

/// First range index for the planner's own use.
pub(super) const FIRST_OWN_REL: u32 = 1 << 24;

impl Planner {
    pub fn new(cx: &Arc<StatementContext>) -> Planner {
        Planner {
            cx: cx.clone(),
            fold: ExecState::new(cx.clone(), Arc::from([])),
            levels: vec![Level::default()],
            outer_count: 0,
            shared_count: 0,
            log: Vec::new(),
            next_rel: FIRST_OWN_REL,
            modifying: Vec::new(),
            long: false,
            whole_catalog: false,
            explained: false,
        }
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.cx.catalog.clone()
    }

    /// What the values of an expression are put in order by: its type and collation.
    pub fn comparison_type(&self, expr: &Expr) -> Result<Oid> {
        let catalog = &self.cx.catalog;
        if let Expr::Row(row) = expr
            && row.args.iter().any(|field| !catalog.is_bytewise(field.collation()))
        {
            let what = "comparing rows with fields under a collation of ICU";
            return Err(PgError::unsupported(what).at(row.location));
        }
        let found = catalog.comparison_type(expr.type_oid(), expr.collation());
        found.map_err(|error| error.at(expr.location()))
    }

    /// What a sort item's values are put in order by: `ORDER BY x USING ~<~` asks for that of bytes.
    pub fn sort_type(&self, item: &SortGroup, expr: &Expr) -> Result<Oid> {
        let source = builtin::operator(item.sort_op).and_then(|op| builtin::proc(op.proc));
        match source.is_some_and(|proc| proc.src.contains("_pattern_")) {
            true => Ok(self.stand_in(expr.type_oid())),
            false => self.comparison_type(expr),
        }
    }

    /// What they are equal by: under a deterministic collation texts are where their bytes are.
    pub fn equality_type(&self, expr: &Expr) -> Result<Oid> {
        let catalog = &self.cx.catalog;
        if let Expr::Row(row) = expr
            && row.args.iter().any(|field| !catalog.is_deterministic(field.collation()))
        {
            return self.comparison_type(expr);
        }
        catalog.equality_type(expr.type_oid(), expr.collation())
    }

    /// The built-in type that stands in for a type: what values are stored as.
    pub fn stand_in(&self, type_oid: Oid) -> Oid {
        self.cx.catalog.stand_in(type_oid)
    }

    /// All columns of a row, of these types and collations, compared for equality.
    pub fn all_columns(&self, columns: &[(Oid, Oid)]) -> Result<Vec<KeyColumn>> {
        let column = |(slot, (type_oid, collation)): (usize, &(Oid, Oid))| {
            let stand_in = self.stand_in(*type_oid);
            let compared = self.cx.catalog.equality_type(*type_oid, *collation)?;
            Ok(KeyColumn::ascending(Program::slot(slot, stand_in), compared))
        };
        columns.iter().enumerate().map(column).collect()
    }

    /// The state in which constants are evaluated.
    pub(super) fn constants(&self) -> &ExecState {
        &self.fold
    }

    pub(super) fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("planning is inside a query")
    }

    pub(super) fn new_outer(&mut self) -> usize {
        self.outer_count += 1;
        self.outer_count - 1
    }

    pub(super) fn new_shared(&mut self) -> usize {
        self.shared_count += 1;
        self.shared_count - 1
    }

    pub(super) fn new_rel(&mut self) -> u32 {
        self.next_rel += 1;
        self.next_rel - 1
    }

    /// Compiles over rows of `layout` in the current query.
    pub fn compile(&mut self, expr: &Expr, layout: &Arc<Layout>) -> Result<Program> {
        self.level().layout = layout.clone();
        let catalog = self.catalog();
        Compiler::new(&catalog, layout, self).program(expr)
    }

    pub(super) fn compile_all<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        layout: &Arc<Layout>,
    ) -> Result<Vec<Program>> {
        exprs.into_iter().map(|e| self.compile(e, layout)).collect()
    }

    /// Plans a query one level below the current one.
    pub(super) fn plan_below(&mut self, query: &Query) -> Result<Built> {
        let shown = self.explained.then(|| Arc::new(query.clone()));
        self.levels.push(Level { query: shown, ..Level::default() });
        let built = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.plan_select(query));
        self.levels.pop();
        built
    }

    /// Runs `f`, then gives what it asked of the current level, and all outer values (of this level
    /// and those above) that what it planned depends on.
    #[allow(clippy::type_complexity)]
    pub(super) fn capturing<T>(
        &mut self,
        f: impl FnOnce(&mut Planner) -> Result<T>,
    ) -> Result<(T, Vec<(usize, Program)>, Vec<usize>)> {
        let saved = std::mem::take(&mut self.level().pending);
        let mark = self.log.len();
        let depth = self.levels.len();
        let result = f(self);
        let captures = std::mem::replace(&mut self.level().pending, saved);
        let asked = self.log[mark..].iter().filter(|(level, _)| *level < depth);
        let mut depends_on: Vec<usize> = asked.map(|(_, number)| *number).collect();
        depends_on.sort_unstable();
        depends_on.dedup();
        Ok((result?, captures, depends_on))
    }

    /// An outer value of the current level: what `expr` is on a row of `layout`.
    pub(super) fn capture(&mut self, expr: &Expr, layout: &Arc<Layout>) -> Result<usize> {
        let program = self.compile(expr, layout)?;
        let number = self.new_outer();
        let level = self.levels.len() - 1;
        self.level().pending.push((number, program));
        self.log.push((level, number));
        Ok(number)
    }
}

impl Scope for Planner {
    fn computed(&self, expr: &Expr) -> Option<usize> {
        let level = self.levels.last()?;
        level.computed.iter().find(|(known, _)| known == expr).map(|(_, slot)| *slot)
    }

    fn outer(&mut self, expr: &Expr) -> Result<usize> {
        let levels = walk::level(expr).unwrap_or(0);
        let current = self.levels.len() - 1;
        let Some(target) = current.checked_sub(levels as usize) else {
            return Err(PgError::internal("a reference to a query that is not there"));
        };
        let raised = walk::raise(expr, levels);
        let below = self.levels.split_off(target + 1);
        let layout = self.level().layout.clone();
        let number = self.capture(&raised, &layout);
        self.levels.extend(below);
        number
    }

    fn sub_link(&mut self, link: &SubLink, layout: &Layout) -> Result<Node> {
        self.plan_sub_link(link, layout)
    }

    fn fold_state(&self) -> Option<&ExecState> {
        Some(self.constants())
    }

    fn long_call(&mut self) {
        self.long = true;
    }
}
