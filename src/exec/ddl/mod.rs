//! Data definition: one file per statement.
//!
//! A statement locks what it changes at PostgreSQL's level, looks at the catalog again (whoever held
//! the lock may have changed it), checks, and pushes changed objects to the transaction's
//! [`TxnCatalog`]. Rows are moved within the same transaction, so all of it rolls back.

mod alter_table;
mod cast;
mod check;
mod collation;
mod column;
mod comment;
mod constraint;
mod create_index;
mod create_schema;
mod create_table;
mod create_table_as;
mod database;
mod default;
mod default_privileges;
mod draft;
mod drop;
mod drop_missing;
mod extension;
mod foreign_key;
mod foreign_key_check;
mod grant;
mod grantor;
mod implicit_names;
mod index_def;
mod index_method;
mod inherit;
mod key;
mod large_object;
mod like;
mod located;
mod lock;
mod materialized_view;
mod names;
mod on_commit;
mod operator;
mod options;
mod owned;
mod owner;
mod partition;
mod policy;
mod privileges;
mod reindex;
mod rename;
mod role;
mod role_spec;
mod routine;
mod rows;
mod rule;
mod schema_elements;
mod sequence;
mod sequence_options;
mod serial;
mod set_schema;
mod storage;
mod stored_setting;
mod table_options;
mod table_part;
mod temporary;
mod truncate;
mod types;
mod untyped_list;
mod user_rows;
mod view;

pub use lock::storage_key;
pub use on_commit::before_commit;

use crate::catalog::{Catalog, TxnCatalog};
use crate::error::{PgError, Result, code};
use crate::exec::{CancelToken, StatementContext};
use crate::functions::Env;
use crate::sql::Statement;
use crate::sql::bind::BindContext;
use crate::storage::Txn;
use crate::types::{Datum, Oid};
use pg_raw_parse::Node;
use pg_raw_parse::raw::ObjectType;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a DDL statement may use; made by the session once per statement, inside
/// [`Txn::begin_statement`] and [`Txn::end_statement`].
pub struct DdlContext<'a> {
    pub txn: &'a Arc<Txn>,
    pub catalog: &'a TxnCatalog,
    pub env: &'a Arc<dyn Env>,
    pub cancel: &'a CancelToken,
    /// Bytes that one query (CREATE TABLE AS) may hold in sorts and hashes.
    pub memory_limit_bytes: usize,
    /// Sends an error's fields as a WARNING where they are one, else as a NOTICE.
    pub notice: &'a (dyn Fn(PgError) + Send + Sync),
    /// Inside BEGIN … COMMIT, or not the only statement of its query string.
    pub in_block: bool,
    /// Relations that open cursors of the session read.
    pub in_use: &'a BTreeSet<Oid>,
    /// What CREATE TABLE AS EXECUTE runs, or the statement's own query where it has parameters.
    pub prepared: Option<&'a PreparedQuery<'a>>,
    /// The `kind` that CREATE TABLE was given by a word before TABLE.
    pub table_kind: Option<&'a str>,
}

/// A prepared statement's query with its parameters.
pub struct PreparedQuery<'a> {
    pub query: Node<'a>,
    pub types: Vec<Oid>,
    pub params: Vec<Datum>,
}

impl DdlContext<'_> {
    /// The catalog as it is now; again after every wait for a lock.
    fn catalog(&self) -> Arc<Catalog> {
        self.catalog.current()
    }

    /// Binds names and expressions against a catalog.
    fn bind<'c>(&'c self, catalog: &'c Catalog) -> BindContext<'c> {
        BindContext { catalog, env: &**self.env }
    }

    /// What expressions and queries run in, over a catalog.
    fn statement(&self, catalog: &Arc<Catalog>) -> Result<Arc<StatementContext>> {
        self.statement_in(catalog, self.env.clone())
    }

    fn statement_in(
        &self,
        catalog: &Arc<Catalog>,
        env: Arc<dyn Env>,
    ) -> Result<Arc<StatementContext>> {
        Ok(Arc::new(StatementContext {
            txn: self.txn.clone(),
            view: self.txn.latest_view()?,
            catalog: catalog.clone(),
            env,
            cancel: self.cancel.clone(),
            memory_limit_bytes: self.memory_limit_bytes,
            force_parallel: false,
            measurements: None,
            functions: Default::default(),
        }))
    }

    /// Sends a plain NOTICE.
    fn notice(&self, message: impl Into<std::borrow::Cow<'static, str>>) {
        (self.notice)(PgError::new(code::SUCCESSFUL_COMPLETION, message));
    }
}

/// Runs a DDL statement; gives its command tag.
pub async fn execute(statement: &Statement, cx: &DdlContext<'_>) -> Result<String> {
    match statement.own() {
        Some(own) => storage::execute(own, cx).await,
        None => execute_node(statement.node(), cx).await,
    }
}

async fn execute_node(statement: Node<'_>, cx: &DdlContext<'_>) -> Result<String> {
    match statement {
        Node::CreateStmt(s) => create_table::execute(s, cx).await,
        Node::AlterTableStmt(s) => alter_table::execute(s, cx).await,
        Node::DropStmt(s) => drop::execute(s, cx).await,
        Node::IndexStmt(s) => create_index::execute(s, cx).await,
        Node::CreateSchemaStmt(s) => create_schema::execute(s, cx).await,
        Node::CreateSeqStmt(s) => sequence::create(s, cx).await,
        Node::AlterSeqStmt(s) => sequence::alter(s, cx).await,
        Node::ViewStmt(s) => view::execute(s, cx).await,
        Node::TruncateStmt(s) => truncate::execute(s, cx).await,
        Node::CreateTableAsStmt(s) if s.objtype == ObjectType::OBJECT_MATVIEW => {
            materialized_view::create(s, cx).await
        }
        Node::RefreshMatViewStmt(s) => materialized_view::refresh(s, cx).await,
        Node::CreateTableAsStmt(s) => create_table_as::execute(s, cx).await,
        Node::SelectStmt(s) if crate::sql::into_clause(s).is_some() => {
            create_table_as::select_into(s, cx).await
        }
        Node::RenameStmt(s) => rename::execute(s, cx).await,
        Node::AlterObjectSchemaStmt(s) => set_schema::execute(s, cx).await,
        Node::AlterOwnerStmt(s) => owner::execute(s, cx).await,
        Node::CreateRangeStmt(s) => types::create_range(s, cx).await,
        Node::CreateEnumStmt(s) => types::create_enum(s, cx).await,
        Node::CompositeTypeStmt(s) => types::create_composite(s, cx).await,
        Node::CreateDomainStmt(s) => types::create_domain(s, cx).await,
        Node::AlterDomainStmt(s) => types::alter_domain(s, cx).await,
        Node::AlterEnumStmt(s) => types::alter_enum(s, cx).await,
        Node::DefineStmt(s) => match s.kind {
            ObjectType::OBJECT_AGGREGATE => routine::create_aggregate(s, cx).await,
            ObjectType::OBJECT_OPERATOR => operator::create(s, cx).await,
            ObjectType::OBJECT_TYPE => Err(PgError::unsupported("a base type of the user")),
            ObjectType::OBJECT_COLLATION => collation::create(s, cx).await,
            _ => Err(PgError::unsupported("CREATE TEXT SEARCH")),
        },
        Node::AlterOperatorStmt(s) => operator::alter(s, cx),
        Node::AlterCollationStmt(s) => collation::refresh_version(s, cx),
        Node::CreateCastStmt(s) => cast::create(s, cx).await,
        Node::CreateFunctionStmt(s) => routine::create(s, cx).await,
        Node::AlterFunctionStmt(s) => routine::alter(s, cx),
        Node::CreatePolicyStmt(s) => policy::create(s, cx).await,
        Node::AlterPolicyStmt(s) => policy::alter(s, cx).await,
        Node::RuleStmt(s) => rule::create(s, cx).await,
        Node::CommentStmt(s) => comment::execute(s, cx).await,
        Node::ReindexStmt(s) => reindex::execute(s, cx).await,
        Node::CreatedbStmt(s) => database::create(s, cx).await,
        Node::AlterDatabaseStmt(s) => database::alter(s, cx),
        Node::AlterDatabaseSetStmt(s) => database::alter_set(s, cx),
        Node::DropdbStmt(s) => database::drop(s, cx).await,
        Node::CreateRoleStmt(s) => role::create(s, cx).await,
        Node::AlterRoleStmt(s) => role::alter(s, cx),
        Node::AlterRoleSetStmt(s) => role::alter_set(s, cx),
        Node::DropRoleStmt(s) => role::drop(s, cx).await,
        Node::GrantRoleStmt(s) => role::grant(s, cx),
        Node::CreateExtensionStmt(s) => extension::create(s, cx).await,
        Node::AlterExtensionStmt(s) => extension::update(s, cx).await,
        Node::DropOwnedStmt(s) => owned::drop_owned(s, cx).await,
        Node::ReassignOwnedStmt(s) => owned::reassign(s, cx).await,
        Node::AlterDefaultPrivilegesStmt(s) => default_privileges::alter(s, cx),
        Node::GrantStmt(s) => grant::execute(s, cx).await,
        other => Err(PgError::unsupported(statement_name(other))),
    }
}

/// The kind of a statement we have nothing for, for the error: `CREATE FUNCTION` of
/// `CreateFunctionStmt`.
fn statement_name(node: Node<'_>) -> String {
    let debug = format!("{node:?}");
    let name = debug.split(['(', ' ']).next().unwrap_or_default().trim_end_matches("Stmt");
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_uppercase());
    }
    words
}
