//! pg_locks: locks held and waited for.

use super::values::text;
use super::{Context, Row};
use crate::storage::LockInfo;
use crate::types::Datum;

/// Kinds of advisory locks that users can take; others are names being taken by DDL.
const USER_KINDS: std::ops::RangeInclusive<u16> = 1..=2;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let shown = |l: &&LockInfo| l.advisory.is_none_or(|key| USER_KINDS.contains(&key.kind));
    cx.host.locks().iter().filter(shown).map(|lock| row(lock, cx)).collect()
}

fn row(l: &LockInfo, cx: &Context<'_>) -> Row {
    let oid = |value: Option<u32>| value.map_or(Datum::Null, Datum::Oid);
    let database = l.advisory.map_or(cx.catalog.database_oid(), |key| key.database);
    let kind = l.advisory.and_then(|key| i16::try_from(key.kind).ok());
    vec![
        text(l.lock_type),
        Datum::Oid(database),
        oid(l.relation),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        oid(l.advisory.map(|key| key.high)),
        oid(l.advisory.map(|key| key.low)),
        kind.map_or(Datum::Null, Datum::Int2),
        text(&format!("{}/0", l.session)),
        Datum::Int4(i32::try_from(l.session).unwrap_or(i32::MAX)),
        text(l.mode),
        Datum::Bool(l.granted),
        Datum::Bool(false),
        Datum::Null,
    ]
}
