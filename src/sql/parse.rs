//! Text to raw parse trees, by PostgreSQL's own grammar (libpg_query).
//!
//! A [`Statement`] shares its text and tree with the other statements of the same string, so it is
//! cheap to clone, and it can be kept by prepared statements and sent between threads.
//!
//! The grammar is PostgreSQL 18's. Numbers that 15 lacks are refused here, other syntax where it is
//! bound; what both know parses alike.

use super::{numbers, raw_error};
use crate::error::{PgError, Result, code};
use parking_lot::Mutex;
use pg_raw_parse::{Node, Owned, StmtList};
use std::sync::Arc;

/// Statements longer than this are refused, as PostgreSQL refuses messages it cannot allocate.
const TEXT_BYTES_MAX: usize = 1 << 30;

/// libpg_query redirects the process's stderr while it parses, which two threads must not do at
/// once. A statement takes some 20 microseconds.
static PARSER: Mutex<()> = Mutex::new(());

/// One statement of a query string.
#[derive(Clone)]
pub struct Statement {
    source: Arc<Source>,
    index: usize,
}

struct Source {
    text: Arc<str>,
    tree: Owned<StmtList>,
}

impl Statement {
    /// The raw parse tree.
    pub fn node(&self) -> Node<'_> {
        self.source.tree.get(self.index).map_or(Node::None, |raw| raw.stmt())
    }

    /// The whole query string; locations in trees and errors are byte offsets into it.
    pub fn source(&self) -> &str {
        &self.source.text
    }

    /// This statement's own text, without the semicolon and surrounding whitespace.
    pub fn text(&self) -> &str {
        let text: &str = &self.source.text;
        let Some(raw) = self.source.tree.get(self.index) else { return text };
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

/// Parses a query string into its statements; empty for a string of blanks and comments.
pub fn parse(text: &str) -> Result<Vec<Statement>> {
    if text.len() >= TEXT_BYTES_MAX {
        let message = format!("invalid memory alloc request size {}", text.len());
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    }
    // A NUL never reaches a C string: PostgreSQL's protocol ends the query there.
    let text = text.split('\0').next().unwrap_or_default();
    let parsed = {
        let _guard = PARSER.lock();
        pg_raw_parse::parse(text).map_err(|_| raw_error::describe(text))?
    };
    if let Some(error) = numbers::refused(text) {
        return Err(error);
    }
    let count = parsed.len();
    let source = Arc::new(Source { text: text.into(), tree: parsed.into_inner() });
    Ok((0..count).map(|index| Statement { source: source.clone(), index }).collect())
}
