//! pg_sequence: definitions of sequences.

use super::{Context, Row};
use crate::catalog::SequenceInfo;
use crate::types::{Datum, Oid};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let sequences = cx.catalog.relations().filter_map(|r| Some((r.oid, r.sequence.as_ref()?)));
    sequences.map(|(oid, info)| row(oid, info)).collect()
}

fn row(oid: Oid, info: &SequenceInfo) -> Row {
    vec![
        Datum::Oid(oid),
        Datum::Oid(info.type_oid),
        Datum::Int8(info.start),
        Datum::Int8(info.increment),
        Datum::Int8(info.max),
        Datum::Int8(info.min),
        Datum::Int8(info.cache),
        Datum::Bool(info.cycle),
    ]
}
