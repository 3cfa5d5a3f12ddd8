//! Text search. Here are the operators and functions that make and take apart `tsvector` and `tsquery`; those
//! that search are in the modules below.

pub(super) mod configuration;
pub(super) mod document;
pub(super) mod matching;
pub(super) mod parser;
pub(super) mod question;
pub(super) mod rank;

use super::Implementation::{self, Scalar, Set};
use super::comparison::{of, operators};
use super::text::count;
use super::{Ctx, Rows};
use crate::error::{PgError, Result, code};
use crate::types::textsearch::{Draft, Item, Lexeme, Operand, Operator, Position, Query, Vector};
use crate::types::{Array, Datum, oids};
use std::sync::Arc;

operators! {
    ["tsvector_" "tsvector_" "" "tsvector_cmp"] of!(TSVECTOR);
    ["tsquery_" "tsquery_" "" "tsquery_cmp"] of!(TSQUERY);
}

/// The last position there is.
const POSITION_MAX: u16 = (1 << 14) - 1;

fn vector(lexemes: Vec<Lexeme>) -> Result<Datum> {
    Vector::new(lexemes).map(|vector| vector.datum())
}

fn without_positions(value: &Datum) -> Result<Datum> {
    let lexemes = Vector::of(value).lexemes.into_iter();
    vector(lexemes.map(|lexeme| Lexeme { positions: Vec::new(), ..lexeme }).collect())
}

fn weight(letter: u8) -> Result<u8> {
    match letter.to_ascii_uppercase() {
        b'A' => Ok(3),
        b'B' => Ok(2),
        b'C' => Ok(1),
        b'D' => Ok(0),
        _ => {
            let message = format!("unrecognized weight: {letter}");
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
        }
    }
}

/// A vector with a weight at all positions, or at those of the given words.
fn with_weight(a: &[Datum]) -> Result<Datum> {
    let weight = weight(a[1].as_char())?;
    let words = a.get(2).map(|words| words_of_array(words.as_array())).transpose()?;
    let is_meant = |word: &str| words.as_ref().is_none_or(|words| words.contains(&word));
    let mut lexemes = Vector::of(&a[0]).lexemes;
    let meant = lexemes.iter_mut().filter(|lexeme| is_meant(&lexeme.word));
    let positions = meant.flat_map(|lexeme| &mut lexeme.positions);
    positions.for_each(|position| position.weight = weight);
    vector(lexemes)
}

/// The positions with one of the weights, and their lexemes.
fn filtered(a: &[Datum]) -> Result<Datum> {
    let array = a[1].as_array();
    if array.elements.iter().any(Datum::is_null) {
        let message = "weight array may not contain nulls";
        return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
    }
    let letter = |element: &Datum| {
        let letter = element.as_char();
        weight(letter).map_err(|_| {
            let message = format!("unrecognized weight: \"{}\"", char::from(letter));
            PgError::new(code::INVALID_PARAMETER_VALUE, message)
        })
    };
    let weights: Vec<u8> = array.elements.iter().map(letter).collect::<Result<_>>()?;
    let mut lexemes = Vector::of(&a[0]).lexemes;
    for lexeme in &mut lexemes {
        lexeme.positions.retain(|position| weights.contains(&position.weight));
    }
    lexemes.retain(|lexeme| !lexeme.positions.is_empty());
    vector(lexemes)
}

/// What an index could look for: the query without what it negates; `T` where nothing is left.
fn querytree(value: &Datum) -> Datum {
    let query = Query::of(value);
    if query.is_empty() {
        return Datum::text("");
    }
    let mut kept: Vec<Option<Query>> = Vec::new();
    for item in query.items().iter().rev() {
        let part = match item {
            Item::Value(operand) => Some(word(operand.clone())),
            Item::Operator(Operator::Not) => {
                kept.pop();
                None
            }
            Item::Operator(operator) => {
                let right = kept.pop().expect("operands come first");
                let left = kept.pop().expect("operands come first");
                match (left, right) {
                    (Some(left), Some(right)) => Some(left.joined(*operator, &right)),
                    _ if *operator == Operator::Or => None,
                    (left, right) => left.or(right),
                }
            }
        };
        kept.push(part);
    }
    let mut out = Vec::new();
    match kept.pop().flatten() {
        Some(query) => query.write(&mut out),
        None => out.push(b'T'),
    }
    Datum::text(String::from_utf8(out).expect("queries are UTF-8"))
}

fn word(operand: Operand) -> Query {
    let mut draft = Draft::default();
    // It was in a query.
    draft.value(operand).expect("a word of a query is short enough");
    draft.finish()
}

/// The second document after the first: its positions come behind all of the first's.
fn joined(a: &[Datum]) -> Result<Datum> {
    let (mut first, second) = (Vector::of(&a[0]).lexemes, Vector::of(&a[1]).lexemes);
    let positions = first.iter().flat_map(|lexeme| &lexeme.positions);
    let last = positions.map(|position| position.number).max().unwrap_or(0);
    let behind = |position: Position| Position {
        number: position.number.saturating_add(last).min(POSITION_MAX),
        ..position
    };
    first.extend(second.into_iter().map(|lexeme| Lexeme {
        positions: lexeme.positions.into_iter().map(behind).collect(),
        ..lexeme
    }));
    vector(first)
}

fn words(value: &Datum) -> Datum {
    let lexemes = Vector::of(value).lexemes.into_iter();
    let words = lexemes.map(|lexeme| Datum::text(lexeme.word)).collect();
    Datum::Array(Arc::new(Array::from_elements(oids::TEXT, words)))
}

/// The words of an array, none of them NULL.
fn words_of_array(array: &Array) -> Result<Vec<&str>> {
    let word = |element: &'_ Datum| match element {
        Datum::Null => {
            let message = "lexeme array may not contain nulls";
            Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message))
        }
        _ => Ok(()),
    };
    array.elements.iter().try_for_each(word)?;
    Ok(array.elements.iter().map(Datum::as_text).collect())
}

fn from_array(a: &[Datum]) -> Result<Datum> {
    let words = words_of_array(a[0].as_array())?;
    if words.iter().any(|word| word.is_empty()) {
        let message = "lexeme array may not contain empty strings";
        return Err(PgError::new(code::ZERO_LENGTH_CHARACTER_STRING, message));
    }
    let lexeme = |word: &str| Lexeme { word: word.to_owned(), positions: Vec::new() };
    vector(words.into_iter().map(lexeme).collect())
}

fn without(value: &Datum, words: &[&str]) -> Result<Datum> {
    let mut lexemes = Vector::of(value).lexemes;
    lexemes.retain(|lexeme| !words.contains(&lexeme.word.as_str()));
    vector(lexemes)
}

/// Each lexeme with its positions and their letters.
fn unnest(_: &Ctx<'_>, a: &[Datum]) -> Result<Rows> {
    let array = |element_type, elements| {
        Datum::Array(Arc::new(Array::from_elements(element_type, elements)))
    };
    let row = move |lexeme: Lexeme| {
        if lexeme.positions.is_empty() {
            return Ok(vec![Datum::text(lexeme.word), Datum::Null, Datum::Null]);
        }
        let positions = lexeme.positions.iter();
        let numbers = positions.clone().map(|p| Datum::Int2(p.number.cast_signed())).collect();
        let letters = ["D", "C", "B", "A"];
        let weights = positions.map(|p| Datum::text(letters[usize::from(p.weight)])).collect();
        let word = Datum::text(lexeme.word);
        Ok(vec![word, array(oids::INT2, numbers), array(oids::TEXT, weights)])
    };
    Ok(Box::new(Vector::of(&a[0]).lexemes.into_iter().map(row)))
}

/// Two queries joined; an empty one leaves the other.
fn both(a: &[Datum], operator: Operator) -> Datum {
    let (left, right) = (Query::of(&a[0]), Query::of(&a[1]));
    match (left.is_empty(), right.is_empty()) {
        (true, _) => a[1].clone(),
        (_, true) => a[0].clone(),
        _ => left.joined(operator, &right).datum(),
    }
}

fn phrase(a: &[Datum], distance: i32) -> Result<Datum> {
    let found = u16::try_from(distance).ok().filter(|distance| *distance <= POSITION_MAX + 1);
    let distance = found.ok_or_else(|| {
        let message = format!(
            "distance in phrase operator must be an integer value between zero and {} inclusive",
            POSITION_MAX + 1
        );
        PgError::new(code::INVALID_PARAMETER_VALUE, message)
    })?;
    Ok(both(a, Operator::Phrase(distance)))
}

fn negated(value: &Datum) -> Datum {
    let query = Query::of(value);
    if query.is_empty() { value.clone() } else { query.negated().datum() }
}

pub(super) const VALUES: &[(&str, Implementation)] = &[
    ("tsvector_length", Scalar(|_, a| Ok(count(Vector::of(&a[0]).lexemes.len())))),
    ("tsvector_strip", Scalar(|_, a| without_positions(&a[0]))),
    ("tsvector_setweight", Scalar(|_, a| with_weight(a))),
    ("tsvector_setweight_by_filter", Scalar(|_, a| with_weight(a))),
    ("tsvector_filter", Scalar(|_, a| filtered(a))),
    ("tsquerytree", Scalar(|_, a| Ok(querytree(&a[0])))),
    ("tsvector_concat", Scalar(|_, a| joined(a))),
    ("tsvector_to_array", Scalar(|_, a| Ok(words(&a[0])))),
    ("array_to_tsvector", Scalar(|_, a| from_array(a))),
    ("tsvector_delete_str", Scalar(|_, a| without(&a[0], &[a[1].as_text()]))),
    ("tsvector_delete_arr", Scalar(|_, a| without(&a[0], &words_of_array(a[1].as_array())?))),
    ("tsvector_unnest", Set(unnest)),
    ("tsquery_and", Scalar(|_, a| Ok(both(a, Operator::And)))),
    ("tsquery_or", Scalar(|_, a| Ok(both(a, Operator::Or)))),
    ("tsquery_not", Scalar(|_, a| Ok(negated(&a[0])))),
    ("tsquery_phrase", Scalar(|_, a| phrase(a, 1))),
    ("tsquery_phrase_distance", Scalar(|_, a| phrase(a, a[2].as_int4()))),
    ("tsquery_numnode", Scalar(|_, a| Ok(count(Query::of(&a[0]).nodes())))),
];
