//! Data definition: one file per statement.
//!
//! A statement locks what it changes at PostgreSQL's level, looks at the catalog again (whoever held
//! the lock may have changed it), checks, and pushes changed objects to the transaction's
//! [`TxnCatalog`]. Rows are moved within the same transaction, so all of it rolls back.

mod check;
mod column;
mod constraint;
mod create_table;
mod default;
mod draft;
mod foreign_key;
mod implicit_names;
mod index_def;
mod key;
mod like;
mod lock;
mod names;
mod options;
mod privileges;
mod sequence_options;
mod serial;
mod temporary;

use crate::catalog::{Catalog, TxnCatalog};
use crate::error::{PgError, Result, code};
use crate::exec::CancelToken;
use crate::functions::Env;
use crate::sql::Statement;
use crate::sql::bind::BindContext;
use crate::storage::Txn;
use pg_raw_parse::Node;
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
    /// Sends a NOTICE (an error's fields; code 00000) or, with another code, a WARNING.
    pub notice: &'a (dyn Fn(PgError) + Send + Sync),
    /// Inside BEGIN … COMMIT, or not the only statement of its query string.
    pub in_block: bool,
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

    /// Sends a plain NOTICE.
    fn notice(&self, message: impl Into<std::borrow::Cow<'static, str>>) {
        (self.notice)(PgError::new(code::SUCCESSFUL_COMPLETION, message));
    }
}

/// Runs a DDL statement; gives its command tag.
pub async fn execute(statement: &Statement, cx: &DdlContext<'_>) -> Result<String> {
    match statement.node() {
        Node::CreateStmt(s) => create_table::execute(s, cx).await,
        other => Err(PgError::unsupported(statement_name(other))),
    }
}

/// The kind of a statement we have nothing for, for the error.
fn statement_name(node: Node<'_>) -> String {
    let debug = format!("{node:?}");
    let name = debug.split(['(', ' ']).next().unwrap_or_default();
    name.trim_end_matches("Stmt").to_owned()
}
