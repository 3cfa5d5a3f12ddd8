//! system.users: roles that may log in; for who is no superuser, the own one.

use super::is_superuser;
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("name", oids::NAME),
    ("superuser", oids::BOOL),
    ("create_db", oids::BOOL),
    ("create_role", oids::BOOL),
    ("connection_limit", oids::INT4),
    ("valid_until", oids::TIMESTAMPTZ),
    ("comment", oids::TEXT),
];

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let users = cx.catalog.roles().filter(|role| role.login);
    let shown = users.filter(|role| role.oid == cx.role || is_superuser(cx));
    shown
        .map(|role| {
            vec![
                values::text(&role.name),
                Datum::Bool(role.superuser),
                Datum::Bool(role.create_db),
                Datum::Bool(role.create_role),
                Datum::Int4(role.connection_limit),
                role.valid_until.map_or(Datum::Null, Datum::TimestampTz),
                values::text_or_null(role.comment.as_deref()),
            ]
        })
        .collect()
}
