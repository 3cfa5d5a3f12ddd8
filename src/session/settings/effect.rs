//! What setting a setting does here.
//!
//! Every setting that PostgreSQL lets a session change is one of three: it works; it steers only how
//! PostgreSQL gets a result (planner costs, JIT, its logs) and may be set freely because no result
//! depends on it; or it would change results in a way we do not have, and then only values that ask
//! for what we do are accepted. Nothing else is ever accepted and ignored.

use crate::catalog::builtin;
use crate::error::{PgError, Result};

/// Settings that work: every value does what it does in PostgreSQL.
const EFFECTIVE: &[&str] = &[
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "application_name",
    "bytea_output",
    "client_encoding",
    "client_min_messages",
    "deadlock_timeout",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "extra_float_digits",
    "force_parallel_mode",
    "lo_compat_privileges",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "log_parameter_max_length_on_error",
    "restrict_nonsystem_relation_kind",
    "row_security",
    "search_path",
    "statement_timeout",
    "synchronous_commit",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "work_mem",
    "xmlbinary",
    "xmloption",
];

/// Settings that steer how PostgreSQL gets a result, what it logs or what it counts. No result here
/// depends on them.
const INERT: &[&str] = &[
    "allow_in_place_tablespaces",
    "backend_flush_after",
    "backtrace_functions",
    "check_function_bodies",
    "client_connection_check_interval",
    "commit_delay",
    "commit_siblings",
    "compute_query_id",
    "constraint_exclusion",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "cursor_tuple_fraction",
    "debug_discard_caches",
    "debug_pretty_print",
    "debug_print_parse",
    "debug_print_plan",
    "debug_print_rewritten",
    "default_statistics_target",
    "default_text_search_config",
    "default_toast_compression",
    "dynamic_library_path",
    "effective_cache_size",
    "effective_io_concurrency",
    "enable_async_append",
    "enable_bitmapscan",
    "enable_gathermerge",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_incremental_sort",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_memoize",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_parallel_append",
    "enable_parallel_hash",
    "enable_partition_pruning",
    "enable_partitionwise_aggregate",
    "enable_partitionwise_join",
    "enable_seqscan",
    "enable_sort",
    "enable_tidscan",
    "escape_string_warning",
    "extension_destdir",
    "from_collapse_limit",
    "geqo",
    "geqo_effort",
    "geqo_generations",
    "geqo_pool_size",
    "geqo_seed",
    "geqo_selection_bias",
    "geqo_threshold",
    "gin_fuzzy_search_limit",
    "gin_pending_list_limit",
    "hash_mem_multiplier",
    "ignore_checksum_failure",
    "jit",
    "jit_above_cost",
    "jit_debugging_support",
    "jit_dump_bitcode",
    "jit_expressions",
    "jit_inline_above_cost",
    "jit_optimize_above_cost",
    "jit_profiling_support",
    "jit_tuple_deforming",
    "join_collapse_limit",
    "log_connections",
    "log_disconnections",
    "log_duration",
    "log_error_verbosity",
    "log_executor_stats",
    "log_lock_waits",
    "log_min_duration_sample",
    "log_min_duration_statement",
    "log_min_error_statement",
    "log_min_messages",
    "log_parameter_max_length",
    "log_parser_stats",
    "log_planner_stats",
    "log_replication_commands",
    "log_statement",
    "log_statement_sample_rate",
    "log_statement_stats",
    "log_temp_files",
    "log_transaction_sample_rate",
    "logical_decoding_work_mem",
    "maintenance_io_concurrency",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "max_stack_depth",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "plan_cache_mode",
    "post_auth_delay",
    "random_page_cost",
    "recursive_worktable_factor",
    "seq_page_cost",
    "stats_fetch_consistency",
    "synchronize_seqscans",
    "tcp_keepalives_count",
    "tcp_keepalives_idle",
    "tcp_keepalives_interval",
    "tcp_user_timeout",
    "temp_buffers",
    "temp_file_limit",
    "trace_notify",
    "trace_sort",
    "track_activities",
    "track_counts",
    "track_functions",
    "track_io_timing",
    "track_wal_io_timing",
    "update_process_title",
    "vacuum_cost_delay",
    "vacuum_cost_limit",
    "vacuum_cost_page_dirty",
    "vacuum_cost_page_hit",
    "vacuum_cost_page_miss",
    "vacuum_failsafe_age",
    "vacuum_freeze_min_age",
    "vacuum_freeze_table_age",
    "vacuum_multixact_failsafe_age",
    "vacuum_multixact_freeze_min_age",
    "vacuum_multixact_freeze_table_age",
    "wal_compression",
    "wal_consistency_checking",
    "wal_init_zero",
    "wal_recycle",
    "wal_sender_timeout",
    "wal_skip_threshold",
];

/// The values that ask for what this server does, of settings that have others, too.
fn supported_values(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "array_nulls" => &["on"],
        "backslash_quote" => &["safe_encoding", "off", "on"],
        "default_table_access_method" => &["heap"],
        "default_tablespace" | "temp_tablespaces" => &["", "pg_default"],
        "exit_on_error" => &["off"],
        "lc_messages" | "lc_monetary" | "lc_numeric" | "lc_time" => &["C", "POSIX", ""],
        "local_preload_libraries" | "session_preload_libraries" => &[""],
        "password_encryption" => &["scram-sha-256"],
        "quote_all_identifiers" => &["off"],
        "session_replication_role" => &["origin", "local"],
        "standard_conforming_strings" => &["on"],
        "timezone_abbreviations" => &["Default"],
        "transform_null_equals" => &["off"],
        "zero_damaged_pages" | "ignore_system_indexes" | "allow_system_table_mods" => &["off"],
        _ => return None,
    })
}

/// Checks that a session may give a setting this value; `name` in PostgreSQL's spelling.
pub fn check(name: &str, value: &str) -> Result<()> {
    let accepted = match supported_values(name) {
        Some(values) => values.contains(&value),
        None => {
            EFFECTIVE.contains(&name)
                || INERT.contains(&name)
                || builtin::is_extensions_setting(name)
        }
    };
    match accepted {
        true => Ok(()),
        false => Err(PgError::unsupported(format!("setting \"{name}\" to \"{value}\""))),
    }
}

/// Where this server's defaults differ from PostgreSQL's compiled-in ones, mostly because `initdb`
/// and `postgresql.conf` would have set them.
pub fn default_value(name: &str) -> Option<&'static str> {
    Some(match name {
        "client_encoding" | "server_encoding" => "UTF8",
        "lc_collate" | "lc_ctype" | "lc_messages" | "lc_monetary" | "lc_numeric" | "lc_time" => "C",
        "log_timezone" | "TimeZone" => "UTC",
        "default_text_search_config" => "pg_catalog.english",
        "ssl_library" => "rustls",
        _ => return None,
    })
}

/// The settings whose changes a client is told (manual, 55.2.7).
pub const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_of_a_session_is_of_one_kind() {
        let settable =
            |context| matches!(context, "user" | "superuser" | "backend" | "superuser-backend");
        for setting in builtin::settings().filter(|s| settable(s.context)) {
            let kinds = [
                EFFECTIVE.contains(&setting.name),
                INERT.contains(&setting.name),
                supported_values(setting.name).is_some(),
            ];
            let count = kinds.into_iter().filter(|kind| *kind).count();
            assert_eq!(count, 1, "{}", setting.name);
        }
    }
}
