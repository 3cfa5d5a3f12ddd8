//! Expression trees, and bounds of partitions, as text: what `pg_node_tree` columns hold, for
//! `pg_get_expr` to read back.

use crate::catalog::PartitionBound;
use crate::error::{PgError, Result, code};
use crate::nodes::{Expr, json};
use crate::types::Datum;

/// The tree as a `pg_node_tree` value.
pub fn encode(expr: &Expr) -> Datum {
    // Bound trees serialise: their maps have string keys and they hold nothing else that JSON lacks.
    let json = json::write(expr).ok().and_then(|json| String::from_utf8(json).ok());
    json.map_or(Datum::Null, Datum::text)
}

/// Several trees as one. NULL for none.
pub fn encode_list(exprs: &[Expr]) -> Datum {
    match exprs {
        [] => Datum::Null,
        [only] => encode(only),
        many => {
            let json = json::write(&many).ok().and_then(|json| String::from_utf8(json).ok());
            json.map_or(Datum::Null, Datum::text)
        }
    }
}

/// What a bound's text begins with, as PostgreSQL's does.
const BOUND: &str = "{PARTITIONBOUNDSPEC ";

/// A bound as a `pg_node_tree` value.
pub fn encode_bound(bound: &PartitionBound) -> Datum {
    let json = serde_json::to_string(bound).ok();
    json.map_or(Datum::Null, |json| Datum::text(format!("{BOUND}{json}}}")))
}

/// Reads a bound back; `None`: the text is not one's.
pub fn decode_bound(tree: &str) -> Option<Result<PartitionBound>> {
    let json = tree.strip_prefix(BOUND)?.strip_suffix('}')?;
    Some(serde_json::from_str(json).map_err(|_| unreadable()))
}

/// Reads a tree back.
pub fn decode(tree: &str) -> Result<Expr> {
    json::read(tree.as_bytes()).map_err(|_| unreadable())
}

fn unreadable() -> PgError {
    let message = "invalid input for a value of type pg_node_tree";
    PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
}
