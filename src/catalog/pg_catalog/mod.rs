//! The relations of pg_catalog, made from the catalog snapshot when they are read.
//!
//! One file per relation: a function from a [`Context`] to rows in the relation's column order
//! (`psql \d pg_class` shows it; [`system_relation`](crate::catalog::builtin::system_relation) has
//! it). Rows of PostgreSQL's own objects come from the export, parsed once; a table without a file
//! has only those, and most such tables have none: they are of things that do not exist here, such
//! as publications. A view without a file is run as a view
//! ([`view_query`](crate::catalog::builtin::view_query)).
//!
//! [`scan()`] reads a relation: [`source`] says where its rows come from and by which columns they are
//! found, [`wanted`] what of them is made.

pub(super) mod builtin_rows;
mod finders;
mod members;
mod pg_aggregate;
mod pg_attrdef;
mod pg_attribute;
mod pg_auth_members;
mod pg_authid;
mod pg_cast;
mod pg_class;
mod pg_collation;
mod pg_constraint;
mod pg_cursors;
mod pg_database;
mod pg_db_role_setting;
mod pg_default_acl;
mod pg_depend;
mod pg_description;
mod pg_enum;
mod pg_extension;
mod pg_index;
mod pg_inherits;
mod pg_largeobject;
mod pg_locks;
mod pg_namespace;
mod pg_operator;
mod pg_partitioned_table;
mod pg_policy;
mod pg_prepared_statements;
mod pg_proc;
mod pg_range;
mod pg_rewrite;
mod pg_roles;
mod pg_sequence;
mod pg_settings;
mod pg_shdescription;
mod pg_stat_activity;
mod pg_stat_gssapi;
mod pg_stat_ssl;
pub mod pg_timezone;
mod pg_type;
mod scan;
mod source;
mod tree;
pub(super) mod values;
mod wanted;

pub use pg_rewrite::view_of_rule;
pub use scan::{Key, Matches, Scan, Test, about, estimated_rows, is_made, keys, read, scan};
pub use tree::{decode as decode_tree, decode_bound, encode as encode_tree};
pub use wanted::{Columns, KeyValues};

use super::system_schema::{JobRow, SegmentRow, TierSizes};
use super::{Catalog, Relation};
use crate::error::Result;
use crate::nodes::AttrNumber;
use crate::storage::large_object::{LargeObject, Page};
use crate::types::{Datum, Oid};
use std::net::IpAddr;

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
    /// `pg_get_expr` of a column's default.
    fn default_expression(&self, _table: Oid, _attno: AttrNumber) -> Result<Option<String>> {
        Ok(None)
    }
    /// `pg_get_expr` of a domain's default.
    fn domain_default(&self, _domain: Oid) -> Result<Option<String>> {
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
    /// The database's large objects, of these OIDs alone where some are given.
    fn large_objects(&self, _of: Option<&KeyValues>) -> Result<Vec<LargeObject>> {
        Ok(Vec::new())
    }
    fn large_object_pages(&self) -> Result<Vec<Page>> {
        Ok(Vec::new())
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
    pub client_address: Option<IpAddr>,
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

impl Activity {
    /// What the session waits for: type and name.
    pub fn wait_event(&self) -> (Option<&'static str>, Option<&'static str>) {
        match (self.waiting, self.state == "active") {
            (true, _) => (Some("Lock"), Some("relation")),
            (false, true) => (None, None),
            (false, false) => (Some("Client"), Some("ClientRead")),
        }
    }
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
    use crate::catalog::builtin::{self, oid};

    /// Every relation gives rows as wide as its shape says, without a panic.
    #[test]
    fn rows_have_the_shape_of_their_relation() {
        let catalog = bootstrap::catalog().for_database(bootstrap::POSTGRES);
        let cx = Context { catalog: &catalog, role: oid::SUPERUSER, host: &NoHost };
        for relation in builtin::system_relations().iter().filter(|r| is_made(r.oid)) {
            for row in read(relation.oid, None, &cx).unwrap() {
                assert_eq!(row.len(), relation.columns.len(), "{}", relation.name);
            }
        }
    }

    /// What a key finds among the export's rows is what a scan finds that tests each row.
    #[test]
    fn keys_find_the_rows_that_have_their_value() {
        let catalog = bootstrap::catalog().for_database(bootstrap::POSTGRES);
        let cx = Context { catalog: &catalog, role: oid::SUPERUSER, host: &NoHost };
        for relation in builtin::system_relations().iter().filter(|r| is_made(r.oid)) {
            for Key { column, .. } in keys(relation.oid).iter().copied() {
                let all = read(relation.oid, None, &cx).unwrap();
                let Some(value) = all.get(all.len() / 2).map(|row| row[column].clone()) else {
                    continue;
                };
                let key = KeyValues { column, values: vec![value.clone()] };
                let found = read(relation.oid, Some(&key), &cx).unwrap();
                let tested = all.iter().filter(|row| row[column] == value).count();
                let exact = found.iter().filter(|row| row[column] == value).count();
                assert_eq!(exact, tested, "{}", relation.name);
            }
        }
    }
}
