//! Names as SQL must write them: quoted where needed, qualified where the search path does not find
//! the object.

use crate::catalog::builtin::{OpClass, Proc};
use crate::catalog::depend::describe;
use crate::catalog::{Catalog, Relation};
use crate::functions::quote_identifier;
use crate::types::{self, Oid};

/// Where names are looked up.
pub(super) struct Names<'a> {
    pub catalog: &'a Catalog,
    pub search_path: &'a [Oid],
}

impl Names<'_> {
    /// A relation's name, qualified unless it is visible (`generate_relation_name`).
    pub fn relation(&self, relation: &Relation) -> String {
        let visible = self.catalog.relation_in_path(self.search_path, &relation.name);
        match visible.is_some_and(|r| r.oid == relation.oid) {
            true => quote_identifier(&relation.name).into_owned(),
            false => self.qualified(relation),
        }
    }

    /// As [`Names::relation`], where WITH queries of these names hide tables.
    pub fn relation_beside(&self, relation: &Relation, hiding: &[&str]) -> String {
        match hiding.contains(&relation.name.as_str()) {
            true => self.qualified(relation),
            false => self.relation(relation),
        }
    }

    /// A function's name.
    pub fn function(&self, proc: &Proc) -> String {
        let name = quote_identifier(&proc.name);
        let namespace = self.catalog.schema_of(proc.namespace);
        match Catalog::is_pinned(proc.oid) || self.search_path.contains(&namespace) {
            true => name.into_owned(),
            false => format!("{}.{name}", self.schema(namespace)),
        }
    }

    /// An operator's name with these operands: `OPERATOR(s.+)` where the search path does not find it
    /// (`generate_operator_name`).
    pub fn operator(&self, oid: Oid) -> String {
        let Some(found) = self.catalog.operator(oid) else { return "?".to_owned() };
        let (path, name) = (self.search_path, &found.name);
        let visible = self.catalog.operator_in_path(path, name, found.left, found.right);
        match Catalog::is_pinned(oid) || visible.is_some_and(|visible| visible.oid == oid) {
            true => name.to_string(),
            false => {
                let namespace = self.catalog.schema_of(found.namespace);
                format!("OPERATOR({}.{name})", self.schema(namespace))
            }
        }
    }

    /// An operator class's name.
    pub fn operator_class(&self, class: &OpClass) -> String {
        let name = quote_identifier(class.name);
        let namespace = self.catalog.schema_of(class.namespace);
        match Catalog::is_pinned(class.oid) || self.search_path.contains(&namespace) {
            true => name.into_owned(),
            false => format!("{}.{name}", self.schema(namespace)),
        }
    }

    fn schema(&self, namespace: Oid) -> String {
        let schema = self.catalog.namespace(namespace).map_or("", |n| n.name.as_str());
        quote_identifier(schema).into_owned()
    }

    /// Schema and name.
    pub fn qualified(&self, relation: &Relation) -> String {
        let schema = self.catalog.namespace(relation.namespace).map_or("", |n| n.name.as_str());
        format!("{}.{}", quote_identifier(schema), quote_identifier(&relation.name))
    }

    /// A type's name with its modifier (`format_type_with_typemod`).
    pub fn type_name(&self, oid: Oid, typmod: i32) -> String {
        if let Some(name) = types::format_type(oid, typmod) {
            return name;
        }
        let name = describe::type_name(self.catalog, oid, self.search_path);
        name.unwrap_or_else(|| "???".to_owned())
    }

    pub fn collation(&self, oid: Oid) -> String {
        describe::collation_name(self.catalog, oid, self.search_path)
    }
}

/// A list of column names.
pub(super) fn column_list(relation: &Relation, attnos: &[i16]) -> String {
    let names = attnos.iter().map(|a| quote_identifier(&relation.column(*a).name).into_owned());
    names.collect::<Vec<_>>().join(", ")
}

/// A string literal for `standard_conforming_strings = on` (`simple_quote_literal`).
pub(super) fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
