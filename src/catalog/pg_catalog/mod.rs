//! The relations of pg_catalog, made from the catalog snapshot when they are read.
//!
//! One file per relation: a function from a [`Context`] to rows in the relation's column order
//! (`psql \d pg_class` shows it; [`builtin::system_relation`] has it). Rows of PostgreSQL's own
//! objects come from the export, parsed once; a relation without a file has only those, and most
//! such relations have none: they are of things that do not exist here, such as publications.

pub(super) mod builtin_rows;
mod pg_attrdef;
mod pg_attribute;
mod pg_auth_members;
mod pg_authid;
mod pg_class;
mod pg_constraint;
mod pg_cursors;
mod pg_database;
mod pg_db_role_setting;
mod pg_default_acl;
mod pg_depend;
mod pg_description;
mod pg_enum;
mod pg_index;
mod pg_indexes;
mod pg_locks;
mod pg_matviews;
mod pg_namespace;
mod pg_prepared_statements;
mod pg_proc;
mod pg_rewrite;
mod pg_roles;
mod pg_sequence;
mod pg_sequences;
mod pg_settings;
mod pg_shdescription;
mod pg_stat_activity;
mod pg_stat_gssapi;
mod pg_stat_ssl;
mod pg_tables;
pub mod pg_timezone;
mod pg_type;
mod pg_views;
mod statistics;
mod tree;
pub(super) mod values;

pub use pg_rewrite::view_of_rule;
pub use tree::{decode as decode_tree, encode as encode_tree};

use super::builtin::{self, oid};
use super::information_schema;
use super::system_schema::{self, JobRow, SegmentRow, TierSizes};
use super::{Catalog, Relation};
use crate::error::Result;
use crate::nodes::AttrNumber;
use crate::types::{Datum, Oid};

/// A row of a system relation.
pub type Row = Vec<Datum>;

/// What the rows are made from.
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    /// The current role: some relations show only what it may see.
    pub role: Oid,
    pub host: &'a dyn Host,
}

/// What the relations show that is not in the catalog: the server above it implements this. The
/// defaults are those of a server with nothing to say.
pub trait Host {
    /// `pg_get_viewdef`.
    fn view_definition(&self, _view: Oid) -> Result<Option<String>> {
        Ok(None)
    }
    /// `pg_get_indexdef`.
    fn index_definition(&self, _index: Oid) -> Result<Option<String>> {
        Ok(None)
    }
    /// `pg_get_constraintdef`.
    fn constraint_definition(&self, _constraint: Oid) -> Result<Option<String>> {
        Ok(None)
    }
    /// `pg_get_expr` of a column's default.
    fn default_expression(&self, _table: Oid, _attno: AttrNumber) -> Result<Option<String>> {
        Ok(None)
    }
    /// `pg_get_expr` of a domain's default.
    fn domain_default(&self, _domain: Oid) -> Result<Option<String>> {
        Ok(None)
    }
    /// A sequence's last value; `None` before its first.
    fn sequence_last_value(&self, _sequence: Oid) -> Result<Option<i64>> {
        Ok(None)
    }
    /// `reltuples`: rows as of the last ANALYZE, -1 unknown.
    fn row_count(&self, _relation: Oid) -> f32 {
        -1.0
    }
    /// A setting's current value and its source (`default`, `session`, …).
    fn setting(&self, _name: &str) -> Option<(String, &'static str)> {
        None
    }
    /// Running sessions.
    fn activity(&self) -> Vec<Activity> {
        Vec::new()
    }
    fn locks(&self) -> Vec<crate::storage::LockInfo> {
        Vec::new()
    }
    fn prepared_statements(&self) -> Vec<PreparedStatement> {
        Vec::new()
    }
    fn cursors(&self) -> Vec<Cursor> {
        Vec::new()
    }
    /// Jobs in the background, oldest first.
    fn jobs(&self) -> Vec<JobRow> {
        Vec::new()
    }
    /// The segments of all tables.
    fn segments(&self) -> Result<Vec<SegmentRow>> {
        Ok(Vec::new())
    }
    /// How much of a table is hot and cold.
    fn tier_sizes(&self, _table: &Relation) -> Result<TierSizes> {
        Ok(TierSizes::default())
    }
}

/// A server that has nothing to say.
pub struct NoHost;

impl Host for NoHost {}

/// A running session, as pg_stat_activity shows it. Times are microseconds since 2000-01-01 UTC.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    pub pid: i32,
    pub database: Oid,
    pub role: Oid,
    pub application_name: String,
    pub client_address: Option<String>,
    /// -1: a Unix socket.
    pub client_port: i32,
    /// `None`: in clear.
    pub encryption: Option<Encryption>,
    pub backend_start: i64,
    pub transaction_start: Option<i64>,
    pub query_start: Option<i64>,
    pub state_change: Option<i64>,
    /// `active`, `idle`, `idle in transaction`, …
    pub state: String,
    pub query: String,
    /// Waiting for a lock.
    pub waiting: bool,
}

/// How a connection is encrypted, in OpenSSL's words, as pg_stat_ssl shows it.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// `TLSv1.3`, …
    pub version: &'static str,
    pub cipher: &'static str,
    /// Of the cipher's key.
    pub bits: i32,
}

/// A prepared statement, as pg_prepared_statements shows it.
#[derive(Clone, Debug, Default)]
pub struct PreparedStatement {
    pub name: String,
    pub statement: String,
    pub prepare_time: i64,
    pub parameter_types: Vec<Oid>,
    /// By PREPARE, not by the protocol.
    pub from_sql: bool,
    pub generic_plans: i64,
    pub custom_plans: i64,
}

/// A cursor, as pg_cursors shows it.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    pub name: String,
    pub statement: String,
    pub is_holdable: bool,
    pub is_binary: bool,
    pub is_scrollable: bool,
    pub creation_time: i64,
}

/// The rows of a system relation, in its column order.
pub fn rows(relation: Oid, cx: &Context<'_>) -> Result<Vec<Row>> {
    let Some(relation) = builtin::system_relation(relation) else { return Ok(Vec::new()) };
    match relation.namespace {
        oid::PG_CATALOG => {}
        oid::SYSTEM => return system_schema::rows(relation, cx),
        _ => return information_schema::rows(relation, cx),
    }
    let own = match relation.name {
        "pg_attrdef" => pg_attrdef::rows(cx),
        "pg_attribute" => pg_attribute::rows(cx),
        "pg_class" => pg_class::rows(cx),
        "pg_constraint" => pg_constraint::rows(cx),
        "pg_depend" => pg_depend::rows(cx),
        "pg_description" => pg_description::rows(cx),
        "pg_enum" => pg_enum::rows(cx),
        "pg_index" => pg_index::rows(cx),
        "pg_proc" => pg_proc::rows(cx),
        "pg_type" => pg_type::rows(cx),
        // The relations below have no rows of the export's: all of theirs are made here.
        "pg_auth_members" => return Ok(pg_auth_members::rows(cx)),
        "pg_authid" => return Ok(pg_authid::rows(cx)),
        "pg_cursors" => return Ok(pg_cursors::rows(cx)),
        "pg_database" => return Ok(pg_database::rows(cx)),
        "pg_db_role_setting" => return Ok(pg_db_role_setting::rows(cx)),
        "pg_indexes" => return pg_indexes::rows(cx),
        "pg_matviews" => return pg_matviews::rows(cx),
        "pg_default_acl" => return Ok(pg_default_acl::rows(cx)),
        "pg_locks" => return Ok(pg_locks::rows(cx)),
        "pg_namespace" => return Ok(pg_namespace::rows(cx)),
        "pg_prepared_statements" => return Ok(pg_prepared_statements::rows(cx)),
        "pg_rewrite" => return Ok(pg_rewrite::rows(cx)),
        "pg_roles" => return Ok(pg_roles::roles(cx)),
        "pg_user" => return Ok(pg_roles::users(cx)),
        "pg_shadow" => return Ok(pg_roles::shadow(cx)),
        "pg_group" => return Ok(pg_roles::groups(cx)),
        "pg_sequence" => return Ok(pg_sequence::rows(cx)),
        "pg_sequences" => return pg_sequences::rows(cx),
        "pg_settings" => return Ok(pg_settings::rows(cx)),
        "pg_shdescription" => return Ok(pg_shdescription::rows(cx)),
        "pg_stat_activity" => return Ok(pg_stat_activity::rows(cx)),
        "pg_stat_gssapi" => return Ok(pg_stat_gssapi::rows(cx)),
        "pg_stat_ssl" => return Ok(pg_stat_ssl::rows(cx)),
        "pg_tables" => return Ok(pg_tables::rows(cx)),
        "pg_timezone_abbrevs" => return Ok(pg_timezone::abbreviations(now())),
        "pg_timezone_names" => return Ok(pg_timezone::names(now())),
        "pg_views" => return pg_views::rows(cx),
        _ => match statistics::rows(relation, cx) {
            Some(rows) => return Ok(rows),
            None => Vec::new(),
        },
    };
    let mut rows = builtin_rows::rows(relation).to_vec();
    rows.extend(own);
    Ok(rows)
}

/// Microseconds since 2000-01-01 UTC.
fn now() -> i64 {
    const UNIX_EPOCH_BEFORE_SECONDS: i64 = 946_684_800;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    micros - UNIX_EPOCH_BEFORE_SECONDS * 1_000_000
}

impl Context<'_> {
    /// The name of a role; its OID where it is gone.
    pub(super) fn role_name(&self, role: Oid) -> String {
        super::acl::role_name(self.catalog, role)
    }

    /// The name of a relation's schema.
    pub(super) fn schema_of(&self, relation: &Relation) -> &str {
        self.catalog.namespace(relation.namespace).map_or("", |n| n.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::bootstrap;

    /// Every relation gives rows as wide as its shape says, without a panic.
    #[test]
    fn rows_have_the_shape_of_their_relation() {
        let catalog = bootstrap::catalog().for_database(bootstrap::POSTGRES);
        let cx = Context { catalog: &catalog, role: oid::SUPERUSER, host: &NoHost };
        for relation in builtin::system_relations() {
            for row in rows(relation.oid, &cx).unwrap() {
                assert_eq!(row.len(), relation.columns.len(), "{}", relation.name);
            }
        }
    }
}
