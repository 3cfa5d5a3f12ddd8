//! What setting a setting does here.
//!
//! Every setting that PostgreSQL lets a session change is one of three: it works; it steers only how
//! PostgreSQL gets a result (planner costs, JIT, its logs) and may be set freely because no result
//! depends on it; or it would change results in a way we do not have, and then only values that ask
//! for what we do are accepted. Nothing else is ever accepted and ignored.

use crate::error::{PgError, Result};

/// Checks that a session may give a setting this value; `name` in PostgreSQL's spelling.
pub fn check(name: &str, value: &str) -> Result<()> {
    let supported: &[&str] = match name {
        "array_nulls" => &["on"],
        "backslash_quote" => &["safe_encoding", "off", "on"],
        "client_encoding" => &["UTF8", "SQL_ASCII"],
        "default_table_access_method" => &["heap"],
        "default_tablespace" | "temp_tablespaces" => &["", "pg_default"],
        "exit_on_error" => &["off"],
        "lc_messages" | "lc_monetary" | "lc_numeric" | "lc_time" => &["C", "POSIX", ""],
        "local_preload_libraries" | "session_preload_libraries" => &[""],
        "password_encryption" => &["scram-sha-256"],
        "quote_all_identifiers" => &["off"],
        "restrict_nonsystem_relation_kind" => &[""],
        "session_replication_role" => &["origin", "local"],
        "standard_conforming_strings" => &["on"],
        "timezone_abbreviations" => &["Default"],
        "transform_null_equals" => &["off"],
        "zero_damaged_pages" | "ignore_system_indexes" | "allow_system_table_mods" => &["off"],
        _ => return Ok(()),
    };
    match supported.contains(&value) {
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
