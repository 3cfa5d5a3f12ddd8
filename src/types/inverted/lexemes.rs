//! `tsvector`: lexemes; weights and distances are left to the test of what is found.

use super::Search;
use crate::types::Datum;
use crate::types::key::encode_bytes;
use crate::types::textsearch::{Operator, Query, Vector};
use std::collections::BTreeSet;

const WORD: u8 = 1;

pub(super) fn keys(value: &Datum) -> BTreeSet<Vec<u8>> {
    Vector::of(value).lexemes.iter().map(|lexeme| word(&lexeme.word)).collect()
}

pub(super) fn search(value: &Datum) -> Search {
    let found = Query::of(value).fold(
        &mut |operand| match operand.prefix {
            true => {
                let mut start = vec![WORD];
                start.extend(operand.word.bytes());
                Search::Prefix(start)
            }
            false => Search::Key(word(&operand.word)),
        },
        &mut joined,
    );
    // An empty query matches nothing.
    found.unwrap_or(Search::Nothing)
}

fn joined(operator: Operator, parts: Vec<Search>) -> Search {
    match operator {
        Operator::Not => Search::Everything,
        Operator::Or if parts.contains(&Search::Everything) => Search::Everything,
        Operator::Or => Search::AnyOf(parts),
        Operator::And | Operator::Phrase(_) => {
            let wanted: Vec<_> = parts.into_iter().filter(|p| *p != Search::Everything).collect();
            match wanted.is_empty() {
                true => Search::Everything,
                false => Search::EveryOf(wanted),
            }
        }
    }
}

fn word(text: &str) -> Vec<u8> {
    let mut out = vec![WORD];
    encode_bytes(text.as_bytes(), &mut out);
    out
}
