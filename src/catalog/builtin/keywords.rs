//! `pg_get_keywords()`: which words need quotes where.

use super::HashMap;
use super::data::Reader;
use std::sync::LazyLock;

/// How reserved a keyword is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeywordCategory {
    Unreserved,
    /// Cannot name a function or type.
    ColumnName,
    /// Can name a function or type only.
    TypeOrFunctionName,
    Reserved,
}

/// An SQL keyword of PostgreSQL's grammar.
#[derive(Clone, Debug)]
pub struct Keyword {
    pub word: &'static str,
    pub category: KeywordCategory,
    /// Can be a column label without AS.
    pub bare_label: bool,
}

static KEYWORDS: LazyLock<HashMap<&'static str, Keyword>> = LazyLock::new(|| {
    let mut r = Reader::open("pg_keywords").expect("an exported list");
    let mut words = HashMap::default();
    while r.advance() {
        let category = match r.char("catcode") {
            b'U' => KeywordCategory::Unreserved,
            b'C' => KeywordCategory::ColumnName,
            b'T' => KeywordCategory::TypeOrFunctionName,
            _ => KeywordCategory::Reserved,
        };
        let word = r.text("word");
        words.insert(word, Keyword { word, category, bare_label: r.bool("barelabel") });
    }
    words
});

/// The keyword that this lower-case word is.
pub fn keyword(word: &str) -> Option<&'static Keyword> {
    KEYWORDS.get(word)
}

/// All keywords, in no particular order.
pub fn keywords() -> impl Iterator<Item = &'static Keyword> {
    KEYWORDS.values()
}
