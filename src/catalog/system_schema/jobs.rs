//! system.jobs: what was done in the background, oldest first.
//!
//! Jobs of the database's tables, and those of the whole server.

use super::{int8, is_mine, is_superuser};
use crate::catalog::acl;
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("job_id", oids::INT8),
    ("type", oids::TEXT),
    ("status", oids::TEXT),
    ("table", oids::TEXT),
    ("requested_by", oids::TEXT),
    ("created_at", oids::TIMESTAMPTZ),
    ("started_at", oids::TIMESTAMPTZ),
    ("finished_at", oids::TIMESTAMPTZ),
    ("rows", oids::INT8),
    ("bytes", oids::INT8),
    ("attempts", oids::INT4),
    ("message", oids::TEXT),
];

/// A job. Times are microseconds since 2000-01-01 UTC.
#[derive(Clone, Debug)]
pub struct JobRow {
    pub id: i64,
    pub kind: &'static str,
    pub status: &'static str,
    /// The database and the table; `None`: the whole server.
    pub table: Option<(Oid, Oid)>,
    /// Qualified, as it was when the job was asked for.
    pub table_name: Option<String>,
    /// Who asked for it; `None`: a policy.
    pub role: Option<Oid>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub rows: u64,
    pub bytes: u64,
    pub attempts: u32,
    pub message: Option<String>,
}

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    cx.host.jobs().iter().filter(|job| is_shown(job, cx)).map(|job| row(job, cx)).collect()
}

fn is_shown(job: &JobRow, cx: &Context<'_>) -> bool {
    let here = cx.catalog.database_oid();
    if job.table.is_some_and(|(database, _)| database != here) {
        return false;
    }
    let table = job.table.and_then(|(_, table)| cx.catalog.relation(table));
    is_superuser(cx)
        || table.is_some_and(|table| is_mine(table, cx))
        || job.role.is_some_and(|role| acl::has_privileges_of(cx.catalog, cx.role, role))
}

fn row(job: &JobRow, cx: &Context<'_>) -> Row {
    let time = |time: Option<i64>| time.map_or(Datum::Null, Datum::TimestampTz);
    vec![
        Datum::Int8(job.id),
        values::text(job.kind),
        values::text(job.status),
        values::text_or_null(job.table_name.as_deref()),
        job.role.map_or(Datum::Null, |role| values::text(&cx.role_name(role))),
        Datum::TimestampTz(job.created_at),
        time(job.started_at),
        time(job.finished_at),
        int8(job.rows),
        int8(job.bytes),
        Datum::Int4(i32::try_from(job.attempts).unwrap_or(i32::MAX)),
        values::text_or_null(job.message.as_deref()),
    ]
}
