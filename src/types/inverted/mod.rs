//! Keys of inverted indexes (access method `gin`): the parts of a value that it is found by, and which of
//! them a search asks for.
//!
//! A value that satisfies a condition has the keys that [`search`] says; that it has them does not mean that it
//! satisfies the condition, which is tested again. A value without any part has [`EMPTY`], so that every
//! value has a key and a search for all of them finds it.
//!
//! ```text
//! {1,2,2}                  keys 1, 2            a @> '{2,3}'         every of 2, 3
//! {"a": {"b": [1, "x"]}}   K a, K b, V 1, K x   j @> '{"a": "x"}'    every of K a, V x
//! 'fat':2 'cat':3          fat, cat             t @@ 'fat & !rat'    fat
//! ```
//!
//! Keys are stored: what a part's key is may not change. None is the beginning of another.

mod array;
mod document;
mod lexemes;
mod pairs;
mod trigrams;

use crate::types::{Datum, Oid};
use std::collections::BTreeSet;

/// What the parts of values are, as operator classes have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// `array_ops`: elements.
    Elements,
    /// `jsonb_ops`: keys and values, each for itself.
    Members,
    /// `jsonb_path_ops`: values together with the keys above them.
    Paths,
    /// `tsvector_ops`.
    Lexemes,
    /// `gin_hstore_ops`: keys, and keys with their values.
    Pairs,
    /// `gin_trgm_ops`.
    Trigrams,
}

/// A condition `column operator value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Contains,
    ContainedBy,
    Overlaps,
    Equals,
    HasKey,
    HasAnyKey,
    HasAllKeys,
    Matches,
    /// ILIKE too.
    Like,
    Similar,
    WordSimilar,
    StrictWordSimilar,
}

/// Which values a condition may be true for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    Nothing,
    Everything,
    /// Those that have this key.
    Key(Vec<u8>),
    /// Those that have a key that begins so.
    Prefix(Vec<u8>),
    AnyOf(Vec<Search>),
    EveryOf(Vec<Search>),
}

/// The key of a value without parts.
pub const EMPTY: &[u8] = &[0];

impl Parts {
    /// Those of an operator class, by its name; `None`: there is no inverted index of such values.
    pub fn of_class(name: &str) -> Option<Parts> {
        Some(match name {
            "array_ops" => Parts::Elements,
            "jsonb_ops" => Parts::Members,
            "jsonb_path_ops" => Parts::Paths,
            "tsvector_ops" => Parts::Lexemes,
            "gin_hstore_ops" => Parts::Pairs,
            "gin_trgm_ops" => Parts::Trigrams,
            _ => return None,
        })
    }

    /// What an operator asks of a column on its left; `None`: the index does not serve it.
    pub fn operator(self, operator: Oid) -> Option<Operator> {
        let known: &[(Oid, Operator)] = match self {
            Parts::Elements => &[
                (2751, Operator::Contains),
                (2752, Operator::ContainedBy),
                (2750, Operator::Overlaps),
                (1070, Operator::Equals),
            ],
            Parts::Members => &[
                (3246, Operator::Contains),
                (3247, Operator::HasKey),
                (3248, Operator::HasAnyKey),
                (3249, Operator::HasAllKeys),
            ],
            Parts::Paths => &[(3246, Operator::Contains)],
            Parts::Lexemes => &[(3636, Operator::Matches)],
            // Operators of extensions have these OIDs in every database.
            Parts::Pairs => &[
                (2_000_000_034, Operator::Contains),
                (2_000_000_016, Operator::HasKey),
                (2_000_000_018, Operator::HasAnyKey),
                (2_000_000_020, Operator::HasAllKeys),
            ],
            Parts::Trigrams => &[
                (98, Operator::Equals),
                (1209, Operator::Like),
                (1627, Operator::Like),
                (2_000_000_407, Operator::Similar),
                (2_000_000_411, Operator::WordSimilar),
                (2_000_000_469, Operator::StrictWordSimilar),
            ],
        };
        known.iter().find(|(oid, _)| *oid == operator).map(|(_, operator)| *operator)
    }
}

impl Operator {
    /// The setting that says how much alike two values must be; at 0 the condition is true for all.
    pub fn threshold(self) -> Option<&'static str> {
        Some(match self {
            Operator::Similar => "pg_trgm.similarity_threshold",
            Operator::WordSimilar => "pg_trgm.word_similarity_threshold",
            Operator::StrictWordSimilar => "pg_trgm.strict_word_similarity_threshold",
            _ => return None,
        })
    }
}

/// The keys of a value; none of NULL, for which no condition is true.
pub fn keys(parts: Parts, value: &Datum) -> BTreeSet<Vec<u8>> {
    if value.is_null() {
        return BTreeSet::new();
    }
    let mut keys = match parts {
        Parts::Elements => array::keys(value),
        Parts::Members => document::members(value),
        Parts::Paths => document::paths(value),
        Parts::Lexemes => lexemes::keys(value),
        Parts::Pairs => pairs::keys(value),
        Parts::Trigrams => trigrams::keys(value),
    };
    if keys.is_empty() {
        keys.insert(EMPTY.to_vec());
    }
    keys
}

/// What a condition asks for; one with a threshold, where that is above 0.
pub fn search(parts: Parts, operator: Operator, value: &Datum) -> Search {
    match (parts, value) {
        (_, Datum::Null) => Search::Nothing,
        (Parts::Elements, _) => array::search(operator, value),
        (Parts::Members, _) => document::search_members(operator, value),
        (Parts::Paths, _) => every_of(document::paths(value)),
        (Parts::Lexemes, _) => lexemes::search(value),
        (Parts::Pairs, _) => pairs::search(operator, value),
        (Parts::Trigrams, _) => trigrams::search(operator, value),
    }
}

/// All keys; a search for none of them is one for everything.
fn every_of(keys: BTreeSet<Vec<u8>>) -> Search {
    match keys.is_empty() {
        true => Search::Everything,
        false => Search::EveryOf(keys.into_iter().map(Search::Key).collect()),
    }
}

fn any_of(keys: BTreeSet<Vec<u8>>) -> Search {
    Search::AnyOf(keys.into_iter().map(Search::Key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Format, oids, text_in};

    const INT4_ARRAY: Oid = 1007;

    fn value(type_oid: Oid, text: &str) -> Datum {
        text_in(type_oid, -1, text, &Format::default()).unwrap()
    }

    /// Whether a value with these keys may be meant.
    fn may_match(keys: &BTreeSet<Vec<u8>>, search: &Search) -> bool {
        match search {
            Search::Nothing => false,
            Search::Everything => true,
            Search::Key(key) => keys.contains(key),
            Search::Prefix(start) => keys.iter().any(|key| key.starts_with(start)),
            Search::AnyOf(all) => all.iter().any(|search| may_match(keys, search)),
            Search::EveryOf(all) => all.iter().all(|search| may_match(keys, search)),
        }
    }

    fn finds(parts: Parts, type_oid: Oid, text: &str, operator: Operator, with: Datum) -> bool {
        may_match(&keys(parts, &value(type_oid, text)), &search(parts, operator, &with))
    }

    #[test]
    fn arrays_are_found_by_their_elements() {
        let find = |text: &str, operator, with: &str| {
            let with = value(INT4_ARRAY, with);
            finds(Parts::Elements, INT4_ARRAY, text, operator, with)
        };
        assert!(find("{1,2,2}", Operator::Contains, "{2}"));
        assert!(!find("{1,2,2}", Operator::Contains, "{2,3}"));
        assert!(find("{}", Operator::Contains, "{}") && find("{1}", Operator::Contains, "{}"));
        assert!(
            find("{1,2}", Operator::Overlaps, "{2,3}") && !find("{}", Operator::Overlaps, "{}")
        );
        assert!(
            find("{}", Operator::ContainedBy, "{1}") && !find("{2}", Operator::ContainedBy, "{1}")
        );
        assert!(find("{NULL}", Operator::Equals, "{NULL}") && find("{}", Operator::Equals, "{}"));
    }

    #[test]
    fn documents_are_found_by_members_and_by_paths() {
        let text = r#"{"a": {"b": [1.0, "x"]}, "c": null}"#;
        for (with, by_members, by_paths) in [
            (r#"{"a": {"b": [1]}}"#, true, true),
            (r#"{"a": {"b": 1}}"#, true, true),
            (r#"{"b": {"a": [1]}}"#, true, false),
            (r#"{"a": {"b": ["y"]}}"#, false, false),
            (r#"{"c": null}"#, true, true),
            ("{}", true, true),
        ] {
            let find = |parts| {
                let with = value(oids::JSONB, with);
                finds(parts, oids::JSONB, text, Operator::Contains, with)
            };
            assert_eq!(
                (find(Parts::Members), find(Parts::Paths)),
                (by_members, by_paths),
                "{with}"
            );
        }
        let has = |text: &str, key: &str| {
            finds(Parts::Members, oids::JSONB, text, Operator::HasKey, Datum::text(key))
        };
        assert!(has(text, "c") && has(r#"["c"]"#, "c") && has(r#""c""#, "c") && !has(text, "z"));
    }

    #[test]
    fn texts_are_found_by_trigrams_and_pairs_by_their_keys() {
        let find = |text: &str, operator, with: &str| {
            finds(Parts::Trigrams, oids::TEXT, text, operator, Datum::text(with))
        };
        assert!(find("two Words", Operator::Like, "%word%") && find("", Operator::Like, "%"));
        assert!(!find("two words", Operator::Like, "%work%"));
        assert!(find("--", Operator::Equals, "--") && !find("a", Operator::Equals, "--"));
        assert!(find("word", Operator::Similar, "wort") && !find("word", Operator::Similar, ""));
        let find = |text: &str, operator, with: Datum| {
            finds(Parts::Pairs, oids::HSTORE, text, operator, with)
        };
        let pairs = |text: &str| value(oids::HSTORE, text);
        assert!(find("a=>1,b=>NULL", Operator::Contains, pairs("b=>NULL")));
        assert!(!find("a=>1", Operator::Contains, pairs("a=>2")));
        assert!(find("a=>1", Operator::HasKey, Datum::text("a")));
        assert!(find("", Operator::Contains, pairs("")));
    }

    #[test]
    fn texts_are_found_by_their_words() {
        let find = |query: &str| {
            let with = value(oids::TSQUERY, query);
            finds(Parts::Lexemes, oids::TSVECTOR, "'cat':3 'fat':2", Operator::Matches, with)
        };
        assert!(find("fat & !rat") && find("cat | rat") && find("fa:*") && find("!cat"));
        assert!(find("fat <-> cat") && !find("fat & rat") && !find("rat | dog") && !find("fax:*"));
    }
}
