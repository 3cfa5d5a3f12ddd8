//! The names of what PostgreSQL's own `pg_class` has: its tables and views, which can be read, and
//! their indexes and TOAST tables, of which clients only see that they are there.

use super::HashMap;
use super::data::Reader;
use crate::types::Oid;
use std::sync::LazyLock;

/// A row of the exported `pg_class`.
#[derive(Clone, Copy, Debug)]
pub struct SystemClass {
    pub name: &'static str,
    pub namespace: Oid,
}

static CLASSES: LazyLock<HashMap<Oid, SystemClass>> = LazyLock::new(|| {
    let mut classes = HashMap::default();
    let mut r = Reader::open("pg_class").expect("an exported catalog");
    while r.advance() {
        let class = SystemClass { name: r.text("relname"), namespace: r.oid("relnamespace") };
        classes.insert(r.oid("oid"), class);
    }
    classes
});

static BY_NAME: LazyLock<HashMap<(Oid, &'static str), Oid>> =
    LazyLock::new(|| CLASSES.iter().map(|(oid, c)| ((c.namespace, c.name), *oid)).collect());

/// The table, view, index or TOAST table of PostgreSQL with this OID.
pub fn system_class(oid: Oid) -> Option<SystemClass> {
    CLASSES.get(&oid).copied()
}

/// Its OID by its name.
pub fn system_class_named(namespace: Oid, name: &str) -> Option<Oid> {
    BY_NAME.get(&(namespace, name)).copied()
}
