//! pg_roles, pg_user, pg_shadow and pg_group: roles without their passwords, in three forms.

use super::values::{oid_array, options, text, text_or_null};
use super::{Context, Row};
use crate::catalog::Role;
use crate::types::Datum;

/// What stands for a password that is not shown.
const HIDDEN: &str = "********";

pub(super) fn roles(cx: &Context<'_>) -> Vec<Row> {
    let row = |r: &std::sync::Arc<Role>| {
        vec![
            text(&r.name),
            Datum::Bool(r.superuser),
            Datum::Bool(r.inherit),
            Datum::Bool(r.create_role),
            Datum::Bool(r.create_db),
            Datum::Bool(r.login),
            Datum::Bool(r.replication),
            Datum::Int4(r.connection_limit),
            text(HIDDEN),
            valid_until(r),
            Datum::Bool(r.bypass_rls),
            options(r.settings.iter()),
            Datum::Oid(r.oid),
        ]
    };
    cx.catalog.roles().map(row).collect()
}

/// pg_user: roles that can log in.
pub(super) fn users(cx: &Context<'_>) -> Vec<Row> {
    let roles = cx.catalog.roles().filter(|r| r.login);
    roles.map(|r| user(r, text(HIDDEN))).collect()
}

/// pg_shadow: the same with password verifiers.
pub(super) fn shadow(cx: &Context<'_>) -> Vec<Row> {
    let roles = cx.catalog.roles().filter(|r| r.login);
    roles.map(|r| user(r, text_or_null(r.password.as_deref()))).collect()
}

fn user(r: &Role, password: Datum) -> Row {
    vec![
        text(&r.name),
        Datum::Oid(r.oid),
        Datum::Bool(r.create_db),
        Datum::Bool(r.superuser),
        Datum::Bool(r.replication),
        Datum::Bool(r.bypass_rls),
        password,
        valid_until(r),
        options(r.settings.iter()),
    ]
}

/// pg_group: roles that cannot log in, with their members.
pub(super) fn groups(cx: &Context<'_>) -> Vec<Row> {
    let members = |group: &Role| {
        let of = cx.catalog.roles().filter(|r| r.member_of.contains_key(&group.oid));
        oid_array(of.map(|r| r.oid))
    };
    let roles = cx.catalog.roles().filter(|r| !r.login);
    roles.map(|r| vec![text(&r.name), Datum::Oid(r.oid), members(r)]).collect()
}

fn valid_until(role: &Role) -> Datum {
    role.valid_until.map_or(Datum::Null, Datum::TimestampTz)
}
