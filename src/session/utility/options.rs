//! Options in parentheses: `EXPLAIN (ANALYZE, TIMING off)`, `VACUUM (FULL)`.

use crate::error::{PgError, Result, code};
use pg_raw_parse::{Node, nodes};

/// An option's value as a word; `None`: it has none.
pub(super) fn word(option: &nodes::DefElem) -> Option<String> {
    match option.arg() {
        Node::String(s) => s.sval().map(str::to_owned),
        Node::Boolean(b) => Some(b.boolval.to_string()),
        Node::Integer(n) => Some(n.ival.to_string()),
        Node::Float(n) => n.fval().map(str::to_owned),
        _ => None,
    }
}

/// An option that is on or off; without a value it is on.
pub(super) fn boolean(option: &nodes::DefElem) -> Result<bool> {
    let value = word(option);
    match value.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "on" | "1") => Ok(true),
        Some("false" | "off" | "0") => Ok(false),
        Some(_) => {
            let name = option.defname().unwrap_or_default();
            let message = format!("{name} requires a Boolean value");
            Err(PgError::new(code::SYNTAX_ERROR, message))
        }
    }
}

/// An option that `command` does not have.
pub(super) fn unrecognized(command: &str, option: &nodes::DefElem) -> PgError {
    let name = option.defname().unwrap_or_default();
    let message = format!("unrecognized {command} option \"{name}\"");
    PgError::new(code::SYNTAX_ERROR, message).at(option.location)
}
