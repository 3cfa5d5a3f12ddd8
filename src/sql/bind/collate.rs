//! Which collation applies (manual, 24.2.1): explicit ones override implicit ones and must agree.
//!
//! Every collation here orders by bytes, so what is left of PostgreSQL's rules is what they refuse:
//! two explicit collations in one operation (42P21), two implicit ones where rows are compared
//! (42P21), and functions that depend on a collation which none of the rules settles (42P22).
//!
//! An expression's [`Derivation`] comes from its parts; the finished query is walked once.

use super::state::Binder;
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::nodes::{
    Expr, Query, RangeSource, SetOperation, SetOperator, SubLinkKind, TargetEntry, Var,
};
use crate::types::Oid;
use std::collections::HashMap;

/// The database's collation, which any other beats.
const DEFAULT: Oid = 100;

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

    /// Of two parts of one expression; 42P21 where both are explicit and differ.
    fn merge(self, o: Derivation) -> Result<Derivation> {
        Ok(match (self, o) {
            (a, b) if a.strength() < b.strength() => b,
            (a, b) if a.strength() > b.strength() => a,
            (Derivation::Implicit(a, x), Derivation::Implicit(b, y)) => match (a, b) {
                (a, b) if a == b || b == DEFAULT => self,
                (DEFAULT, _) => o,
                _ => Derivation::Conflict((a, x), (b, y)),
            },
            (Derivation::Explicit(a, _), Derivation::Explicit(b, location)) if a != b => {
                return Err(mismatch("explicit", a, b).at(location));
            }
            _ => self,
        })
    }

    /// 42P21 where rows are to be compared by an expression with this derivation.
    fn settled(self) -> Result<()> {
        match self {
            Derivation::Conflict((a, _), (b, location)) => Err(mismatch("implicit", a, b)
                .hint(
                    "You can choose the collation by applying the COLLATE clause to one or both \
                     expressions.",
                )
                .at(location)),
            _ => Ok(()),
        }
    }
}

fn mismatch(kind: &str, a: Oid, b: Oid) -> PgError {
    let name = |oid: Oid| builtin::collation(oid).map_or("?", |c| c.name);
    let message =
        format!("collation mismatch between {kind} collations \"{}\" and \"{}\"", name(a), name(b));
    PgError::new(code::COLLATION_MISMATCH, message)
}

/// What a function needs a collation for, where it does.
fn purpose(source: &str) -> Option<&'static str> {
    const COMPARISONS: &[&str] = &["text", "bpchar", "bttext", "btbpchar", "name", "btname"];
    match source {
        "lower" | "upper" | "initcap" => Some(match source {
            "lower" => "lower() function",
            "upper" => "upper() function",
            _ => "initcap() function",
        }),
        "texticlike" | "texticnlike" | "bpchariclike" | "bpcharicnlike" => Some("ILIKE"),
        "textpos" | "text_starts_with" | "split_part" | "replace_text" | "text_to_array" => {
            Some("string comparison")
        }
        _ if source.contains("regex") => Some("regular expression"),
        _ if COMPARISONS.iter().any(|prefix| is_comparison(source, prefix)) => {
            Some("string comparison")
        }
        _ => None,
    }
}

/// `text_lt`, `texteq`, `bpcharcmp`, `text_larger` and so on; pattern operators compare bytes.
fn is_comparison(source: &str, prefix: &str) -> bool {
    const OPERATIONS: &[&str] = &["eq", "ne", "lt", "le", "gt", "ge", "cmp", "larger", "smaller"];
    let operation = source.strip_prefix(prefix).map(|rest| rest.trim_start_matches('_'));
    operation.is_some_and(|operation| OPERATIONS.contains(&operation))
}

impl Binder<'_, '_> {
    /// Checks the collations of a finished query.
    pub fn check_collations(&self, query: &Query) -> Result<()> {
        Checker::new(self).query(query)
    }

    /// Checks the collations of an expression outside a query.
    pub fn check_expr_collations(&self, expr: &Expr) -> Result<()> {
        Checker::new(self).expr(expr).map(drop)
    }
}

struct Checker<'b, 'a, 'n, 'q> {
    binder: &'b Binder<'a, 'n>,
    /// The queries around what is being checked, outermost first.
    queries: Vec<&'q Query>,
    /// Collations of the output columns of queries that are checked already, by address.
    outputs: HashMap<*const Query, Vec<Oid>>,
}

impl<'b, 'a, 'n, 'q> Checker<'b, 'a, 'n, 'q> {
    fn new(binder: &'b Binder<'a, 'n>) -> Self {
        Checker { binder, queries: Vec::new(), outputs: HashMap::new() }
    }

    fn query(&mut self, query: &'q Query) -> Result<()> {
        self.queries.push(query);
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.query_here(query))?;
        self.queries.pop();
        Ok(())
    }

    fn query_here(&mut self, query: &'q Query) -> Result<()> {
        let mut parts = Vec::new();
        query.for_each_subquery(&mut |part| parts.push(part));
        parts.into_iter().try_for_each(|part| self.query(part))?;
        let mut outputs = Vec::new();
        for target in &query.targets {
            let derivation = self.target(target)?;
            outputs.push(derivation.collation());
        }
        let mut exprs = Vec::new();
        query.for_each_expr(&mut |expr| exprs.push(expr));
        // The targets come first and are done.
        for expr in exprs.into_iter().skip(query.targets.len()) {
            self.expr(expr)?;
        }
        if let Some(operation) = &query.set_operation {
            let columns = self.set_operation(query, operation)?;
            outputs = columns.into_iter().map(Derivation::collation).collect();
        }
        if !query.returning.is_empty() {
            outputs = vec![0; query.returning.len()];
        }
        self.outputs.insert(query, outputs);
        Ok(())
    }

    /// Rows are compared by the columns that clauses refer to.
    fn target(&mut self, target: &'q TargetEntry) -> Result<Derivation> {
        let derivation = self.expr(&target.expr)?;
        if target.sort_group_ref != 0 {
            derivation.settled()?;
        }
        Ok(derivation)
    }

    /// The columns of a set operation. All but UNION ALL compare rows.
    fn set_operation(
        &mut self,
        query: &'q Query,
        operation: &'q SetOperation,
    ) -> Result<Vec<Derivation>> {
        let SetOperation::Node { op, all, left, right, .. } = operation else {
            let SetOperation::Leaf(rel) = operation else { return Ok(Vec::new()) };
            return self.leaf(query, *rel);
        };
        let (left, right) = (self.set_operation(query, left)?, self.set_operation(query, right)?);
        let compares = !(*op == SetOperator::Union && *all);
        let merged = left.into_iter().zip(right).map(|(a, b)| {
            let derivation = a.merge(b)?;
            if compares {
                derivation.settled()?;
            }
            Ok(derivation)
        });
        merged.collect()
    }

    /// The columns of a query that is an arm of a set operation, as that query has them.
    fn leaf(&mut self, query: &'q Query, rel: u32) -> Result<Vec<Derivation>> {
        let RangeSource::Subquery { query: leaf, .. } = &query.range(rel).source else {
            return Ok(Vec::new());
        };
        self.queries.push(leaf);
        let columns = leaf.output().map(|target| self.expr(&target.expr)).collect();
        self.queries.pop();
        columns
    }

    fn expr(&mut self, expr: &'q Expr) -> Result<Derivation> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_here(expr))
    }

    fn expr_here(&mut self, expr: &'q Expr) -> Result<Derivation> {
        let parts = match expr {
            Expr::Var(var) => return Ok(self.column(var)),
            Expr::Collate { arg, collation, location } => {
                self.expr(arg)?;
                return Ok(Derivation::Explicit(*collation, *location));
            }
            Expr::Row(row) => {
                row.args.iter().try_for_each(|arg| self.expr(arg).map(drop))?;
                return Ok(Derivation::None);
            }
            Expr::RowCompare(compare) => {
                for (left, right) in compare.left.iter().zip(&compare.right) {
                    self.merged([left, right])?;
                }
                return Ok(Derivation::None);
            }
            Expr::SubLink(link) => {
                link.test.iter().try_for_each(|test| self.expr(test).map(drop))?;
                self.query(&link.query)?;
                let outputs = self.outputs.get(&(&*link.query as *const Query));
                match outputs.and_then(|columns| columns.first()) {
                    Some(collation) if *collation != 0 && link.kind == SubLinkKind::Scalar => {
                        return Ok(Derivation::Implicit(*collation, link.location));
                    }
                    _ => Derivation::None,
                }
            }
            Expr::Case(case) => {
                let conditions = case.arg.iter().chain(case.whens.iter().map(|(when, _)| when));
                conditions.into_iter().try_for_each(|when| self.expr(when).map(drop))?;
                let results = case.whens.iter().map(|(_, then)| then);
                self.merged(results.chain([&case.default]))?
            }
            Expr::FieldSelect { arg, .. } => {
                self.expr(arg)?;
                Derivation::None
            }
            Expr::Subscript(subscript) => {
                let subscripts = subscript.lower.iter().chain(&subscript.upper).flatten();
                subscripts.into_iter().try_for_each(|index| self.expr(index).map(drop))?;
                self.merged(std::iter::once(&subscript.container).chain(&subscript.assign))?
            }
            Expr::Aggregate(aggregate) => {
                let (sorting, args) = aggregate.args.iter().partition(|arg| arg.resjunk);
                let (sorting, args): (Vec<&TargetEntry>, Vec<&TargetEntry>) = (sorting, args);
                sorting.into_iter().try_for_each(|arg| self.target(arg).map(drop))?;
                aggregate.filter.iter().try_for_each(|filter| self.expr(filter).map(drop))?;
                let args = args.into_iter().map(|arg| &arg.expr);
                self.merged(aggregate.direct_args.iter().chain(args))?
            }
            Expr::Window(window) => {
                window.filter.iter().try_for_each(|filter| self.expr(filter).map(drop))?;
                self.merged(&window.args)?
            }
            other => {
                let mut children = Vec::new();
                other.for_each_child(&mut |child| children.push(child));
                self.merged(children)?
            }
        };
        self.need_collation(expr, parts)?;
        let of_type = self.binder.collation(expr.type_oid());
        Ok(match parts {
            _ if of_type == 0 => Derivation::None,
            Derivation::None => Derivation::Implicit(of_type, expr.location()),
            parts => parts,
        })
    }

    fn merged(&mut self, exprs: impl IntoIterator<Item = &'q Expr>) -> Result<Derivation> {
        let mut exprs = exprs.into_iter();
        exprs.try_fold(Derivation::None, |merged, expr| merged.merge(self.expr(expr)?))
    }

    /// 42P22 where a function works under a collation and its arguments settle on none. PostgreSQL
    /// finds out when it calls the function, so there is no position.
    fn need_collation(&self, expr: &Expr, parts: Derivation) -> Result<()> {
        let func = match expr {
            Expr::Func(call) | Expr::Distinct(call) | Expr::NullIf(call) => call.func,
            Expr::ScalarArrayOp(call) => call.func,
            _ => return Ok(()),
        };
        if !matches!(parts, Derivation::Conflict(..)) {
            return Ok(());
        }
        match builtin::proc(func).and_then(|proc| purpose(&proc.src)) {
            None => Ok(()),
            Some(purpose) => {
                let message = format!("could not determine which collation to use for {purpose}");
                Err(PgError::new(code::INDETERMINATE_COLLATION, message)
                    .hint("Use the COLLATE clause to set the collation explicitly."))
            }
        }
    }

    fn column(&self, var: &Var) -> Derivation {
        if self.binder.collation(var.type_oid) == 0 {
            return Derivation::None;
        }
        match self.source_collation(var).unwrap_or(var.collation) {
            0 => Derivation::None,
            collation => Derivation::Implicit(collation, var.location),
        }
    }

    /// The collation that a subquery gives the column; `None` where the column has its own.
    fn source_collation(&self, var: &Var) -> Option<Oid> {
        let depth = self.queries.len().checked_sub(1 + var.level as usize)?;
        let index = (var.rel as usize).checked_sub(1)?;
        let column = usize::try_from(var.attno).ok()?.checked_sub(1)?;
        let outputs = match &self.queries[depth].range_table.get(index)?.source {
            RangeSource::Subquery { query, .. } => self.outputs.get(&(&**query as *const Query))?,
            RangeSource::Cte { name, level, .. } => {
                let with = self.queries.get(depth.checked_sub(*level as usize)?)?;
                let cte = with.ctes.iter().find(|cte| cte.name == *name)?;
                self.outputs.get(&(&*cte.query as *const Query))?
            }
            _ => return None,
        };
        outputs.get(column).copied()
    }
}
