//! Rules: a command on a table may become nothing, or nothing for some of its rows (`rewriteHandler.c`).
//!
//! ```text
//! CREATE RULE r AS ON INSERT TO t WHERE new.a > 10 DO INSTEAD NOTHING
//! INSERT INTO t SELECT x, y FROM s      →   INSERT INTO t SELECT x, y FROM s WHERE (x > 10) IS NOT TRUE
//! ```

use crate::catalog::rule::{NEW, OLD};
use crate::catalog::{Catalog, Relation, Rule, RuleEvent};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::Datum;
use std::sync::Arc;

/// What rules leave of a statement.
pub(super) enum Ruled {
    /// All of it.
    Same,
    /// Less.
    Changed(Box<Query>),
    Nothing,
}

pub(super) fn apply(query: &Query, catalog: &Catalog) -> Result<Ruled> {
    let mut ruled: Option<Box<Query>> = None;
    for (at, cte) in query.ctes.iter().enumerate() {
        match apply(&cte.query, catalog)? {
            Ruled::Same => {}
            Ruled::Changed(changed) => {
                ruled.get_or_insert_with(|| Box::new(query.clone())).ctes[at].query = changed;
            }
            Ruled::Nothing => {
                let message = "DO INSTEAD NOTHING rules are not supported for data-modifying \
                               statements in WITH";
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
            }
        }
    }
    let unchanged = |ruled: Option<Box<Query>>| Ok(ruled.map_or(Ruled::Same, Ruled::Changed));
    let Some((rel, table)) = ruled_target(query, catalog) else { return unchanged(ruled) };
    let Some(event) = RuleEvent::of(query.command) else { return Err(no_merge(table)) };
    if query.on_conflict.is_some() && table.rules.iter().any(|r| r.event == RuleEvent::Update) {
        let message = "INSERT with ON CONFLICT clause cannot be used with table that has INSERT or \
                       UPDATE rules";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let mut rules: Vec<&Rule> = table.rules.iter().filter(|rule| rule.replaces(event)).collect();
    if rules.is_empty() {
        return unchanged(ruled);
    }
    if !query.returning.is_empty() {
        return Err(no_returning(table, event));
    }
    if rules.iter().any(|rule| rule.condition.is_none()) {
        return Ok(Ruled::Nothing);
    }
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    let mut changed = ruled.unwrap_or_else(|| Box::new(query.clone()));
    for condition in rules.into_iter().filter_map(|rule| rule.condition.as_ref()) {
        let mut condition = condition.clone();
        condition.map_vars(0, &|var| of_query(var, query, rel, table));
        let spared =
            Expr::BooleanTest { arg: Box::new(condition), test: BoolTest::IsNotTrue, location: -1 };
        changed.from.filter = Some(match changed.from.filter.take() {
            Some(own) => Expr::Bool(BoolOp::And, vec![own, spared]),
            None => spared,
        });
    }
    Ok(Ruled::Changed(changed))
}

/// The target of a statement, if it has rules.
fn ruled_target<'c>(
    query: &Query,
    catalog: &'c Catalog,
) -> Option<(RangeIndex, &'c Arc<Relation>)> {
    let rel = query.result_relation?;
    let (RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. }) =
        query.range(rel).source
    else {
        return None;
    };
    let table = catalog.relation(oid)?;
    (!table.rules.is_empty()).then_some((rel, table))
}

/// What a column of OLD or NEW is in the statement.
fn of_query(var: &Var, query: &Query, rel: RangeIndex, table: &Relation) -> Option<Expr> {
    let old = |attno| Expr::Var(Var { rel, attno, ..var.clone() });
    let new = |attno: AttrNumber| {
        let assigned = query.targets.iter().find(|t| t.resno == attno && !t.resjunk);
        match assigned {
            Some(target) => target.expr.clone(),
            None if query.command == CommandType::Insert => Expr::Const(Const {
                value: Datum::Null,
                type_oid: var.type_oid,
                typmod: var.typmod,
                collation: var.collation,
                location: -1,
            }),
            None => old(attno),
        }
    };
    match (var.rel, var.attno) {
        (OLD, attno) => Some(old(attno)),
        (NEW, 0) => Some(Expr::Row(Box::new(RowExpr {
            args: table.live_columns().map(|c| new_column(c, &new)).collect(),
            type_oid: var.type_oid,
            column_names: table.live_columns().map(|c| c.name.clone()).collect(),
            form: CoercionForm::Implicit,
            location: -1,
        }))),
        (NEW, attno) => Some(new(attno)),
        _ => None,
    }
}

fn new_column(column: &crate::catalog::Column, new: &dyn Fn(AttrNumber) -> Expr) -> Expr {
    match new(column.attno) {
        // The variable was the row's, whose type these have not.
        Expr::Const(null) if null.value.is_null() => {
            Expr::Const(Const { type_oid: column.type_oid, typmod: column.typmod, ..null })
        }
        Expr::Var(var) if var.attno == column.attno => {
            Expr::Var(Var { type_oid: column.type_oid, typmod: column.typmod, ..var })
        }
        other => other,
    }
}

fn no_returning(table: &Relation, event: RuleEvent) -> PgError {
    let (word, name) = (event.word(), &table.name);
    let message = format!("cannot perform {word} RETURNING on relation \"{name}\"");
    PgError::new(code::FEATURE_NOT_SUPPORTED, message).hint(format!(
        "You need an unconditional ON {word} DO INSTEAD rule with a RETURNING clause."
    ))
}

fn no_merge(table: &Relation) -> PgError {
    let message = format!("cannot execute MERGE on relation \"{}\"", table.name);
    PgError::new(code::FEATURE_NOT_SUPPORTED, message)
        .detail("MERGE is not supported for relations with rules.")
}
