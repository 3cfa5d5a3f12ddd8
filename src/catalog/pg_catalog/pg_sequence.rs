//! pg_sequence: definitions of sequences.

use super::wanted::row;
use super::{Columns, Context, Row};
use crate::catalog::Relation;
use crate::types::Datum;

pub(super) fn rows(r: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let Some(info) = &r.sequence else { return };
    rows.push(row![columns;
        Datum::Oid(r.oid),
        Datum::Oid(info.type_oid),
        Datum::Int8(info.start),
        Datum::Int8(info.increment),
        Datum::Int8(info.max),
        Datum::Int8(info.min),
        Datum::Int8(info.cache),
        Datum::Bool(info.cycle),
    ]);
}
