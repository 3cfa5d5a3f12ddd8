//! What the binder asks of the catalog: types, and their names in messages.

use super::state::Binder;
use crate::catalog::builtin::{self, TypeKind};
use crate::catalog::depend::describe;
use crate::catalog::is_temporary;
use crate::error::{PgError, Result, code};
use crate::functions::privileges;
use crate::types::{self, Oid, oids};

/// The facts about a type that resolution looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypeFacts {
    pub category: u8,
    pub preferred: bool,
    pub kind: TypeKind,
    /// Element of a true array; 0 otherwise.
    pub element: Oid,
    /// The array type over it; 0 if none.
    pub array: Oid,
    pub collation: Oid,
}

impl Binder<'_, '_> {
    /// Facts about a type; the unknown type's for an OID that names none.
    pub fn facts(&self, oid: Oid) -> TypeFacts {
        let from = |t: &builtin::Type| TypeFacts {
            category: t.category,
            preferred: t.preferred,
            kind: t.kind,
            element: t.array_element().unwrap_or(0),
            array: t.array,
            collation: t.collation,
        };
        let found = self.context.catalog.type_(oid).map(|t| from(&t));
        found.unwrap_or(TypeFacts {
            category: b'X',
            preferred: false,
            kind: TypeKind::Pseudo,
            element: 0,
            array: 0,
            collation: 0,
        })
    }

    /// The type itself, or what a domain is over, with its typmod.
    pub fn base_type(&self, oid: Oid, typmod: i32) -> (Oid, i32) {
        self.context.catalog.base_type(oid, typmod)
    }

    /// The collation that values of a type have unless said otherwise (0: not collatable).
    pub fn collation(&self, oid: Oid) -> Oid {
        let facts = self.facts(oid);
        if matches!(facts.kind, TypeKind::Base | TypeKind::Domain) { facts.collation } else { 0 }
    }

    /// The element type of a true array (domains looked through).
    pub fn element(&self, oid: Oid) -> Option<Oid> {
        let element = self.facts(self.base_type(oid, -1).0).element;
        (element != 0).then_some(element)
    }

    /// The array type over an element type.
    pub fn array_of(&self, oid: Oid) -> Option<Oid> {
        let array = self.facts(oid).array;
        (array != 0).then_some(array)
    }

    /// Whether a type is a row type of a relation, or `record` (`ISCOMPLEX`).
    pub fn is_row_type(&self, oid: Oid) -> bool {
        oid == oids::RECORD || self.facts(oid).kind == TypeKind::Composite
    }

    /// The type's name in messages (`format_type_be`): `integer`, `text[]`, a table's name.
    pub fn type_name(&self, oid: Oid) -> String {
        if let Some(name) = types::type_name(oid) {
            return name;
        }
        let element = self.facts(oid).element;
        if element != 0 {
            return format!("{}[]", self.type_name(element));
        }
        let path = self.context.env.search_path();
        describe::type_name(self.context.catalog, oid, path).unwrap_or_else(|| "???".into())
    }

    /// The schema of this name (`get_namespace_oid`).
    pub fn namespace(&self, name: &str) -> Result<Oid> {
        match self.find_namespace(name) {
            Some(oid) => {
                privileges::require_usage(self.context.env, self.context.catalog, oid)?;
                Ok(oid)
            }
            None => Err(PgError::new(
                code::INVALID_SCHEMA_NAME,
                format!("schema \"{name}\" does not exist"),
            )),
        }
    }

    /// The schema of this name; `pg_temp` is the session's own.
    pub fn find_namespace(&self, name: &str) -> Option<Oid> {
        match name {
            "pg_temp" => self.context.env.session().temp_schema(),
            _ => self.context.catalog.namespace_named(name).map(|n| n.oid),
        }
    }

    /// Where functions and operators are looked for without a schema: the search path but for the session's
    /// temporary schema, so that nobody's calls can be captured there.
    pub fn callable_path(&self) -> Vec<Oid> {
        let namespace = |schema| self.context.catalog.namespace(schema);
        let path = self.context.env.search_path().iter().copied();
        path.filter(|schema| !namespace(*schema).is_some_and(|found| is_temporary(found))).collect()
    }

    /// Name, type and typmod of a row type's live columns.
    pub fn row_type_columns(&self, oid: Oid) -> Vec<(String, Oid, i32)> {
        let relation = self.context.catalog.row_type_relation(oid);
        let columns = relation.into_iter().flat_map(|r| r.live_columns());
        columns.map(|c| (c.name.clone(), c.type_oid, c.typmod)).collect()
    }

    /// A parenthesised list's inside: `integer, text` (`func_signature_string`'s arguments).
    pub fn type_names(&self, list: &[Oid]) -> String {
        list.iter().map(|t| self.type_name(*t)).collect::<Vec<_>>().join(", ")
    }
}
