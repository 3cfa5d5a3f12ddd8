//! Dependencies between objects, for DROP … RESTRICT and CASCADE.
//!
//! They are derived from the objects themselves: a view's query says what it reads, an index what it
//! indexes. An edge is *automatic* where the dependent goes silently with what it depends on (an
//! index with its table) and *normal* where RESTRICT refuses and CASCADE tells (a view with its
//! table), as `pg_depend.deptype`.
//!
//! ```text
//! DROP TABLE t          t ── auto ──► t_pkey, its constraints, its serial's sequence
//!                       └── normal ─► view v ── normal ─► view w        → refused, or CASCADE
//! ```

mod candidates;
pub(crate) mod describe;
pub(crate) mod edges;
mod holders;
pub(super) mod refs;

pub use describe::describe;
pub use refs::{columns_of, functions_of_query, relations_of, relations_of_query};

use super::{Catalog, RelationKind};
use crate::error::{PgError, Result, code};
use crate::nodes::AttrNumber;
use crate::types::Oid;
use std::collections::HashMap;

/// An object of one database that others may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    Namespace(Oid),
    Extension(Oid),
    Type(Oid),
    Function(Oid),
    Cast(Oid),
    Operator(Oid),
    Collation(Oid),
    Relation(Oid),
    Column(Oid, AttrNumber),
    /// Table, constraint.
    Constraint(Oid, Oid),
    /// Table, policy.
    Policy(Oid, Oid),
    /// Table, rule.
    Rule(Oid, Oid),
    /// Domain, constraint.
    DomainCheck(Oid, Oid),
    /// The default of a column.
    Default(Oid, AttrNumber),
}

/// What a DROP takes with it.
#[derive(Debug, Default)]
pub struct Deletion {
    /// All objects that go, each after what it depends on.
    pub objects: Vec<Object>,
    /// Lines about those that go by CASCADE, "view v" and so on, in report order.
    pub cascaded: Vec<String>,
}

/// PostgreSQL reports at most this many dependents to the client.
const REPORTED_MAX: usize = 100;

struct Found {
    object: Object,
    /// Its flags' place in [`Search::flags`].
    at: usize,
    /// The object whose dependent it was first found as.
    parent: Object,
}

/// Plans the deletion of objects with all that depends on them. Without `cascade` it is refused
/// (2BP01) where a normal dependent is not among the objects themselves. `what` names what is
/// dropped in the error, such as "table t"; `path` is the search path, which decides which names
/// are shown qualified.
pub fn plan_deletion(
    catalog: &Catalog,
    objects: &[Object],
    cascade: bool,
    what: &str,
    path: &[Oid],
) -> Result<Deletion> {
    let (found, flags) = (Vec::new(), Vec::new());
    let mut search = Search { catalog, found, flags, index: HashMap::new() };
    for object in objects {
        search.visit(*object, *object, true, false);
    }
    // A column goes with its table.
    let whole = |object| match object {
        Object::Column(table, _) => search.index.contains_key(&Object::Relation(table)),
        _ => false,
    };
    search.found.retain(|found| !whole(found.object));
    search.found.reverse();
    let reported =
        |f: &&Found| search.flags[f.at] == (false, false) && !search.goes_whole(f.object);
    if !cascade && search.found.iter().any(|f| reported(&f)) {
        let line = |f: &Found| {
            let (a, b) = (told(catalog, f.object, path), told(catalog, f.parent, path));
            format!("{a} depends on {b}")
        };
        let lines = search.found.iter().filter(reported).map(line).collect();
        let message = format!("cannot drop {what} because other objects depend on them");
        let message = match objects {
            [_] => message.replace("depend on them", "depend on it"),
            _ => message,
        };
        return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .detail(limited(lines))
            .hint("Use DROP ... CASCADE to drop the dependent objects too."));
    }
    let cascaded = search.found.iter().filter(reported);
    let cascaded = cascaded.map(|f| told(catalog, f.object, path)).collect();
    let objects = search.found.iter().map(|f| f.object).collect();
    Ok(Deletion { objects, cascaded })
}

/// An object as it is told of: a composite type is dropped as a type, not as its relation.
fn told(catalog: &Catalog, object: Object, path: &[Oid]) -> String {
    let object = match object {
        Object::Relation(oid) => match catalog.relation(oid) {
            Some(r) if r.kind == RelationKind::Composite => Object::Type(r.row_type),
            _ => object,
        },
        _ => object,
    };
    describe(catalog, object, path)
}

impl Deletion {
    /// The NOTICE of a cascade: message and detail; `None` where nothing went by it.
    pub fn notice(&self) -> Option<(String, Option<String>)> {
        match self.cascaded.as_slice() {
            [] => None,
            [only] => Some((format!("drop cascades to {only}"), None)),
            many => {
                let lines = many.iter().map(|o| format!("drop cascades to {o}")).collect();
                let message = format!("drop cascades to {} other objects", many.len());
                Some((message, Some(limited(lines))))
            }
        }
    }
}

fn limited(mut lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(REPORTED_MAX);
    lines.truncate(REPORTED_MAX);
    let mut out = lines.join("\n");
    if more > 0 {
        let objects = if more == 1 { "object" } else { "objects" };
        out.push_str(&format!("\nand {more} other {objects} (see server log for list)"));
    }
    out
}

/// Depth-first, newest dependents first, each after its own dependents: read backwards, this is the
/// order that PostgreSQL reports in.
struct Search<'a> {
    catalog: &'a Catalog,
    found: Vec<Found>,
    /// Per object: one of those to be dropped; goes silently.
    flags: Vec<(bool, bool)>,
    index: HashMap<Object, usize>,
}

impl Search<'_> {
    /// Whether a column goes with its whole relation, which is what is told then.
    fn goes_whole(&self, object: Object) -> bool {
        let Object::Column(table, _) = object else { return false };
        let row_type = self.catalog.relation(table).map_or(0, |relation| relation.row_type);
        [Object::Relation(table), Object::Type(row_type)].iter().any(|o| self.index.contains_key(o))
    }

    fn visit(&mut self, object: Object, parent: Object, original: bool, automatic: bool) {
        if let Some(&at) = self.index.get(&object) {
            self.flags[at].0 |= original;
            self.flags[at].1 |= automatic;
            return;
        }
        let at = self.flags.len();
        self.index.insert(object, at);
        self.flags.push((original, automatic));
        for (dependent, automatic) in edges::dependents(self.catalog, object) {
            stacker::maybe_grow(64 << 10, 1 << 20, || {
                self.visit(dependent, object, false, automatic);
            });
        }
        self.found.push(Found { object, at, parent });
    }
}
