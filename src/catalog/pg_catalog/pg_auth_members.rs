//! pg_auth_members: which role is a member of which.

use super::{Context, Row};
use crate::catalog::builtin::oid;
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for member in cx.catalog.roles() {
        for (role, admin) in &member.member_of {
            rows.push(vec![
                Datum::Oid(*role),
                Datum::Oid(member.oid),
                Datum::Oid(oid::SUPERUSER),
                Datum::Bool(*admin),
            ]);
        }
    }
    rows
}
