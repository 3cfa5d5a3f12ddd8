//! pg_settings: settings with their current values.

use super::values::{text, text_array, text_or_null};
use super::{Context, Row};
use crate::catalog::builtin::{self, Setting};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    builtin::settings().map(|setting| row(setting, cx)).collect()
}

fn row(s: &Setting, cx: &Context<'_>) -> Row {
    let current = cx.host.setting(s.name);
    let source = current.as_ref().map_or("default", |(_, source)| source);
    let value = current.as_ref().map(|(value, _)| value.as_str()).or(s.boot_value);
    let enum_values = match s.enum_values.is_empty() {
        true => Datum::Null,
        false => text_array(&s.enum_values),
    };
    vec![
        text(s.name),
        text_or_null(value),
        text_or_null(s.unit),
        text(s.category),
        text(s.short_desc),
        text_or_null(s.extra_desc),
        text(s.context),
        text(s.vartype),
        text(source),
        text_or_null(s.min),
        text_or_null(s.max),
        enum_values,
        text_or_null(s.boot_value),
        text_or_null(s.boot_value),
        Datum::Null,
        Datum::Null,
        Datum::Bool(false),
    ]
}
