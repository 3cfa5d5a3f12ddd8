//! The built-in functions' implementations.
//!
//! `pg_proc`'s rows come from PostgreSQL (see [`crate::catalog::builtin`]); a row is supported when
//! its `prosrc` (PostgreSQL's name for the C function, such as `int4pl`) has an implementation here.
//! Casts and operators call functions, so they need nothing more.
//!
//! A [`ScalarFn`] takes and gives [`Datum`]s of the types its `pg_proc` row declares. The caller
//! handles strictness: a strict function never sees NULL. Row programs call it directly; DataFusion
//! plans call it once per row of a batch unless `sql/plan` lowers the call to a vectorised kernel.

mod acl;
mod acl_input;
mod acl_items;
mod aggregate;
mod array;
mod backend_stats;
mod bits;
mod bytea;
mod cast;
mod catalog_rows;
mod collated;
mod comparison;
mod composite;
mod concat;
mod datetime;
mod describe;
mod encoding;
pub mod encoding_names;
mod enums;
mod extensions;
#[cfg(test)]
mod facts;
mod float;
mod float_text;
mod function_definition;
mod geometry;
mod has_privilege;
mod hash;
mod in_range;
mod index_property;
mod integer;
mod io;
mod json;
mod jsonpath;
mod keywords;
pub mod large_object;
mod libm;
mod like;
mod lsn;
mod macaddr;
mod math;
mod member_names;
mod money;
mod name_list;
mod network;
mod number_format;
mod numeric;
mod object_names;
mod partition;
pub mod pattern_prefix;
pub mod privileges;
mod quote;
pub mod random;
mod range;
mod record;
mod reg;
mod regex;
mod registry;
mod schema_history;
mod schema_types;
mod series;
mod server_stats;
mod session;
mod size;
mod split;
mod storage;
mod system;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod text_cast;
mod textsearch;
mod transfer;
mod trigonometry;
mod visibility;
mod xml;

pub use collated::{UnderCollation, needs_collation, under_collation, without_collation};
pub use io::{null_in, output, text_in, text_out};
pub use json::assign::set_element as set_jsonb_element;
pub use name_list::{is_name_list, split_identifiers};
pub use quote::{quote_identifier, quote_literal, quote_qualified};
pub use reg::text_search::{
    configuration_name as text_search_configuration_name,
    configuration_named as text_search_configuration_named,
};
pub use registry::{aggregate, lookup};
pub use transfer::{receive, send};
pub use xml::{concat as xml_concat, sql_value as xml_of_sql_value};

use crate::error::{PgError, Result, code};
use crate::storage::Txn;
use crate::types::{Datum, Format, Oid};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a function may ask of the statement that calls it. The session implements it; everything
/// here answers at once and never waits.
pub trait Env: Send + Sync {
    /// Settings that decide how values are read and written.
    fn format(&self) -> &Format;
    /// Start of the transaction, microseconds since 2000-01-01 UTC: `now()`.
    fn transaction_time(&self) -> i64;
    /// Arrival of the statement: `statement_timestamp()`.
    fn statement_time(&self) -> i64;
    /// The value of a setting (`current_setting`), `None` where unknown.
    fn setting(&self, name: &str) -> Option<String>;
    /// The catalog that the statement sees.
    fn catalog(&self) -> &crate::catalog::Catalog;
    /// The connected database's OID.
    fn database(&self) -> Oid;
    /// The current role (`current_user`) and the role that logged in (`session_user`).
    fn current_role(&self) -> Oid;
    fn session_role(&self) -> Oid;
    /// Existing schemas in the search path, in order, `pg_catalog` where it is implied.
    fn search_path(&self) -> &[Oid];
    /// The same statement with another role at work, and another search path if given.
    fn acting(&self, role: Oid, search_path: Option<Vec<Oid>>) -> std::sync::Arc<dyn Env>;
    /// The same statement in a function with these SET clauses; `None`: there is nothing to set.
    fn within(
        &self,
        _clauses: &BTreeMap<String, String>,
    ) -> Result<Option<std::sync::Arc<dyn Env>>> {
        Ok(None)
    }
    /// `set_config`; gives the new value.
    fn set_config(&self, name: &str, value: Option<&str>, local: bool) -> Result<String> {
        self.session().set_config(name, value, local)
    }
    /// Everything with a side effect or that belongs to one session or server: sequences, advisory
    /// locks, backend identity, set_config, notifications, random numbers' seed, large lookups.
    fn session(&self) -> &dyn SessionFunctions;
    /// Fails unless a domain allows a value of its base type.
    fn check_domain(&self, _domain: Oid, _value: &Datum) -> Result<()> {
        Ok(())
    }
    /// What pg_catalog shows of the running server: settings, sessions, locks, cursors.
    fn catalog_host(&self) -> &dyn crate::catalog::pg_catalog::Host {
        &crate::catalog::pg_catalog::NoHost
    }
}

/// The session's side of functions with effects. Methods are added as functions need them; each has
/// the error of the PostgreSQL function of its name.
pub trait SessionFunctions: Send + Sync {
    /// Fails if the statement is to stop. For what may take long on one row.
    fn check_for_interrupts(&self) -> Result<()> {
        Ok(())
    }
    fn nextval(&self, sequence: Oid) -> Result<i64>;
    fn currval(&self, sequence: Oid) -> Result<i64>;
    fn lastval(&self) -> Result<i64>;
    fn setval(&self, sequence: Oid, value: i64, is_called: bool) -> Result<i64>;
    fn set_config(&self, name: &str, value: Option<&str>, local: bool) -> Result<String>;
    /// Fails where a setting cannot have a value, or the user may not give it one.
    fn check_setting(&self, name: &str, value: &str) -> Result<()>;
    fn backend_pid(&self) -> i32;
    /// The client's address and the server's that it is connected to; `None`: a Unix socket.
    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        None
    }
    /// Waits for the lock unless `try_only`; whether it was got. `key` as PostgreSQL's two overloads
    /// encode it: (high, low, 1 for one bigint or 2 for two ints).
    fn advisory_lock(
        &self,
        key: (u32, u32, u16),
        shared: bool,
        transaction: bool,
        try_only: bool,
    ) -> Result<bool>;
    fn advisory_unlock(&self, key: (u32, u32, u16), shared: bool) -> Result<bool>;
    fn advisory_unlock_all(&self);
    fn notify(&self, channel: &str, payload: &str) -> Result<()>;
    fn sleep(&self, seconds: f64) -> Result<()>;
    /// State of `random()`: one sequence per session, restarted by `setseed`.
    fn random(&self) -> &parking_lot::Mutex<random::Generator>;
    /// The sequence's last value, `None` before its first `nextval` (`pg_sequence_last_value`).
    fn sequence_last_value(&self, sequence: Oid) -> Result<Option<i64>>;
    /// Bytes that a table or index takes in storage, itself only.
    fn relation_size(&self, relation: Oid) -> Result<i64>;
    /// Bytes that a database takes in storage.
    fn database_size(&self, database: Oid) -> Result<i64>;
    /// The transaction's 64-bit id; `assign` gives it one if it has none yet.
    fn transaction_id(&self, assign: bool) -> Result<Option<u64>>;
    /// Text of the simple query or extended statement being executed (`current_query`).
    fn query_text(&self) -> String;
    /// The number of the last commit; it never goes back.
    fn last_commit(&self) -> u64 {
        0
    }
    /// When the server started, microseconds since 2000-01-01 UTC.
    fn server_start_time(&self) -> i64;
    /// When the configuration was last read, microseconds since 2000-01-01 UTC.
    fn config_load_time(&self) -> i64;
    /// Backends that the given one waits for: `pg_blocking_pids`.
    fn blocking_backends(&self, pid: i32) -> Vec<i32>;
    /// Cancels the backend's statement, or ends the session; whether there is such a backend.
    fn signal_backend(&self, pid: i32, terminate: bool) -> Result<bool>;
    /// Channels the session listens on, in LISTEN order.
    fn listening_channels(&self) -> Vec<String>;
    /// The session's temporary schema, if it has one.
    fn temp_schema(&self) -> Option<Oid>;
    /// Deparse helpers (`pg_get_viewdef`, `pg_get_expr`, …): the text of a stored expression or
    /// query, PostgreSQL's pretty-printing flags as they are.
    fn deparse(&self, what: Deparse<'_>, pretty: bool) -> Result<Option<String>>;
    /// The storage key of the table's row that a cursor stands on (WHERE CURRENT OF); `None`: it has
    /// no row of the table there.
    fn cursor_row(&self, cursor: &str, _table: Oid, _table_name: &str) -> Result<Option<Vec<u8>>> {
        Err(no_such_cursor(cursor))
    }
    /// Flushes or compacts a table, or all that the current role owns; the rows that changed their
    /// place.
    fn storage_action(&self, _action: StorageAction, _table: Option<Oid>) -> Result<i64> {
        Err(PgError::unsupported("moving rows between tiers"))
    }
    /// Stops a job; `false`: there is none that has not ended.
    fn kill_job(&self, _job: i64) -> Result<bool> {
        Ok(false)
    }
    /// Lends the transaction's snapshot to others; its name (`pg_export_snapshot`).
    fn export_snapshot(&self) -> Result<String> {
        Err(PgError::unsupported("exporting a snapshot"))
    }
    /// The open transaction.
    fn transaction(&self) -> Result<Arc<Txn>> {
        Err(PgError::unsupported("what needs a session, in a statement without one"))
    }
    /// Waits until no other transaction writes a large object, and keeps others from it.
    fn lock_large_object(&self, _object: Oid) -> Result<()> {
        Err(PgError::unsupported("what needs a session, in a statement without one"))
    }
    /// Sends a WARNING to the client.
    fn warning(&self, _code: crate::error::SqlState, _message: String) {}
    /// Sends a NOTICE with these fields to the client.
    fn send_notice(&self, _fields: PgError) {}
}

/// What is done to a table's rows in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageAction {
    Flush,
    Compact,
}

/// What to turn back into SQL.
pub enum Deparse<'a> {
    View(Oid),
    Index {
        index: Oid,
        column: i32,
    },
    /// Of a table or a domain.
    Constraint(Oid),
    /// One that a user has made.
    Rule(Oid),
    /// PARTITION BY's key with its strategy.
    PartitionKey(Oid),
    /// One column or expression of it, from 0.
    PartitionColumn {
        table: Oid,
        at: usize,
    },
    /// What is true of a partition's rows.
    PartitionConstraint(Oid),
    DomainDefault(Oid),
    /// The body of a function where it is in the SQL standard's form.
    FunctionBody(Oid),
    /// A stored expression in `pg_node_tree` form, of the columns of a relation.
    Expr {
        tree: &'a str,
        relation: Oid,
    },
}

/// What a call knows besides its arguments.
pub struct Ctx<'a> {
    pub env: &'a dyn Env,
    /// The call's `pg_proc` OID.
    pub func: Oid,
    /// Actual types of the arguments (polymorphic functions look here).
    pub arg_types: &'a [Oid],
    /// Actual type of the result.
    pub result_type: Oid,
    /// `f(VARIADIC array)` of a function declared `VARIADIC "any"`: the last argument is the array.
    pub variadic: bool,
    /// The columns (name, type, typmod) of a function in FROM: its OUT columns, or what a column
    /// definition list says.
    pub columns: &'a [(String, Oid, i32)],
}

/// A function of one row.
pub type ScalarFn = fn(&Ctx<'_>, &[Datum]) -> Result<Datum>;

/// The rows of a set-returning function; one column for a scalar set, else the OUT columns.
pub type Rows = Box<dyn Iterator<Item = Result<Vec<Datum>>> + Send>;

/// A function that returns a set.
pub type SetFn = fn(&Ctx<'_>, &[Datum]) -> Result<Rows>;

/// What computes a `pg_proc` row of kind `f` (a plain function).
#[derive(Clone, Copy)]
pub enum Implementation {
    Scalar(ScalarFn),
    Set(SetFn),
}

/// One group's state of an aggregate. NULL inputs reach it only if the aggregate is not strict in
/// PostgreSQL's sense (its transition function).
pub trait AggregateState: Send + Sync {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()>;
    /// The value so far; called repeatedly by window frames.
    fn finish(&self, ctx: &Ctx<'_>) -> Result<Datum>;
    /// Undoes [`AggregateState::update`] for moving window frames; `false`: cannot, start again.
    fn retract(&mut self, _ctx: &Ctx<'_>, _args: &[Datum]) -> Result<bool> {
        Ok(false)
    }
    /// The state as values with their types, for [`AggregateState::merge`]; `None`: all input must
    /// go to one state.
    fn partial(&self, _ctx: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        None
    }
    /// Takes in the values that another state's [`AggregateState::partial`] gave.
    fn merge(&mut self, _ctx: &Ctx<'_>, _partial: Vec<Datum>) -> Result<()> {
        Err(PgError::internal("an aggregate that cannot be merged"))
    }
    /// Bytes held, for memory limits.
    fn size(&self) -> usize;
}

/// Makes an aggregate's state. For ordered-set aggregates `args` of `update` are the aggregated
/// arguments in WITHIN GROUP order, and `direct` the direct arguments' values.
pub type AggregateFn = fn(ctx: &Ctx<'_>, direct: &[Datum]) -> Result<Box<dyn AggregateState>>;

/// 34000.
pub(crate) fn no_such_cursor(name: &str) -> PgError {
    PgError::new(code::INVALID_CURSOR_NAME, format!("cursor \"{name}\" does not exist"))
}

/// The value of a function that returns `void`, which clients see as an empty string.
pub(crate) fn void() -> Datum {
    Datum::text("")
}
