//! Regular expressions: PostgreSQL's advanced syntax on a Perl-like engine.
//!
//! A pattern is parsed ([`parse`]) into a tree ([`ast`]), which is written in the syntax of
//! `fancy-regex`. Two rules of POSIX differ from Perl's and are kept:
//!
//! - Of the matches at the leftmost place, the longest (or the shortest, where the expression's first
//!   quantifier is non-greedy) wins, not the first that backtracking finds: `ab|abcd` matches all of
//!   `abcd`. So spans are found with every quantifier set to that preference and the engine told to
//!   look for the longest.
//! - Groups then share the span out by their own quantifiers' preferences. Where these are mixed, a
//!   second expression with the quantifiers as written is matched against exactly the span.
//!
//! Compiled patterns are cached by text and options.

mod ast;
mod functions;
mod options;
mod parse;
mod similar;

pub(super) use functions::FUNCTIONS;
pub(super) use similar::FUNCTIONS as SIMILAR;

use crate::error::{PgError, Result, code};
use crate::types::jsonpath::LikeRegex;
use ast::{Node, Preference};
use fancy_regex::{Regex, RegexBuilder};
use options::Options;
use quick_cache::sync::Cache;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

/// Compiled patterns kept; a session rarely uses more than a few dozen.
const CACHED_PATTERNS_MAX: usize = 512;

/// Steps of backtracking after which a match is given up as too complex.
const BACKTRACK_LIMIT: usize = 5_000_000;

/// A compiled pattern.
struct Pattern {
    tree: Node,
    options: Options,
    groups: usize,
    /// Answers only whether there is a match; the fastest form.
    test: Regex,
    spans: OnceLock<Result<Spans>>,
}

/// What finds matches' places.
struct Spans {
    whole: Regex,
    /// Shares a span out to groups where `whole` would do it wrongly.
    groups: Option<Regex>,
}

/// A match: the whole and its groups, as byte ranges.
struct Match {
    whole: Range<usize>,
    groups: Vec<Option<Range<usize>>>,
}

/// Whether a text matches SQL/JSON's `like_regex`.
pub(super) fn like_regex(regex: &LikeRegex, text: &str) -> Result<bool> {
    Pattern::get(&regex.pattern, Options::of_xquery(regex))?.is_match(text)
}

/// 2201B where the pattern is no regular expression.
pub(super) fn check_like_regex(regex: &LikeRegex) -> Result<()> {
    Pattern::get(&regex.pattern, Options::of_xquery(regex)).map(drop)
}

/// The letters that every matching text begins with, and whether they are all of it; `None`: the pattern may
/// match elsewhere, or is none.
pub(super) fn fixed(pattern: &str) -> Option<(String, bool)> {
    let pattern = Pattern::get(pattern, Options::default()).ok()?;
    let mut nodes = Vec::new();
    let is_plain = pattern.options == Options::default();
    is_plain.then(|| pattern.tree.in_a_row(&mut nodes));
    let mut nodes = nodes.into_iter();
    matches!(nodes.next()?, Node::Assertion("\\A")).then_some(())?;
    let mut text = String::new();
    loop {
        match nodes.next() {
            Some(Node::Literal(c)) => text.push(*c),
            Some(Node::Assertion("\\z")) => return Some((text, nodes.next().is_none())),
            _ => return Some((text, false)),
        }
    }
}

fn too_complex(reason: impl std::fmt::Display) -> PgError {
    let message = format!("regular expression failed: {reason}");
    PgError::new(code::INVALID_REGULAR_EXPRESSION, message)
}

fn compile(text: &str, longest: bool) -> Result<Regex> {
    let mut builder = RegexBuilder::new(text);
    builder.leftmost_longest(longest).backtrack_limit(BACKTRACK_LIMIT);
    builder.build().map_err(|_| parse::invalid("regular expression is too complex"))
}

impl Pattern {
    /// The pattern, from the cache or compiled.
    fn get(text: &str, options: Options) -> Result<Arc<Pattern>> {
        static CACHE: LazyLock<Cache<(String, Options), Arc<Pattern>>> =
            LazyLock::new(|| Cache::new(CACHED_PATTERNS_MAX));
        CACHE.get_or_insert_with(&(text.to_owned(), options), || {
            Pattern::new(text, options).map(Arc::new)
        })
    }

    fn new(text: &str, mut options: Options) -> Result<Pattern> {
        let text = options.embedded(text)?;
        let (tree, groups) = if options.literal {
            (Node::Concat(text.chars().map(Node::Literal).collect()), 0)
        } else {
            parse::Parser::new(text, options).parse()?
        };
        let test = compile(&Self::write(&tree, options, None), false)?;
        Ok(Pattern { tree, options, groups: groups as usize, test, spans: OnceLock::new() })
    }

    fn write(tree: &Node, options: Options, force: Option<Preference>) -> String {
        let dot = if options.line_dots { "[^\\n]" } else { "(?s:.)" };
        let mut out = String::new();
        tree.emit(force, dot, options.fold, &mut out);
        out
    }

    fn spans(&self) -> Result<&Spans> {
        self.spans.get_or_init(|| self.compile_spans()).as_ref().map_err(PgError::clone)
    }

    fn compile_spans(&self) -> Result<Spans> {
        let preference = self.tree.preference().unwrap_or(Preference::Longest);
        let (mut mixed, mut branching) = (false, false);
        self.tree.walk(&mut |node| match node {
            Node::Repeat { node, preference: own, .. } => {
                mixed |= own.is_some_and(|own| own != preference);
                // A repeated single character cannot make another choice wrong for good.
                branching |= matches!(**node, Node::Capture(_) | Node::Group(_));
            }
            Node::Alternatives(_) => branching = true,
            _ => {}
        });
        let longest = preference == Preference::Longest && (branching || mixed);
        let whole = compile(&Self::write(&self.tree, self.options, Some(preference)), longest)?;
        let groups = if mixed && self.groups > 0 {
            let own = Self::write(&self.tree, self.options, None);
            Some(compile(&format!("(?:{own})\\z"), false)?)
        } else {
            None
        };
        Ok(Spans { whole, groups })
    }

    fn is_match(&self, text: &str) -> Result<bool> {
        self.test.is_match(text).map_err(too_complex)
    }

    /// The first match that starts at byte `from` or later.
    fn find(&self, text: &str, from: usize) -> Result<Option<Match>> {
        let spans = self.spans()?;
        if self.groups == 0 {
            let found = spans.whole.find_from_pos(text, from).map_err(too_complex)?;
            return Ok(found.map(|m| Match { whole: m.start()..m.end(), groups: Vec::new() }));
        }
        let Some(found) = spans.whole.captures_from_pos(text, from).map_err(too_complex)? else {
            return Ok(None);
        };
        let whole = found.get(0).expect("group 0 is the match").range();
        let shared = match &spans.groups {
            // Cutting the text at the match's end makes `\z` hold it there.
            Some(groups) => {
                groups.captures_from_pos(&text[..whole.end], whole.start).map_err(too_complex)?
            }
            None => None,
        };
        let captures = shared.as_ref().unwrap_or(&found);
        let groups = (1..=self.groups).map(|i| captures.get(i).map(|m| m.range())).collect();
        Ok(Some(Match { whole, groups }))
    }
}

/// Where to look for the next match: behind this one, past a character if it is empty. `None`: the
/// text is at its end.
fn next_start(text: &str, found: &Range<usize>) -> Option<usize> {
    if found.start != found.end {
        return Some(found.end);
    }
    text[found.end..].chars().next().map(|c| found.end + c.len_utf8())
}
