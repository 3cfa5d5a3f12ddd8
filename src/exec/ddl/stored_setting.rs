//! Settings stored with a database or role: ALTER … SET and RESET.

use super::{DdlContext, options};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::functions::{is_name_list, quote_identifier};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::VariableSetStmt;
use pg_raw_parse::raw::VariableSetKind as Kind;
use std::collections::BTreeMap;

/// Applies SET or RESET to stored settings.
pub(super) fn apply(
    settings: &mut BTreeMap<String, String>,
    set: &VariableSetStmt,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if set.kind == Kind::VAR_RESET_ALL {
        settings.clear();
        return Ok(());
    }
    let written = set.name().unwrap_or_default();
    let name = match builtin::setting(written) {
        Some(setting) => setting.name,
        None if written.contains('.') => written,
        None => {
            let message = format!("unrecognized configuration parameter \"{written}\"");
            return Err(PgError::new(code::UNDEFINED_OBJECT, message));
        }
    };
    match set.kind {
        Kind::VAR_SET_VALUE => {
            let values = set.args().iter().map(|node| match (node, value(node)) {
                (Node::A_Const(_), text) if is_name_list(name) => {
                    quote_identifier(&text).into_owned()
                }
                (_, text) => text,
            });
            let values: Vec<String> = values.collect();
            let value = values.join(", ");
            cx.env.session().check_setting(name, &value)?;
            settings.insert(name.to_owned(), value);
        }
        Kind::VAR_SET_CURRENT => {
            let value = cx.env.setting(name).unwrap_or_default();
            settings.insert(name.to_owned(), value);
        }
        _ => {
            settings.remove(name);
        }
    }
    Ok(())
}

fn value(node: Node<'_>) -> String {
    use pg_raw_parse::ConstValue;
    match node {
        Node::A_Const(constant) => match constant.val() {
            Some(ConstValue::Integer(i)) => i.to_string(),
            Some(ConstValue::Float(text) | ConstValue::String(text)) => text.to_owned(),
            Some(ConstValue::Boolean(value)) => value.to_string(),
            _ => String::new(),
        },
        other => options::text(other),
    }
}
