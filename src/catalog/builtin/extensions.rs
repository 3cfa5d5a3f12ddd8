//! The extensions that there are: what CREATE EXTENSION makes appear.
//!
//! An extension is a file in `data/extensions`, made of PostgreSQL's own by `scripts/export-extension`:
//! the facts of its control file, then its rows of pg_type, pg_proc, pg_operator and so on. Functions of
//! it are implemented as all others are ([`crate::functions`]).
//!
//! *Members have the same OIDs in every database.* PostgreSQL numbers them at CREATE EXTENSION. Here they
//! are rows of the program, found by OID like the built-in ones, so that plans, rows and segments need no
//! catalog to know what a type or a function is. To clients they look like what users make, as they are
//! above 16383. Only by name they are found through a database's catalog, which knows what is installed
//! and where ([`crate::catalog::Extension`]).
//!
//! ```text
//! 2000000000                hstore itself: stands for the OID that CREATE EXTENSION gives it
//! 2000000001                the schema that it is in
//! 2000000002 … 2000000199   its members
//! ```

use super::data::unescape;
use crate::types::{Oid, oids};
use std::sync::LazyLock;

/// The files, in the order of their OIDs.
const FILES: &[&str] = &[
    include_str!("data/extensions/hstore.tsv"),
    include_str!("data/extensions/citext.tsv"),
    include_str!("data/extensions/pg_trgm.tsv"),
    include_str!("data/extensions/pgcrypto.tsv"),
    include_str!("data/extensions/uuid-ossp.tsv"),
    include_str!("data/extensions/unaccent.tsv"),
];

/// The first extension's OID; each has as many as follow.
const FIRST_OID: Oid = oids::EXTENSIONS.start;
const OIDS: Oid = 200;

/// What a control file says, and the rows that the script makes.
#[derive(Debug)]
pub struct Extension {
    /// Stands for the extension in its rows; the next OID for its schema.
    pub oid: Oid,
    pub name: &'static str,
    /// `default_version`; there is no other here.
    pub version: &'static str,
    pub superuser: bool,
    /// Whoever may create in the database may install it.
    pub trusted: bool,
    pub relocatable: bool,
    pub comment: &'static str,
    file: &'static str,
}

static EXTENSIONS: LazyLock<Vec<Extension>> =
    LazyLock::new(|| FILES.iter().map(|file| read(file)).collect());

/// The first line: `extension`, OID, name, version, superuser, trusted, relocatable, schema, requires,
/// comment.
fn read(file: &'static str) -> Extension {
    let line = file.lines().next().unwrap_or_default();
    let fields: Vec<Option<&'static str>> = line.split('\t').map(unescape).collect();
    let field = |at: usize| fields.get(at).copied().flatten().unwrap_or_default();
    Extension {
        oid: super::data::parse(field(1)),
        name: field(2),
        version: field(3),
        superuser: field(4) == "t",
        trusted: field(5) == "t",
        relocatable: field(6) == "t",
        comment: field(9),
        file,
    }
}

/// All that can be installed, in the order of their OIDs; `plpgsql` is there from the start.
pub fn extensions() -> &'static [Extension] {
    &EXTENSIONS
}

pub fn extension_named(name: &str) -> Option<&'static Extension> {
    EXTENSIONS.iter().find(|extension| extension.name == name)
}

/// The extension that an OID belongs to.
pub fn extension_of(oid: Oid) -> Option<&'static Extension> {
    EXTENSIONS.get((oid.checked_sub(FIRST_OID)? / OIDS) as usize)
}

/// Whether an OID is of an extension's member, rather than of PostgreSQL's own or of a user's object.
pub fn is_member(oid: Oid) -> bool {
    oids::EXTENSIONS.contains(&oid)
}

impl Extension {
    /// What stands for its schema in its rows.
    pub fn schema(&self) -> Oid {
        self.oid + 1
    }

    pub fn has_member(&self, oid: Oid) -> bool {
        (self.oid..self.oid + OIDS).contains(&oid)
    }

    /// The lines of a catalog's rows, without the catalog's name.
    pub(super) fn lines_of(&self, catalog: &str) -> impl Iterator<Item = &'static str> + use<> {
        let prefix = format!("{catalog}\t");
        self.file.lines().filter_map(move |line| line.strip_prefix(prefix.as_str()))
    }

    /// What of its members needs a member: catalogs and OIDs, by its rows of pg_depend.
    pub fn dependents(&'static self, (class, oid): (Oid, Oid)) -> Vec<(Oid, Oid)> {
        let mut found = Vec::new();
        for line in self.lines_of("pg_depend") {
            let fields: Vec<&str> = line.split('\t').collect();
            // classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype
            let number = |at: usize| super::data::parse::<Oid>(fields[at]);
            if (number(3), number(4)) == (class, oid) {
                found.push((number(0), number(1)));
            }
        }
        found
    }

    /// The OIDs of its members that are in this catalog.
    pub fn members(&'static self, catalog: &str) -> Vec<Oid> {
        let oid = |line: &str| super::data::parse(line.split('\t').next().unwrap_or_default());
        self.lines_of(catalog).map(oid).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;

    #[test]
    fn oids_lie_in_their_extensions_blocks() {
        for (at, extension) in extensions().iter().enumerate() {
            assert_eq!(extension.oid, FIRST_OID + OIDS * Oid::try_from(at).unwrap());
            for oid in extension.members("pg_proc") {
                assert_eq!(extension_of(oid).unwrap().name, extension.name);
            }
        }
        assert!(!is_member(oids::TEXT) && !is_member(crate::catalog::FIRST_USER_OID));
    }

    #[test]
    fn members_are_found_by_oid_and_not_by_name_alone() {
        let citext = extension_named("citext").unwrap();
        let found = builtin::member_type_named(citext, "citext").unwrap();
        assert_eq!((found.oid, found.namespace), (oids::CITEXT, citext.schema()));
        assert_eq!(builtin::type_(oids::CITEXT), Some(found));
        assert_eq!(builtin::type_(oids::HSTORE).unwrap().name, "hstore");
        assert!(builtin::type_named("citext").is_none());
        assert!(builtin::procs_named("digest").next().is_none());
    }
}
