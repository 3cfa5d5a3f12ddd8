//! Which collation applies (manual, 24.2.1; `parse_collate.c`): explicit ones override implicit ones and
//! must agree.
//!
//! A finished query is walked once. An expression's [`Derivation`] comes from its parts; what it says is
//! put down in the tree: the collation of each value, and the one that each function works under. Two
//! explicit collations in one operation are refused (42P21), two implicit ones where rows are compared
//! (42P21). A function that depends on a collation which none of the rules settles fails when it is called
//! (42P22), not here: it may never be.
//!
//! Invariant: a second walk changes nothing, so that a view's query in another may be walked again.

use super::state::Binder;
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::functions::needs_collation;
use crate::nodes::{
    CommandType, Expr, Query, RangeSource, SUBLINK_RANGE, SetOperation, SetOperator, SubLink,
    SubLinkKind, TargetEntry, Var,
};
use crate::types::Oid;
// Any other collation beats it.
use crate::types::collation::{DEFAULT, UNDETERMINED};

/// How an expression came by its collation. Later variants beat earlier ones.
#[derive(Clone, Copy, Debug)]
enum Derivation {
    /// Not of a type with collations.
    None,
    /// That of a column or type; with where it stands.
    Implicit(Oid, i32),
    /// Implicit ones that differ.
    Conflict((Oid, i32), (Oid, i32)),
    /// COLLATE.
    Explicit(Oid, i32),
}

impl Derivation {
    fn strength(self) -> u8 {
        match self {
            Derivation::None => 0,
            Derivation::Implicit(..) => 1,
            Derivation::Conflict(..) => 2,
            Derivation::Explicit(..) => 3,
        }
    }

    /// The collation, 0 if there is none or no single one.
    fn collation(self) -> Oid {
        match self {
            Derivation::Implicit(collation, _) | Derivation::Explicit(collation, _) => collation,
            Derivation::None | Derivation::Conflict(..) => 0,
        }
    }
}

impl Binder<'_, '_> {
    /// Assigns the collations of a finished query.
    pub fn assign_collations(&self, query: &mut Query) -> Result<()> {
        Assigner::new(self).query(query).map(drop)
    }

    /// Assigns the collations of an expression outside a query.
    pub fn assign_expr_collations(&self, expr: &mut Expr) -> Result<()> {
        Assigner::new(self).expr(expr).map(drop)
    }
}

struct Assigner<'b, 'a, 'n> {
    binder: &'b Binder<'a, 'n>,
    /// The queries around what is being walked, outermost first.
    levels: Vec<Level>,
    /// The columns of the subqueries whose tests are being walked, innermost last.
    sub_links: Vec<Vec<Derivation>>,
    /// The collation of the operand of the CASE around it, or of the array whose elements are cast.
    case_test: Option<Oid>,
}

/// What is known of a query's range table while the query is walked.
#[derive(Default)]
struct Level {
    /// Per entry how its columns came by their collations, where the columns' variables do not say.
    entries: Vec<Option<Vec<Derivation>>>,
    ctes: Vec<(String, Vec<Derivation>)>,
}

impl<'b, 'a, 'n> Assigner<'b, 'a, 'n> {
    fn new(binder: &'b Binder<'a, 'n>) -> Self {
        Assigner { binder, levels: Vec::new(), sub_links: Vec::new(), case_test: None }
    }

    /// Walks a query; how its output columns came by their collations.
    fn query(&mut self, query: &mut Query) -> Result<Vec<Derivation>> {
        self.levels.push(Level::default());
        let outputs = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.query_here(query))?;
        self.levels.pop();
        Ok(outputs)
    }

    fn query_here(&mut self, query: &mut Query) -> Result<Vec<Derivation>> {
        for cte in &mut query.ctes {
            let mut outputs = self.query(&mut cte.query)?;
            if cte.recursive {
                // Its second arm reads what the first one gives.
                self.level().ctes.push((cte.name.clone(), outputs));
                outputs = self.query(&mut cte.query)?;
                self.level().ctes.pop();
            }
            self.level().ctes.push((cte.name.clone(), outputs));
        }
        for at in 0..query.range_table.len() {
            let columns = self.entry(&mut query.range_table[at].source)?;
            self.level().entries.push(columns);
        }
        let mut outputs = Vec::new();
        for target in &mut query.targets {
            let derivation = self.target(target)?;
            if !target.resjunk {
                outputs.push(derivation);
            }
        }
        let targets = query.targets.len();
        let (mut at, mut result) = (0, Ok(()));
        query.for_each_expr_mut(&mut |expr| {
            // The targets come first and are done.
            if at >= targets && result.is_ok() {
                result = self.expr(expr).map(drop);
            }
            at += 1;
        });
        result?;
        if let Some(operation) = &mut query.set_operation {
            outputs = self.set_operation(operation)?;
            // The targets stand for the operation's columns.
            for (target, column) in query.targets.iter_mut().zip(&outputs) {
                if let Expr::Var(var) = &mut target.expr {
                    var.collation = column.collation();
                }
            }
        }
        if query.command != CommandType::Select {
            let returning = query.returning.iter().filter(|target| !target.resjunk);
            outputs = returning.map(|t| self.implicit(t.expr.collation(), -1)).collect();
        }
        Ok(outputs)
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("a query is being walked")
    }

    /// How an entry's columns came by their collations; `None`: each variable has its own.
    fn entry(&mut self, source: &mut RangeSource) -> Result<Option<Vec<Derivation>>> {
        Ok(match source {
            RangeSource::Relation { .. } => None,
            RangeSource::Subquery { query, .. } => Some(self.query(query)?),
            RangeSource::Join { columns, .. } => {
                let columns = columns.iter_mut().map(|column| self.expr(column));
                Some(columns.collect::<Result<_>>()?)
            }
            RangeSource::Function { functions, .. } => {
                let mut outputs = Vec::new();
                for function in functions {
                    let of_call = self.expr(&mut function.call)?;
                    let own = self.binder.collation(function.call.type_oid()) != 0;
                    let columns = function.columns.iter();
                    outputs.extend(columns.map(|(_, type_oid, _)| match own {
                        true => of_call,
                        false => self.implicit(self.binder.collation(*type_oid), -1),
                    }));
                }
                Some(outputs)
            }
            RangeSource::Values { rows, types } => {
                let mut columns = vec![Derivation::None; types.len()];
                for row in rows {
                    for (column, value) in columns.iter_mut().zip(row) {
                        let value = self.expr(value)?;
                        *column = self.merge(*column, value)?;
                    }
                }
                Some(columns)
            }
            RangeSource::Cte { name, level, .. } => {
                let at = self.levels.len().checked_sub(1 + *level as usize);
                let known = at.and_then(|at| self.levels[at].ctes.iter().find(|c| c.0 == *name));
                known.map(|(_, columns)| columns.clone())
            }
        })
    }

    /// Rows are compared by the columns that clauses refer to.
    fn target(&mut self, target: &mut TargetEntry) -> Result<Derivation> {
        let derivation = self.expr(&mut target.expr)?;
        if target.sort_group_ref != 0 {
            self.settled(derivation)?;
        }
        Ok(derivation)
    }

    /// The columns of a set operation. All but UNION ALL compare rows.
    fn set_operation(&mut self, operation: &mut SetOperation) -> Result<Vec<Derivation>> {
        let SetOperation::Node { op, all, left, right, collations, .. } = operation else {
            let SetOperation::Leaf(rel) = operation else { return Ok(Vec::new()) };
            let at = (*rel as usize).checked_sub(1);
            let columns = at.and_then(|at| self.level().entries.get(at).cloned());
            return Ok(columns.flatten().unwrap_or_default());
        };
        let (left, right) = (self.set_operation(left)?, self.set_operation(right)?);
        let compares = !(*op == SetOperator::Union && *all);
        let merged = left.into_iter().zip(right).map(|(a, b)| {
            let derivation = self.merge(a, b)?;
            if compares {
                self.settled(derivation)?;
            }
            Ok(derivation)
        });
        let merged = merged.collect::<Result<Vec<_>>>()?;
        *collations = merged.iter().map(|column| column.collation()).collect();
        Ok(merged)
    }

    fn expr(&mut self, expr: &mut Expr) -> Result<Derivation> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_here(expr))
    }

    fn expr_here(&mut self, expr: &mut Expr) -> Result<Derivation> {
        let parts = match &mut *expr {
            Expr::Var(var) => return Ok(self.column(var)),
            Expr::Param(param) => return Ok(self.implicit(param.collation, param.location)),
            Expr::CaseTest { collation, .. } => {
                *collation = self.case_test.unwrap_or(*collation);
                return Ok(self.implicit(*collation, -1));
            }
            Expr::Collate { arg, collation, location } => {
                let (collation, location) = (*collation, *location);
                self.expr(arg)?;
                return Ok(Derivation::Explicit(collation, location));
            }
            Expr::Row(row) => {
                row.args.iter_mut().try_for_each(|arg| self.expr(arg).map(drop))?;
                return Ok(Derivation::None);
            }
            Expr::RowCompare(compare) => {
                compare.collations.clear();
                for (left, right) in compare.left.iter_mut().zip(&mut compare.right) {
                    let merged = self.merged([left, right])?;
                    compare.collations.push(match merged {
                        Derivation::Conflict(..) => UNDETERMINED,
                        merged => merged.collation(),
                    });
                }
                return Ok(Derivation::None);
            }
            Expr::SubLink(link) => match self.sub_link(link)? {
                Some(found) => return Ok(found),
                None => Derivation::None,
            },
            Expr::Case(case) => {
                let enclosing = self.case_test;
                if let Some(arg) = &mut case.arg {
                    self.expr(arg)?;
                    self.case_test = Some(arg.collation());
                }
                for (when, _) in &mut case.whens {
                    self.expr(when)?;
                }
                self.case_test = enclosing;
                let results = case.whens.iter_mut().map(|(_, then)| then);
                self.merged(results.chain([&mut case.default]))?
            }
            Expr::ArrayCoerce(cast) => {
                let parts = self.expr(&mut cast.arg)?;
                let enclosing = self.case_test.replace(cast.arg.collation());
                self.expr(&mut cast.element)?;
                self.case_test = enclosing;
                parts
            }
            Expr::FieldSelect { arg, field, type_oid, collation, .. } => {
                self.expr(arg)?;
                let relation = self.binder.context.catalog.row_type_relation(arg.type_oid());
                let column = relation.and_then(|r| r.live_columns().find(|c| c.attno == *field));
                *collation = match column {
                    Some(column) => column.collation,
                    None => self.binder.collation(*type_oid),
                };
                let (collation, location) = (*collation, arg.location());
                return Ok(self.implicit(collation, location));
            }
            Expr::Subscript(subscript) => {
                let lower = subscript.lower.iter_mut();
                for index in lower.chain(&mut subscript.upper).flatten() {
                    self.expr(index)?;
                }
                self.merged(std::iter::once(&mut subscript.container).chain(&mut subscript.assign))?
            }
            Expr::Aggregate(aggregate) => {
                for argument in aggregate.args.iter_mut().filter(|arg| arg.resjunk) {
                    self.target(argument)?;
                }
                if let Some(filter) = &mut aggregate.filter {
                    self.expr(filter)?;
                }
                let mut parts = self.merged(&mut aggregate.direct_args)?;
                for argument in aggregate.args.iter_mut().filter(|arg| !arg.resjunk) {
                    let argument = self.target(argument)?;
                    parts = self.merge(parts, argument)?;
                }
                aggregate.input_collation = parts.collation();
                parts
            }
            Expr::Window(window) => {
                if let Some(filter) = &mut window.filter {
                    self.expr(filter)?;
                }
                let parts = self.merged(&mut window.args)?;
                window.input_collation = parts.collation();
                parts
            }
            other => {
                let mut parts = Ok(Derivation::None);
                other.for_each_child_mut(&mut |child| {
                    if let Ok(merged) = parts {
                        parts = self.expr(child).and_then(|part| self.merge(merged, part));
                    }
                });
                parts?
            }
        };
        let input = self.input_collation(expr, parts);
        let of_type = self.binder.collation(expr.type_oid());
        let derivation = match parts {
            _ if of_type == 0 => Derivation::None,
            // A domain's own collation overrides what it is made of.
            _ if matches!(expr, Expr::CoerceToDomain(_)) && of_type != DEFAULT => {
                Derivation::Implicit(of_type, expr.location())
            }
            Derivation::None => Derivation::Implicit(of_type, expr.location()),
            parts => parts,
        };
        put_down(expr, derivation.collation(), input);
        Ok(derivation)
    }

    /// The derivation of a subquery's value; `None`: it is a truth value.
    fn sub_link(&mut self, link: &mut SubLink) -> Result<Option<Derivation>> {
        let columns = self.query(&mut link.query)?;
        if let Some(test) = &mut link.test {
            self.sub_links.push(columns);
            self.expr(test)?;
            self.sub_links.pop();
            return Ok(None);
        }
        let is_value = matches!(link.kind, SubLinkKind::Scalar | SubLinkKind::Array);
        let first = columns.first().map_or(0, |column| column.collation());
        Ok(is_value.then(|| self.implicit(first, link.location)))
    }

    fn implicit(&self, collation: Oid, location: i32) -> Derivation {
        match collation {
            0 => Derivation::None,
            collation => Derivation::Implicit(collation, location),
        }
    }

    fn merged<'e>(&mut self, exprs: impl IntoIterator<Item = &'e mut Expr>) -> Result<Derivation> {
        let mut merged = Derivation::None;
        for expr in exprs {
            let part = self.expr(expr)?;
            merged = self.merge(merged, part)?;
        }
        Ok(merged)
    }

    /// Of two parts of one expression; 42P21 where both are explicit and differ.
    fn merge(&self, a: Derivation, b: Derivation) -> Result<Derivation> {
        Ok(match (a, b) {
            (a, b) if a.strength() < b.strength() => b,
            (a, b) if a.strength() > b.strength() => a,
            (Derivation::Implicit(x, at), Derivation::Implicit(y, other)) => match (x, y) {
                (x, y) if x == y || y == DEFAULT => a,
                (DEFAULT, _) => b,
                _ => Derivation::Conflict((x, at), (y, other)),
            },
            (Derivation::Explicit(x, _), Derivation::Explicit(y, location)) if x != y => {
                return Err(self.mismatch("explicit", x, y).at(location));
            }
            _ => a,
        })
    }

    /// 42P21 where rows are to be compared by an expression with this derivation.
    fn settled(&self, derivation: Derivation) -> Result<()> {
        match derivation {
            Derivation::Conflict((a, _), (b, location)) => Err(self
                .mismatch("implicit", a, b)
                .hint(
                    "You can choose the collation by applying the COLLATE clause to one or both \
                     expressions.",
                )
                .at(location)),
            _ => Ok(()),
        }
    }

    fn mismatch(&self, kind: &str, a: Oid, b: Oid) -> PgError {
        let name = |oid: Oid| self.binder.context.catalog.collation_name(oid);
        let message = format!(
            "collation mismatch between {kind} collations \"{}\" and \"{}\"",
            name(a),
            name(b)
        );
        PgError::new(code::COLLATION_MISMATCH, message)
    }

    /// The collation that a function works under. PostgreSQL finds out that there is none when it calls
    /// the function, and so do we ([`UNDETERMINED`]).
    fn input_collation(&self, expr: &Expr, parts: Derivation) -> Oid {
        if !matches!(parts, Derivation::Conflict(..)) {
            return parts.collation();
        }
        let func = match expr {
            Expr::Func(call) | Expr::Distinct(call) | Expr::NullIf(call) => call.func,
            Expr::ScalarArrayOp(call) => call.func,
            _ => return 0,
        };
        let needs = builtin::proc(func).is_some_and(|proc| needs_collation(&proc.src));
        if needs { UNDETERMINED } else { 0 }
    }

    fn column(&self, var: &mut Var) -> Derivation {
        if self.binder.collation(var.type_oid) == 0 {
            return Derivation::None;
        }
        var.collation = self.source_collation(var).unwrap_or(var.collation);
        self.implicit(var.collation, var.location)
    }

    /// The collation that a subquery or a join gives the column; `None` where the column has its own.
    fn source_collation(&self, var: &Var) -> Option<Oid> {
        let column = usize::try_from(var.attno).ok()?.checked_sub(1)?;
        if var.rel == SUBLINK_RANGE {
            return self.sub_links.last()?.get(column).map(|found| found.collation());
        }
        let depth = self.levels.len().checked_sub(1 + var.level as usize)?;
        let entry = (var.rel as usize).checked_sub(1)?;
        let columns = self.levels[depth].entries.get(entry)?.as_ref()?;
        columns.get(column).map(|found| found.collation())
    }
}

/// Puts down the collation of an expression's value, and the one that a function works under.
fn put_down(expr: &mut Expr, collation: Oid, input: Oid) {
    match expr {
        Expr::Func(call) | Expr::Distinct(call) | Expr::NullIf(call) => {
            (call.collation, call.input_collation) = (collation, input);
        }
        Expr::ScalarArrayOp(call) => call.input_collation = input,
        Expr::Relabel(r) => r.collation = collation,
        Expr::CoerceViaIo(c) => c.collation = collation,
        Expr::CoerceToDomain(c) => c.collation = collation,
        Expr::Case(c) => c.collation = collation,
        Expr::Array(a) => a.collation = collation,
        Expr::Coalesce(c) => c.collation = collation,
        Expr::MinMax(m) => m.collation = collation,
        Expr::Subscript(s) => s.collation = collation,
        Expr::Aggregate(a) => a.collation = collation,
        Expr::Window(w) => w.collation = collation,
        _ => {}
    }
}
