//! `to_tsquery` and the other functions that make queries of texts.

use super::super::Implementation::{self, Scalar};
use super::super::{Ctx, Env};
use super::configuration::Configuration;
use super::document::words;
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::textsearch::{Draft, Operand, Operator};

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    /// That of `tsquery`.
    Query,
    /// All of it is one text, whose words are wanted in any order.
    Plain,
    /// One text, whose words are wanted one behind the other.
    Phrase,
    /// As search engines have it: `"a phrase"`, `or`, `-`.
    Web,
}

/// Puts in what stands for a piece of text: its lexemes joined by `operator`.
fn put(
    env: &dyn Env,
    (configuration, operator): (Configuration, Operator),
    draft: &mut Draft,
    text: &str,
    (weights, prefix): (u8, bool),
) -> Result<()> {
    let words = words(env, configuration, text, &mut 0);
    if words.is_empty() {
        draft.gap();
    }
    let mut last = None;
    for word in words {
        // Stop words between two others count in a phrase.
        let between = last.map_or(0..0, |last| last + 1..word.position);
        for _ in between {
            draft.gap();
            draft.operator(operator);
        }
        draft.value(Operand { word: word.lexeme, weights, prefix })?;
        if last.is_some() {
            draft.operator(operator);
        }
        last = Some(word.position);
    }
    Ok(())
}

fn query(env: &dyn Env, configuration: Configuration, syntax: Syntax, text: &str) -> Result<Datum> {
    let operator = if syntax == Syntax::Plain { Operator::And } else { Operator::Phrase(1) };
    let of = (configuration, operator);
    let draft = match syntax {
        Syntax::Query => Draft::parse(text, &mut |draft, word, weights, prefix| {
            put(env, of, draft, &word, (weights, prefix))
        })?,
        Syntax::Plain | Syntax::Phrase => {
            let mut draft = Draft::default();
            if !text.is_empty() {
                put(env, of, &mut draft, text, (0, false))?;
            }
            draft
        }
        Syntax::Web => {
            let mut web = Web { rest: text, waiting: Vec::new(), draft: Draft::default() };
            web.read(&mut |draft, text| put(env, of, draft, text, (0, false)))?;
            web.draft
        }
    };
    let notice = |message: String| {
        env.session().send_notice(PgError::new(code::SUCCESSFUL_COMPLETION, message));
    };
    if draft.is_empty() {
        notice(format!("text-search query doesn't contain lexemes: \"{text}\""));
        return Ok(draft.finish().datum());
    }
    let query = draft.finish();
    if query.is_empty() {
        let message =
            "text-search query contains only stop words or doesn't contain lexemes, ignored";
        notice(message.to_owned());
    }
    Ok(query.datum())
}

/// Reads what people write into search fields (`gettoken_query_websearch`). Nothing is an error.
struct Web<'t> {
    rest: &'t str,
    waiting: Vec<Operator>,
    draft: Draft,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn is_operator(c: char) -> bool {
    matches!(c, '!' | '&' | '|' | '(' | ')' | '<')
}

impl<'t> Web<'t> {
    fn read(&mut self, put: &mut dyn FnMut(&mut Draft, &'t str) -> Result<()>) -> Result<()> {
        let mut is_first = true;
        while let Some(text) = self.operand(&mut is_first) {
            put(&mut self.draft, text)?;
            is_first = false;
            let Some(operator) = self.operator() else { break };
            self.join(operator);
        }
        while let Some(operator) = self.waiting.pop() {
            self.draft.operator(operator);
        }
        Ok(())
    }

    fn join(&mut self, operator: Operator) {
        self.draft.operators(&mut self.waiting, operator);
        self.waiting.push(operator);
    }

    /// A word, or what is in quotes.
    fn operand(&mut self, is_first: &mut bool) -> Option<&'t str> {
        loop {
            let Some(c) = self.rest.chars().next() else {
                // An operator wants an operand.
                if !*is_first {
                    self.draft.gap();
                }
                return None;
            };
            match c {
                '-' => {
                    self.rest = &self.rest[1..];
                    *is_first = false;
                    self.join(Operator::Not);
                }
                '"' => {
                    let (text, rest) = match self.rest[1..].split_once('"') {
                        Some(parts) => parts,
                        None => (&self.rest[1..], ""),
                    };
                    self.rest = rest;
                    return Some(text);
                }
                c if is_operator(c) => {
                    self.rest = &self.rest[1..];
                    *is_first = false;
                }
                c if is_space(c) => self.rest = &self.rest[1..],
                _ => return Some(self.word()),
            }
        }
    }

    fn word(&mut self) -> &'t str {
        let ends = |(at, c): (usize, char)| {
            at > 0 && (is_space(c) || is_operator(c) || matches!(c, '"' | ':'))
        };
        let end = self.rest.char_indices().position(ends);
        let end = end.and_then(|end| self.rest.char_indices().nth(end));
        let (word, rest) = self.rest.split_at(end.map_or(self.rest.len(), |(at, _)| at));
        self.rest = rest;
        word
    }

    /// What joins the next operand; `None`: there is none.
    fn operator(&mut self) -> Option<Operator> {
        self.rest = self.rest.trim_start_matches(|c| is_space(c) || is_operator(c));
        if self.is_or() {
            self.rest = &self.rest[2..];
            return Some(Operator::Or);
        }
        (!self.rest.is_empty()).then_some(Operator::And)
    }

    /// Whether `or` is next, no part of a word, and something comes behind it.
    fn is_or(&self) -> bool {
        let Some(rest) = self.rest.get(2..) else { return false };
        let mut behind = rest.chars();
        let is_word = |c: char| matches!(c, '-' | '_') || c.is_ascii_alphanumeric();
        self.rest[..2].eq_ignore_ascii_case("or")
            && behind.next().is_some_and(|c| !is_word(c))
            && behind.any(|c| !is_space(c))
    }
}

fn by_default(ctx: &Ctx<'_>, syntax: Syntax, a: &[Datum]) -> Result<Datum> {
    query(ctx.env, Configuration::current(ctx)?, syntax, a[0].as_text())
}

fn by_oid(ctx: &Ctx<'_>, syntax: Syntax, a: &[Datum]) -> Result<Datum> {
    query(ctx.env, Configuration::of(a[0].as_oid())?, syntax, a[1].as_text())
}

/// `plainto_tsquery` by the default configuration.
pub(super) fn plain(ctx: &Ctx<'_>, text: &str) -> Result<Datum> {
    query(ctx.env, Configuration::current(ctx)?, Syntax::Plain, text)
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("to_tsquery", Scalar(|c, a| by_default(c, Syntax::Query, a))),
    ("to_tsquery_byid", Scalar(|c, a| by_oid(c, Syntax::Query, a))),
    ("plainto_tsquery", Scalar(|c, a| by_default(c, Syntax::Plain, a))),
    ("plainto_tsquery_byid", Scalar(|c, a| by_oid(c, Syntax::Plain, a))),
    ("phraseto_tsquery", Scalar(|c, a| by_default(c, Syntax::Phrase, a))),
    ("phraseto_tsquery_byid", Scalar(|c, a| by_oid(c, Syntax::Phrase, a))),
    ("websearch_to_tsquery", Scalar(|c, a| by_default(c, Syntax::Web, a))),
    ("websearch_to_tsquery_byid", Scalar(|c, a| by_oid(c, Syntax::Web, a))),
];
