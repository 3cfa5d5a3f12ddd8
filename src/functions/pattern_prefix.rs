//! What a pattern fixes of the texts that match it (`pattern_fixed_prefix` of PostgreSQL).
//!
//! ```text
//! LIKE 'ab\_c'      whole: ab_c
//! LIKE 'ab%c'       beginning: ab
//! ~ '^(ab)$'        whole: ab
//! ~ '^ab.*'         beginning: ab
//! ~ 'ab'            nothing
//! ```

use super::{like, regex};
use crate::catalog::builtin;
use crate::types::{Oid, oids};

/// What all texts that match a pattern have in common.
#[derive(Debug, PartialEq, Eq)]
pub enum Fixed {
    Whole(String),
    /// Not empty.
    Beginning(String),
}

/// What the right operand of an operator fixes of the left one, if it is LIKE or a regular expression over
/// texts, in which case matters.
pub fn fixed(operator: Oid, pattern: &str) -> Option<Fixed> {
    let operator = builtin::operator(operator)?;
    if !matches!(operator.left, oids::TEXT | oids::NAME) {
        return None;
    }
    let (text, is_whole) = match &*operator.name {
        "~~" => like::fixed(pattern),
        "~" => regex::fixed(pattern)?,
        _ => return None,
    };
    match is_whole {
        true => Some(Fixed::Whole(text)),
        false => (!text.is_empty()).then_some(Fixed::Beginning(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, pattern: &str) -> Option<Fixed> {
        let operator = builtin::operator_by_signature(name, oids::TEXT, oids::TEXT).unwrap();
        fixed(operator.oid, pattern)
    }

    fn whole(text: &str) -> Option<Fixed> {
        Some(Fixed::Whole(text.to_owned()))
    }

    fn beginning(text: &str) -> Option<Fixed> {
        Some(Fixed::Beginning(text.to_owned()))
    }

    #[test]
    fn like_fixes_what_comes_before_its_first_wildcard() {
        assert_eq!(of("~~", "ab"), whole("ab"));
        assert_eq!(of("~~", r"a\%b\\"), whole(r"a%b\"));
        assert_eq!(of("~~", ""), whole(""));
        assert_eq!(of("~~", "ab%c"), beginning("ab"));
        assert_eq!(of("~~", "é_"), beginning("é"));
        assert_eq!(of("~~", "%ab"), None);
        // It fails when it is reached.
        assert_eq!(of("~~", r"ab\"), beginning("ab"));
        assert_eq!(of("~~*", "ab"), None);
    }

    #[test]
    fn a_regular_expression_fixes_the_letters_behind_its_anchor() {
        assert_eq!(of("~", "^(t_1)$"), whole("t_1"));
        assert_eq!(of("~", r"^a\.b$"), whole("a.b"));
        assert_eq!(of("~", "^ab"), beginning("ab"));
        assert_eq!(of("~", "^ab.*$"), beginning("ab"));
        assert_eq!(of("~", "^abc?d$"), beginning("ab"));
        assert_eq!(of("~", "^(a|b)$"), None);
        assert_eq!(of("~", "^a|b$"), None);
        assert_eq!(of("~", "ab$"), None);
        assert_eq!(of("~", "(?i)^ab$"), None);
        assert_eq!(of("~", "(?n)^ab$"), None);
        assert_eq!(of("~", "***=^ab$"), None);
        assert_eq!(of("~", "^(ab$"), None);
        assert_eq!(of("~*", "^ab$"), None);
    }
}
