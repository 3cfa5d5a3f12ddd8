//! From a bound query to a plan.

use crate::catalog::Catalog;
use crate::error::{PgError, Result};
use crate::nodes::{AttrNumber, CommandType, Query};
use crate::types::Oid;
use std::sync::Arc;

/// A column of a statement's result, as RowDescription shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultColumn {
    pub name: String,
    pub type_oid: Oid,
    pub typmod: i32,
    /// The table's OID and the column's number where it is a table's column; 0 where computed.
    pub table: Oid,
    pub attno: AttrNumber,
}

/// A statement, ready to run any number of times.
pub struct Plan {
    pub(super) command: CommandType,
    pub(super) columns: Vec<ResultColumn>,
}

impl Plan {
    /// The result's columns; empty for DML without RETURNING.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    pub fn command(&self) -> CommandType {
        self.command
    }

    /// The command tag after `rows` rows were returned or affected.
    pub fn tag(&self, rows: u64) -> String {
        match self.command {
            CommandType::Select => format!("SELECT {rows}"),
            CommandType::Insert => format!("INSERT 0 {rows}"),
            CommandType::Update => format!("UPDATE {rows}"),
            CommandType::Delete => format!("DELETE {rows}"),
        }
    }
}

/// Plans a query.
pub fn plan(query: &Query, _catalog: &Arc<Catalog>) -> Result<Arc<Plan>> {
    let columns = query.output().map(result_column).collect();
    let _ = PgError::unsupported("x");
    Ok(Arc::new(Plan { command: query.command, columns }))
}

fn result_column(target: &crate::nodes::TargetEntry) -> ResultColumn {
    ResultColumn {
        name: target.name.clone(),
        type_oid: target.expr.type_oid(),
        typmod: target.expr.typmod(),
        table: target.origin.0,
        attno: target.origin.1,
    }
}
