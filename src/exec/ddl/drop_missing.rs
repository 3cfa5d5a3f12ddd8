//! DROP of kinds of objects that users cannot have here: with IF EXISTS it is a NOTICE, else the
//! error for an object that does not exist.

use super::DdlContext;
use super::names::strings;
use crate::error::{PgError, Result, code};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::DropStmt;
use pg_raw_parse::raw::ObjectType;

pub(super) fn execute(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let (kind, tag) = match statement.remove_type {
        ObjectType::OBJECT_MATVIEW => ("materialized view", "DROP MATERIALIZED VIEW"),
        ObjectType::OBJECT_FOREIGN_TABLE => ("foreign table", "DROP FOREIGN TABLE"),
        ObjectType::OBJECT_TYPE => ("type", "DROP TYPE"),
        ObjectType::OBJECT_DOMAIN => ("type", "DROP DOMAIN"),
        ObjectType::OBJECT_EXTENSION => ("extension", "DROP EXTENSION"),
        ObjectType::OBJECT_COLLATION => ("collation", "DROP COLLATION"),
        ObjectType::OBJECT_PUBLICATION => ("publication", "DROP PUBLICATION"),
        _ => return Err(PgError::unsupported("DROP of this kind of object")),
    };
    for node in statement.objects() {
        let name = match node {
            Node::String(s) => s.sval().unwrap_or_default().to_owned(),
            Node::TypeName(t) => super::column::type_words(t).join("."),
            other => other.as_node_list().map(strings).unwrap_or_default().join("."),
        };
        let message = format!("{kind} \"{name}\" does not exist");
        if !statement.missing_ok {
            let relation = kind.ends_with("view") || kind.ends_with("table");
            let code = if relation { code::UNDEFINED_TABLE } else { code::UNDEFINED_OBJECT };
            return Err(PgError::new(code, message));
        }
        cx.notice(format!("{message}, skipping"));
    }
    Ok(tag.to_owned())
}
