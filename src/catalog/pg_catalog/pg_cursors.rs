//! pg_cursors: the session's open cursors.

use super::values::text;
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |c: super::Cursor| {
        vec![
            text(&c.name),
            text(&c.statement),
            Datum::Bool(c.is_holdable),
            Datum::Bool(c.is_binary),
            Datum::Bool(c.is_scrollable),
            Datum::TimestampTz(c.creation_time),
        ]
    };
    cx.host.cursors().into_iter().map(row).collect()
}
