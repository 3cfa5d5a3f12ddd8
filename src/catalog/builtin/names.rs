//! Small catalogs that are little more than names: access methods, languages, schemas.

use super::data::Reader;
use super::table::{Row, Table};
use crate::types::Oid;
use std::sync::LazyLock;

macro_rules! small_tables {
    ($($(#[$doc:meta])* $ty:ident in $file:literal as $table:ident ($name:literal)
        { $($field:ident: $fty:ty = $method:ident $column:literal),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $ty {
                pub oid: Oid,
                pub name: &'static str,
                $(pub $field: $fty,)*
            }

            impl Row for $ty {
                const FILE: &'static str = $file;

                fn read(r: &Reader) -> $ty {
                    $ty {
                        oid: r.oid("oid"),
                        name: r.text($name),
                        $($field: r.$method($column),)*
                    }
                }

                fn oid(&self) -> Oid {
                    self.oid
                }

                fn name(&self) -> &str {
                    self.name
                }
            }

            static $table: LazyLock<Table<$ty>> = LazyLock::new(Table::load);
        )*
    };
}

small_tables! {
    /// A row of pg_am.
    AccessMethod in "pg_am" as ACCESS_METHODS ("amname") { kind: u8 = char "amtype" }
    /// A row of pg_language.
    Language in "pg_language" as LANGUAGES ("lanname") { trusted: bool = bool "lanpltrusted" }
    /// A system schema. `public` is not one: it belongs to each database's catalog.
    SystemNamespace in "pg_namespace" as NAMESPACES ("nspname") { owner: Oid = oid "nspowner" }
}

/// The access method with this OID.
pub fn access_method(oid: Oid) -> Option<&'static AccessMethod> {
    ACCESS_METHODS.get(oid)
}

/// The access method of this name.
pub fn access_method_named(name: &str) -> Option<&'static AccessMethod> {
    ACCESS_METHODS.named(name).next()
}

/// The language with this OID.
pub fn language(oid: Oid) -> Option<&'static Language> {
    LANGUAGES.get(oid)
}

/// The system schema with this OID.
pub fn namespace(oid: Oid) -> Option<&'static SystemNamespace> {
    namespaces().find(|n| n.oid == oid)
}

/// The system schema of this name.
pub fn namespace_named(name: &str) -> Option<&'static SystemNamespace> {
    namespaces().find(|n| n.name == name)
}

/// pg_catalog, pg_toast and information_schema.
pub fn namespaces() -> impl Iterator<Item = &'static SystemNamespace> {
    NAMESPACES.rows.iter().filter(|n| n.oid != super::oid::PUBLIC)
}
