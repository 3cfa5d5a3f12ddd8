//! pg_cast: the casts that users made, after PostgreSQL's own.

use super::values::letter;
use super::{Context, Row};
use crate::catalog::builtin::{CastContext, CastMethod};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let casts = cx.catalog.user_casts().map(|made| &made.cast);
    casts
        .map(|cast| {
            vec![
                Datum::Oid(cast.oid),
                Datum::Oid(cast.source),
                Datum::Oid(cast.target),
                Datum::Oid(cast.func),
                letter(match cast.context {
                    CastContext::Implicit => b'i',
                    CastContext::Assignment => b'a',
                    CastContext::Explicit => b'e',
                }),
                letter(match cast.method {
                    CastMethod::Function => b'f',
                    CastMethod::InOut => b'i',
                    CastMethod::Binary => b'b',
                }),
            ]
        })
        .collect()
}
