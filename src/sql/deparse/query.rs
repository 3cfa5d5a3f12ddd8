//! Queries to SQL: SELECT and VALUES with all clauses, WITH, set operations (`get_query_def`).

use super::scope::{Scope, parenthesized};
use super::writer::{STANDARD, Writer};
use crate::error::{PgError, Result};
use crate::functions::quote_identifier;
use crate::nodes::*;

/// How a query's columns are to be named.
#[derive(Clone, Copy)]
pub(super) struct Columns<'c> {
    /// By the view's columns; else by the query itself.
    view: Option<&'c [String]>,
    /// Somebody looks at the names: AS stands wherever the expression would not give the name.
    seen: bool,
}

impl<'c> Columns<'c> {
    pub const NAMED: Columns<'static> = Columns { view: None, seen: true };
    pub const UNSEEN: Columns<'static> = Columns { view: None, seen: false };

    pub fn of_view(names: &'c [String]) -> Columns<'c> {
        Columns { view: Some(names), seen: true }
    }

    /// What the column at `at` is to be called.
    fn name(self, at: usize, target: &'c TargetEntry) -> &'c str {
        self.view.and_then(|names| names.get(at)).unwrap_or(&target.name)
    }
}

impl<'a> Writer<'a> {
    /// A whole query, at the present indentation (`get_query_def`).
    pub fn query(&mut self, query: &'a Query, columns: Columns<'_>) -> Result<()> {
        let scope = Scope::of_query(query, self.names, &self.scopes);
        self.scopes.push(scope);
        let indent = self.indent;
        let result = stacker::maybe_grow(256 << 10, 4 << 20, || self.select(query, columns, false));
        self.indent = indent;
        self.scopes.pop();
        result
    }

    /// `leaf`: an arm of a set operation, whose columns are cast without saying so.
    fn select(&mut self, query: &'a Query, columns: Columns<'_>, leaf: bool) -> Result<()> {
        self.with(query)?;
        if query.command != CommandType::Select {
            return self.change(query, columns);
        }
        match &query.set_operation {
            Some(tree) => self.set_operation(tree, query, columns)?,
            None => self.plain_select(query, columns, leaf)?,
        }
        if !query.order_by.is_empty() {
            self.clause(" ORDER BY ", 1);
            let numbers = query.set_operation.is_some();
            self.order_by(&query.order_by, &query.targets, numbers)?;
        }
        self.limits(query)?;
        self.row_marks(query);
        Ok(())
    }

    fn with(&mut self, query: &'a Query) -> Result<()> {
        if query.ctes.is_empty() {
            return Ok(());
        }
        self.indent += STANDARD;
        if self.lines {
            self.push(" ");
        }
        self.push(if query.recursive { "WITH RECURSIVE " } else { "WITH " });
        self.separated(&query.ctes, ", ", |w, cte| {
            w.push(&quote_identifier(&cte.name));
            if cte.column_aliases > 0 {
                w.push(&parenthesized(cte.columns.iter().take(cte.column_aliases)));
            }
            w.push(match cte.materialize {
                Materialize::Default => " AS (",
                Materialize::Always => " AS MATERIALIZED (",
                Materialize::Never => " AS NOT MATERIALIZED (",
            });
            w.keyword("", 0, 0, 0);
            w.query(&cte.query, Columns::NAMED)?;
            w.keyword(")", 0, 0, 0);
            Ok(())
        })?;
        self.indent -= STANDARD;
        self.space();
        Ok(())
    }

    fn plain_select(&mut self, query: &'a Query, columns: Columns<'_>, leaf: bool) -> Result<()> {
        self.indent += STANDARD;
        if self.lines {
            self.push(" ");
        }
        if let Some(rows) = plain_values(query, columns) {
            return self.values(rows);
        }
        self.push("SELECT");
        if query.distinct_on {
            self.push(" DISTINCT ON (");
            self.sort_items(&query.distinct, &query.targets)?;
            self.push(")");
        } else if !query.distinct.is_empty() {
            self.push(" DISTINCT");
        }
        self.targets(query, columns, leaf)?;
        self.from(query, " FROM ")?;
        if let Some(filter) = &query.from.filter {
            self.clause(" WHERE ", 1);
            self.expr(filter, false)?;
        }
        self.group_by(query)?;
        if let Some(having) = &query.having {
            self.clause(" HAVING ", 0);
            self.expr(having, false)?;
        }
        self.window_clause(query)
    }

    /// `VALUES (…), (…)`.
    pub fn values(&mut self, rows: &'a [Vec<Expr>]) -> Result<()> {
        self.push("VALUES ");
        self.separated(rows, ", ", |w, row| {
            w.push("(");
            w.separated(row, ",", |w, value| w.expr(value, false))?;
            w.push(")");
            Ok(())
        })
    }

    /// The select list, or what RETURNING gives.
    pub fn targets(&mut self, query: &'a Query, columns: Columns<'_>, leaf: bool) -> Result<()> {
        self.push(" ");
        let mut last_was_long = false;
        for (at, target) in query.output().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            let text = self.captured(|w| w.target(target, at, columns, leaf))?;
            self.item(&text, at == 0, last_was_long);
            last_was_long = text.strip_prefix('\n').unwrap_or(&text).contains('\n');
        }
        Ok(())
    }

    fn target(
        &mut self,
        target: &'a TargetEntry,
        at: usize,
        columns: Columns<'_>,
        leaf: bool,
    ) -> Result<()> {
        let expr = if leaf { without_implicit_cast(&target.expr) } else { &target.expr };
        let given = match expr {
            Expr::Var(var) => self.var(var, true)?,
            _ => {
                self.expr(expr, true)?;
                (!columns.seen).then(|| "?column?".to_owned())
            }
        };
        let name = columns.name(at, target);
        if given.as_deref() != Some(name) {
            self.push(&format!(" AS {}", quote_identifier(name)));
        }
        Ok(())
    }

    fn set_operation(
        &mut self,
        tree: &'a SetOperation,
        query: &'a Query,
        columns: Columns<'_>,
    ) -> Result<()> {
        stacker::maybe_grow(128 << 10, 1 << 20, || match tree {
            SetOperation::Leaf(rel) => self.leaf(*rel, query, columns),
            SetOperation::Node { op, all, left, right, .. } => {
                self.left_arm(tree, left, query, columns)?;
                self.push(match op {
                    SetOperator::Union => "UNION ",
                    SetOperator::Intersect => "INTERSECT ",
                    SetOperator::Except => "EXCEPT ",
                });
                if *all {
                    self.push("ALL ");
                }
                self.right_arm(right, query, Columns { seen: false, ..columns })
            }
        })
    }

    /// In parentheses unless it is the same operation, which associates to the left.
    fn left_arm(
        &mut self,
        tree: &'a SetOperation,
        left: &'a SetOperation,
        query: &'a Query,
        columns: Columns<'_>,
    ) -> Result<()> {
        let inner = operation(left, query);
        let parens = inner.is_some() && inner != operation(tree, query);
        if parens {
            self.push("(");
            self.keyword("", STANDARD, 0, 0);
        }
        self.set_operation(left, query, columns)?;
        match parens {
            true => self.keyword(") ", -STANDARD, 0, 0),
            false => self.space(),
        }
        Ok(())
    }

    fn right_arm(
        &mut self,
        right: &'a SetOperation,
        query: &'a Query,
        columns: Columns<'_>,
    ) -> Result<()> {
        let parens = operation(right, query).is_some();
        let deeper = if parens { STANDARD } else { 0 };
        if parens {
            self.push("(");
        }
        self.keyword("", deeper, 0, 0);
        self.set_operation(right, query, columns)?;
        self.indent -= deeper;
        if parens {
            self.keyword(")", 0, 0, 0);
        }
        Ok(())
    }

    /// An arm of a set operation, in parentheses where its own clauses would be read as the whole's.
    fn leaf(&mut self, rel: RangeIndex, query: &'a Query, columns: Columns<'_>) -> Result<()> {
        let RangeSource::Subquery { query: arm, .. } = &query.range(rel).source else {
            return Err(PgError::internal("an arm of a set operation that is no query"));
        };
        let scope = Scope::of_query(arm, self.names, &self.scopes);
        self.scopes.push(scope);
        let indent = self.indent;
        let result = match cast_query(arm) {
            Some(inner) => {
                let scope = Scope::of_query(inner, self.names, &self.scopes);
                self.scopes.push(scope);
                let result = self.arm(inner, columns);
                self.scopes.pop();
                result
            }
            None => self.arm(arm, columns),
        };
        self.indent = indent;
        self.scopes.pop();
        result
    }

    fn arm(&mut self, arm: &'a Query, columns: Columns<'_>) -> Result<()> {
        if let (Some(tree), false) = (&arm.set_operation, has_own_clauses(arm)) {
            return self.set_operation(tree, arm, columns);
        }
        let parens = has_own_clauses(arm);
        if parens {
            self.push("(");
        }
        self.select(arm, columns, true)?;
        if parens {
            self.push(")");
        }
        Ok(())
    }

    fn limits(&mut self, query: &'a Query) -> Result<()> {
        if let Some(offset) = &query.offset {
            self.clause(" OFFSET ", 0);
            self.expr(offset, false)?;
        }
        let Some(limit) = &query.limit else { return Ok(()) };
        if query.with_ties {
            self.clause(" FETCH FIRST (", 0);
            self.expr(limit, false)?;
            self.push(") ROWS WITH TIES");
            return Ok(());
        }
        self.clause(" LIMIT ", 0);
        if limit.is_null_const() {
            self.push("ALL");
            return Ok(());
        }
        self.expr(limit, false)
    }

    fn row_marks(&mut self, query: &Query) {
        for mark in query.row_marks.iter().filter(|m| !m.pushed_down) {
            self.clause(
                match mark.mode {
                    RowLockMode::KeyShare => " FOR KEY SHARE",
                    RowLockMode::Share => " FOR SHARE",
                    RowLockMode::NoKeyUpdate => " FOR NO KEY UPDATE",
                    RowLockMode::Update => " FOR UPDATE",
                },
                0,
            );
            let table = self.scope().table(mark.rel).unwrap_or_default().to_owned();
            self.push(&format!(" OF {}", quote_identifier(&table)));
            self.push(match mark.wait {
                LockWait::Block => "",
                LockWait::SkipLocked => " SKIP LOCKED",
                LockWait::NoWait => " NOWAIT",
            });
        }
    }
}

/// The rows of a query that is just VALUES, under the names VALUES gives its columns
/// (`get_simple_values_rte`).
fn plain_values<'a>(query: &'a Query, columns: Columns<'_>) -> Option<&'a [Vec<Expr>]> {
    let [entry] = query.range_table.as_slice() else { return None };
    let RangeSource::Values { rows, .. } = &entry.source else { return None };
    if query.targets.len() != entry.columns.len() || query.targets.iter().any(|t| t.resjunk) {
        return None;
    }
    let mut pairs = query.targets.iter().zip(&entry.columns).enumerate();
    pairs
        .all(|(at, (target, name))| {
            columns.view.and_then(|v| v.get(at)).unwrap_or(&target.name) == name
        })
        .then_some(rows.as_slice())
}

/// Clauses that would be read as the whole set operation's.
fn has_own_clauses(arm: &Query) -> bool {
    !arm.ctes.is_empty()
        || !arm.order_by.is_empty()
        || !arm.row_marks.is_empty()
        || arm.limit.is_some()
        || arm.offset.is_some()
}

/// The query in an arm that the binder wrapped to cast its columns: `SELECT cast(column), … FROM
/// (query)`, which nobody wrote.
fn cast_query(arm: &Query) -> Option<&Query> {
    let [entry] = arm.range_table.as_slice() else { return None };
    let RangeSource::Subquery { query, view: None } = &entry.source else { return None };
    let column = |(at, target): (usize, &TargetEntry)| {
        let attno = AttrNumber::try_from(at + 1).ok();
        matches!(without_implicit_cast(&target.expr), Expr::Var(v) if Some(v.attno) == attno)
    };
    let bare = entry.name == "unnamed_subquery"
        && arm.from.filter.is_none()
        && arm.distinct.is_empty()
        && arm.group_by.is_empty()
        && !has_own_clauses(arm)
        && query.output().count() == arm.targets.len();
    (bare && arm.targets.iter().enumerate().all(column)).then_some(query)
}

/// The operation at the top of an arm, if it is one.
fn operation(tree: &SetOperation, query: &Query) -> Option<(SetOperator, bool)> {
    match tree {
        SetOperation::Node { op, all, .. } => Some((*op, *all)),
        SetOperation::Leaf(rel) => {
            let RangeSource::Subquery { query: arm, .. } = &query.range(*rel).source else {
                return None;
            };
            let inner = cast_query(arm).filter(|q| !has_own_clauses(q))?;
            operation(inner.set_operation.as_ref()?, inner)
        }
    }
}

/// What an implicit cast was put around.
fn without_implicit_cast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Relabel(r) if r.form == CoercionForm::Implicit => &r.arg,
        Expr::CoerceViaIo(c) if c.form == CoercionForm::Implicit => &c.arg,
        Expr::ArrayCoerce(c) if c.form == CoercionForm::Implicit => &c.arg,
        Expr::CoerceToDomain(c) if c.form == CoercionForm::Implicit => &c.arg,
        Expr::Func(f) if f.form == CoercionForm::Implicit => f.args.first().unwrap_or(expr),
        _ => expr,
    }
}
