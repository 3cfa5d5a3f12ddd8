//! What a utility statement will return, and its name in messages.

use super::text_column;
use super::variables::{show_all_columns, shown_name};
use crate::error::Result;
use crate::exec::ResultColumn;
use crate::session::Session;
use crate::session::settings::unrecognized;
use crate::sql::bind::ParamTypes;
use pg_raw_parse::Node;
use pg_raw_parse::raw::ObjectType;

impl Session {
    /// The columns of a utility statement's rows; `None`: it returns none.
    pub(in crate::session) fn utility_columns(
        &mut self,
        node: Node<'_>,
        params: &mut ParamTypes,
    ) -> Result<Option<Vec<ResultColumn>>> {
        Ok(match node {
            Node::VariableShowStmt(s) => Some(match s.name().unwrap_or_default() {
                "all" => show_all_columns(),
                name => {
                    self.state.show(name).ok_or_else(|| unrecognized(name))?;
                    vec![text_column(shown_name(name))]
                }
            }),
            Node::CallStmt(_) => self.call_columns(node, params)?,
            Node::ExplainStmt(s) => Some(self.explain_columns(s)),
            Node::FetchStmt(s) if !s.ismove => {
                self.cursor_columns(s.portalname().unwrap_or_default())
            }
            Node::ExecuteStmt(s) => {
                let prepared = self.find_prepared(s.name().unwrap_or_default())?;
                prepared.columns.as_ref().map(|c| c.to_vec())
            }
            _ => None,
        })
    }
}

/// A statement's name, as messages about read-only transactions have it.
pub(super) fn command_name(node: Node<'_>) -> &'static str {
    match node {
        Node::CreateStmt(_) => "CREATE TABLE",
        Node::CreateTableAsStmt(s) if s.objtype == ObjectType::OBJECT_MATVIEW => {
            "CREATE MATERIALIZED VIEW"
        }
        Node::RefreshMatViewStmt(_) => "REFRESH MATERIALIZED VIEW",
        Node::CreateTableAsStmt(_) => "CREATE TABLE AS",
        Node::SelectStmt(_) => "SELECT INTO",
        Node::IndexStmt(_) => "CREATE INDEX",
        Node::ViewStmt(_) => "CREATE VIEW",
        Node::CreateSeqStmt(_) => "CREATE SEQUENCE",
        Node::AlterSeqStmt(_) => "ALTER SEQUENCE",
        Node::CreateSchemaStmt(_) => "CREATE SCHEMA",
        Node::CreatedbStmt(_) => "CREATE DATABASE",
        Node::DropdbStmt(_) => "DROP DATABASE",
        Node::AlterTableStmt(_) | Node::RenameStmt(_) => "ALTER TABLE",
        Node::DropStmt(_) => "DROP TABLE",
        Node::TruncateStmt(_) => "TRUNCATE TABLE",
        Node::CommentStmt(_) => "COMMENT",
        Node::CreateRoleStmt(_) => "CREATE ROLE",
        Node::AlterRoleStmt(_) => "ALTER ROLE",
        Node::AlterDefaultPrivilegesStmt(_) => "ALTER DEFAULT PRIVILEGES",
        Node::GrantStmt(g) if g.is_grant => "GRANT",
        Node::GrantStmt(_) => "REVOKE",
        _ => "this statement",
    }
}
