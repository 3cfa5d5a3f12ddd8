//! pg_db_role_setting: ALTER DATABASE … SET and ALTER ROLE … SET.

use super::values::options;
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let databases = cx.catalog.databases().filter(|d| !d.settings.is_empty());
    let databases =
        databases.map(|d| vec![Datum::Oid(d.oid), Datum::Oid(0), options(d.settings.iter())]);
    let roles = cx.catalog.roles().filter(|r| !r.settings.is_empty());
    let roles = roles.map(|r| vec![Datum::Oid(0), Datum::Oid(r.oid), options(r.settings.iter())]);
    databases.chain(roles).collect()
}
