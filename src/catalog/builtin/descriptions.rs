//! `pg_description` of built-in objects: what `obj_description` and psql's `\d…+` show.

use super::HashMap;
use super::data::Reader;
use crate::types::Oid;
use std::sync::LazyLock;

static DESCRIPTIONS: LazyLock<HashMap<(Oid, Oid, i32), &'static str>> = LazyLock::new(|| {
    let mut r = Reader::open("pg_description").expect("an exported catalog");
    let mut rows = HashMap::default();
    while r.advance() {
        let key = (r.oid("objoid"), r.oid("classoid"), r.value("objsubid"));
        rows.insert(key, r.text("description"));
    }
    rows
});

/// The comment on a built-in object: its OID, its catalog's OID, its column or 0.
pub fn description(object: Oid, class: Oid, sub_id: i32) -> Option<&'static str> {
    DESCRIPTIONS.get(&(object, class, sub_id)).copied()
}
