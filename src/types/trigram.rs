//! Trigrams of texts, as pg_trgm has them: of each word, in lower case, with two blanks before it and one
//! behind. Words are letters and digits; in the C locale, which databases here have, those of ASCII, so
//! that a character of a word is a byte.
//!
//! ```text
//! trigrams("a Word")      "  a" "  w" " a " " wo" "ord" "rd " "wor"
//! of_pattern("%rd b_t%")  "  b" "rd "
//! ```

use std::collections::BTreeSet;

pub type Trigram = [u8; 3];

/// A trigram in the order of the text, and whether a word begins or ends with it.
pub struct Placed {
    pub trigram: Trigram,
    pub first: bool,
    pub last: bool,
}

/// In the order of the text.
pub fn placed(text: &str) -> Vec<Placed> {
    let mut all = Vec::new();
    for word in text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        let padded = [b"  ", word.to_ascii_lowercase().as_slice(), b" "].concat();
        let count = padded.len() - 2;
        all.extend(windows(&padded).enumerate().map(|(at, trigram)| Placed {
            trigram,
            first: at == 0,
            last: at + 1 == count,
        }));
    }
    all
}

fn windows(padded: &[u8]) -> impl Iterator<Item = Trigram> {
    padded.windows(3).map(|three| [three[0], three[1], three[2]])
}

/// Each once, in order.
pub fn trigrams(text: &str) -> Vec<Trigram> {
    let mut all: Vec<Trigram> = placed(text).iter().map(|placed| placed.trigram).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Those that every text has that LIKE, or ILIKE, finds by a pattern. Where a word goes on beyond what the
/// pattern says of it there is no blank.
pub fn of_pattern(pattern: &str) -> BTreeSet<Trigram> {
    // `None`: one of the characters that stand for others.
    let mut characters = Vec::new();
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        characters.push(match byte {
            b'%' | b'_' => None,
            b'\\' => bytes.next(),
            literal => Some(literal),
        });
    }
    let is_word = |c: &Option<u8>| c.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let mut found = BTreeSet::new();
    let mut at = 0;
    for part in characters.split_inclusive(|c| !is_word(c)) {
        let (start, end) = (at, at + part.iter().filter(|c| is_word(c)).count());
        at += part.len();
        let bounds = |neighbor: Option<&Option<u8>>| neighbor.is_none_or(Option::is_some);
        let mut padded = Vec::new();
        if bounds(start.checked_sub(1).map(|before| &characters[before])) {
            padded.extend_from_slice(b"  ");
        }
        padded.extend(characters[start..end].iter().flatten().map(u8::to_ascii_lowercase));
        if bounds(characters.get(end)) {
            padded.push(b' ');
        }
        if start < end {
            found.extend(windows(&padded));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_the_trigrams_of_what_they_find() {
        let of = |pattern: &str| -> Vec<String> {
            let text = |t: Trigram| String::from_utf8(t.to_vec()).unwrap();
            of_pattern(pattern).into_iter().map(text).collect()
        };
        assert_eq!(of("%Word%"), ["ord", "wor"]);
        assert_eq!(of("ab%"), ["  a", " ab"]);
        assert_eq!(of("%ab"), ["ab "]);
        assert_eq!(of("%rd b_t%"), ["  b", "rd "]);
        assert_eq!(of("a\\%b"), ["  a", "  b", " a ", " b "]);
        assert!(of("%_a_%").is_empty() && of("").is_empty() && of("%").is_empty());
    }
}
