//! `pg_type`: base, pseudo, array, range and domain types, and the row types of system relations.

use super::data::Reader;
use super::extensions::Extension;
use super::table::{Row, Table};
use crate::types::Oid;
use std::borrow::Cow;
use std::sync::LazyLock;

/// `pg_type.typtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    Base,
    Composite,
    Domain,
    Enum,
    Multirange,
    Pseudo,
    Range,
}

/// A row of pg_type.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    pub oid: Oid,
    /// Owned for the row types of users' tables, which [`crate::catalog::Catalog::type_`] makes.
    pub name: Cow<'static, str>,
    pub namespace: Oid,
    /// `typlen`: bytes, `-1` varlena, `-2` C string.
    pub len: i16,
    pub by_value: bool,
    pub kind: TypeKind,
    /// `typcategory`, see the manual's table 53.65: `N` numeric, `S` string, `D` date/time, …
    pub category: u8,
    /// The category's preferred type, which implicit casts favour.
    pub preferred: bool,
    /// False for shell types.
    pub defined: bool,
    /// Separates elements in the text form of arrays of it.
    pub delimiter: u8,
    /// A composite type's pg_class row.
    pub relation: Oid,
    /// What subscripting yields; 0 if it cannot be subscripted.
    pub element: Oid,
    /// True array types (`typsubscript = array_subscript_handler`), unlike int2vector or name.
    pub is_array: bool,
    /// The array type over it, or 0.
    pub array: Oid,
    pub input: Oid,
    pub output: Oid,
    pub typmod_in: Oid,
    pub typmod_out: Oid,
    pub align: u8,
    /// `p` plain, `e` external, `m` main, `x` extended.
    pub storage: u8,
    /// A domain's base type and typmod.
    pub base: Oid,
    pub base_typmod: i32,
    /// 0: not collatable.
    pub collation: Oid,
}

const ARRAY_SUBSCRIPT_HANDLER: Oid = 6179;

impl Row for Type {
    const FILE: &'static str = "pg_type";

    fn read(r: &Reader) -> Type {
        Type {
            oid: r.oid("oid"),
            name: Cow::Borrowed(r.text("typname")),
            namespace: r.oid("typnamespace"),
            len: r.value("typlen"),
            by_value: r.bool("typbyval"),
            kind: kind(r.char("typtype")),
            category: r.char("typcategory"),
            preferred: r.bool("typispreferred"),
            defined: r.bool("typisdefined"),
            delimiter: r.char("typdelim"),
            relation: r.oid("typrelid"),
            element: r.oid("typelem"),
            is_array: r.oid("typsubscript") == ARRAY_SUBSCRIPT_HANDLER,
            array: r.oid("typarray"),
            input: r.oid("typinput"),
            output: r.oid("typoutput"),
            typmod_in: r.oid("typmodin"),
            typmod_out: r.oid("typmodout"),
            align: r.char("typalign"),
            storage: r.char("typstorage"),
            base: r.oid("typbasetype"),
            base_typmod: r.value("typtypmod"),
            collation: r.oid("typcollation"),
        }
    }

    fn oid(&self) -> Oid {
        self.oid
    }

    fn name(&self) -> &str {
        match self.name {
            Cow::Borrowed(name) => name,
            Cow::Owned(_) => unreachable!("rows of the export borrow their names"),
        }
    }
}

impl Type {
    /// The type of its elements where it is a true array (`get_element_type`).
    pub fn array_element(&self) -> Option<Oid> {
        self.is_array.then_some(self.element)
    }
}

fn kind(typtype: u8) -> TypeKind {
    match typtype {
        b'c' => TypeKind::Composite,
        b'd' => TypeKind::Domain,
        b'e' => TypeKind::Enum,
        b'm' => TypeKind::Multirange,
        b'p' => TypeKind::Pseudo,
        b'r' => TypeKind::Range,
        _ => TypeKind::Base,
    }
}

static TYPES: LazyLock<Table<Type>> = LazyLock::new(Table::load);

/// The built-in type with this OID.
pub fn type_(oid: Oid) -> Option<&'static Type> {
    TYPES.get(oid)
}

/// The type of this internal name (`int4`, not `integer`) in pg_catalog.
pub fn type_named(name: &str) -> Option<&'static Type> {
    type_in(super::oid::PG_CATALOG, name)
}

/// The type of this name in a system namespace.
pub fn type_in(namespace: Oid, name: &str) -> Option<&'static Type> {
    TYPES.named(name).find(|t| t.namespace == namespace)
}

/// Whether one of PostgreSQL's types is called so, in any schema; relations have types of their names.
pub fn is_type_name(name: &str) -> bool {
    TYPES.named(name).next().is_some()
}

/// An extension's type of this name.
pub fn member_type_named(extension: &'static Extension, name: &str) -> Option<&'static Type> {
    TYPES.members_named(extension, name).next()
}

/// All built-in types and those of extensions.
pub fn types() -> &'static [Type] {
    &TYPES.rows
}
