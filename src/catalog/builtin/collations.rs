//! `pg_collation`: PostgreSQL's own rows, those that its initdb makes of ICU's locales among them.

use super::data::Reader;
use super::table::{Row, Table};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A row of pg_collation; of a collation that users make, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collation {
    pub oid: Oid,
    /// Embedded in the program, or a user's.
    pub name: Cow<'static, str>,
    pub namespace: Oid,
    /// `collprovider`: `d`, the database's own, [`LIBC`] or [`ICU`].
    pub provider: u8,
    pub deterministic: bool,
    /// -1: it works in any.
    pub encoding: i32,
    /// `collcollate` and `collctype`, of libc's.
    pub collate: Option<Cow<'static, str>>,
    pub ctype: Option<Cow<'static, str>>,
    /// `colliculocale`, of ICU's.
    pub locale: Option<Cow<'static, str>>,
    /// The version of its rules when it was made.
    pub version: Option<Cow<'static, str>>,
}

pub const LIBC: u8 = b'c';
pub const ICU: u8 = b'i';

impl Collation {
    /// Whether texts under it are in the order of their bytes: those that are not ICU's, as of libc's
    /// locales there are only C and POSIX.
    pub fn is_bytewise(&self) -> bool {
        self.provider != ICU
    }
}

impl Row for Collation {
    const FILE: &'static str = "pg_collation";

    fn read(r: &Reader) -> Collation {
        let text = |column| r.get(column).map(Cow::Borrowed);
        Collation {
            oid: r.oid("oid"),
            name: Cow::Borrowed(r.text("collname")),
            namespace: r.oid("collnamespace"),
            provider: r.char("collprovider"),
            deterministic: r.bool("collisdeterministic"),
            encoding: r.value("collencoding"),
            collate: text("collcollate"),
            ctype: text("collctype"),
            locale: text("colliculocale"),
            version: text("collversion"),
        }
    }

    fn oid(&self) -> Oid {
        self.oid
    }

    fn name(&self) -> &str {
        &self.name
    }
}

static COLLATIONS: LazyLock<Table<Collation>> = LazyLock::new(Table::load);

/// PostgreSQL's own collation with this OID.
pub fn collation(oid: Oid) -> Option<&'static Collation> {
    COLLATIONS.get(oid)
}

/// The one of this name in pg_catalog.
pub fn collation_named(name: &str) -> Option<&'static Collation> {
    COLLATIONS.named(name).next()
}
