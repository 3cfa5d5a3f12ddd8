//! Values of `name = value` options (`DefElem`), and the storage options of tables and indexes.

use crate::catalog::table_options;
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::DefElem;
use std::collections::BTreeMap;

/// An option's value as text, as `reloptions` keeps it; absent is `true`.
pub(super) fn text(value: Node<'_>) -> String {
    match value {
        Node::None => "true".to_owned(),
        Node::Integer(i) => i.ival.to_string(),
        Node::Float(f) => f.fval().unwrap_or_default().to_owned(),
        Node::Boolean(b) => if b.boolval { "true" } else { "false" }.to_owned(),
        Node::String(s) => s.sval().unwrap_or_default().to_owned(),
        Node::TypeName(t) => super::column::type_words(t).join("."),
        _ => String::new(),
    }
}

/// 22023 for a parameter that a relation does not have.
pub(super) fn unknown(element: &DefElem) -> PgError {
    let message = format!("unrecognized parameter \"{}\"", element.defname().unwrap_or_default());
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

/// `defGetInt64`.
pub(super) fn int8(name: &str, value: Node<'_>) -> Result<i64> {
    let needs = || {
        let message = format!("{name} requires a numeric value");
        PgError::new(code::SYNTAX_ERROR, message)
    };
    match value {
        Node::Integer(i) => Ok(i64::from(i.ival)),
        Node::Float(f) => {
            let text = f.fval().unwrap_or_default();
            text.parse().map_err(|_| {
                let message = format!("value \"{text}\" is out of range for type bigint");
                PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
            })
        }
        _ => Err(needs()),
    }
}

/// `defGetBoolean`.
pub(super) fn boolean(name: &str, value: Node<'_>) -> Result<bool> {
    let written = text(value).to_ascii_lowercase();
    match written.as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => {
            let message = format!("{name} requires a Boolean value");
            Err(PgError::new(code::SYNTAX_ERROR, message))
        }
    }
}

/// Storage options of a table, with their bounds; they are kept and shown, and have no effect where
/// the storage has no such thing.
const TABLE_OPTIONS: &[(&str, f64, f64)] = &[
    ("fillfactor", 10.0, 100.0),
    ("toast_tuple_target", 128.0, 8160.0),
    ("parallel_workers", 0.0, 1024.0),
    ("autovacuum_vacuum_threshold", 0.0, 2147483647.0),
    ("autovacuum_vacuum_insert_threshold", -1.0, 2147483647.0),
    ("autovacuum_analyze_threshold", 0.0, 2147483647.0),
    ("autovacuum_vacuum_cost_limit", 1.0, 10000.0),
    ("autovacuum_vacuum_cost_delay", 0.0, 100.0),
    ("autovacuum_vacuum_scale_factor", 0.0, 100.0),
    ("autovacuum_vacuum_insert_scale_factor", 0.0, 100.0),
    ("autovacuum_analyze_scale_factor", 0.0, 100.0),
    ("autovacuum_freeze_min_age", 0.0, 1000000000.0),
    ("autovacuum_freeze_max_age", 100000.0, 2000000000.0),
    ("autovacuum_freeze_table_age", 0.0, 2000000000.0),
    ("log_autovacuum_min_duration", -1.0, 2147483647.0),
];
const BOOLEAN_TABLE_OPTIONS: &[&str] =
    &["autovacuum_enabled", "vacuum_truncate", "user_catalog_table"];

/// Reads WITH (…) of a table into `options`; unknown names are 22023.
pub(super) fn table(element: &DefElem, options: &mut BTreeMap<String, String>) -> Result<()> {
    if element.defname() == Some("oids") && element.defnamespace().is_none() {
        if text(element.arg()).eq_ignore_ascii_case("false") {
            return Ok(());
        }
        let message = "tables declared WITH OIDS are not supported";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let name = element.defname().unwrap_or_default();
    if element.defnamespace().is_none() && table_options::is_own(name) {
        let value = table_options::check(name, &text(element.arg()))?;
        options.insert(name.to_owned(), value);
        return Ok(());
    }
    read(element, TABLE_OPTIONS, BOOLEAN_TABLE_OPTIONS, options)
}

/// Reads WITH (…) of an index of an access method.
pub(super) fn index(
    element: &DefElem,
    method: Oid,
    options: &mut BTreeMap<String, String>,
) -> Result<()> {
    let (numbers, booleans) = super::index_method::options(method);
    read(element, numbers, booleans, options)
}

fn read(
    element: &DefElem,
    numbers: &[(&str, f64, f64)],
    booleans: &[&str],
    options: &mut BTreeMap<String, String>,
) -> Result<()> {
    let name = element.defname().unwrap_or_default();
    if let Some(namespace) = element.defnamespace() {
        if namespace == "toast" {
            options.insert(format!("toast.{name}"), text(element.arg()));
            return Ok(());
        }
        let message = format!("unrecognized parameter namespace \"{namespace}\"");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    let value = text(element.arg());
    if let Some((_, min, max)) = numbers.iter().find(|(n, ..)| *n == name) {
        check_number(name, &value, *min, *max)?;
    } else if booleans.contains(&name) {
        boolean_option(name, &value)?;
    } else {
        let message = format!("unrecognized parameter \"{name}\"");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    options.insert(name.to_owned(), value);
    Ok(())
}

fn boolean_option(name: &str, value: &str) -> Result<()> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "false" | "on" | "off" | "yes" | "no" | "1" | "0" => Ok(()),
        _ => {
            let message = format!("invalid value for boolean option \"{name}\": {value}");
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
        }
    }
}

fn check_number(name: &str, value: &str, min: f64, max: f64) -> Result<()> {
    let Ok(number) = value.parse::<f64>() else {
        let message = format!("invalid value for integer option \"{name}\": {value}");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    };
    if (min..=max).contains(&number) {
        return Ok(());
    }
    let message = format!("value {value} out of bounds for option \"{name}\"");
    Err(PgError::new(code::INVALID_PARAMETER_VALUE, message)
        .detail(format!("Valid values are between \"{min}\" and \"{max}\".")))
}
