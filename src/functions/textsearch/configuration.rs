//! Configurations and dictionaries: which lexeme a token of the parser becomes.
//!
//! Of PostgreSQL's, `simple` and `english` work. A configuration of the others is known by name, but gives
//! 0A000 where it is used.

use super::super::Implementation::{self, Scalar};
use super::super::{Ctx, reg};
use crate::error::{PgError, Result, code};
use crate::types::textsearch::parser::Kind;
use crate::types::{Array, Datum, Oid, oids};
use rust_stemmers::{Algorithm, Stemmer};
use std::sync::{Arc, LazyLock};

/// Longer words are not stemmed.
const STEM_BYTES_MAX: usize = 1000;

/// PostgreSQL's `english.stop`.
const ENGLISH_STOP: &str = "i me my myself we our ours ourselves you your yours yourself yourselves he him \
    his himself she her hers herself it its itself they them their theirs themselves what which who whom \
    this that these those am is are was were be been being have has had having do does did doing a an the \
    and but if or because as until while of at by for with about against between into through during \
    before after above below to from up down in out on off over under again further then once here there \
    when where why how all any both each few more most other some such no nor not only own same so than \
    too very s t can will just don should now";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dictionary {
    Simple,
    English,
}

impl Dictionary {
    fn of(oid: Oid) -> Result<Dictionary> {
        match reg::text_search::dictionary_name(oid) {
            Some("simple") => Ok(Dictionary::Simple),
            Some("english_stem") => Ok(Dictionary::English),
            Some(other) => Err(PgError::unsupported(format!("text search dictionary \"{other}\""))),
            None => Err(unknown("dictionary", oid)),
        }
    }

    /// The lexeme of a word; `None`: a stop word.
    pub fn lexeme(self, word: &str) -> Option<String> {
        static STOP: LazyLock<std::collections::HashSet<&str>> =
            LazyLock::new(|| ENGLISH_STOP.split_ascii_whitespace().collect());
        let lower = word.to_ascii_lowercase();
        match self {
            _ if lower.is_empty() => None,
            Dictionary::Simple => Some(lower),
            Dictionary::English if word.len() > STEM_BYTES_MAX => Some(lower),
            Dictionary::English if STOP.contains(lower.as_str()) => None,
            Dictionary::English => {
                Some(Stemmer::create(Algorithm::English).stem(&lower).into_owned())
            }
        }
    }
}

fn unknown(what: &str, oid: Oid) -> PgError {
    let message = format!("cache lookup failed for text search {what} {oid}");
    PgError::new(code::INTERNAL_ERROR, message)
}

/// A configuration, as the dictionary that it has for words of a language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration(Dictionary);

impl Configuration {
    pub fn of(oid: Oid) -> Result<Configuration> {
        match reg::text_search::configuration_name(oid) {
            Some("simple") => Ok(Configuration(Dictionary::Simple)),
            Some("english") => Ok(Configuration(Dictionary::English)),
            Some(other) => {
                Err(PgError::unsupported(format!("text search configuration \"{other}\"")))
            }
            None => Err(unknown("configuration", oid)),
        }
    }

    /// The one that `default_text_search_config` names.
    pub fn current(ctx: &Ctx<'_>) -> Result<Configuration> {
        current(ctx).and_then(Configuration::of)
    }

    /// The dictionary for a kind of token; such without one are not indexed.
    pub fn dictionary(self, kind: Kind) -> Option<Dictionary> {
        match kind {
            Kind::Blank | Kind::Tag | Kind::Protocol | Kind::Entity => None,
            Kind::AsciiWord
            | Kind::Word
            | Kind::AsciiHyphenWord
            | Kind::HyphenWord
            | Kind::AsciiHyphenPart
            | Kind::HyphenPart => Some(self.0),
            _ => Some(Dictionary::Simple),
        }
    }
}

fn current(ctx: &Ctx<'_>) -> Result<Oid> {
    let setting = ctx.env.setting("default_text_search_config").unwrap_or_default();
    reg::input(ctx.env, oids::REGCONFIG, &setting)
}

/// An array of the lexeme, or of none for a stop word.
fn lexize(a: &[Datum]) -> Result<Datum> {
    let lexeme = Dictionary::of(a[0].as_oid())?.lexeme(a[1].as_text());
    let lexemes = lexeme.into_iter().map(Datum::text).collect();
    Ok(Datum::Array(Arc::new(Array::from_elements(oids::TEXT, lexemes))))
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("get_current_ts_config", Scalar(|c, _| current(c).map(Datum::Oid))),
    ("ts_lexize", Scalar(|_, a| lexize(a))),
];
