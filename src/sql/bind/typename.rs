//! Type names in SQL (`parse_type.c`): `varchar(10)`, `int[]`, `pg_catalog.text`, a table's row type.

use super::state::Binder;
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::types::{self, Oid, oids};
use pg_raw_parse::{ConstValue, Node, nodes};

impl Binder<'_, '_> {
    /// The type and typmod a type name means (`typenameTypeIdAndMod`).
    pub fn resolve_type(&self, name: &nodes::TypeName) -> Result<(Oid, i32)> {
        if name.pct_type {
            return Err(PgError::unsupported("%TYPE").at(name.location));
        }
        let parts: Vec<&str> = name.names().iter().filter_map(|s| s.sval()).collect();
        let base = match (name.type_oid, parts.as_slice()) {
            (0, parts) => self.named_type(parts, name)?,
            (oid, _) => oid,
        };
        let typmod = self.type_modifier(name, base)?;
        if name.array_bounds().is_empty() {
            return Ok((base, typmod));
        }
        match self.array_of(base) {
            Some(array) => Ok((array, typmod)),
            None => Err(undefined_type(name)),
        }
    }

    fn named_type(&self, parts: &[&str], name: &nodes::TypeName) -> Result<Oid> {
        let found = match parts {
            [name] => self.type_in_path(name),
            [schema, type_name] | [_, schema, type_name] => {
                let namespace = self.namespace(schema).map_err(|e| e.at(name.location))?;
                self.type_in_namespace(namespace, type_name)
            }
            _ => None,
        };
        found.ok_or_else(|| undefined_type(name))
    }

    fn type_in_path(&self, name: &str) -> Option<Oid> {
        let path = self.context.env.search_path();
        path.iter().find_map(|ns| self.type_in_namespace(*ns, name))
    }

    fn type_in_namespace(&self, namespace: Oid, name: &str) -> Option<Oid> {
        self.context.catalog.type_named(namespace, name).map(|t| t.oid)
    }

    /// `typenameTypeMod`: the modifiers as the type's `typmodin` reads them.
    fn type_modifier(&self, name: &nodes::TypeName, base: Oid) -> Result<i32> {
        if name.typmods().is_empty() {
            return Ok(name.typemod);
        }
        if builtin::type_(base).is_none_or(|t| t.typmod_in == 0) {
            let message =
                format!("type modifier is not allowed for type \"{}\"", type_name_text(name));
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(name.location));
        }
        let modifiers = name.typmods().iter().map(modifier).collect::<Result<Vec<i32>>>();
        if let Ok(modifiers) = &modifiers {
            self.warn_of_precision(base, modifiers);
        }
        let typmod = modifiers.and_then(|m| types::typmod_in(base, &m));
        typmod.map_err(|e| e.at(name.location))
    }

    /// More digits of seconds than there are become as many as there are, with a warning.
    fn warn_of_precision(&self, base: Oid, modifiers: &[i32]) {
        let (name, zone) = match base {
            oids::TIME => ("TIME", ""),
            oids::TIMETZ => ("TIME", " WITH TIME ZONE"),
            oids::TIMESTAMP => ("TIMESTAMP", ""),
            oids::TIMESTAMPTZ => ("TIMESTAMP", " WITH TIME ZONE"),
            _ => return,
        };
        if let [precision] = *modifiers
            && precision > 6
        {
            let message =
                format!("{name}({precision}){zone} precision reduced to maximum allowed, 6");
            let session = self.context.env.session();
            session.warning(code::INVALID_PARAMETER_VALUE, message);
        }
    }
}

fn modifier(node: Node<'_>) -> Result<i32> {
    let text = match node {
        Node::A_Const(c) => match c.val() {
            Some(ConstValue::Integer(i)) => return Ok(i),
            Some(ConstValue::Float(text) | ConstValue::String(text)) => Some(text),
            _ => None,
        },
        Node::ColumnRef(c) if c.fields().len() == 1 => c.fields().first().and_then(|n| n.as_str()),
        _ => None,
    };
    let Some(text) = text else {
        let message = "type modifiers must be simple constants or identifiers";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    };
    match types::text_in(oids::INT4, -1, text, &types::Format::default())? {
        types::Datum::Int4(value) => Ok(value),
        _ => Err(PgError::internal("int4 input gave another type")),
    }
}

fn undefined_type(name: &nodes::TypeName) -> PgError {
    let message = format!("type \"{}\" does not exist", type_name_text(name));
    PgError::new(code::UNDEFINED_OBJECT, message).at(name.location)
}

/// The name as messages show it (`TypeNameToString`).
pub(super) fn type_name_text(name: &nodes::TypeName) -> String {
    let parts: Vec<&str> = name.names().iter().filter_map(|s| s.sval()).collect();
    let suffix = if name.array_bounds().is_empty() { "" } else { "[]" };
    format!("{}{suffix}", parts.join("."))
}
