//! pg_default_acl: what ALTER DEFAULT PRIVILEGES has said.

use super::values::{acl, letter};
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |found: &crate::catalog::DefaultAcl| {
        vec![
            Datum::Oid(found.oid),
            Datum::Oid(found.role),
            Datum::Oid(found.namespace),
            letter(found.kind.letter()),
            acl(Some(&found.acl)),
        ]
    };
    cx.catalog.default_acls().map(|found| row(found)).collect()
}
