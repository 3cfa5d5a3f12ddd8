//! The access lists that system objects are born with: `pg_init_privs`, and what information_schema,
//! which it leaves out, has in `relacl` and `nspacl`.

use super::HashMap;
use super::data::Reader;
use super::oid::class;
use crate::types::Oid;
use std::sync::LazyLock;

static PRIVILEGES: LazyLock<HashMap<(Oid, Oid), &'static str>> = LazyLock::new(|| {
    let mut r = Reader::open("pg_init_privs").expect("an exported catalog");
    let mut rows = HashMap::default();
    while r.advance() {
        if r.text("objsubid") == "0" {
            rows.insert((r.oid("objoid"), r.oid("classoid")), r.text("initprivs"));
        }
    }
    for (file, column, class) in
        [("pg_class", "relacl", class::CLASS), ("pg_namespace", "nspacl", class::NAMESPACE)]
    {
        let mut r = Reader::open(file).expect("an exported catalog");
        while r.advance() {
            if let Some(list) = r.get(column) {
                rows.entry((r.oid("oid"), class)).or_insert(list);
            }
        }
    }
    rows
});

/// A system object's access list in the text form of `aclitem[]`; `None`: the default one.
pub fn initial_privileges(object: Oid, class: Oid) -> Option<&'static str> {
    PRIVILEGES.get(&(object, class)).copied()
}
