//! Texts, as `gin_trgm_ops` of pg_trgm has them: their trigrams.

use super::{EMPTY, Operator, Search, any_of, every_of};
use crate::types::Datum;
use crate::types::trigram::{Trigram, of_pattern, trigrams};
use std::collections::BTreeSet;

fn key(trigram: Trigram) -> Vec<u8> {
    [&[1], &trigram[..]].concat()
}

pub(super) fn keys(value: &Datum) -> BTreeSet<Vec<u8>> {
    trigrams(value.as_text()).into_iter().map(key).collect()
}

pub(super) fn search(operator: Operator, value: &Datum) -> Search {
    match operator {
        Operator::Like => every_of(of_pattern(value.as_text()).into_iter().map(key).collect()),
        Operator::Equals => match keys(value) {
            none if none.is_empty() => Search::Key(EMPTY.to_vec()),
            all => every_of(all),
        },
        // What is similar at all has one in common.
        _ => any_of(keys(value)),
    }
}
