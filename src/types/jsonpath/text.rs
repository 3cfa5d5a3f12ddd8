//! A path's text. PostgreSQL writes one with as few parentheses as operators' priorities allow, and
//! with every key quoted.

use super::{Chain, Item, LikeRegex, Path};
use crate::types::json::write_string;
use std::fmt::Write as _;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As clients see it: PostgreSQL leaves out parentheses that an accessor behind an operator
    /// would need where the operator binds tighter than what is around it.
    Shown,
    /// Reads back as the same path.
    Held,
}

pub(super) fn write(path: &Path, style: Style) -> String {
    let mut writer = Writer { out: String::new(), style };
    if !path.lax {
        writer.out.push_str("strict ");
    }
    writer.chain(&path.expression, true);
    writer.out
}

/// Operators that bind tighter have higher ones.
fn priority(item: &Item) -> u8 {
    match item {
        Item::Or(..) => 0,
        Item::And(..) => 1,
        Item::Compare(..) | Item::StartsWith(..) => 2,
        Item::Arithmetic(operator, ..) if matches!(operator.symbol(), "+" | "-") => 3,
        Item::Arithmetic(..) => 4,
        Item::Sign(..) => 5,
        _ => 6,
    }
}

struct Writer {
    out: String,
    style: Style,
}

impl Writer {
    fn chain(&mut self, chain: &Chain, parentheses: bool) {
        let (operand, accessors) = chain.0.split_first().expect("chains are not empty");
        let followed = !accessors.is_empty();
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            self.operand(operand, parentheses || followed && self.style == Style::Held, followed);
        });
        for accessor in accessors {
            self.accessor(accessor);
        }
    }

    fn operand(&mut self, item: &Item, parentheses: bool, followed: bool) {
        match item {
            Item::Null => self.out.push_str("null"),
            Item::Bool(value) => self.put(value),
            Item::Number(value) if followed => self.put(format_args!("({value})")),
            Item::Number(value) => self.put(value),
            Item::String(value) => write_string(value, &mut self.out),
            Item::Variable(name) => {
                self.out.push('$');
                write_string(name, &mut self.out);
            }
            Item::Root => self.out.push('$'),
            Item::Current => self.out.push('@'),
            Item::Last => self.out.push_str("last"),
            Item::Arithmetic(operator, a, b) => {
                self.binary(item, a, operator.symbol(), b, parentheses);
            }
            Item::And(a, b) => self.binary(item, a, "&&", b, parentheses),
            Item::Or(a, b) => self.binary(item, a, "||", b, parentheses),
            Item::Compare(operator, a, b) => {
                self.binary(item, a, operator.symbol(), b, parentheses);
            }
            Item::StartsWith(a, b) => self.binary(item, a, "starts with", b, parentheses),
            Item::LikeRegex(argument, regex) => self.grouped(parentheses, |w| {
                w.inner(item, argument);
                w.like_regex(regex);
            }),
            Item::Sign(minus, argument) => self.grouped(parentheses, |w| {
                w.out.push(if *minus { '-' } else { '+' });
                w.inner(item, argument);
            }),
            Item::Not(argument) => self.wrapped("!(", argument, ")"),
            Item::IsUnknown(argument) => self.wrapped("(", argument, ") is unknown"),
            Item::Exists(argument) => self.wrapped("exists (", argument, ")"),
            accessor => self.accessor(accessor),
        }
    }

    fn put(&mut self, value: impl std::fmt::Display) {
        write!(self.out, "{value}").expect("writing to memory succeeds");
    }

    fn grouped(&mut self, parentheses: bool, content: impl FnOnce(&mut Writer)) {
        if parentheses {
            self.out.push('(');
        }
        content(self);
        if parentheses {
            self.out.push(')');
        }
    }

    fn wrapped(&mut self, before: &str, argument: &Chain, after: &str) {
        self.out.push_str(before);
        self.chain(argument, false);
        self.out.push_str(after);
    }

    /// An operator's argument, in parentheses where it does not bind tighter.
    fn inner(&mut self, operator: &Item, argument: &Chain) {
        self.chain(argument, priority(&argument.0[0]) <= priority(operator));
    }

    fn binary(&mut self, item: &Item, a: &Chain, symbol: &str, b: &Chain, parentheses: bool) {
        self.grouped(parentheses, |w| {
            w.inner(item, a);
            w.put(format_args!(" {symbol} "));
            w.inner(item, b);
        });
    }

    fn like_regex(&mut self, regex: &LikeRegex) {
        self.out.push_str(" like_regex ");
        write_string(&regex.pattern, &mut self.out);
        let flags = [
            (regex.ignore_case, 'i'),
            (regex.dot_all, 's'),
            (regex.multi_line, 'm'),
            (regex.expanded, 'x'),
            (regex.quote, 'q'),
        ];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
        if !flags.is_empty() {
            self.put(format_args!(" flag \"{flags}\""));
        }
    }

    fn accessor(&mut self, item: &Item) {
        match item {
            Item::Key(key) => {
                self.out.push('.');
                write_string(key, &mut self.out);
            }
            Item::AnyKey => self.out.push_str(".*"),
            Item::AnyArray => self.out.push_str("[*]"),
            Item::Subscripts(subscripts) => self.subscripts(subscripts),
            Item::Any(first, last) => self.any(*first, *last),
            Item::Filter(predicate) => self.wrapped("?(", predicate, ")"),
            Item::Method(method) => self.put(format_args!(".{}()", method.name())),
            Item::Datetime(template) => {
                self.out.push_str(".datetime(");
                if let Some(template) = template {
                    write_string(template, &mut self.out);
                }
                self.out.push(')');
            }
            operand => self.operand(operand, true, false),
        }
    }

    fn subscripts(&mut self, subscripts: &[(Chain, Option<Chain>)]) {
        self.out.push('[');
        for (i, (from, to)) in subscripts.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.chain(from, false);
            if let Some(to) = to {
                self.out.push_str(" to ");
                self.chain(to, false);
            }
        }
        self.out.push(']');
    }

    fn any(&mut self, first: Option<u32>, last: Option<u32>) {
        let level = |level: Option<u32>| level.map_or("last".to_owned(), |n| n.to_string());
        match (first, last) {
            (Some(0), None) => self.out.push_str(".**"),
            _ if first == last => self.put(format_args!(".**{{{}}}", level(first))),
            _ => self.put(format_args!(".**{{{} to {}}}", level(first), level(last))),
        }
    }
}
