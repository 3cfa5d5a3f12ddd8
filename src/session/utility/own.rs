//! Statements that PostgreSQL does not have: who runs which, and those that are queries in disguise.
//!
//! SHOW STORAGES and DESCRIBE give the rows of a query of ours. It is written here with qualified
//! names, so that nobody's search_path changes its meaning.

use super::Outcome;
use crate::catalog::{Catalog, Column, Relation, builtin};
use crate::error::{PgError, Result, code};
use crate::exec::{ResultColumn, Row};
use crate::functions::quote_identifier;
use crate::session::Session;
use crate::session::client::OutputColumn;
use crate::session::settings::Scope;
use crate::sql::bind::ParamTypes;
use crate::sql::own::{Name, Own};
use crate::sql::{self, Statement};
use crate::types::{Datum, Oid, format_type, oids};
use std::sync::Arc;

const STORAGES: &str = "SELECT name, type, url, path_template, credentials, tables \
    FROM system.storages ORDER BY name";

const COLUMNS: &str = "SELECT a.attname::pg_catalog.text AS column_name, \
        pg_catalog.format_type(a.atttypid, a.atttypmod) AS data_type, \
        NOT a.attnotnull AS nullable, \
        pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS \"default\", \
        EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid OPERATOR(pg_catalog.=) a.attrelid \
            AND i.indisprimary AND a.attnum OPERATOR(pg_catalog.=) ANY (i.indkey)) AS primary_key, \
        pg_catalog.col_description(a.attrelid, a.attnum) AS comment \
    FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d \
        ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum \
    WHERE a.attrelid OPERATOR(pg_catalog.=) $1 AND a.attnum OPERATOR(pg_catalog.>) 0 \
        AND NOT a.attisdropped ORDER BY a.attnum";

const HISTORY: &str = "SELECT version, created_at, changes, column_count \
    FROM pg_catalog.schema_history($1::pg_catalog.oid::pg_catalog.regclass) ORDER BY version";

impl Session {
    pub(super) async fn run_own(&mut self, statement: &Statement, own: &Own) -> Result<Outcome> {
        match own {
            Own::CreateStorage(_) | Own::AlterStorage { .. } | Own::DropStorage { .. } => {
                self.define(statement).await
            }
            Own::ShowStorages => self.own_rows(own, STORAGES, &[]).await,
            Own::Describe { table, history } => {
                let table = self.relation_to_describe(table)?;
                match history {
                    true => self.own_rows(own, HISTORY, &[table.oid]).await,
                    false if is_own(&table) => self.describe_own(own, &table).await,
                    false => self.own_rows(own, COLUMNS, &[table.oid]).await,
                }
            }
            Own::Flush(target) => self.storage_flush(own, target).await,
            Own::Compact(target) => self.storage_compact(own, target).await,
            Own::KillJob { id } => self.kill_job_statement(*id),
            Own::UseNamespace { name } => self.use_namespace(name),
            Own::ExecuteAs { .. } => Err(PgError::internal("EXECUTE AS USER is a query")),
        }
    }

    /// The columns of its rows, for Describe.
    pub(in crate::session) fn own_columns(
        &mut self,
        own: &Own,
    ) -> Result<Option<Vec<ResultColumn>>> {
        let query = match own {
            Own::ShowStorages => STORAGES,
            Own::Describe { table, history } => {
                self.relation_to_describe(table)?;
                if *history { HISTORY } else { COLUMNS }
            }
            _ => return Ok(None),
        };
        let count = usize::from(query != STORAGES);
        let statement = own_query(query)?;
        let mut types = ParamTypes::Fixed(vec![oids::OID; count]);
        let planned = self.compile(statement.node(), &mut types).map_err(unplaced)?;
        Ok(Some(plain_columns(planned.plan.columns())))
    }

    /// Runs a query of ours to its end.
    async fn own_rows(&mut self, own: &Own, query: &str, params: &[Oid]) -> Result<Outcome> {
        let statement = own_query(query)?;
        let mut types = ParamTypes::Fixed(vec![oids::OID; params.len()]);
        let planned = self.compile(statement.node(), &mut types).map_err(unplaced)?;
        let columns = plain_columns(planned.plan.columns());
        let values = params.iter().map(|oid| Datum::Oid(*oid)).collect();
        let mut running = self.start_query(Arc::new(planned), values).await.map_err(unplaced)?;
        let types: Vec<OutputColumn> = crate::session::pipeline::output_columns(&columns, &[]);
        let rows = running.rows.drain(&types).await.map_err(unplaced)?;
        let tag = own.command().to_owned();
        Ok(Outcome::Rows { columns, rows, encodings: Vec::new(), tag })
    }

    /// A relation of the schema `system`, of which pg_attribute knows nothing.
    async fn describe_own(&mut self, own: &Own, relation: &Relation) -> Result<Outcome> {
        let outcome = self.own_rows(own, COLUMNS, &[relation.oid]).await?;
        let Outcome::Rows { columns, encodings, tag, .. } = outcome else { return Ok(outcome) };
        let row = |column: &Column| -> Row {
            let data_type = format_type(column.type_oid, column.typmod).unwrap_or_default();
            let nullable = Datum::Bool(!column.not_null);
            let no_key = Datum::Bool(false);
            let name = Datum::text(&*column.name);
            vec![name, Datum::text(data_type), nullable, Datum::Null, no_key, Datum::Null]
        };
        let rows = relation.live_columns().map(row).collect();
        Ok(Outcome::Rows { columns, rows, encodings, tag })
    }

    /// The relation that DESCRIBE names. Its shape is no secret, as in pg_attribute.
    fn relation_to_describe(&mut self, name: &Name) -> Result<Arc<Relation>> {
        let env = self.statement_env()?;
        self.relation_of(name, &env.catalog, &env.search_path)
    }

    /// The relation of a name, or the error that PostgreSQL has for it.
    pub(super) fn relation_of(
        &self,
        name: &Name,
        catalog: &Catalog,
        search_path: &[Oid],
    ) -> Result<Arc<Relation>> {
        let database = || catalog.database(catalog.database_oid());
        let (schema, table) = match name.parts.as_slice() {
            [table] => (None, table),
            [schema, table] => (Some(schema), table),
            [db, schema, table] if database().is_some_and(|d| d.name == *db) => {
                (Some(schema), table)
            }
            _ => {
                let message = format!(
                    "cross-database references are not implemented: {}",
                    name.parts.join(".")
                );
                let error = PgError::new(code::FEATURE_NOT_SUPPORTED, message);
                return Err(error.at(name.location));
            }
        };
        self.relation_in(schema.map(String::as_str), table, catalog, search_path)
            .map_err(|error| error.at(name.location))
    }

    /// USE: the namespace becomes the search path.
    fn use_namespace(&mut self, name: &str) -> Result<Outcome> {
        if self.statement_env()?.catalog.namespace_named(name).is_none() {
            let message = format!("schema \"{name}\" does not exist");
            return Err(PgError::new(code::INVALID_SCHEMA_NAME, message));
        }
        self.state.set("search_path", Some(&quote_identifier(name)), Scope::Session)?;
        Ok(Outcome::done("USE"))
    }
}

fn is_own(relation: &Relation) -> bool {
    relation.namespace == builtin::oid::SYSTEM
}

fn own_query(text: &str) -> Result<Statement> {
    let statement = sql::parse_often(&text.into())?.pop();
    statement.ok_or_else(|| PgError::internal("a query of ours is empty"))
}

/// Columns that name no table: they are of no query that the client wrote.
fn plain_columns(columns: &[ResultColumn]) -> Vec<ResultColumn> {
    columns.iter().map(|c| ResultColumn { table: 0, attno: 0, ..c.clone() }).collect()
}

/// An error without the position in a text that the client does not know.
fn unplaced(error: PgError) -> PgError {
    error.nowhere()
}
