//! pg_stat_ssl: how each client's connection is encrypted.
//!
//! Clients prove who they are by passwords only: none has a certificate.

use super::values::text;
use super::{Activity, Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    cx.host.activity().iter().map(row).collect()
}

fn row(a: &Activity) -> Row {
    let mut row = vec![Datum::Int4(a.pid), Datum::Bool(a.encryption.is_some())];
    match &a.encryption {
        Some(tls) => row.extend([text(tls.version), text(tls.cipher), Datum::Int4(tls.bits)]),
        None => row.extend([Datum::Null, Datum::Null, Datum::Null]),
    }
    row.extend([Datum::Null, Datum::Null, Datum::Null]);
    row
}
