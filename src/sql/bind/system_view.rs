//! PostgreSQL's system views that are run as views: their queries, bound once and kept.
//!
//! They name objects of pg_catalog and information_schema only, which are the same in all databases
//! and never change, so one bound query serves everybody.

use super::{BindContext, bind_view};
use crate::catalog::builtin::{self, oid};
use crate::catalog::{Catalog, Relation, RelationKind, pg_catalog};
use crate::error::{PgError, Result};
use crate::functions::{Env, SessionFunctions};
use crate::nodes::Query;
use crate::types::{Format, Oid};
use dashmap::DashMap;
use std::sync::{Arc, LazyLock};

static BOUND: LazyLock<DashMap<Oid, Arc<Query>>> = LazyLock::new(DashMap::new);

/// The query of a system view; `None` for other relations, and for views whose rows code makes.
pub(super) fn query(relation: &Relation, context: &BindContext<'_>) -> Result<Option<Query>> {
    if relation.kind != RelationKind::View
        || !Catalog::is_system(relation.oid)
        || pg_catalog::is_made(relation.oid)
    {
        return Ok(None);
    }
    if let Some(bound) = BOUND.get(&relation.oid) {
        return Ok(Some((**bound).clone()));
    }
    let Some(text) = builtin::view_query(relation.oid) else { return Ok(None) };
    let statement = crate::sql::parse(text)?.pop();
    let statement = statement.ok_or_else(|| PgError::internal("a system view without a query"))?;
    let env = InPgCatalog(context.env);
    let context = BindContext { catalog: context.catalog, env: &env };
    let query = bind_view(statement.node(), &context)?;
    BOUND.insert(relation.oid, Arc::new(query.clone()));
    Ok(Some(query))
}

/// An environment in which only pg_catalog's names are found.
struct InPgCatalog<'a>(&'a dyn Env);

impl Env for InPgCatalog<'_> {
    fn format(&self) -> &Format {
        self.0.format()
    }

    fn transaction_time(&self) -> i64 {
        self.0.transaction_time()
    }

    fn statement_time(&self) -> i64 {
        self.0.statement_time()
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.0.setting(name)
    }

    fn catalog(&self) -> &Catalog {
        self.0.catalog()
    }

    fn database(&self) -> Oid {
        self.0.database()
    }

    /// The views' owner may use everything.
    fn current_role(&self) -> Oid {
        oid::SUPERUSER
    }

    fn session_role(&self) -> Oid {
        oid::SUPERUSER
    }

    fn search_path(&self) -> &[Oid] {
        &[oid::PG_CATALOG]
    }

    fn acting(&self, role: Oid, search_path: Option<Vec<Oid>>) -> Arc<dyn Env> {
        self.0.acting(role, search_path)
    }

    fn session(&self) -> &dyn SessionFunctions {
        self.0.session()
    }
}
