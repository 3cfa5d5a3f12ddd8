//! Expression trees as text: what `pg_node_tree` columns hold, for `pg_get_expr` to read back.

use crate::error::{PgError, Result, code};
use crate::nodes::{Expr, json};
use crate::types::Datum;

/// The tree as a `pg_node_tree` value.
pub fn encode(expr: &Expr) -> Datum {
    // Bound trees serialise: their maps have string keys and they hold nothing else that JSON lacks.
    let json = json::write(expr).ok().and_then(|json| String::from_utf8(json).ok());
    json.map_or(Datum::Null, Datum::text)
}

/// Reads a tree back.
pub fn decode(tree: &str) -> Result<Expr> {
    json::read(tree.as_bytes()).map_err(|_| {
        let message = "invalid input for a value of type pg_node_tree";
        PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
    })
}
