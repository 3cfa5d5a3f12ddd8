//! `pg_init_privs`: the access lists that system objects are born with.

use super::data::Reader;
use crate::types::Oid;
use std::collections::HashMap;
use std::sync::LazyLock;

static PRIVILEGES: LazyLock<HashMap<(Oid, Oid), &'static str>> = LazyLock::new(|| {
    let mut r = Reader::open("pg_init_privs").expect("an exported catalog");
    let mut rows = HashMap::new();
    while r.advance() {
        if r.text("objsubid") == "0" {
            rows.insert((r.oid("objoid"), r.oid("classoid")), r.text("initprivs"));
        }
    }
    rows
});

/// A system object's access list in the text form of `aclitem[]`; `None`: the default one.
pub fn initial_privileges(object: Oid, class: Oid) -> Option<&'static str> {
    PRIVILEGES.get(&(object, class)).copied()
}
