//! Rows that PostgreSQL does not have: functions and settings of ours.
//!
//! They are added to the export where it is read, so that pg_proc and pg_settings show them too.

/// Rows of an exported catalog besides PostgreSQL's, in the form of the export and without a header.
pub(super) fn rows(name: &str) -> &'static str {
    match name {
        "pg_proc" => include_str!("own/pg_proc.tsv"),
        "pg_settings" => include_str!("own/pg_settings.tsv"),
        _ => "",
    }
}
