//! `pg_get_ruledef`.

use super::names::Names;
use super::scope::Scope;
use super::writer::Writer;
use crate::error::Result;
use crate::functions::{quote_identifier, quote_qualified};
use crate::types::Oid;

/// The rule as CREATE RULE takes it; the pretty form qualifies its table only where it has to.
pub(super) fn definition(names: &Names<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some((table, rule)) = names.catalog.rule(oid) else { return Ok(None) };
    let of = match pretty {
        true => names.relation(table),
        false => {
            let schema = names.catalog.namespace(table.namespace).map(|n| n.name.as_str());
            quote_qualified(schema, &table.name)
        }
    };
    let (name, event) = (quote_identifier(&rule.name), rule.event.word());
    let mut out = format!("CREATE RULE {name} AS\n    ON {event} TO {of}");
    if let Some(condition) = &rule.condition {
        let columns: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        let mut writer = Writer::new(names, Scope::of_rule(&columns), pretty);
        writer.expr(condition, false)?;
        out.push_str(&format!("\n   WHERE {}", writer.out));
    }
    out.push_str(if rule.instead { " DO INSTEAD NOTHING;" } else { " DO NOTHING;" });
    Ok(Some(out))
}
