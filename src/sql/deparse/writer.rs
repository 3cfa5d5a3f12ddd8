//! The text being written: indentation, line breaks, and which queries surround the place.

use super::names::Names;
use super::scope::Scope;
use crate::catalog::builtin::Proc;
use crate::error::Result;

/// Indentation of a clause's continuation lines.
pub(super) const STANDARD: i32 = 8;
/// Beyond this, levels are indented less, so that deep queries stay readable.
const INDENT_MAX: i32 = 40;

/// Writes SQL. `'a` is the tree's lifetime.
pub(super) struct Writer<'a> {
    pub names: &'a Names<'a>,
    /// The queries around this place, the innermost last.
    pub scopes: Vec<Scope<'a>>,
    /// Only the parentheses that precedence needs.
    pub pretty: bool,
    pub indent: i32,
    /// Lines longer than this are broken between select list or FROM items; 0: after each.
    pub wrap_column: usize,
    /// Clauses stand on lines of their own.
    pub lines: bool,
    /// The function whose body this is: what parameters are called.
    pub function: Option<&'a Proc>,
    pub out: String,
}

impl<'a> Writer<'a> {
    pub fn new(names: &'a Names<'a>, scope: Scope<'a>, pretty: bool) -> Writer<'a> {
        Writer { scopes: vec![scope], ..Writer::of_query(names, pretty) }
    }

    /// A writer for a query that nothing surrounds.
    pub fn of_query(names: &'a Names<'a>, pretty: bool) -> Writer<'a> {
        Writer {
            names,
            scopes: Vec::new(),
            pretty,
            indent: 0,
            wrap_column: 0,
            lines: true,
            function: None,
            out: String::new(),
        }
    }

    pub fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// The innermost query.
    pub fn scope(&self) -> &Scope<'a> {
        self.scopes.last().expect("a scope while writing")
    }

    /// A keyword on a line of its own, `plus` columns right of the indentation; the level changes
    /// by `before` and `after` it (`appendContextKeyword`).
    pub fn keyword(&mut self, keyword: &str, before: i32, after: i32, plus: i32) {
        if !self.lines {
            return self.push(keyword);
        }
        self.indent += before;
        self.trim_spaces();
        self.out.push('\n');
        let columns = match self.indent < INDENT_MAX {
            true => self.indent.max(0),
            false => (INDENT_MAX + (self.indent - INDENT_MAX) / (STANDARD / 2)) % INDENT_MAX,
        };
        self.out.extend(std::iter::repeat_n(' ', usize::try_from(columns + plus).unwrap_or(0)));
        self.out.push_str(keyword);
        self.indent = (self.indent + after).max(0);
    }

    /// A clause's keyword, at the level of its query's SELECT.
    pub fn clause(&mut self, keyword: &str, plus: i32) {
        self.keyword(keyword, -STANDARD, STANDARD, plus);
    }

    /// What is a line's end or else a space.
    pub fn space(&mut self) {
        match self.lines {
            true => self.keyword("", 0, 0, 0),
            false => self.push(" "),
        }
    }

    pub fn trim_spaces(&mut self) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
    }

    /// What `write` writes, apart from the text so far.
    pub fn captured(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<String> {
        let outer = std::mem::take(&mut self.out);
        let result = write(self);
        let text = std::mem::replace(&mut self.out, outer);
        result.map(|()| text)
    }

    /// Adds an item of a list, on a new line if the current one would become too long or
    /// `break_before` says so. The first item stays where it is.
    pub fn item(&mut self, text: &str, first: bool, break_before: bool) {
        if !self.lines {
            // Everything stays on one line.
        } else if text.starts_with('\n') {
            self.trim_spaces();
        } else if !first {
            let line = self.out.rsplit('\n').next().map_or(0, str::len);
            if break_before || line + text.len() > self.wrap_column {
                self.clause("", 4);
            }
        }
        self.push(text);
    }

    /// Writes items with a separator between them.
    pub fn separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        between: &str,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            write(self, item)?;
        }
        Ok(())
    }
}
