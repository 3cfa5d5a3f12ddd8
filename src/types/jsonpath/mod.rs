//! `jsonpath`: SQL/JSON path expressions (manual, 9.16.2).
//!
//! A path is held as its text, rewritten so that every grouping is explicit; whoever evaluates one
//! parses it ([`parse()`]) and keeps the tree. `$.a[*] ? (@ > 1).size()` is a mode and a [`Chain`]:
//!
//! ```text
//! lax, [Root, Key("a"), AnyArray, Filter([Compare(Greater, [Current], [Number(1)])]), Size]
//! ```
//!
//! The grammar tells expressions, which give sequences of items, from predicates, which are true,
//! false or unknown; a predicate in parentheses becomes an expression by an accessor behind it.

mod lexer;
mod parse;
mod text;

#[cfg(test)]
mod tests;

pub use parse::parse;

use super::Numeric;
use crate::error::Result;

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Lax mode unwraps and wraps arrays, and ignores what is missing; strict mode does neither.
    pub lax: bool,
    pub expression: Chain,
}

/// An operand and the accessors behind it, each applied to what the one before gives. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain(pub Vec<Item>);

/// A link of a chain.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    // Operands.
    Null,
    Bool(bool),
    Number(Numeric),
    String(String),
    Variable(String),
    /// `$`
    Root,
    /// `@`
    Current,
    /// `last`, in a subscript.
    Last,
    Arithmetic(Arithmetic, Box<Chain>, Box<Chain>),
    /// `+` or, where true, `-`.
    Sign(bool, Box<Chain>),
    // Predicates, which are operands too.
    And(Box<Chain>, Box<Chain>),
    Or(Box<Chain>, Box<Chain>),
    Not(Box<Chain>),
    IsUnknown(Box<Chain>),
    Exists(Box<Chain>),
    Compare(Comparison, Box<Chain>, Box<Chain>),
    StartsWith(Box<Chain>, Box<Chain>),
    LikeRegex(Box<Chain>, LikeRegex),
    // Accessors.
    /// `.key`
    Key(String),
    /// `.*`
    AnyKey,
    /// `[*]`
    AnyArray,
    /// `[1, 3 to last]`
    Subscripts(Vec<(Chain, Option<Chain>)>),
    /// `.**{1 to 3}`; `None` is `last`.
    Any(Option<u32>, Option<u32>),
    /// `?(predicate)`
    Filter(Box<Chain>),
    /// `.method()`
    Method(Method),
    /// `.datetime(template)`
    Datetime(Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

/// Methods without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Type,
    Size,
    Abs,
    Floor,
    Ceiling,
    Double,
    KeyValue,
}

/// A pattern and its XQuery flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LikeRegex {
    pub pattern: String,
    pub ignore_case: bool,
    pub dot_all: bool,
    pub multi_line: bool,
    /// `x`, accepted only beside `q`, which switches it off.
    pub expanded: bool,
    pub quote: bool,
}

impl Arithmetic {
    /// As written in a path and in messages.
    pub fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Sub => "-",
            Arithmetic::Mul => "*",
            Arithmetic::Div => "/",
            Arithmetic::Mod => "%",
        }
    }
}

impl Comparison {
    fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessOrEqual => "<=",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

impl Method {
    /// As written in a path and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Method::Type => "type",
            Method::Size => "size",
            Method::Abs => "abs",
            Method::Floor => "floor",
            Method::Ceiling => "ceiling",
            Method::Double => "double",
            Method::KeyValue => "keyvalue",
        }
    }
}

/// Reads a path into the text that a value of the type holds.
pub fn text_in(text: &str) -> Result<String> {
    Ok(text::write(&parse(text)?, text::Style::Held))
}

/// The text that clients see of what [`text_in`] gave.
pub fn text_out(held: &str) -> String {
    // What is held was written by `text_in`; a text that is no path could only be shown as it is.
    parse(held).map_or_else(|_| held.to_owned(), |path| text::write(&path, text::Style::Shown))
}
