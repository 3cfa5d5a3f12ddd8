//! Functions and VALUES in FROM whose arguments refer to earlier items.
//!
//! They are planned as a LATERAL sub-query around themselves, so that references to the same query
//! level become outer references, which the joins above know how to bind:
//! `FROM u, jsonb_each(u.j)` is `FROM u, LATERAL (SELECT * FROM jsonb_each(u.j))`.

use crate::nodes::*;
use crate::types::{Oid, oids};

/// The sub-query to plan instead, if the entry refers to its own query level.
pub(super) fn as_subquery(entry: &RangeEntry) -> Option<Query> {
    let mut inner = entry.clone();
    let mut refers = false;
    for_each_argument(&mut inner.source, &mut |e| {
        refers |=
            e.any(&mut |e| matches!(e, Expr::Var(v) if v.level == 0 && v.rel != SUBLINK_RANGE));
    });
    if !refers {
        return None;
    }
    for_each_argument(&mut inner.source, &mut |e| e.shift_levels(1, 0));
    let mut query = Query::new(CommandType::Select);
    query.from.items = vec![FromItem::Range(1)];
    for (expr, attno) in column_vars(1, &inner.source).into_iter().zip(1..) {
        let name = inner.columns.get(attno as usize - 1).cloned().unwrap_or_default();
        query.targets.push(TargetEntry {
            expr,
            resno: attno,
            name,
            sort_group_ref: 0,
            origin: (0, 0),
            resjunk: false,
        });
    }
    inner.lateral = false;
    query.range_table.push(inner);
    Some(query)
}

fn for_each_argument(source: &mut RangeSource, f: &mut dyn FnMut(&mut Expr)) {
    match source {
        RangeSource::Function { functions, .. } => {
            functions.iter_mut().for_each(|function| f(&mut function.call));
        }
        RangeSource::Values { rows, .. } => rows.iter_mut().flatten().for_each(f),
        _ => {}
    }
}

/// The columns of an entry that is no relation and no join.
pub(super) fn column_vars(rel: RangeIndex, source: &RangeSource) -> Vec<Expr> {
    let var = |((type_oid, typmod), attno)| {
        Expr::Var(Var { rel, attno, type_oid, typmod, collation: 0, level: 0, location: -1 })
    };
    column_types(source).into_iter().zip(1..).map(var).collect()
}

pub(super) fn column_types(source: &RangeSource) -> Vec<(Oid, i32)> {
    match source {
        RangeSource::Function { functions, ordinality } => {
            let columns = functions.iter().flat_map(|f| &f.columns).map(|c| (c.1, c.2));
            columns.chain(ordinality.then_some((oids::INT8, -1))).collect()
        }
        RangeSource::Values { types, .. } | RangeSource::Cte { types, .. } => types.clone(),
        RangeSource::Subquery { query, .. } => {
            query.output().map(|t| (t.expr.type_oid(), t.expr.typmod())).collect()
        }
        _ => Vec::new(),
    }
}
