//! `pg_get_keywords()`: SQL's key words (manual, appendix C).

use super::Implementation::{self, Set};
use super::Rows;
use crate::catalog::builtin::{self, Keyword, KeywordCategory};
use crate::types::Datum;

/// `catcode` and `catdesc`.
fn describe(category: KeywordCategory) -> (u8, &'static str) {
    match category {
        KeywordCategory::Unreserved => (b'U', "unreserved"),
        KeywordCategory::ColumnName => (b'C', "unreserved (cannot be function or type name)"),
        KeywordCategory::TypeOrFunctionName => (b'T', "reserved (can be function or type name)"),
        KeywordCategory::Reserved => (b'R', "reserved"),
    }
}

fn row(keyword: &Keyword) -> Vec<Datum> {
    let (code, description) = describe(keyword.category);
    let bare = if keyword.bare_label { "can be bare label" } else { "requires AS" };
    vec![
        Datum::text(keyword.word),
        Datum::Char(code),
        Datum::Bool(keyword.bare_label),
        Datum::text(description),
        Datum::text(bare),
    ]
}

/// In alphabetical order, as PostgreSQL lists them.
fn rows() -> Rows {
    let mut keywords: Vec<_> = builtin::keywords().collect();
    keywords.sort_unstable_by_key(|keyword| keyword.word);
    Box::new(keywords.into_iter().map(|keyword| Ok(row(keyword))))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] =
    &[("pg_get_keywords", Set(|_, _| Ok(rows())))];
