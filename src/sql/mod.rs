//! SQL text to bound trees, and back.
//!
//! [`parse()`] turns text into PostgreSQL's raw parse trees; [`bind`] resolves names, types and
//! functions against the catalog and gives [`crate::nodes`]. [`template`] finds out which texts differ
//! only in their numbers; [`own`] has the statements that PostgreSQL lacks.

mod apart;
pub mod bind;
pub mod deparse;
pub mod numbers;
pub mod own;
mod parse;
mod raw_error;
pub mod template;

pub use parse::{Statement, parse, parse_often};

use pg_raw_parse::nodes::{IntoClause, SelectStmt, SetOperation};

/// The SELECT that comes first in a set operation; any other SELECT itself.
pub fn first_select(select: &SelectStmt) -> &SelectStmt {
    let mut first = select;
    while first.op != SetOperation::SETOP_NONE
        && let Some(left) = first.larg()
    {
        first = left;
    }
    first
}

/// INTO, which a set operation has in its first SELECT.
pub fn into_clause(select: &SelectStmt) -> Option<&IntoClause> {
    first_select(select).into_clause()
}
