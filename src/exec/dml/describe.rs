//! Values in constraint errors, as PostgreSQL words them.

use super::Target;
use crate::catalog::schema::IndexSchema;
use crate::exec::ExecState;
use crate::functions::Deparse;
use crate::functions::text_out;
use crate::nodes::AttrNumber;
use crate::types::{Datum, Oid};

/// Bytes of a column shown in "Failing row contains".
const FIELD_BYTES_MAX: usize = 64;

/// `Failing row contains (1, null, abc).`: columns that are not dropped, long values cut. Who may not
/// read the table sees `(b) = (1)`, the columns that it may read or has given itself
/// (`ExecBuildSlotValueDescription`).
pub(super) fn failing_row(target: &Target, state: &ExecState, row: &[Datum]) -> Option<String> {
    if target.is_policed(state) {
        return None;
    }
    let whole = target.may_read(state);
    let readable = |attno: AttrNumber| target.may_read_column(state, attno);
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for column in target.schema.relation.live_columns() {
        if whole || target.assigned.contains(&column.attno) || readable(column.attno) {
            names.push(quoted(&column.name));
            values.push(clipped(value(state, column.type_oid, &row[column.attno as usize - 1])));
        }
    }
    let (names, values) = (names.join(", "), values.join(", "));
    match whole {
        true => Some(format!("Failing row contains ({values}).")),
        false if names.is_empty() => None,
        false => Some(format!("Failing row contains ({names}) = ({values}).")),
    }
}

/// `(a, b)=(1, x)` of an index's key columns.
pub(super) fn index_key(
    target: &Target,
    state: &ExecState,
    index: &IndexSchema,
    values: &[Datum],
) -> String {
    let columns = index.key_columns().iter().zip(1..);
    let names = columns.map(|(column, position)| match column.attno {
        1.. => quoted(&target.relation().column(column.attno).name),
        _ => {
            let what = Deparse::Index { index: index.relation.oid, column: position };
            let text = state.env().session().deparse(what, true);
            text.ok().flatten().unwrap_or_else(|| "expr".into())
        }
    });
    let types = index.key_columns().iter().map(|c| c.type_oid);
    key(state, names, types, values)
}

/// An identifier as SQL would have it.
pub(super) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    match starts && name.chars().all(plain) {
        true => name.to_string(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// `(a, b)=(1, x)` of named columns.
pub(super) fn key(
    state: &ExecState,
    names: impl Iterator<Item = String>,
    types: impl Iterator<Item = Oid>,
    values: &[Datum],
) -> String {
    let names = names.collect::<Vec<_>>().join(", ");
    let values: Vec<_> = types.zip(values).map(|(t, v)| value(state, t, v)).collect();
    format!("({names})=({})", values.join(", "))
}

fn value(state: &ExecState, type_oid: Oid, value: &Datum) -> String {
    if value.is_null() {
        return "null".into();
    }
    let mut out = Vec::new();
    text_out(state.env(), type_oid, value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A value's text, cut where it is long.
pub(super) fn clipped(mut text: String) -> String {
    if text.len() > FIELD_BYTES_MAX {
        text.truncate(text.floor_char_boundary(FIELD_BYTES_MAX));
        text.push_str("...");
    }
    text
}
