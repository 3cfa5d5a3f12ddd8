//! unaccent: letters without their accents.
//!
//! The dictionary of the same name has the extension's own rules (`unaccent.tsv`, made by
//! `scripts/export-unaccent`), all of which replace one character; dictionaries with rules of their own
//! cannot be made.

use super::super::Implementation::{self, Scalar};
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::types::{Datum, Oid};
use std::collections::HashMap;
use std::sync::LazyLock;

static RULES: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("unaccent.tsv").lines().filter_map(|line| line.split_once('\t'));
    lines
        .flat_map(|(target, sources)| sources.chars().map(move |source| (source, target)))
        .collect()
});

fn unaccented(text: &str) -> Datum {
    if text.is_ascii() {
        return Datum::text(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match RULES.get(&c) {
            Some(replacement) => out.push_str(replacement),
            None => out.push(c),
        }
    }
    Datum::text(out)
}

fn by_dictionary(dictionary: Oid, text: &str) -> Result<Datum> {
    let own = builtin::extension_named("unaccent").map(|e| e.members("pg_ts_dict"));
    match own.is_some_and(|own| own.contains(&dictionary)) {
        true => Ok(unaccented(text)),
        false => Err(PgError::unsupported("unaccent() with a dictionary of another kind")),
    }
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[(
    "unaccent_dict",
    Scalar(|_, a| match a {
        [text] => Ok(unaccented(text.as_text())),
        [dictionary, text, ..] => by_dictionary(dictionary.as_oid(), text.as_text()),
        [] => Err(PgError::internal("unaccent() without a text")),
    }),
)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_their_accents() {
        for (text, plain) in [
            ("Hôtel", "Hotel"),
            ("ÆŒßøé", "AEOEssoe"),
            ("¼ ℃ №", "1/4 °C No"),
            ("e\u{301}", "e"),
            ("日本", "日本"),
        ] {
            assert_eq!(unaccented(text).as_text(), plain);
        }
    }
}
