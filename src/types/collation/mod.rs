//! Texts compared by the rules of a language instead of by their bytes.
//!
//! Everything that compares values — sorts, joins, groups, keys of indexes, operators — does it by a
//! type's OID ([`compare`](super::compare()), [`equal`](super::equal), [`hash`](super::hash),
//! [`key::encode`](super::key::encode)). A text under a collation is compared by an OID that stands for
//! both, its *comparison type*. Values stay texts, and what does not ask about collations goes on as
//! ever: for a bytewise collation the comparison type is the text's own type.
//!
//! ```text
//! text under "C"          25            bytes
//! text under "sv-x-icu"   4026531840    ICU's order for sv, then bytes
//! ```
//!
//! Under a *deterministic* collation only the same bytes are equal: they decide between texts that the
//! language takes for one. Under others such texts are equal, and their keys are the same.
//!
//! An array has the comparison type of its elements.
//!
//! Invariants: comparison types are this process's own and never stored; no catalog gives OIDs as high
//! as theirs; once made they stay, so that who has one can compare without looking anything up twice.

pub mod icu;

use super::{Oid, oids, string};
use crate::error::{PgError, Result, code};
use icu::Collator;
use parking_lot::Mutex;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

/// The database's collation, in pg_collation.
pub const DEFAULT: Oid = 100;
pub const C: Oid = 950;
/// What a function works under whose arguments settle on no collation, where it needs one: it fails when it
/// is called. No collation has this OID, and none compares as it does.
pub const UNDETERMINED: Oid = Oid::MAX;

/// 42P22: what is to be done needs a collation, and there is none or no single one.
pub fn undetermined(purpose: &str) -> PgError {
    let message = format!("could not determine which collation to use for {purpose}");
    PgError::new(code::INDETERMINATE_COLLATION, message)
        .hint("Use the COLLATE clause to set the collation explicitly.")
}

/// The first comparison type; catalogs give OIDs from below.
const FIRST: Oid = 0xf000_0000;
/// How many there can be: languages, times two, times two.
const COUNT: usize = 4096;

static MADE: [OnceLock<Collated>; COUNT] = [const { OnceLock::new() }; COUNT];
/// How many of them are made; held while one is.
static MAKING: Mutex<usize> = Mutex::new(0);

/// How texts compare by a comparison type.
pub struct Collated {
    collator: Collator,
    locale: String,
    deterministic: bool,
    /// `character(n)`: trailing blanks do not count.
    is_padded: bool,
}

/// The comparison type of `text` or `bpchar` by ICU's rules for a locale.
pub fn comparison_type(type_oid: Oid, locale: &str, deterministic: bool) -> Result<Oid> {
    let is_padded = type_oid == oids::BPCHAR;
    let mut count = MAKING.lock();
    let same = |made: &Collated| {
        (&*made.locale, made.deterministic, made.is_padded) == (locale, deterministic, is_padded)
    };
    let known = MADE[..*count].iter().position(|made| made.get().is_some_and(same));
    let at = match known {
        Some(at) => at,
        None if *count == COUNT => {
            let message = "too many collations have been used since the server was started";
            return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
        }
        None => {
            let collator = Collator::open(locale)?;
            let locale = locale.to_owned();
            let made = Collated { collator, locale, deterministic, is_padded };
            MADE[*count].get_or_init(|| made);
            *count += 1;
            *count - 1
        }
    };
    Ok(FIRST + Oid::try_from(at).expect("there are few"))
}

/// Whether values of a type compare by their collation's rules.
#[inline]
pub fn is_collated(type_oid: Oid) -> bool {
    type_oid >= FIRST
}

/// How texts compare by a type, if it is a comparison type.
pub fn collated(type_oid: Oid) -> Option<&'static Collated> {
    let at = usize::try_from(type_oid.checked_sub(FIRST)?).ok()?;
    MADE.get(at)?.get()
}

/// The version of ICU's rules for a locale.
pub fn version(locale: &str) -> Result<String> {
    Collator::open(locale).map(|collator| collator.version())
}

impl Collated {
    /// The locale whose rules these are.
    pub fn locale(&self) -> &str {
        &self.locale
    }

    /// Whether only the same bytes are equal.
    pub fn is_deterministic(&self) -> bool {
        self.deterministic
    }

    fn content<'t>(&self, text: &'t str) -> &'t str {
        if self.is_padded { string::trim_blanks(text) } else { text }
    }

    pub(super) fn compare(&self, a: &str, b: &str) -> Ordering {
        let (a, b) = (self.content(a), self.content(b));
        if a == b {
            return Ordering::Equal;
        }
        let order = self.collator.compare(a, b);
        if self.deterministic { order.then_with(|| a.cmp(b)) } else { order }
    }

    pub(super) fn equal(&self, a: &str, b: &str) -> bool {
        let (a, b) = (self.content(a), self.content(b));
        a == b || !self.deterministic && self.collator.compare(a, b).is_eq()
    }

    pub(super) fn hash(&self, text: &str, state: &mut impl Hasher) {
        match self.deterministic {
            true => self.content(text).hash(state),
            false => self.collator.sort_key(self.content(text)).hash(state),
        }
    }

    /// Bytes that compare as the texts do, none of which begins with another.
    pub(super) fn encode_key(&self, text: &str, out: &mut Vec<u8>) {
        let text = self.content(text);
        out.extend_from_slice(&self.collator.sort_key(text));
        if self.deterministic {
            super::key::encode_bytes(text.as_bytes(), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::types::{Datum, Oid, compare, equal, key, oids};
    use std::cmp::Ordering;

    fn type_of(locale: &str, deterministic: bool) -> Oid {
        super::comparison_type(oids::TEXT, locale, deterministic).unwrap()
    }

    fn key(type_oid: Oid, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        key::encode(type_oid, &Datum::text(text), false, false, &mut out);
        out
    }

    #[test]
    fn order_is_the_languages_and_that_of_keys() {
        let sorted = ["", "a", "A", "b", "Z", "zz", "å", "ä", "ö"];
        let swedish = type_of("sv", true);
        for pair in sorted.windows(2) {
            let (a, b) = (Datum::text(pair[0]), Datum::text(pair[1]));
            assert_eq!(compare(swedish, &a, &b), Ordering::Less, "{pair:?}");
            assert!(key(swedish, pair[0]) < key(swedish, pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn bytes_decide_under_deterministic_collations_only() {
        let (a, b) = (Datum::text("e\u{301}"), Datum::text("\u{e9}"));
        let (strict, loose) = (type_of("und", true), type_of("und", false));
        assert!(!equal(strict, &a, &b));
        assert_eq!(compare(strict, &a, &b), Ordering::Less);
        assert!(key(strict, "e\u{301}") < key(strict, "\u{e9}"));
        assert!(equal(loose, &a, &b));
        assert_eq!(key(loose, "e\u{301}"), key(loose, "\u{e9}"));
    }

    #[test]
    fn no_key_begins_with_another() {
        let german = type_of("de", true);
        for (a, b) in [("a", "aa"), ("", "a"), ("ab", "abc")] {
            assert!(!key(german, b).starts_with(&key(german, a)));
        }
    }

    #[test]
    fn options_of_a_locale_count() {
        let folded = type_of("und-u-ks-level1", false);
        assert!(equal(folded, &Datum::text("Cafe"), &Datum::text("caf\u{e9}")));
        let numbers = type_of("und-u-kn-true", true);
        assert_eq!(compare(numbers, &Datum::text("a10"), &Datum::text("a9")), Ordering::Greater);
    }
}
