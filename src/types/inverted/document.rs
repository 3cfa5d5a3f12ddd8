//! `jsonb`: keys and values each for itself, or values with the keys above them.
//!
//! A string in an array counts as a key, as the operator `?` has it. Arrays leave no trace: `{"a": [1]}`
//! and `{"a": 1}` have the same keys, and so a document has those of every document it contains.

use super::{Operator, Search, any_of, every_of};
use crate::types::Datum;
use crate::types::jsonb::{Node, View};
use crate::types::key::{encode_bytes, encode_numeric};
use std::collections::BTreeSet;

const KEY: u8 = 1;
const NULL: u8 = 2;
const FALSE: u8 = 3;
const TRUE: u8 = 4;
const NUMBER: u8 = 5;
const STRING: u8 = 6;
const PATH: u8 = 7;

type Keys = BTreeSet<Vec<u8>>;

pub(super) fn members(value: &Datum) -> Keys {
    let mut keys = Keys::new();
    if let Datum::Jsonb(document) = value {
        add_members(document.root(), true, &mut keys);
    }
    keys
}

pub(super) fn search_members(operator: Operator, value: &Datum) -> Search {
    let named = || match value {
        Datum::Text(name) => Keys::from([string(KEY, name)]),
        Datum::Array(names) => {
            let names = names.elements.iter().filter(|name| !name.is_null());
            names.map(|name| string(KEY, name.as_text())).collect()
        }
        _ => Keys::new(),
    };
    match operator {
        Operator::Contains => every_of(members(value)),
        Operator::HasAnyKey => any_of(named()),
        _ => every_of(named()),
    }
}

/// `listed`: the node is an array's item, or the document itself.
fn add_members(node: Node<'_>, listed: bool, keys: &mut Keys) {
    match node.view() {
        View::Array(items) => {
            items.iter().for_each(|item| deeper(|| add_members(item, true, keys)))
        }
        View::Object(pairs) => {
            for (name, value) in pairs.iter() {
                keys.insert(string(KEY, name));
                deeper(|| add_members(value, false, keys));
            }
        }
        View::String(text) => drop(keys.insert(string(if listed { KEY } else { STRING }, text))),
        _ => drop(keys.insert(scalar(node))),
    }
}

pub(super) fn paths(value: &Datum) -> Keys {
    let mut keys = Keys::new();
    if let Datum::Jsonb(document) = value {
        add_paths(document.root(), PATH_START, &mut keys);
    }
    keys
}

/// A value with the hash of the keys above it. Different paths of one hash do no harm: what is found is tested again.
fn add_paths(node: Node<'_>, above: u64, keys: &mut Keys) {
    match node.view() {
        View::Array(items) => items.iter().for_each(|item| deeper(|| add_paths(item, above, keys))),
        View::Object(pairs) => {
            for (name, value) in pairs.iter() {
                let path = hashed(hashed(above, name.as_bytes()), &[0]);
                deeper(|| add_paths(value, path, keys));
            }
        }
        _ => {
            let mut key = vec![PATH];
            key.extend(hashed(above, &scalar(node)).to_be_bytes());
            keys.insert(key);
        }
    }
}

fn deeper(f: impl FnOnce()) {
    stacker::maybe_grow(64 << 10, 1 << 20, f);
}

fn scalar(node: Node<'_>) -> Vec<u8> {
    match node.view() {
        View::Bool(false) => vec![FALSE],
        View::Bool(true) => vec![TRUE],
        View::Number(number) => {
            let mut out = vec![NUMBER];
            encode_numeric(&number, &mut out);
            out
        }
        View::String(text) => string(STRING, text),
        _ => vec![NULL],
    }
}

fn string(kind: u8, text: &str) -> Vec<u8> {
    let mut out = vec![kind];
    encode_bytes(text.as_bytes(), &mut out);
    out
}

/// FNV-1a (Fowler, Noll and Vo), which stays the same wherever and whenever it is computed.
fn hashed(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

const PATH_START: u64 = 0xcbf2_9ce4_8422_2325;
