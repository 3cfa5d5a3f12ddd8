//! Where ranges that satisfy a condition lie in the order of ranges, which is by the lower bound first: what
//! an index in that order has to read (access methods `gist` and `spgist`).
//!
//! The lower bound alone decides, so what is read may hold ranges that do not satisfy the condition; it is
//! tested on each.
//!
//! ```text
//! r && [3,7)     lower bound at or below 7)        r >> [3,7)     above 7)
//! r @> 3         at or below [3                    r <@ [3,7)     from [3 to 7), and the empty range
//! ```

use super::{Bound, Range};
use crate::types::key::{self, encode_bound};
use crate::types::{Datum, Oid};

/// A condition `column operator value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Overlaps,
    Contains,
    ContainsElement,
    ContainedBy,
    Equals,
    Left,
    Right,
    NotRight,
    NotLeft,
    Adjacent,
}

impl Operator {
    /// What an operator asks of a range on its left; `None`: the index does not serve it.
    pub fn of(operator: Oid) -> Option<Operator> {
        Some(match operator {
            3888 => Operator::Overlaps,
            3889 => Operator::ContainsElement,
            3890 => Operator::Contains,
            3892 => Operator::ContainedBy,
            3882 => Operator::Equals,
            3893 => Operator::Left,
            3894 => Operator::Right,
            3895 => Operator::NotRight,
            3896 => Operator::NotLeft,
            3897 => Operator::Adjacent,
            _ => return None,
        })
    }
}

/// The keys of subtypes follow from their values alone.
const NO_TYPE: Oid = 0;

/// Keys from the first to before the second.
pub type Span = (Vec<u8>, Vec<u8>);

/// The spans of keys of ranges that a condition may be true for, in order and apart.
pub fn spans(operator: Operator, value: &Datum) -> Vec<Span> {
    match (operator, value) {
        (_, Datum::Null) => Vec::new(),
        (Operator::ContainsElement, element) => {
            // The element comes as the ranges' subtype, by which alone its key is told.
            vec![(bounded(), after_value(element))]
        }
        (_, Datum::Range(range)) => of_range(operator, range),
        _ => Vec::new(),
    }
}

fn of_range(operator: Operator, range: &Range) -> Vec<Span> {
    let empty = || (vec![key::RANGE_EMPTY], vec![key::RANGE_EMPTY + 1]);
    let Some((lower, upper)) = &range.bounds else {
        return match operator {
            // Every range contains the empty one.
            Operator::Contains => vec![(empty().0, end())],
            Operator::ContainedBy | Operator::Equals => vec![empty()],
            _ => Vec::new(),
        };
    };
    let up_to = |bound: &Bound| after_bound(bound, range.subtype.oid);
    match operator {
        Operator::Contains | Operator::Left => vec![(bounded(), up_to(lower))],
        Operator::ContainedBy => vec![empty(), (from(lower, range.subtype.oid), up_to(upper))],
        Operator::Equals => {
            let mut whole = Vec::new();
            key::encode_range(range, &mut whole);
            let end = successor(&whole);
            vec![(whole, end)]
        }
        Operator::Right | Operator::NotLeft => {
            let start = if operator == Operator::Right { upper } else { lower };
            vec![(from(start, range.subtype.oid), end())]
        }
        Operator::Overlaps | Operator::NotRight => vec![(bounded(), up_to(upper))],
        // What begins where this one ends has the value of its end, whichever of them includes it.
        Operator::Adjacent => match &upper.value {
            Some(value) => vec![(bounded(), after_value(value))],
            None => vec![(bounded(), end())],
        },
        Operator::ContainsElement => Vec::new(),
    }
}

/// Before all ranges that are not empty.
fn bounded() -> Vec<u8> {
    vec![key::RANGE_BOUNDED]
}

/// After all of them.
fn end() -> Vec<u8> {
    vec![key::RANGE_BOUNDED + 1]
}

fn from(bound: &Bound, subtype: Oid) -> Vec<u8> {
    let mut out = bounded();
    encode_bound(subtype, bound, &mut out);
    out
}

/// After all ranges whose lower bound is at or below a bound.
fn after_bound(bound: &Bound, subtype: Oid) -> Vec<u8> {
    successor(&from(bound, subtype))
}

/// After all ranges whose lower bound has a value, or a smaller one, whether they include it or not.
fn after_value(value: &Datum) -> Vec<u8> {
    let mut out = from(&Bound::lower(Some(value.clone()), true), NO_TYPE);
    // The last byte says on which side of the value the bound is.
    out.pop();
    successor(&out)
}

/// The first key that does not begin with these bytes.
fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if last < u8::MAX {
            next.push(last + 1);
            break;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::key::encode_value;
    use crate::types::{Format, oids, text_in};

    const RANGES: &[&str] = &[
        "empty", "(,)", "(,3)", "[1,3)", "[1,7]", "[3,3]", "[3,7)", "(3,7]", "[5,6]", "[7,9)",
        "(7,9)", "[8,9]", "[9,)",
    ];

    fn range(text: &str) -> Datum {
        text_in(oids::NUMRANGE, -1, text, &Format::default()).unwrap()
    }

    fn reads(operator: Operator, value: &Datum, text: &str) -> bool {
        let mut key = Vec::new();
        encode_value(oids::NUMRANGE, &range(text), &mut key);
        spans(operator, value).iter().any(|(start, end)| *start <= key && key < *end)
    }

    #[test]
    fn spans_hold_the_ranges_that_a_condition_is_true_for() {
        let all = |operator, value: &str| {
            let value = range(value);
            RANGES.iter().copied().filter(|text| reads(operator, &value, text)).collect::<Vec<_>>()
        };
        assert_eq!(all(Operator::Equals, "[3,7)"), ["[3,7)"]);
        assert_eq!(
            all(Operator::ContainedBy, "[3,7)"),
            ["empty", "[3,3]", "[3,7)", "(3,7]", "[5,6]"]
        );
        assert_eq!(all(Operator::Right, "[3,7)"), ["[7,9)", "(7,9)", "[8,9]", "[9,)"]);
        assert_eq!(all(Operator::Right, "[3,7]"), ["[7,9)", "(7,9)", "[8,9]", "[9,)"]);
        assert_eq!(all(Operator::Contains, "[1,2)"), ["(,)", "(,3)", "[1,3)", "[1,7]"]);
        assert!(all(Operator::Overlaps, "[3,7]").contains(&"[7,9)"));
        assert!(!all(Operator::Overlaps, "[3,7)").contains(&"[7,9)"));
        assert!(all(Operator::Adjacent, "[3,7)").contains(&"[7,9)"));
        assert!(all(Operator::Adjacent, "[3,7]").contains(&"(7,9)"));
        assert_eq!(all(Operator::ContainedBy, "empty"), ["empty"]);
        assert_eq!(all(Operator::Contains, "empty"), RANGES);
        assert!(all(Operator::Overlaps, "empty").is_empty());
        assert_eq!(all(Operator::Overlaps, "(,)").len(), RANGES.len() - 1);
    }
}
