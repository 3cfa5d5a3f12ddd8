//! The order of `jsonb`'s btree operators, and its memory-comparable key.
//!
//! Documents are compared like their parts in depth-first order: by type (null < string < number <
//! boolean < array < object), containers by their number of elements before their contents. A scalar
//! at the top counts as an array of one element that comes before true arrays of one element, so the
//! empty array sorts before all scalars, as in PostgreSQL.

use super::{Node, View};
use crate::types::key;
use std::cmp::Ordering;

/// Ranks of the types.
fn rank(view: &View<'_>) -> u8 {
    match view {
        View::Null => 1,
        View::String(_) => 2,
        View::Number(_) => 3,
        View::Bool(_) => 4,
        View::Array(_) => 5,
        View::Object(_) => 6,
    }
}

pub(super) fn compare(a: Node<'_>, b: Node<'_>) -> Ordering {
    let root = |node: Node<'_>| match node.view() {
        View::Array(items) => (0, items.len(), 1),
        View::Object(pairs) => (1, pairs.len(), 1),
        _ => (0, 1, 0),
    };
    root(a).cmp(&root(b)).then_with(|| compare_nodes(a, b))
}

fn compare_nodes(a: Node<'_>, b: Node<'_>) -> Ordering {
    match (a.view(), b.view()) {
        (View::String(a), View::String(b)) => a.cmp(b),
        (View::Number(a), View::Number(b)) => a.cmp(&b),
        (View::Bool(a), View::Bool(b)) => a.cmp(&b),
        (View::Array(a), View::Array(b)) => a.len().cmp(&b.len()).then_with(|| {
            first_difference(a.iter().zip(b.iter()).map(|(a, b)| compare_nested(a, b)))
        }),
        (View::Object(a), View::Object(b)) => a.len().cmp(&b.len()).then_with(|| {
            first_difference(
                a.iter()
                    .zip(b.iter())
                    .map(|((ka, a), (kb, b))| ka.cmp(kb).then_with(|| compare_nested(a, b))),
            )
        }),
        (a, b) => rank(&a).cmp(&rank(&b)),
    }
}

fn compare_nested(a: Node<'_>, b: Node<'_>) -> Ordering {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || compare_nodes(a, b))
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

impl Node<'_> {
    /// Appends bytes whose order is that of the documents.
    pub(in crate::types) fn encode_key(self, out: &mut Vec<u8>) {
        let (kind, count, is_container) = match self.view() {
            View::Array(items) => (0u8, items.len(), 1u8),
            View::Object(pairs) => (1, pairs.len(), 1),
            _ => (0, 1, 0),
        };
        out.push(kind);
        out.extend_from_slice(&(count as u32).to_be_bytes());
        out.push(is_container);
        self.encode_nested_key(out);
    }

    fn encode_nested_key(self, out: &mut Vec<u8>) {
        let view = self.view();
        out.push(rank(&view));
        match view {
            View::Null => {}
            View::Bool(v) => out.push(u8::from(v)),
            View::Number(v) => key::encode_numeric(&v, out),
            View::String(v) => key::encode_bytes(v.as_bytes(), out),
            View::Array(items) => {
                out.extend_from_slice(&(items.len() as u32).to_be_bytes());
                for item in items.iter() {
                    stacker::maybe_grow(64 * 1024, 1024 * 1024, || item.encode_nested_key(out));
                }
            }
            View::Object(pairs) => {
                out.extend_from_slice(&(pairs.len() as u32).to_be_bytes());
                for (name, value) in pairs.iter() {
                    key::encode_bytes(name.as_bytes(), out);
                    stacker::maybe_grow(64 * 1024, 1024 * 1024, || value.encode_nested_key(out));
                }
            }
        }
    }
}
