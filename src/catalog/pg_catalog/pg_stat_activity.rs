//! pg_stat_activity: running sessions.

use super::values::{text, text_or_null};
use super::{Activity, Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    cx.host.activity().iter().map(|a| row(a, cx)).collect()
}

fn row(a: &Activity, cx: &Context<'_>) -> Row {
    let time = |t: Option<i64>| t.map_or(Datum::Null, Datum::TimestampTz);
    let database = cx.catalog.database(a.database).map(|d| d.name.as_str());
    let (wait_type, wait) = a.wait_event();
    vec![
        Datum::Oid(a.database),
        text_or_null(database),
        Datum::Int4(a.pid),
        Datum::Null,
        Datum::Oid(a.role),
        text(&cx.role_name(a.role)),
        text(&a.application_name),
        text_or_null(a.client_address.as_deref()),
        Datum::Null,
        Datum::Int4(a.client_port),
        Datum::TimestampTz(a.backend_start),
        time(a.transaction_start),
        time(a.query_start),
        time(a.state_change),
        text_or_null(wait_type),
        text_or_null(wait),
        text(&a.state),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        text(&a.query),
        text("client backend"),
    ]
}
