//! The elements of CREATE SCHEMA: statements that run inside the new schema, as its owner.
//!
//! They run by kind, so that those that may refer to others come later
//! (`transformCreateSchemaStmtElements`), with the new schema in front of the search path.

use super::DdlContext;
use crate::catalog::{Catalog, Namespace, pg_catalog};
use crate::error::{PgError, Result, code};
use crate::functions::{Env, SessionFunctions};
use crate::types::{Format, Oid};
use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::RangeVar;
use std::pin::Pin;
use std::sync::Arc;

/// Boxed, because an element's statement runs as the statement it is part of does.
pub(super) fn create<'a>(
    elements: &'a NodeList,
    schema: &'a Namespace,
    cx: &'a DdlContext<'_>,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(run(elements, schema, cx))
}

async fn run(elements: &NodeList, schema: &Namespace, cx: &DdlContext<'_>) -> Result<()> {
    let mut elements: Vec<_> = elements.iter().map(|node| (rank(node), node)).collect();
    if elements.is_empty() {
        return Ok(());
    }
    for (_, element) in &elements {
        check_schema(*element, schema)?;
    }
    elements.sort_by_key(|(rank, _)| *rank);
    let env: Arc<dyn Env> = Arc::new(InSchema::new(schema, cx.env.clone()));
    let inside = DdlContext { env: &env, ..*cx };
    for (_, element) in elements {
        super::execute_node(element, &inside).await?;
    }
    Ok(())
}

/// Sequences, tables, views, indexes, grants.
fn rank(element: Node<'_>) -> u8 {
    match element {
        Node::CreateSeqStmt(_) => 0,
        Node::CreateStmt(_) => 1,
        Node::ViewStmt(_) => 2,
        Node::IndexStmt(_) => 3,
        _ => 4,
    }
}

/// An element may name the new schema, but no other.
fn check_schema(element: Node<'_>, schema: &Namespace) -> Result<()> {
    let range: Option<&RangeVar> = match element {
        Node::CreateSeqStmt(s) => s.sequence(),
        Node::CreateStmt(s) => s.relation(),
        Node::ViewStmt(s) => s.view(),
        Node::IndexStmt(s) => s.relation(),
        _ => None,
    };
    match range.and_then(|range| range.schemaname()) {
        Some(other) if other != schema.name => {
            let message = format!(
                "CREATE specifies a schema ({other}) different from the one being created ({})",
                schema.name
            );
            Err(PgError::new(code::INVALID_SCHEMA_DEFINITION, message))
        }
        _ => Ok(()),
    }
}

/// A session's environment, with a new schema first in the search path and its owner at work.
#[derive(Clone)]
struct InSchema {
    outer: Arc<dyn Env>,
    owner: Oid,
    search_path: Vec<Oid>,
    /// The same as text.
    setting: String,
}

impl InSchema {
    fn new(schema: &Namespace, outer: Arc<dyn Env>) -> InSchema {
        let mut search_path = outer.search_path().to_vec();
        search_path.insert(0, schema.oid);
        let name = crate::functions::quote_identifier(&schema.name);
        let rest = outer.setting("search_path").unwrap_or_default();
        let setting = if rest.is_empty() { name.into_owned() } else { format!("{name}, {rest}") };
        InSchema { outer, owner: schema.owner, search_path, setting }
    }
}

impl Env for InSchema {
    fn format(&self) -> &Format {
        self.outer.format()
    }

    fn transaction_time(&self) -> i64 {
        self.outer.transaction_time()
    }

    fn statement_time(&self) -> i64 {
        self.outer.statement_time()
    }

    fn setting(&self, name: &str) -> Option<String> {
        match name {
            "search_path" => Some(self.setting.clone()),
            _ => self.outer.setting(name),
        }
    }

    fn catalog(&self) -> &Catalog {
        self.outer.catalog()
    }

    fn database(&self) -> Oid {
        self.outer.database()
    }

    fn current_role(&self) -> Oid {
        self.owner
    }

    fn session_role(&self) -> Oid {
        self.outer.session_role()
    }

    fn search_path(&self) -> &[Oid] {
        &self.search_path
    }

    fn acting(&self, role: Oid, search_path: Option<Vec<Oid>>) -> Arc<dyn Env> {
        let search_path = search_path.unwrap_or_else(|| self.search_path.clone());
        Arc::new(InSchema { owner: role, search_path, ..self.clone() })
    }

    fn session(&self) -> &dyn SessionFunctions {
        self.outer.session()
    }

    fn catalog_host(&self) -> &dyn pg_catalog::Host {
        self.outer.catalog_host()
    }
}
