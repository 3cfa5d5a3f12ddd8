//! `@@`: whether a document is one that a query looks for.
//!
//! A document without positions leaves open whether a phrase is in it; PostgreSQL takes that for "no" where
//! the whole phrase ends (its `TS_execute`).

use super::super::Ctx;
use super::super::Implementation::{self, Scalar};
use super::configuration::Configuration;
use super::{document, question};
use crate::error::Result;
use crate::types::Datum;
use crate::types::textsearch::{Item, Lexeme, Operand, Operator, Query, Vector};

/// Where a part of a phrase ends: at the positions, or at all but these.
#[derive(Default)]
struct Places {
    positions: Vec<u32>,
    /// All positions but those.
    negated: bool,
    /// Words from the first to the last, less one.
    width: u32,
}

/// `None`: it cannot be said.
type Found = Option<Places>;

struct Matching<'a> {
    lexemes: &'a [Lexeme],
    items: &'a [Item],
    lefts: &'a [usize],
}

fn matches(document: &Datum, query: &Datum) -> bool {
    let (vector, query) = (Vector::of(document), Query::of(query));
    if query.is_empty() {
        return false;
    }
    let lefts = query.lefts();
    let matching = Matching { lexemes: &vector.lexemes, items: query.items(), lefts: &lefts };
    matching.is_met(0)
}

/// The lexemes that an operand means.
pub(super) fn meant<'l>(lexemes: &'l [Lexeme], operand: &Operand) -> &'l [Lexeme] {
    let word = operand.word.as_str();
    let start = lexemes.partition_point(|lexeme| lexeme.word.as_str() < word);
    let is_meant = |lexeme: &Lexeme| match operand.prefix {
        true => lexeme.word.starts_with(word),
        false => lexeme.word == word,
    };
    let count = lexemes[start..].iter().take_while(|lexeme| is_meant(lexeme)).count();
    &lexemes[start..start + count]
}

/// Whether an operand wants a position of this weight.
fn is_wanted(operand: &Operand, weight: u8) -> bool {
    operand.weights == 0 || operand.weights >> weight & 1 == 1
}

impl Matching<'_> {
    fn is_met(&self, at: usize) -> bool {
        stacker::maybe_grow(64 << 10, 1 << 20, || match &self.items[at] {
            Item::Value(operand) => self.has(operand),
            Item::Operator(Operator::Not) => !self.is_met(at + 1),
            Item::Operator(Operator::And) => self.is_met(self.lefts[at]) && self.is_met(at + 1),
            Item::Operator(Operator::Or) => self.is_met(self.lefts[at]) || self.is_met(at + 1),
            // Where it must not be, it is anywhere else.
            Item::Operator(Operator::Phrase(_)) => {
                self.places(at).is_some_and(|places| !places.is_nowhere())
            }
        })
    }

    fn has(&self, operand: &Operand) -> bool {
        meant(self.lexemes, operand).iter().any(|lexeme| {
            lexeme.positions.is_empty()
                || lexeme.positions.iter().any(|position| is_wanted(operand, position.weight))
        })
    }

    /// Where an operand is.
    fn operand_places(&self, operand: &Operand) -> Found {
        let mut positions = Vec::new();
        for lexeme in meant(self.lexemes, operand) {
            if lexeme.positions.is_empty() {
                return None;
            }
            let wanted = lexeme.positions.iter().filter(|p| is_wanted(operand, p.weight));
            positions.extend(wanted.map(|position| u32::from(position.number)));
        }
        positions.sort_unstable();
        positions.dedup();
        Some(Places { positions, ..Places::default() })
    }

    /// Where a part of a phrase is.
    fn places(&self, at: usize) -> Found {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            let operator = match &self.items[at] {
                Item::Value(operand) => return self.operand_places(operand),
                Item::Operator(operator) => *operator,
            };
            if operator == Operator::Not {
                let places = self.places(at + 1)?;
                return Some(Places { negated: !places.negated, ..places });
            }
            let left = self.places(self.lefts[at]);
            if operator != Operator::Or && left.as_ref().is_some_and(Places::is_nowhere) {
                return Some(Places::default());
            }
            let right = self.places(at + 1);
            match (left, right) {
                (_, Some(right)) if operator != Operator::Or && right.is_nowhere() => {
                    Some(Places::default())
                }
                (Some(left), Some(right)) => Some(joined(operator, &left, &right)),
                _ => None,
            }
        })
    }
}

impl Places {
    fn is_nowhere(&self) -> bool {
        self.positions.is_empty() && !self.negated
    }
}

/// Which of two lists' positions are kept.
#[derive(Clone, Copy)]
struct Keep {
    both: bool,
    left: bool,
    right: bool,
}

fn joined(operator: Operator, left: &Places, right: &Places) -> Places {
    // A part that is nowhere has no width.
    let width = |places: &Places| if places.is_nowhere() { 0 } else { places.width };
    let (left_width, right_width) = (width(left), width(right));
    let (shifts, width) = match operator {
        Operator::Phrase(distance) => {
            let distance = u32::from(distance);
            ((distance + right_width, 0), distance + left_width + right_width)
        }
        _ => {
            let width = left_width.max(right_width);
            ((width - left_width, width - right_width), width)
        }
    };
    let all = Keep { both: true, left: true, right: true };
    let both = Keep { both: true, left: false, right: false };
    let only_left = Keep { both: false, left: true, right: false };
    let only_right = Keep { both: false, left: false, right: true };
    // With "not" moved to the outside.
    let (keep, negated) = match (operator == Operator::Or, left.negated, right.negated) {
        (false, true, true) => (all, true),
        (false, true, false) => (only_right, false),
        (false, false, true) => (only_left, false),
        (false, false, false) => (both, false),
        (true, true, true) => (both, true),
        (true, true, false) => (only_left, true),
        (true, false, true) => (only_right, true),
        (true, false, false) => (all, false),
    };
    let shifted = |positions: &[u32], by: u32| positions.iter().map(|p| p + by).collect::<Vec<_>>();
    let (left, right) = (shifted(&left.positions, shifts.0), shifted(&right.positions, shifts.1));
    Places { positions: merged(&left, &right, keep), negated, width }
}

fn merged(left: &[u32], right: &[u32], keep: Keep) -> Vec<u32> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut merged = Vec::new();
    loop {
        let (l, r) = match (left.peek(), right.peek()) {
            (None, None) => return merged,
            (l, r) => (l.map_or(u32::MAX, |l| **l), r.map_or(u32::MAX, |r| **r)),
        };
        let is_kept = match l.cmp(&r) {
            std::cmp::Ordering::Less => keep.left,
            std::cmp::Ordering::Equal => keep.both,
            std::cmp::Ordering::Greater => keep.right,
        };
        if l <= r {
            left.next();
        }
        if r <= l {
            right.next();
        }
        if is_kept && l.min(r) > 0 {
            merged.push(l.min(r));
        }
    }
}

fn text_matches(ctx: &Ctx<'_>, text: &str, query: &Datum) -> Result<Datum> {
    let document = document::of_text(ctx.env, Configuration::current(ctx)?, text)?;
    Ok(Datum::Bool(matches(&document, query)))
}

fn texts_match(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let query = question::plain(ctx, a[1].as_text())?;
    text_matches(ctx, a[0].as_text(), &query)
}

/// Whether all words of the second query are in the first.
fn contains(a: &Datum, b: &Datum) -> Datum {
    let (a, b) = (Query::of(a), Query::of(b));
    let words: std::collections::HashSet<&str> = a.operands().map(|o| o.word.as_str()).collect();
    Datum::Bool(b.operands().all(|operand| words.contains(operand.word.as_str())))
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("ts_match_vq", Scalar(|_, a| Ok(Datum::Bool(matches(&a[0], &a[1]))))),
    ("ts_match_qv", Scalar(|_, a| Ok(Datum::Bool(matches(&a[1], &a[0]))))),
    ("ts_match_tq", Scalar(|c, a| text_matches(c, a[0].as_text(), &a[1]))),
    ("ts_match_tt", Scalar(texts_match)),
    ("tsq_mcontains", Scalar(|_, a| Ok(contains(&a[0], &a[1])))),
    ("tsq_mcontained", Scalar(|_, a| Ok(contains(&a[1], &a[0])))),
];
