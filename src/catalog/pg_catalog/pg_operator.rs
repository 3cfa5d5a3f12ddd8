//! pg_operator: the operators that users made, after PostgreSQL's own.

use super::values::{letter, text};
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    cx.catalog
        .user_operators()
        .map(|made| {
            let operator = &made.operator;
            vec![
                Datum::Oid(operator.oid),
                text(&operator.name),
                Datum::Oid(operator.namespace),
                Datum::Oid(made.owner),
                letter(if operator.left == 0 { b'l' } else { b'b' }),
                Datum::Bool(operator.can_merge),
                Datum::Bool(operator.can_hash),
                Datum::Oid(operator.left),
                Datum::Oid(operator.right),
                Datum::Oid(operator.result),
                Datum::Oid(operator.commutator),
                Datum::Oid(operator.negator),
                Datum::Oid(operator.proc),
                Datum::Oid(made.restrict),
                Datum::Oid(made.join),
            ]
        })
        .collect()
}
