//! pg_trgm: how similar texts are by the trigrams that they share.
//!
//! ```text
//! "Word"                       {"  w"," wo","ord","rd ","wor"}
//! similarity(a, b)             trigrams of both, of all that either has
//! word_similarity(a, b)        the best that a run of b's trigrams has
//! strict_word_similarity(a, b) the same, of runs that begin and end with words
//! ```

use super::super::Implementation::{self, Scalar};
use super::super::{Ctx, Env};
use crate::error::Result;
use crate::types::trigram::{Trigram, placed, trigrams};
use crate::types::{Array, Datum, oids};
use std::collections::HashMap;
use std::sync::Arc;

/// Those in common of all that either has.
fn share(common: usize, left: usize, right: usize) -> f32 {
    common as f32 / (left + right - common) as f32
}

fn similarity(left: &str, right: &str) -> f32 {
    let (left, right) = (trigrams(left), trigrams(right));
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let common = left.iter().filter(|trigram| right.binary_search(trigram).is_ok()).count();
    share(common, left.len(), right.len())
}

/// A window over a text's trigrams that holds each distinct one once, and how many of them the word has.
struct Window<'t> {
    /// Per trigram of the text: its number among the distinct ones.
    numbers: &'t [usize],
    /// Per number: whether the word has it.
    wanted: &'t [bool],
    /// Per number: its last place in the window.
    last_place: Vec<Option<usize>>,
    distinct: usize,
    common: usize,
    /// The place it begins at; `None`: no trigram of the word has come yet.
    lower: Option<usize>,
}

impl Window<'_> {
    fn push(&mut self, at: usize) {
        let number = self.numbers[at];
        if self.lower.is_none() && !self.wanted[number] {
            return;
        }
        if self.last_place[number].is_none() {
            self.distinct += 1;
            self.common += usize::from(self.wanted[number]);
        }
        self.last_place[number] = Some(at);
    }

    /// Moves the lower bound to where the window up to `upper` is most similar; how similar it is.
    fn shrink(&mut self, upper: usize, word: usize, may_begin: impl Fn(usize) -> bool) -> f32 {
        let from = self.lower.unwrap_or(upper);
        if self.lower.is_none() {
            (self.lower, self.distinct) = (Some(upper), 1);
        }
        let mut best = share(self.common, word, self.distinct);
        let (mut common, mut distinct) = (self.common, self.distinct);
        for at in from..=upper {
            if may_begin(at) {
                let here = share(common, word, distinct);
                if here > best {
                    best = here;
                    (self.lower, self.common, self.distinct) = (Some(at), common, distinct);
                }
            }
            let number = self.numbers[at];
            if self.last_place[number] == Some(at) {
                distinct -= 1;
                common -= usize::from(self.wanted[number]);
            }
        }
        for at in from..self.lower.unwrap_or(from) {
            let number = self.numbers[at];
            if self.last_place[number] == Some(at) {
                self.last_place[number] = None;
            }
        }
        best
    }
}

/// How similar the most similar part of a text is to a word (`iterate_word_similarity`).
fn word_similarity(env: &dyn Env, word: &str, text: &str, strict: bool) -> Result<f32> {
    let (word, text) = (trigrams(word), placed(text));
    let mut known: HashMap<Trigram, usize> = HashMap::new();
    let mut wanted = Vec::new();
    for trigram in &word {
        known.insert(*trigram, wanted.len());
        wanted.push(true);
    }
    let mut numbers = Vec::with_capacity(text.len());
    for placed in &text {
        numbers.push(*known.entry(placed.trigram).or_insert_with(|| {
            wanted.push(false);
            wanted.len() - 1
        }));
    }
    let mut window = Window {
        numbers: &numbers,
        wanted: &wanted,
        last_place: vec![None; wanted.len()],
        distinct: 0,
        common: 0,
        lower: strict.then_some(0),
    };
    let mut best: f32 = 0.0;
    for (at, placed) in text.iter().enumerate() {
        // The time grows with the square of the text's length.
        env.session().check_for_interrupts()?;
        window.push(at);
        if if strict { placed.last } else { wanted[numbers[at]] } {
            let may_begin = |at: usize| !strict || text[at].first;
            best = best.max(window.shrink(at, word.len(), may_begin));
        }
    }
    Ok(best)
}

/// A threshold of the session's.
fn threshold(env: &dyn Env, name: &str) -> f64 {
    let setting = env.setting(&format!("pg_trgm.{name}_threshold"));
    setting.and_then(|value| value.parse().ok()).unwrap_or(0.0)
}

fn show_trgm(text: &str) -> Datum {
    let shown = |trigram: Trigram| Datum::text(String::from_utf8_lossy(&trigram).as_ref());
    let all = trigrams(text).into_iter().map(shown).collect();
    Datum::Array(Arc::new(Array::from_elements(oids::TEXT, all)))
}

/// The words of two arguments, and which of them is the text that is searched.
fn words(ctx: &Ctx<'_>, a: &[Datum], strict: bool, commuted: bool) -> Result<f32> {
    let (word, text) = if commuted { (&a[1], &a[0]) } else { (&a[0], &a[1]) };
    word_similarity(ctx.env, word.as_text(), text.as_text(), strict)
}

fn is_word(ctx: &Ctx<'_>, a: &[Datum], strict: bool, commuted: bool) -> Result<Datum> {
    let name = if strict { "strict_word_similarity" } else { "word_similarity" };
    let similar = f64::from(words(ctx, a, strict, commuted)?);
    Ok(Datum::Bool(similar >= threshold(ctx.env, name)))
}

fn word_distance(ctx: &Ctx<'_>, a: &[Datum], strict: bool, commuted: bool) -> Result<Datum> {
    Ok(Datum::Float4(1.0 - words(ctx, a, strict, commuted)?))
}

fn limit(env: &dyn Env) -> Datum {
    Datum::Float4(threshold(env, "similarity") as f32)
}

fn set_limit(ctx: &Ctx<'_>, limit_: f32) -> Result<Datum> {
    let name = "pg_trgm.similarity_threshold";
    let set = ctx.env.session().set_config(name, Some(&limit_.to_string()), false)?;
    Ok(Datum::Float4(set.parse().unwrap_or(limit_)))
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("set_limit", Scalar(|c, a| set_limit(c, a[0].as_float4()))),
    ("show_limit", Scalar(|c, _| Ok(limit(c.env)))),
    ("show_trgm", Scalar(|_, a| Ok(show_trgm(a[0].as_text())))),
    ("similarity", Scalar(|_, a| Ok(Datum::Float4(similarity(a[0].as_text(), a[1].as_text()))))),
    (
        "similarity_dist",
        Scalar(|_, a| Ok(Datum::Float4(1.0 - similarity(a[0].as_text(), a[1].as_text())))),
    ),
    (
        "similarity_op",
        Scalar(|c, a| {
            let similar = f64::from(similarity(a[0].as_text(), a[1].as_text()));
            Ok(Datum::Bool(similar >= threshold(c.env, "similarity")))
        }),
    ),
    ("word_similarity", Scalar(|c, a| words(c, a, false, false).map(Datum::Float4))),
    ("word_similarity_op", Scalar(|c, a| is_word(c, a, false, false))),
    ("word_similarity_commutator_op", Scalar(|c, a| is_word(c, a, false, true))),
    ("word_similarity_dist_op", Scalar(|c, a| word_distance(c, a, false, false))),
    ("word_similarity_dist_commutator_op", Scalar(|c, a| word_distance(c, a, false, true))),
    ("strict_word_similarity", Scalar(|c, a| words(c, a, true, false).map(Datum::Float4))),
    ("strict_word_similarity_op", Scalar(|c, a| is_word(c, a, true, false))),
    ("strict_word_similarity_commutator_op", Scalar(|c, a| is_word(c, a, true, true))),
    ("strict_word_similarity_dist_op", Scalar(|c, a| word_distance(c, a, true, false))),
    ("strict_word_similarity_dist_commutator_op", Scalar(|c, a| word_distance(c, a, true, true))),
];
