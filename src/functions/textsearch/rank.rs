//! `ts_rank`: how well a document fits a query, by how often and how near to each other its words are.
//! Numbers are rounded where PostgreSQL rounds them.

use super::super::Implementation::{self, Scalar};
use super::matching::meant;
use crate::error::{PgError, Result, code};
use crate::types::textsearch::{Item, Lexeme, Operand, Operator, Position, Query, Vector};
use crate::types::{Array, Datum};

/// Of D, C, B and A.
const WEIGHTS: [f32; 4] = [0.1, 0.2, 0.4, 1.0];

/// How a rank takes the document's length into account: bits.
const BY_LOG_LENGTH: i32 = 1;
const BY_LENGTH: i32 = 2;
const BY_LEXEMES: i32 = 8;
const BY_LOG_LEXEMES: i32 = 16;
const BELOW_ONE: i32 = 32;

/// The distance of two words at one place.
const FAR: i32 = 1 << 14;

/// Weights from an array; negative ones stand for the defaults.
fn weights(array: &Array) -> Result<[f32; 4]> {
    if array.dims.len() != 1 {
        let message = "array of weight must be one-dimensional";
        return Err(PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message));
    }
    if array.elements.len() < WEIGHTS.len() {
        let message = "array of weight is too short";
        return Err(PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message));
    }
    if array.elements.iter().any(Datum::is_null) {
        let message = "array of weight must not contain nulls";
        return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
    }
    let mut weights = WEIGHTS;
    for (weight, element) in weights.iter_mut().zip(&array.elements) {
        let given = element.as_float4();
        if given >= 0.0 {
            *weight = given;
        }
        if *weight > 1.0 {
            let message = "weight out of range";
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
        }
    }
    Ok(weights)
}

/// The words that are looked for, each once.
fn operands(query: &Query) -> Vec<&Operand> {
    let mut operands: Vec<&Operand> = query.operands().collect();
    operands.sort_by(|a, b| a.word.cmp(&b.word));
    operands.dedup_by(|a, b| a.word == b.word);
    operands
}

fn rank(weights: [f32; 4], document: &Datum, query: &Datum, method: i32) -> Datum {
    let (vector, query) = (Vector::of(document), Query::of(query));
    let lexemes = &vector.lexemes;
    let Some(root) = query.items().first().filter(|_| !lexemes.is_empty()) else {
        return Datum::Float4(0.0);
    };
    let operands = operands(&query);
    let is_all = matches!(root, Item::Operator(Operator::And | Operator::Phrase(_)));
    let mut rank = match is_all && operands.len() > 1 {
        true => rank_of_all(weights, lexemes, &operands),
        false => rank_of_any(weights, lexemes, &operands),
    };
    if rank < 0.0 {
        rank = 1e-20;
    }
    let length: usize = lexemes.iter().map(|lexeme| lexeme.positions.len().max(1)).sum();
    let log2 = |n: usize| ((n + 1) as f64).ln() / 2f64.ln();
    let divided = |rank: f32, by: f64| (f64::from(rank) / by) as f32;
    if method & BY_LOG_LENGTH != 0 {
        rank = divided(rank, log2(length));
    }
    if method & BY_LENGTH != 0 {
        rank /= length as f32;
    }
    if method & BY_LEXEMES != 0 {
        rank /= lexemes.len() as f32;
    }
    if method & BY_LOG_LEXEMES != 0 {
        rank = divided(rank, log2(lexemes.len()));
    }
    if method & BELOW_ONE != 0 {
        rank /= rank + 1.0;
    }
    Datum::Float4(rank)
}

/// A lexeme's positions; one that has none stands at `place`.
fn positions(lexeme: &Lexeme, place: u16) -> Vec<Position> {
    match lexeme.positions.is_empty() {
        true => vec![Position { number: place, weight: 0 }],
        false => lexeme.positions.clone(),
    }
}

fn closeness(distance: i32) -> f32 {
    if distance > 100 {
        return 1e-30;
    }
    (1.0 / (1.005 + 0.05 * (f64::from(distance as f32) / 1.5 - 2.0).exp())) as f32
}

/// By the distances of each two words.
fn rank_of_all(weights: [f32; 4], lexemes: &[Lexeme], operands: &[&Operand]) -> f32 {
    let last = (FAR - 1) as u16;
    let mut rank = -1f32;
    // Of each operand the positions of the last lexeme that it means, and whether it has none.
    let mut seen: Vec<(Vec<Position>, bool)> = Vec::new();
    for operand in operands {
        let mut own = None;
        for lexeme in meant(lexemes, operand) {
            let (here, is_bare) = (positions(lexeme, last), lexeme.positions.is_empty());
            for (there, other_is_bare) in &seen {
                for (a, b) in here.iter().flat_map(|a| there.iter().map(move |b| (a, b))) {
                    let distance = (i32::from(a.number) - i32::from(b.number)).abs();
                    if distance == 0 && !is_bare && !other_is_bare {
                        continue;
                    }
                    let closeness = closeness(if distance == 0 { FAR } else { distance });
                    let weight = |p: &Position| weights[usize::from(p.weight)];
                    let now = f64::from(weight(a) * weight(b) * closeness).sqrt() as f32;
                    rank = match rank < 0.0 {
                        true => now,
                        false => {
                            let (rank, now) = (f64::from(rank), f64::from(now));
                            (1.0 - (1.0 - rank) * (1.0 - now)) as f32
                        }
                    };
                }
            }
            own = Some((here, is_bare));
        }
        seen.extend(own);
    }
    rank
}

/// By the number of places of each word.
fn rank_of_any(weights: [f32; 4], lexemes: &[Lexeme], operands: &[&Operand]) -> f32 {
    let mut rank = 0f32;
    for lexeme in operands.iter().flat_map(|operand| meant(lexemes, operand)) {
        let (mut sum, mut best, mut best_at) = (0f32, -1f32, 0);
        for (at, position) in positions(lexeme, 0).iter().enumerate() {
            let weight = weights[usize::from(position.weight)];
            sum += weight / ((at + 1) * (at + 1)) as f32;
            if weight > best {
                (best, best_at) = (weight, at);
            }
        }
        let places = best + sum - best / ((best_at + 1) * (best_at + 1)) as f32;
        // What the sum of 1 / n² comes to.
        rank = (f64::from(rank) + f64::from(places) / 1.644_934_066_85) as f32;
    }
    rank / operands.len() as f32
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("ts_rank_tt", Scalar(|_, a| Ok(rank(WEIGHTS, &a[0], &a[1], 0)))),
    ("ts_rank_ttf", Scalar(|_, a| Ok(rank(WEIGHTS, &a[0], &a[1], a[2].as_int4())))),
    ("ts_rank_wtt", Scalar(|_, a| Ok(rank(weights(a[0].as_array())?, &a[1], &a[2], 0)))),
    (
        "ts_rank_wttf",
        Scalar(|_, a| Ok(rank(weights(a[0].as_array())?, &a[1], &a[2], a[3].as_int4()))),
    ),
];
