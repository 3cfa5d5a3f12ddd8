//! `hstore`: its keys, and each with its value.

use super::{Operator, Search, any_of, every_of};
use crate::types::key::encode_bytes;
use crate::types::{Datum, hstore};
use std::collections::BTreeSet;

const KEY: u8 = 1;
const PAIR: u8 = 2;
const NULL: u8 = 0;
const VALUE: u8 = 1;

type Keys = BTreeSet<Vec<u8>>;

fn named(key: &str) -> Vec<u8> {
    let mut out = vec![KEY];
    encode_bytes(key.as_bytes(), &mut out);
    out
}

fn pairs(value: &Datum) -> Keys {
    let pair = |(key, value): (&str, Option<&str>)| {
        let mut out = vec![PAIR];
        encode_bytes(key.as_bytes(), &mut out);
        match value {
            None => out.push(NULL),
            Some(value) => {
                out.push(VALUE);
                encode_bytes(value.as_bytes(), &mut out);
            }
        }
        out
    };
    hstore::pairs(value.as_bytea()).map(pair).collect()
}

pub(super) fn keys(value: &Datum) -> Keys {
    let mut keys = pairs(value);
    keys.extend(hstore::pairs(value.as_bytea()).map(|(key, _)| named(key)));
    keys
}

pub(super) fn search(operator: Operator, value: &Datum) -> Search {
    let wanted = || match value {
        Datum::Text(key) => Keys::from([named(key)]),
        Datum::Array(keys) => {
            let keys = keys.elements.iter().filter(|key| !key.is_null());
            keys.map(|key| named(key.as_text())).collect()
        }
        _ => Keys::new(),
    };
    match operator {
        Operator::Contains => every_of(pairs(value)),
        Operator::HasAnyKey => any_of(wanted()),
        _ => every_of(wanted()),
    }
}
