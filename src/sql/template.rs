//! Statements that differ only in their numbers.
//!
//! Clients of the simple protocol write values into the text, so hardly two texts are the same. What
//! they mean is, but for the values:
//!
//! ```text
//!   UPDATE t SET a = a + 17 WHERE id = 4    ─┐
//!   UPDATE t SET a = a + 5 WHERE id = 2000  ─┴▶  UPDATE t SET a = a + $1 WHERE id = $2
//! ```
//!
//! [`Template::of`] makes the text with parameters without parsing: it knows the few tokens that such
//! statements are made of, and gives up where there is anything else. A number in a text can be more
//! than a value (a column's position in ORDER BY, the length of a type), and constants are computed
//! when a statement is planned, also where it would never run into them. So a template may stand for
//! its texts only if it binds, and if [`stands_for_its_texts`] finds each parameter in a place where
//! neither matters.

use crate::nodes::{Expr, FuncCall, Query, RangeSource};
use crate::types::Oid;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Longer texts are seldom the same but for their numbers.
const TEXT_BYTES_MAX: usize = 4096;
const VALUES_MAX: usize = 64;

/// A text whose numbers became parameters of type `integer`, and those numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Template {
    pub text: String,
    pub values: Vec<i32>,
}

impl Template {
    /// The template of a single SELECT, INSERT, UPDATE or DELETE; `None` where it is not made of
    /// plain tokens.
    pub fn of(text: &str) -> Option<Template> {
        let text = text.trim_ascii();
        let text = text.strip_suffix(';').unwrap_or(text).trim_ascii_end();
        let first = run(text.as_bytes(), |b| b.is_ascii_alphabetic());
        let known = ["select", "insert", "update", "delete"];
        if text.len() > TEXT_BYTES_MAX
            || !known.iter().any(|word| text[..first].eq_ignore_ascii_case(word))
        {
            return None;
        }
        let mut template =
            Template { text: String::with_capacity(text.len() + 16), values: Vec::new() };
        let mut at = 0;
        while at < text.len() {
            let length = token_length(&text.as_bytes()[at..])?;
            template.push(text.get(at..at + length)?);
            at += length;
        }
        (template.values.len() <= VALUES_MAX).then_some(template)
    }

    fn push(&mut self, token: &str) {
        let is_number = token.bytes().all(|b| b.is_ascii_digit());
        match token.parse::<i32>() {
            Ok(value) if is_number => {
                self.values.push(value);
                write!(self.text, "${}", self.values.len()).expect("memory can be written to");
            }
            // Too large for an integer: a constant like any other.
            _ => self.text.push_str(token),
        }
    }
}

/// The length of the token or blank that `text` begins with; `None` for what is not plain.
fn token_length(text: &[u8]) -> Option<usize> {
    match *text {
        [b'-', b'-', ..] | [b'/', b'*', ..] => None,
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => number_length(text),
        [b'\'', ..] => quoted_length(text, b'\''),
        [b'"', ..] => quoted_length(text, b'"'),
        [b, ..] if starts_word(b) => {
            let length = run(text, |b| starts_word(b) || b.is_ascii_digit() || b == b'$');
            // E'', U&'' and the like have rules of their own.
            (!matches!(text[length..], [b'\'', ..] | [b'&', b'\'' | b'"', ..])).then_some(length)
        }
        [b' ' | b'\t' | b'\n' | b'\r', ..] => Some(1),
        [b'(' | b')' | b',' | b'.' | b'*' | b'+' | b'-' | b'/' | b'=' | b'<' | b'>', ..] => Some(1),
        _ => None,
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|b| !belongs(*b)).unwrap_or(text.len())
}

/// Digits, or digits with a point, and nothing that could belong to them behind.
fn number_length(text: &[u8]) -> Option<usize> {
    let length = run(text, |b| b.is_ascii_digit() || b == b'.');
    let points = text[..length].iter().filter(|b| **b == b'.').count();
    let ends = text.get(length).is_none_or(|b| !starts_word(*b) && *b != b'$');
    (points <= 1 && ends).then_some(length)
}

/// A string or a quoted name; a doubled quote is two tokens, which does no harm here.
fn quoted_length(text: &[u8], quote: u8) -> Option<usize> {
    text[1..].iter().position(|b| *b == quote).map(|inner| inner + 2)
}

/// Whether the bound template means what any of its texts means, with `count` numbers as parameters.
pub fn stands_for_its_texts(query: &Query, count: usize) -> bool {
    let plain_source = |source: &RangeSource| {
        matches!(source, RangeSource::Relation { .. } | RangeSource::Values { .. })
    };
    let simple = query.group_by.is_empty()
        && query.grouping_sets.is_empty()
        && query.having.is_none()
        && query.windows.is_empty()
        && query.distinct.is_empty()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.set_operation.is_none()
        && query.ctes.is_empty()
        && query.on_conflict.is_none()
        && query.view_checks.is_empty()
        && query.target_views.is_empty()
        && !query.has_aggregates
        && !query.has_window_functions
        && !query.has_target_srfs
        && !query.has_sublinks
        && query.range_table.iter().all(|entry| plain_source(&entry.source));
    let mut numbers = Numbers::default();
    query.for_each_expr(&mut |expr| numbers.visit(expr));
    simple && !numbers.elsewhere && numbers.found.len() == count
}

/// Where a bound tree has its parameters.
#[derive(Default)]
struct Numbers {
    found: BTreeSet<u32>,
    /// Some are where a constant might mean something else.
    elsewhere: bool,
}

impl Numbers {
    /// An expression whose value is used as it is: a column's new value, a condition.
    fn visit(&mut self, expr: &Expr) {
        if let Some(id) = number(expr) {
            self.found.insert(id);
            return;
        }
        match expr {
            Expr::Bool(_, args) => args.iter().for_each(|arg| self.visit(arg)),
            Expr::Func(call) => self.visit_call(call),
            other => other.for_each_child(&mut |child| self.refuse(child)),
        }
    }

    /// A call is computed when it is planned if all its arguments are constants; with a column among
    /// them it is not.
    fn visit_call(&mut self, call: &FuncCall) {
        let constant = !call.args.iter().any(has_column);
        self.elsewhere |= constant && call.args.iter().any(|arg| number(arg).is_some());
        call.args.iter().for_each(|arg| self.visit(arg));
    }

    /// An expression that may not have any.
    fn refuse(&mut self, expr: &Expr) {
        self.elsewhere |= matches!(expr, Expr::Param(_));
        expr.for_each_child(&mut |child| self.refuse(child));
    }
}

fn has_column(expr: &Expr) -> bool {
    let mut found = matches!(expr, Expr::Var(_));
    expr.for_each_child(&mut |child| found |= has_column(child));
    found
}

/// Functions of an integer that cannot fail: `+` and `-` (no text has -2147483648 for a number of
/// type integer with a sign before it), and casts to bigint, numeric and double precision.
const TOTAL: [Oid; 5] = [1912, 212, 481, 1740, 316];

/// The parameter that an expression is, perhaps signed or cast.
fn number(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Param(param) => Some(param.id),
        Expr::Relabel(relabel) => number(&relabel.arg),
        Expr::Func(call) if TOTAL.contains(&call.func) => match call.args.as_slice() {
            [arg] => number(arg),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(String, Vec<i32>)> {
        Template::of(text).map(|t| (t.text, t.values))
    }

    #[test]
    fn numbers_become_parameters() {
        assert_eq!(
            of("UPDATE t SET a1 = a1 + -17 WHERE id=4;\n"),
            Some(("UPDATE t SET a1 = a1 + -$1 WHERE id=$2".into(), vec![17, 4]))
        );
        assert_eq!(
            of("insert into \"t 1\" values (1, '2''3', 4.5, .5, 2147483648, x.y)"),
            Some((
                "insert into \"t 1\" values ($1, '2''3', 4.5, .5, 2147483648, x.y)".into(),
                vec![1]
            ))
        );
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        for text in [
            "BEGIN",
            "SELECT 1; SELECT 2",
            "SELECT $1",
            "SELECT 1 -- 2",
            "SELECT /* 1 */ 2",
            "SELECT E'\\'1'",
            "SELECT U&'1'",
            "SELECT U&\"1\"",
            "SELECT $$1$$",
            "SELECT 1e5",
            "SELECT 0x1F",
            "SELECT 1_000",
            "SELECT 1..2",
            "SELECT a[1]",
            "SELECT 5::int2",
            "SELECT 'open 1",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
