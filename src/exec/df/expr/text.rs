//! LIKE with a constant pattern, `substring`, and trailing blanks.

use super::kernel::{Kernel, apply, texts};
use super::{DfResult, Scope, Typed, constant};
use crate::exec::expr::{Call, Node};
use crate::types::arrow::ColumnType;
use crate::types::{Datum, oids, string};
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::logical_expr::ColumnarValue;
use memchr::memmem::Finder;
use std::sync::Arc;

pub(super) fn call(scope: &Scope<'_>, source: &str, call: &Call) -> Option<Typed> {
    match (source, call.args.as_slice()) {
        ("textlike", [text, pattern]) => like(scope, text, pattern, call, true),
        ("textnlike", [text, pattern]) => like(scope, text, pattern, call, false),
        ("rtrim1", [text]) => {
            let text = text_argument(scope, text, call)?;
            Some(Typed { ty: call.callee.result_type.into(), ..trimmed(text) })
        }
        ("text_substr", [text, from, length]) => substring(scope, text, from, length, call),
        _ => None,
    }
}

/// A text, of whatever type is held as text: of a `bpchar` with its blanks.
fn text_argument(scope: &Scope<'_>, text: &Node, call: &Call) -> Option<Typed> {
    let text = scope.native(text, *call.callee.arg_types.first()?)?;
    (text.ty.data_type() == crate::types::arrow::data_type(oids::TEXT)).then_some(text)
}

/// A `bpchar` without its trailing blanks, as text: what it is compared by.
pub(super) fn trimmed(text: Typed) -> Typed {
    match &text.literal {
        Some(Datum::Text(value)) => {
            let value = Datum::text(string::trim_blanks(value));
            constant::literal(&value, oids::TEXT.into()).unwrap_or(text)
        }
        _ => apply(Trim, &[text]),
    }
}

#[derive(Debug)]
struct Trim;

impl Kernel for Trim {
    fn result(&self) -> ColumnType {
        oids::TEXT.into()
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let texts = texts(&args[0], rows)?;
        let trimmed: StringViewArray =
            texts.iter().map(|text| text.map(string::trim_blanks)).collect();
        Ok(Arc::new(trimmed))
    }
}

fn like(
    scope: &Scope<'_>,
    text: &Node,
    pattern: &Node,
    call: &Call,
    wanted: bool,
) -> Option<Typed> {
    let text = text_argument(scope, text, call)?;
    let pattern = scope.native(pattern, oids::TEXT)?;
    let Some(Datum::Text(pattern)) = &pattern.literal else { return None };
    let kernel = Like { pattern: Pattern::of(pattern)?, wanted };
    Some(apply(kernel, &[text]))
}

#[derive(Debug)]
struct Like {
    pattern: Pattern,
    wanted: bool,
}

/// A pattern of literal pieces with `%` between them.
#[derive(Debug)]
struct Pattern {
    /// What the text begins with, and ends with.
    first: Vec<u8>,
    last: Vec<u8>,
    /// What comes between, in order.
    middle: Vec<Finder<'static>>,
    /// Without `%` the text is `first`.
    is_exact: bool,
}

impl Pattern {
    /// `None`: it has `_` or escapes.
    fn of(pattern: &str) -> Option<Pattern> {
        (!pattern.contains(['_', '\\'])).then_some(())?;
        let mut pieces = pattern.split('%');
        let first = pieces.next()?.as_bytes().to_vec();
        let mut rest: Vec<&str> = pieces.collect();
        let is_exact = rest.is_empty();
        let last = rest.pop().unwrap_or_default().as_bytes().to_vec();
        let middle = rest.into_iter().filter(|piece| !piece.is_empty());
        let middle = middle.map(|piece| Finder::new(piece).into_owned()).collect();
        Some(Pattern { first, last, middle, is_exact })
    }

    #[inline]
    fn matches(&self, text: &[u8]) -> bool {
        if self.is_exact {
            return text == self.first;
        }
        let Some(mut rest) = text.strip_prefix(self.first.as_slice()) else { return false };
        for piece in &self.middle {
            match piece.find(rest) {
                Some(at) => rest = &rest[at + piece.needle().len()..],
                None => return false,
            }
        }
        rest.ends_with(&self.last)
    }
}

impl Kernel for Like {
    fn result(&self) -> ColumnType {
        oids::BOOL.into()
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let texts = texts(&args[0], rows)?;
        let one = |row| self.pattern.matches(texts.value(row).as_bytes()) == self.wanted;
        let found = BooleanBuffer::collect_bool(rows, one);
        Ok(Arc::new(BooleanArray::new(found, texts.nulls().cloned())))
    }
}

/// `substring(text from n for m)` with constants that cannot fail.
fn substring(
    scope: &Scope<'_>,
    text: &Node,
    from: &Node,
    length: &Node,
    call: &Call,
) -> Option<Typed> {
    let text = text_argument(scope, text, call)?;
    let constant = |node| match scope.native(node, oids::INT4)?.literal {
        Some(Datum::Int4(n)) => usize::try_from(n).ok(),
        _ => None,
    };
    let skip = constant(from)?.checked_sub(1)?;
    Some(apply(Substring { skip, length: constant(length)? }, &[text]))
}

#[derive(Debug)]
struct Substring {
    /// Characters before it.
    skip: usize,
    length: usize,
}

impl Kernel for Substring {
    fn result(&self) -> ColumnType {
        oids::TEXT.into()
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let texts = texts(&args[0], rows)?;
        let part = |text| after(text, self.skip).map_or("", |text| before(text, self.length));
        let parts: StringViewArray = texts.iter().map(|text| text.map(part)).collect();
        Ok(Arc::new(parts))
    }
}

/// The text behind so many characters; `None` where it has fewer.
fn after(text: &str, characters: usize) -> Option<&str> {
    match characters {
        0 => Some(text),
        n => text.char_indices().nth(n).map(|(at, _)| &text[at..]),
    }
}

fn before(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at])
}
