//! Order, containment (`@>`) and existence (`?`) of `jsonb`.

use crate::functions::Implementation::{self, Scalar};
use crate::functions::comparison::{of, operators};
use crate::types::Datum;
use crate::types::jsonb::{Node, View};

operators! {
    ["jsonb_" "jsonb_" "" "jsonb_cmp"] of!(JSONB);
}

pub(in crate::functions) const CONTAINMENT: &[(&str, Implementation)] = &[
    ("jsonb_contains", Scalar(|_, a| Ok(contains(&a[0], &a[1])))),
    ("jsonb_contained", Scalar(|_, a| Ok(contains(&a[1], &a[0])))),
    (
        "jsonb_exists",
        Scalar(|_, a| Ok(Datum::Bool(has_key(a[0].as_jsonb().root(), a[1].as_text())))),
    ),
    (
        "jsonb_exists_any",
        Scalar(|_, a| Ok(Datum::Bool(keys(&a[1]).any(|key| has_key(a[0].as_jsonb().root(), key))))),
    ),
    (
        "jsonb_exists_all",
        Scalar(|_, a| Ok(Datum::Bool(keys(&a[1]).all(|key| has_key(a[0].as_jsonb().root(), key))))),
    ),
];

/// NULL keys are not asked for.
fn keys(array: &Datum) -> impl Iterator<Item = &str> {
    array.as_array().elements.iter().filter(|key| !key.is_null()).map(Datum::as_text)
}

/// A key of an object, a string of an array, or the string itself.
fn has_key(node: Node<'_>, key: &str) -> bool {
    let is_key = |node: Node<'_>| matches!(node.view(), View::String(text) if text == key);
    match node.view() {
        View::Object(pairs) => pairs.get(key).is_some(),
        View::Array(items) => items.iter().any(is_key),
        _ => is_key(node),
    }
}

fn contains(whole: &Datum, part: &Datum) -> Datum {
    let (whole, part) = (whole.as_jsonb().root(), part.as_jsonb().root());
    // An array contains a bare scalar at the top level only.
    let result = match (whole.view(), part.view()) {
        (View::Array(_), View::Array(_) | View::Object(_)) => node_contains(whole, part),
        (View::Array(items), _) => items.iter().any(|item| node_contains(item, part)),
        _ => node_contains(whole, part),
    };
    Datum::Bool(result)
}

/// Objects contain objects with fewer pairs, arrays arrays whose every element is in them.
fn node_contains(whole: Node<'_>, part: Node<'_>) -> bool {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match (whole.view(), part.view()) {
        (View::Object(whole), View::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|other| node_contains(other, value))),
        (View::Array(whole), View::Array(part)) => {
            part.iter().all(|value| whole.iter().any(|other| node_contains(other, value)))
        }
        (View::String(a), View::String(b)) => a == b,
        (View::Number(a), View::Number(b)) => a == b,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Null, View::Null) => true,
        _ => false,
    })
}
