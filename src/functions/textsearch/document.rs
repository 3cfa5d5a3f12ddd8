//! `to_tsvector`: the lexemes of a text and their positions.

use super::super::Implementation::{self, Scalar};
use super::super::{Ctx, Env};
use super::configuration::Configuration;
use super::{POSITION_MAX, vector};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::textsearch::parser::Parser;
use crate::types::textsearch::{Lexeme, Position};

/// Bytes of a word, exclusive.
const WORD_BYTES_END: usize = (1 << 11) - 1;
/// Positions that a lexeme of a document has at most.
const POSITIONS_MAX: usize = 255;

/// A lexeme, and the position of its word among those that are in a dictionary.
pub(super) struct Word {
    pub lexeme: String,
    pub position: usize,
}

/// The lexemes of a text, counted from `position` on.
pub(super) fn words(
    env: &dyn Env,
    configuration: Configuration,
    text: &str,
    position: &mut usize,
) -> Vec<Word> {
    let mut words = Vec::new();
    for token in Parser::new(text) {
        if token.text.len() >= WORD_BYTES_END {
            let message = "word is too long to be indexed";
            let detail = format!("Words longer than {WORD_BYTES_END} characters are ignored.");
            let notice = PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message).detail(detail);
            env.session().send_notice(notice);
            continue;
        }
        let Some(dictionary) = configuration.dictionary(token.kind) else { continue };
        // Stop words count, too.
        *position += 1;
        let lexeme = dictionary.lexeme(token.text);
        words.extend(lexeme.map(|lexeme| Word { lexeme, position: *position }));
    }
    words
}

fn document(words: Vec<Word>) -> Result<Datum> {
    let mut words: Vec<(String, u16)> = words
        .into_iter()
        .map(|word| (word.lexeme, word.position.min(usize::from(POSITION_MAX)) as u16))
        .collect();
    words.sort();
    let mut lexemes: Vec<Lexeme> = Vec::new();
    for (word, number) in words {
        let position = Position { number, weight: 0 };
        match lexemes.last_mut().filter(|last| last.word == word) {
            Some(last) if last.positions.len() < POSITIONS_MAX => last.positions.push(position),
            Some(_) => {}
            None => lexemes.push(Lexeme { word, positions: vec![position] }),
        }
    }
    vector(lexemes)
}

pub(super) fn of_text(env: &dyn Env, configuration: Configuration, text: &str) -> Result<Datum> {
    document(words(env, configuration, text, &mut 0))
}

fn by_default(ctx: &Ctx<'_>, text: &str) -> Result<Datum> {
    of_text(ctx.env, Configuration::current(ctx)?, text)
}

fn by_oid(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    of_text(ctx.env, Configuration::of(a[0].as_oid())?, a[1].as_text())
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("to_tsvector", Scalar(|c, a| by_default(c, a[0].as_text()))),
    ("to_tsvector_byid", Scalar(by_oid)),
];
