//! The text forms: compact with blanks after `,` and `:`, and pretty.

use super::{Jsonb, Node, View};
use crate::types::json::write_string;
use std::fmt::Write;

/// Blanks per level of the pretty form.
const INDENT: usize = 4;

impl Jsonb {
    /// `jsonb_out`: `{"a": [1, 2]}`.
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        self.root().write_text(&mut out);
        out
    }

    /// `jsonb_pretty`: an item per line.
    pub fn to_pretty(&self) -> String {
        let mut out = String::new();
        write_node(self.root(), Some(0), &mut out);
        out
    }
}

impl Node<'_> {
    /// Appends [`Jsonb::to_text`]'s form.
    pub fn write_text(self, out: &mut String) {
        write_node(self, None, out);
    }

    /// The node's text; a string's own text without quotes, as `->>` gives it. JSON null: `None`.
    pub fn as_text(self) -> Option<String> {
        match self.view() {
            View::Null => None,
            View::String(v) => Some(v.to_owned()),
            _ => {
                let mut out = String::new();
                self.write_text(&mut out);
                Some(out)
            }
        }
    }
}

/// `level`: nesting of the pretty form; `None`: compact.
fn write_node(node: Node<'_>, level: Option<usize>, out: &mut String) {
    match node.view() {
        View::Null => out.push_str("null"),
        View::Bool(v) => out.push_str(if v { "true" } else { "false" }),
        View::Number(v) => write!(out, "{v}").expect("writing to a string succeeds"),
        View::String(v) => write_string(v, out),
        View::Array(items) => nested('[', ']', items.iter(), level, out, |item, level, out| {
            write_node(item, level, out);
        }),
        View::Object(pairs) => {
            nested('{', '}', pairs.iter(), level, out, |(key, value), level, out| {
                write_string(key, out);
                out.push_str(": ");
                write_node(value, level, out);
            });
        }
    }
}

fn nested<T>(
    open: char,
    close: char,
    items: impl Iterator<Item = T>,
    level: Option<usize>,
    out: &mut String,
    write_item: impl Fn(T, Option<usize>, &mut String),
) {
    let inner = level.map(|l| l + 1);
    out.push(open);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(if level.is_some() { "," } else { ", " });
        }
        new_line(inner, out);
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || write_item(item, inner, out));
    }
    new_line(level, out);
    out.push(close);
}

fn new_line(level: Option<usize>, out: &mut String) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', level * INDENT));
    }
}
