//! Counters of the server (`pg_stat_get_…`), and what it has none of: WAL files, replication, other
//! servers' files. The statistics views of pg_catalog are made over them.
//!
//! Rows of tables, changes, scans and the ends of transactions are counted; nothing counts blocks and the like, which show as 0,
//! and times of what never happened are NULL.

use super::Implementation::{self, Scalar, Set};
use super::{Ctx, Env, Rows};
use crate::catalog::pg_catalog;
use crate::catalog::schema::{Activity, Count, DatabaseActivity, activity, database_activity};
use crate::catalog::{Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::types::network::Inet;
use crate::types::{Datum, Numeric, Oid, Record, oids};
use std::sync::Arc;

/// Functions of any arguments that give the same always.
macro_rules! constant {
    ($table:ident = $value:expr; $($name:literal)*) => {
        pub(super) const $table: &[(&str, Implementation)] = &[$(($name, Scalar(|_, _| Ok($value)))),*];
    };
}

constant! {
    ZERO = Datum::Int8(0);
    "pg_stat_get_autoanalyze_count" "pg_stat_get_autovacuum_count"
    "pg_stat_get_bgwriter_buf_written_checkpoints" "pg_stat_get_bgwriter_buf_written_clean"
    "pg_stat_get_bgwriter_maxwritten_clean" "pg_stat_get_bgwriter_requested_checkpoints"
    "pg_stat_get_bgwriter_timed_checkpoints" "pg_stat_get_blocks_fetched" "pg_stat_get_blocks_hit"
    "pg_stat_get_buf_alloc" "pg_stat_get_buf_fsync_backend" "pg_stat_get_buf_written_backend"
    "pg_stat_get_db_blocks_fetched" "pg_stat_get_db_blocks_hit" "pg_stat_get_db_conflict_all"
    "pg_stat_get_db_conflict_bufferpin" "pg_stat_get_db_conflict_lock"
    "pg_stat_get_db_conflict_snapshot" "pg_stat_get_db_conflict_startup_deadlock"
    "pg_stat_get_db_conflict_tablespace" "pg_stat_get_db_deadlocks" "pg_stat_get_db_sessions"
    "pg_stat_get_db_sessions_abandoned" "pg_stat_get_db_sessions_fatal"
    "pg_stat_get_db_sessions_killed" "pg_stat_get_db_temp_bytes" "pg_stat_get_db_temp_files"
    "pg_stat_get_db_tuples_deleted" "pg_stat_get_db_tuples_fetched"
    "pg_stat_get_db_tuples_inserted" "pg_stat_get_db_tuples_returned"
    "pg_stat_get_db_tuples_updated"
    "pg_stat_get_dead_tuples"
    "pg_stat_get_tuples_fetched"
    "pg_stat_get_tuples_hot_updated" "pg_stat_get_tuples_returned"
    "pg_stat_get_vacuum_count" "pg_stat_get_xact_blocks_fetched"
    "pg_stat_get_xact_blocks_hit" "pg_stat_get_xact_numscans" "pg_stat_get_xact_tuples_deleted"
    "pg_stat_get_xact_tuples_fetched" "pg_stat_get_xact_tuples_hot_updated"
    "pg_stat_get_xact_tuples_inserted" "pg_stat_get_xact_tuples_returned"
    "pg_stat_get_xact_tuples_updated"
}

constant! {
    ZERO_TIME = Datum::Float8(0.0);
    "pg_notification_queue_usage" "pg_stat_get_checkpoint_sync_time"
    "pg_stat_get_checkpoint_write_time" "pg_stat_get_db_active_time"
    "pg_stat_get_db_blk_read_time" "pg_stat_get_db_blk_write_time"
    "pg_stat_get_db_idle_in_transaction_time" "pg_stat_get_db_session_time"
}

constant! {
    NOTHING = Datum::Null;
    "pg_database_collation_actual_version" "pg_current_logfile"
    "pg_current_logfile_1arg" "pg_get_statisticsobjdef_expressions"
    "pg_last_wal_receive_lsn" "pg_last_wal_replay_lsn" "pg_last_xact_replay_timestamp"
    "pg_stat_get_bgwriter_stat_reset_time" "pg_stat_get_db_checksum_failures"
    "pg_stat_get_db_checksum_last_failure" "pg_stat_get_db_stat_reset_time"
    "pg_stat_get_function_calls" "pg_stat_get_function_self_time"
    "pg_stat_get_function_total_time"
    "pg_stat_get_last_autoanalyze_time" "pg_stat_get_last_autovacuum_time"
    "pg_stat_get_last_vacuum_time" "pg_stat_get_xact_function_calls"
    "pg_stat_get_xact_function_self_time" "pg_stat_get_xact_function_total_time"
    "pg_indexam_progress_phasename"
}

/// Functions of which the server has no rows to give.
macro_rules! empty {
    ($($name:literal)*) => {
        pub(super) const EMPTY: &[(&str, Implementation)] =
            &[$(($name, Set(|_, _| Ok(Box::new(std::iter::empty()))))),*];
    };
}

empty! {
    "pg_config" "pg_get_backend_memory_contexts" "pg_get_publication_tables"
    "pg_get_replication_slots" "pg_get_shmem_allocations" "pg_hba_file_rules"
    "pg_ident_file_mappings" "pg_prepared_xact" "pg_show_replication_origin_status"
    "pg_stat_get_progress_info" "pg_stat_get_recovery_prefetch" "pg_stat_get_slru"
    "pg_stat_get_subscription" "pg_stat_get_wal_senders" "pg_stats_ext_mcvlist_items"
    "show_all_file_settings"
}

/// Sessions in a database.
fn backends_in(env: &dyn Env, database: Oid) -> usize {
    env.catalog_host().activity().iter().filter(|a| a.database == database).count()
}

/// Rows of a table in both tiers.
fn live_rows(env: &dyn Env, oid: Oid) -> Result<i64> {
    let table = |relation: &&Arc<Relation>| relation.kind == RelationKind::Table;
    let Some(relation) = env.catalog().relation(oid).filter(table) else { return Ok(0) };
    if crate::catalog::Catalog::is_system(oid) {
        return Ok(0);
    }
    let sizes = env.catalog_host().tier_sizes(relation)?;
    Ok(i64::try_from(sizes.hot_rows + sizes.cold_rows).unwrap_or(i64::MAX))
}

/// What statements did with a table or index.
fn counted(count: fn(&Activity) -> u64) -> impl Fn(&[Datum]) -> Datum {
    move |a| int8(count(&activity(a[0].as_oid())))
}

fn int8(count: u64) -> Datum {
    Datum::Int8(i64::try_from(count).unwrap_or(i64::MAX))
}

/// How transactions in a database ended.
fn ended(of: fn(&DatabaseActivity) -> &Count) -> impl Fn(&[Datum]) -> Datum {
    move |a| int8(of(&database_activity(a[0].as_oid())).get())
}

/// Reads of a whole table, or by an index.
fn scans(env: &dyn Env, oid: Oid) -> Datum {
    let is_index = env.catalog().relation(oid).is_some_and(|r| r.kind == RelationKind::Index);
    let activity = activity(oid);
    int8(if is_index { activity.key_scans.get() } else { activity.scans.get() })
}

fn record(fields: Vec<(Oid, Datum)>) -> Datum {
    Datum::Record(Arc::new(Record::unnamed(fields)))
}

/// A record of zeros and NULLs, by the function's OUT columns.
fn unused(ctx: &Ctx<'_>) -> Datum {
    let columns = crate::catalog::builtin::proc(ctx.func).map(|p| p.out_columns());
    let zero = |type_oid: Oid| match type_oid {
        oids::INT8 => Datum::Int8(0),
        oids::FLOAT8 => Datum::Float8(0.0),
        oids::NUMERIC => Datum::Numeric(Numeric::from_i64(0)),
        _ => Datum::Null,
    };
    let columns = columns.into_iter().flatten().map(|column| column.1);
    record(columns.map(|type_oid| (type_oid, zero(type_oid))).collect())
}

/// The same, all NULL: there is none of what is asked for.
fn none(ctx: &Ctx<'_>) -> Datum {
    let columns = crate::catalog::builtin::proc(ctx.func).map(|p| p.out_columns());
    record(columns.into_iter().flatten().map(|column| (column.1, Datum::Null)).collect())
}

/// `pg_stat_get_activity`: one session, or all.
fn sessions(ctx: &Ctx<'_>, pid: &Datum) -> Rows {
    let wanted = match pid {
        Datum::Int4(pid) => Some(*pid),
        _ => None,
    };
    let mut sessions = ctx.env.catalog_host().activity();
    sessions.retain(|a| wanted.is_none_or(|pid| pid == a.pid));
    Box::new(sessions.into_iter().map(|a| Ok(session(&a))))
}

fn session(a: &pg_catalog::Activity) -> Vec<Datum> {
    let time = |t: Option<i64>| t.map_or(Datum::Null, Datum::TimestampTz);
    let (wait_type, wait) = a.wait_event();
    let shown = |name: Option<&'static str>| name.map_or(Datum::Null, Datum::text);
    let mut row = vec![
        Datum::Oid(a.database),
        Datum::Int4(a.pid),
        Datum::Oid(a.role),
        Datum::text(&*a.application_name),
        Datum::text(&*a.state),
        Datum::text(&*a.query),
        shown(wait_type),
        shown(wait),
        time(a.transaction_start),
        time(a.query_start),
        Datum::TimestampTz(a.backend_start),
        time(a.state_change),
        a.client_address.map_or(Datum::Null, |address| Inet::host(address).datum()),
        Datum::Null,
        Datum::Int4(a.client_port),
        Datum::Null,
        Datum::Null,
        Datum::text("client backend"),
        Datum::Bool(a.encryption.is_some()),
    ];
    row.extend(match &a.encryption {
        Some(tls) => [Datum::text(tls.version), Datum::text(tls.cipher), Datum::Int4(tls.bits)],
        None => [Datum::Null, Datum::Null, Datum::Null],
    });
    // The client's certificate; Kerberos; parallel workers and the query's number.
    row.extend([Datum::Null, Datum::Null, Datum::Null]);
    row.extend([Datum::Bool(false), Datum::Null, Datum::Bool(false), Datum::Null, Datum::Null]);
    row
}

/// There is no file of settings that are read while the server runs; who may have one read is PostgreSQL's
/// (`pg_proc.proacl`).
fn reload(ctx: &Ctx<'_>) -> Result<Datum> {
    let role = ctx.env.catalog().role(ctx.env.current_role());
    if role.is_some_and(|role| role.superuser) {
        return Ok(Datum::Bool(true));
    }
    let message = "permission denied for function pg_reload_conf";
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_stat_get_activity", Set(|c, a| Ok(sessions(c, &a[0])))),
    ("pg_stat_get_archiver", Scalar(|c, _| Ok(unused(c)))),
    (
        "pg_stat_get_db_numbackends",
        Scalar(|c, a| {
            let count = backends_in(c.env, a[0].as_oid());
            Ok(Datum::Int4(i32::try_from(count).unwrap_or(i32::MAX)))
        }),
    ),
    ("pg_stat_get_db_xact_commit", Scalar(|_, a| Ok(ended(|d| &d.commits)(a)))),
    ("pg_stat_get_db_xact_rollback", Scalar(|_, a| Ok(ended(|d| &d.rollbacks)(a)))),
    ("pg_stat_get_live_tuples", Scalar(|c, a| live_rows(c.env, a[0].as_oid()).map(Datum::Int8))),
    ("pg_stat_get_replication_slot", Scalar(|c, _| Ok(none(c)))),
    ("pg_stat_get_subscription_stats", Scalar(|c, _| Ok(none(c)))),
    ("pg_stat_get_wal", Scalar(|c, _| Ok(unused(c)))),
    ("pg_stat_get_wal_receiver", Scalar(|c, _| Ok(none(c)))),
    ("pg_reload_conf", Scalar(|c, _| reload(c))),
    ("pg_stat_reset", Scalar(|_, _| Ok(super::void()))),
    ("pg_stat_reset_shared", Scalar(|_, _| Ok(super::void()))),
    ("pg_stat_reset_single_table_counters", Scalar(|_, _| Ok(super::void()))),
    ("pg_stat_get_numscans", Scalar(|c, a| Ok(scans(c.env, a[0].as_oid())))),
    ("pg_stat_get_tuples_inserted", Scalar(|_, a| Ok(counted(|t| t.inserted.get())(a)))),
    ("pg_stat_get_ins_since_vacuum", Scalar(|_, a| Ok(counted(|t| t.inserted.get())(a)))),
    ("pg_stat_get_tuples_updated", Scalar(|_, a| Ok(counted(|t| t.updated.get())(a)))),
    ("pg_stat_get_tuples_deleted", Scalar(|_, a| Ok(counted(|t| t.deleted.get())(a)))),
    ("pg_stat_get_analyze_count", Scalar(|_, a| Ok(counted(|t| t.analyzed.get())(a)))),
    (
        "pg_stat_get_mod_since_analyze",
        Scalar(|_, a| Ok(counted(Activity::changed_since_analyze)(a))),
    ),
    (
        "pg_stat_get_last_analyze_time",
        Scalar(|_, a| {
            let at = activity(a[0].as_oid()).analyzed_at();
            Ok(at.map_or(Datum::Null, Datum::TimestampTz))
        }),
    ),
    ("pg_stat_clear_snapshot", Scalar(|_, _| Ok(super::void()))),
    ("pg_stat_force_next_flush", Scalar(|_, _| Ok(super::void()))),
    ("pg_stat_get_snapshot_timestamp", Scalar(|_, _| Ok(Datum::Null))),
];
