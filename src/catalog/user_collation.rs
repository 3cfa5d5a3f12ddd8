//! Collations: those that users make, and what is asked about any.

use super::builtin::{self, Collation, oid};
use super::{Catalog, IndexColumn};
use crate::error::{PgError, Result, code};
use crate::types::{Oid, collation, oids};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A row of pg_collation with what hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserCollation {
    #[serde(flatten)]
    pub collation: Collation,
    pub owner: Oid,
    pub comment: Option<String>,
}

impl Catalog {
    /// The collation with this OID, PostgreSQL's own or a user's.
    pub fn collation(&self, oid: Oid) -> Option<&Collation> {
        match Catalog::is_system(oid) {
            true => builtin::collation(oid),
            false => self.user_collation(oid).map(|made| &made.collation),
        }
    }

    /// The collation of this name in a schema.
    pub fn collation_named(&self, namespace: Oid, name: &str) -> Option<&Collation> {
        if namespace == oid::PG_CATALOG
            && let Some(found) = builtin::collation_named(name)
        {
            return Some(found);
        }
        let mut all = self.user_collations().map(|made| &made.collation);
        all.find(|c| c.namespace == namespace && c.name == name)
    }

    /// The first collation of this name in a list of schemas.
    pub fn collation_in_path(&self, path: &[Oid], name: &str) -> Option<&Collation> {
        path.iter().find_map(|namespace| self.collation_named(*namespace, name))
    }

    /// The collation's name as messages have it.
    pub fn collation_name(&self, oid: Oid) -> String {
        self.collation(oid).map_or_else(|| oid.to_string(), |found| found.name.to_string())
    }

    /// Whether texts under a collation are in the order of their bytes; 0 is none.
    pub fn is_bytewise(&self, collation: Oid) -> bool {
        match collation {
            0 | oid::DEFAULT_COLLATION | oid::C_COLLATION => true,
            collation::UNDETERMINED => false,
            other => self.collation(other).is_none_or(Collation::is_bytewise),
        }
    }

    /// What values of a type compare by under a collation: what stands in for the type, or for texts a
    /// [comparison type](collation). What cannot be compared by the collation's rules is refused.
    pub fn comparison_type(&self, type_oid: Oid, collation: Oid) -> Result<Oid> {
        let stand_in = self.stand_in(type_oid);
        if collation == collation::UNDETERMINED {
            return Err(collation::undetermined("string comparison"));
        }
        if self.is_bytewise(collation) {
            return self.comparison_of_parts(type_oid, stand_in);
        }
        let found =
            self.collation(collation).and_then(|found| Some((found, found.locale.as_ref()?)));
        let Some((found, locale)) = found else {
            return Err(PgError::internal(format!("collation {collation} is of no locale")));
        };
        let mut content = type_oid;
        while let Some(element) = self.array_element_of(content) {
            content = element;
        }
        match self.stand_in(content) {
            text @ (oids::TEXT | oids::VARCHAR | oids::BPCHAR | oids::NAME) => {
                collation::comparison_type(text, locale, found.deterministic)
            }
            oids::RECORD | oids::ANYRANGE | oids::ANYMULTIRANGE => {
                self.comparison_of_parts(type_oid, stand_in)
            }
            other if self.type_collation(other) == 0 => Ok(stand_in),
            _ => Err(PgError::unsupported(format_args!(
                "comparing values of type {} under a collation of ICU",
                self.type_(content).map_or_else(String::new, |t| t.name.to_string())
            ))),
        }
    }

    /// The element type of a true array: `name` has elements, too, and is none.
    fn array_element_of(&self, type_oid: Oid) -> Option<Oid> {
        self.type_(self.base_type(type_oid, -1).0)?.array_element()
    }

    /// What values of a type are equal by under a collation: under a deterministic one texts are where
    /// their bytes are.
    pub fn equality_type(&self, type_oid: Oid, collation: Oid) -> Result<Oid> {
        match self.is_deterministic(collation) {
            true if !self.has_part(type_oid, &|of| !self.is_deterministic(of)) => {
                Ok(self.stand_in(type_oid))
            }
            _ => self.comparison_type(type_oid, collation),
        }
    }

    /// Whether only the same bytes are equal under a collation.
    pub fn is_deterministic(&self, collation: Oid) -> bool {
        collation != collation::UNDETERMINED
            && self.collation(collation).is_none_or(|found| found.deterministic)
    }

    /// Whether a comparison under one collation has the same outcome under another.
    pub fn compares_alike(&self, a: Oid, b: Oid, equality: bool) -> bool {
        a == b
            || self.is_bytewise(a) && self.is_bytewise(b)
            || equality && self.is_deterministic(a) && self.is_deterministic(b)
    }

    /// What stands in for a type that compares its parts under collations of theirs: these must be
    /// bytewise.
    fn comparison_of_parts(&self, type_oid: Oid, stand_in: Oid) -> Result<Oid> {
        if !matches!(stand_in, oids::RECORD | oids::ANYRANGE | oids::ANYMULTIRANGE | oids::ANYARRAY)
        {
            return Ok(stand_in);
        }
        match self.has_part(type_oid, &|collation| !self.is_bytewise(collation)) {
            false => Ok(stand_in),
            true => Err(PgError::unsupported(
                "comparing rows or ranges with parts under a collation of ICU",
            )),
        }
    }

    /// Whether a composite, range or array type has a part of such a collation.
    fn has_part(&self, type_oid: Oid, test: &dyn Fn(Oid) -> bool) -> bool {
        let base = self.base_type(type_oid, -1).0;
        if Catalog::is_system(base) && self.element_of(base).is_none() {
            return false;
        }
        let below = |part| stacker::maybe_grow(64 << 10, 1 << 20, || self.has_part(part, test));
        if let Some(element) = self.element_of(base) {
            return below(element);
        }
        if let Some(range) = self.range_of(base) {
            return below(range);
        }
        if let Some(range) = self.user_type(base).and_then(|found| found.range()) {
            return test(range.collation) || below(range.subtype);
        }
        self.row_type_relation(base).is_some_and(|relation| {
            relation.live_columns().any(|c| test(c.collation) || below(c.type_oid))
        })
    }

    /// The version of ICU's rules for a collation; `None`: it is not ICU's.
    pub fn icu_version(&self, collation: Oid) -> Result<Option<String>> {
        let locale = self.collation(collation).and_then(|found| found.locale.as_deref());
        locale.map(collation::version).transpose()
    }

    /// The versions of the collations that these columns' keys are made by.
    pub fn versions_of(&self, columns: &[IndexColumn]) -> Result<BTreeMap<Oid, String>> {
        let mut versions = BTreeMap::new();
        for column in columns {
            if let Some(version) = self.icu_version(column.collation)? {
                versions.insert(column.collation, version);
            }
        }
        Ok(versions)
    }

    /// 42704 for a collation that there is not.
    pub fn no_collation(shown: &str) -> PgError {
        let message = format!("collation \"{shown}\" for encoding \"UTF8\" does not exist");
        PgError::new(code::UNDEFINED_OBJECT, message)
    }
}
