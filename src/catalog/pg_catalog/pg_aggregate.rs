//! pg_aggregate: the aggregates that users made, after PostgreSQL's own.

use super::values::{int2, letter, text_or_null};
use super::{Context, Row};
use crate::catalog::Function;
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    cx.catalog.functions().filter_map(|function| row(function)).collect()
}

fn row(function: &Function) -> Option<Row> {
    let info = function.aggregate.as_ref()?;
    let (steps, moving) = (&info.steps, info.moving.as_ref());
    let initial = moving.and_then(|moving| moving.initial.as_deref());
    Some(vec![
        Datum::Oid(function.proc.oid),
        letter(b'n'),
        int2(0),
        Datum::Oid(steps.transition),
        Datum::Oid(steps.final_func),
        Datum::Oid(info.combine),
        Datum::Oid(info.serialize),
        Datum::Oid(info.deserialize),
        Datum::Oid(moving.map_or(0, |moving| moving.transition)),
        Datum::Oid(info.inverse),
        Datum::Oid(moving.map_or(0, |moving| moving.final_func)),
        Datum::Bool(steps.final_extra),
        Datum::Bool(moving.is_some_and(|moving| moving.final_extra)),
        letter(steps.final_modify),
        letter(moving.map_or(b'r', |moving| moving.final_modify)),
        Datum::Oid(info.sort_operator),
        Datum::Oid(steps.state_type),
        Datum::Int4(steps.state_bytes),
        Datum::Oid(moving.map_or(0, |moving| moving.state_type)),
        Datum::Int4(moving.map_or(0, |moving| moving.state_bytes)),
        text_or_null(steps.initial.as_deref()),
        text_or_null(initial),
    ])
}
