//! Text to raw parse trees, by PostgreSQL's own grammar (libpg_query).
//!
//! A [`Statement`] shares its text and tree with the other statements of the same string, so it is
//! cheap to clone, and it can be kept by prepared statements and sent between threads.
//!
//! Statements of our own ([`super::own`]) are statements like others, without a node.
//!
//! The grammar is PostgreSQL 18's. Numbers that 15 lacks are refused here, other syntax where it is
//! bound; what both know parses alike.

use super::own::{self, Own, Part, PartKind};
use super::{apart, numbers, raw_error};
use crate::error::{PgError, Result, code};
use parking_lot::Mutex;
use pg_raw_parse::{Node, Owned, StmtList};
use quick_cache::sync::Cache;
use std::sync::{Arc, LazyLock};

/// Statements longer than this are refused, as PostgreSQL refuses messages it cannot allocate.
const TEXT_BYTES_MAX: usize = 1 << 30;

/// Texts of this many bytes are parsed beside the others, not among them: a statement of the usual
/// length takes some 20 microseconds, a long one may take a thousand times as long, and nested
/// comments take the square of their number.
const LONG_TEXT_BYTES: usize = 8 << 10;

/// Texts of this many bytes are parsed one after the other: they take many times their length in
/// memory.
const HUGE_TEXT_BYTES: usize = 1 << 20;

/// libpg_query redirects the process's stderr while it parses, which two threads must not do at
/// once.
static PARSER: Mutex<()> = Mutex::new(());

/// See [`HUGE_TEXT_BYTES`].
static HUGE_PARSER: Mutex<()> = Mutex::new(());

/// One statement of a query string.
#[derive(Clone)]
pub struct Statement(Tree);

#[derive(Clone)]
enum Tree {
    Postgres {
        source: Arc<Source>,
        index: usize,
        /// CREATE USER TABLE and its like: the value of the option `kind`.
        table_kind: Option<&'static str>,
    },
    Own {
        own: Arc<Own>,
        /// The statement's own text.
        text: Arc<str>,
    },
}

struct Source {
    text: Arc<str>,
    tree: Owned<StmtList>,
}

impl Statement {
    /// The raw parse tree; none of a statement of our own.
    pub fn node(&self) -> Node<'_> {
        match &self.0 {
            Tree::Postgres { source, index, .. } => {
                source.tree.get(*index).map_or(Node::None, |raw| raw.stmt())
            }
            Tree::Own { .. } => Node::None,
        }
    }

    /// A statement that PostgreSQL does not have.
    pub fn own(&self) -> Option<&Own> {
        match &self.0 {
            Tree::Own { own, .. } => Some(own),
            Tree::Postgres { .. } => None,
        }
    }

    /// The kind of table that CREATE TABLE was asked for by a word before TABLE.
    pub fn table_kind(&self) -> Option<&'static str> {
        match &self.0 {
            Tree::Postgres { table_kind, .. } => *table_kind,
            Tree::Own { .. } => None,
        }
    }

    /// This statement's own text, without the semicolon and surrounding whitespace.
    pub fn text(&self) -> &str {
        let (source, index) = match &self.0 {
            Tree::Postgres { source, index, .. } => (source, *index),
            Tree::Own { text, .. } => return text,
        };
        let text: &str = &source.text;
        let Some(raw) = source.tree.get(index) else { return text };
        let start = usize::try_from(raw.stmt_location).unwrap_or(0);
        let end = match usize::try_from(raw.stmt_len) {
            Ok(len) if len > 0 => start.saturating_add(len),
            _ => text.len(),
        };
        text.get(start..end).unwrap_or(text).trim()
    }
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Statement").field(&self.text()).finish()
    }
}

/// Trees kept for texts that come again.
const KEPT_TREES_MAX: usize = 1024;
/// Longer texts are seldom the same twice.
const KEPT_TEXT_BYTES_MAX: usize = 4096;

static KEPT: LazyLock<Cache<Arc<str>, Vec<Statement>>> =
    LazyLock::new(|| Cache::new(KEPT_TREES_MAX));

/// As [`parse`], for texts that are likely to come again. A tree depends on nothing but its text.
pub fn parse_often(text: &Arc<str>) -> Result<Vec<Statement>> {
    if text.len() > KEPT_TEXT_BYTES_MAX {
        return parse(text.clone());
    }
    if let Some(statements) = KEPT.get(text) {
        return Ok(statements);
    }
    let statements = parse(text.clone())?;
    // Statements of our own are rare, and some have credentials in them.
    if statements.iter().all(|statement| statement.own().is_none()) {
        KEPT.insert(text.clone(), statements.clone());
    }
    Ok(statements)
}

/// Parses a query string into its statements; empty for a string of blanks and comments.
pub fn parse(text: impl Into<Arc<str>>) -> Result<Vec<Statement>> {
    let mut text = text.into();
    if text.len() >= TEXT_BYTES_MAX {
        let message = format!("invalid memory alloc request size {}", text.len());
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    }
    // A NUL never reaches a C string: PostgreSQL's protocol ends the query there.
    if let Some(end) = text.bytes().position(|byte| byte == 0) {
        text = text[..end].into();
    }
    match own::parts(&text) {
        None => parse_postgres(text, None),
        Some(parts) => parse_parts(&text, &parts),
    }
}

/// Parses text that has nothing but PostgreSQL's statements.
fn parse_postgres(text: Arc<str>, table_kind: Option<&'static str>) -> Result<Vec<Statement>> {
    let tree = match text.len() < LONG_TEXT_BYTES {
        true => parse_in_turn(&text)?,
        false => {
            let _guard = (text.len() >= HUGE_TEXT_BYTES).then(|| HUGE_PARSER.lock());
            apart::run(|own_descriptors| match own_descriptors {
                true => parse_raw(&text),
                false => parse_in_turn(&text),
            })?
        }
    };
    if let Some(error) = numbers::refused(&text) {
        return Err(error);
    }
    let count = tree.len();
    let source = Arc::new(Source { text, tree });
    let statement = |index| Tree::Postgres { source: source.clone(), index, table_kind };
    Ok((0..count).map(|index| Statement(statement(index))).collect())
}

/// Bytes that the statements of a mixed string are parsed from, each with the whole string before it.
const MIXED_BYTES_MAX: usize = 256 << 20;

/// Parses a string with statements of ours among PostgreSQL's.
fn parse_parts(text: &Arc<str>, parts: &[Part]) -> Result<Vec<Statement>> {
    if text.len().saturating_mul(parts.len()) > MIXED_BYTES_MAX {
        let message = "too many statements for one query string";
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message)
            .hint("Send them in several strings."));
    }
    let mut statements = Vec::new();
    for part in parts {
        match part.kind {
            PartKind::Postgres => {
                let alone = alone(text, part.start, part.end);
                statements.extend(parse_postgres(alone.into(), None)?);
            }
            PartKind::Rewritten { word: (start, end), replacement, table_kind } => {
                let mut alone = alone(text, part.start, part.end);
                let replacement = format!("{replacement:width$}", width = end - start);
                alone.replace_range(start..end, &replacement);
                statements.extend(parse_postgres(alone.into(), table_kind)?);
            }
            PartKind::Own => {
                let own = Arc::new(own::parse(text, part.start)?);
                let text = text[part.start..part.end].trim().into();
                statements.push(Statement(Tree::Own { own, text }));
            }
        }
    }
    Ok(statements)
}

/// The one statement of PostgreSQL's that stands from `start` to `end`.
pub(super) fn parse_one(text: &str, start: usize, end: usize) -> Result<Statement> {
    let mut statements = parse_postgres(alone(text, start, end).into(), None)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => {
            let at = i32::try_from(end).unwrap_or(-1);
            Err(PgError::new(code::SYNTAX_ERROR, "one statement is expected here").at(at))
        }
    }
}

/// The text up to `end` with blanks before `start`, so that positions are those in the whole.
fn alone(text: &str, start: usize, end: usize) -> String {
    let mut alone = " ".repeat(start);
    alone.push_str(&text[start..end]);
    alone
}

fn parse_in_turn(text: &str) -> Result<Owned<StmtList>> {
    let _guard = PARSER.lock();
    parse_raw(text)
}

fn parse_raw(text: &str) -> Result<Owned<StmtList>> {
    let parsed = pg_raw_parse::parse(text).map_err(|_| raw_error::describe(text))?;
    Ok(parsed.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is parsed apart is parsed alike, and meanwhile others parse.
    #[test]
    fn long_texts_are_parsed_apart() {
        let long = format!("SELECT {}1; SELECT 2", "1, ".repeat(HUGE_TEXT_BYTES / 2));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| assert_eq!(parse(long.as_str()).unwrap().len(), 2));
            }
            (0..100).for_each(|_| assert_eq!(parse("SELECT 1").unwrap().len(), 1));
        });
        let wrong = parse(format!("{long} )")).map(|statements| statements.len()).unwrap_err();
        assert_eq!(wrong.code(), code::SYNTAX_ERROR);
        assert_eq!(wrong.location(), u32::try_from(long.len() + 1).ok());
    }
}
