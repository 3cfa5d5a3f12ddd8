//! Where PostgreSQL has an object in a document: `.keyvalue()` shows it in its `id`.
//!
//! PostgreSQL's `jsonb` is a word with the count, a word per element (two per pair of an object),
//! then keys and values. Numbers and containers begin at multiples of four; a number is a `numeric`
//! in its short form: six bytes and two for each group of four digits.

use crate::types::Numeric;
use crate::types::jsonb::{Node, View};
use num_bigint::BigInt;

const WORD: usize = 4;

fn aligned(offset: usize) -> usize {
    offset.next_multiple_of(WORD)
}

/// The offset of `target`, a part of the document, from the document's root.
pub(super) fn offset_of(root: Node<'_>, target: Node<'_>) -> Option<usize> {
    locate(root, 0, target).ok()
}

/// Walks a node that begins at `start` (not aligned yet); `Ok`: the target's offset, `Err`: the
/// node's end, since the target is not in it.
fn locate(node: Node<'_>, start: usize, target: Node<'_>) -> Result<usize, usize> {
    match node.view() {
        View::Null | View::Bool(_) => Err(start),
        View::String(text) => Err(start + text.len()),
        View::Number(number) => Err(aligned(start) + numeric_size(&number)),
        _ if node.is_same(target) => Ok(aligned(start)),
        View::Array(items) => {
            let base = aligned(start) + WORD + items.len() * WORD;
            descend(items.iter(), base, target)
        }
        View::Object(pairs) => {
            let keys: usize = pairs.iter().map(|(key, _)| key.len()).sum();
            let base = aligned(start) + WORD + pairs.len() * 2 * WORD + keys;
            descend(pairs.iter().map(|(_, value)| value), base, target)
        }
    }
}

fn descend<'a>(
    children: impl Iterator<Item = Node<'a>>,
    start: usize,
    target: Node<'_>,
) -> Result<usize, usize> {
    let mut end = start;
    for child in children {
        let walk = || locate(child, end, target);
        match stacker::maybe_grow(64 * 1024, 1024 * 1024, walk) {
            Ok(found) => return Ok(found),
            Err(behind) => end = behind,
        }
    }
    Err(end)
}

/// Bytes of a `numeric`, its length word included.
fn numeric_size(number: &Numeric) -> usize {
    const GROUP: i32 = 4;
    let (Some(coefficient), scale) = (number.coefficient(), i32::from(number.scale())) else {
        return 6;
    };
    // Digits in groups from the decimal point on, without zero groups at either end.
    let padding = (GROUP - scale % GROUP) % GROUP;
    let padded = coefficient * BigInt::from(10).pow(padding.unsigned_abs());
    let digits = padded.magnitude().to_string();
    let groups = digits.len().div_ceil(GROUP.unsigned_abs() as usize);
    let trailing = digits.bytes().rev().take_while(|d| *d == b'0').count() / 4;
    let stored = if digits == "0" { 0 } else { groups - trailing };
    let fraction_groups = (scale + padding) / GROUP;
    let weight = groups as i32 - fraction_groups - 1;
    let short = scale <= 63 && (-64..=63).contains(&weight);
    (if short { 6 } else { 8 }) + 2 * stored
}
