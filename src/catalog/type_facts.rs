//! What is known of a type, whoever made it.
//!
//! PostgreSQL's functions, operator classes and storage forms are of its own types. For a type that a
//! user made, one of these *stands in*:
//!
//! | type | stands in |
//! |---|---|
//! | enum | `anyenum`: an `int8`, see [`UserType`] |
//! | domain | its base type's |
//! | composite | `record` |
//! | range, multirange | `anyrange`, `anymultirange` |
//! | array of any of these | `anyarray` |
//!
//! What stands in for a type never changes, so that what is derived from it, such as a row's layout, can
//! be kept.

use super::builtin::{self, Comparison, OpClass, Type, TypeKind};
use super::{Catalog, Column, DomainCheck, UserType, UserTypeKind, system};
use crate::nodes::{CoerceToDomain, CoercionForm, Expr};
use crate::types::range::{Bound, Multirange, Range, Subtype};
use crate::types::{Array, Datum, Oid, Record, oids, range};
use std::borrow::Cow;
use std::sync::Arc;

impl Catalog {
    /// The type with this OID: a built-in one, one that a user made, a table's row type, or an array
    /// over any of these.
    pub fn type_(&self, oid: Oid) -> Option<Cow<'static, Type>> {
        if let Some(found) = builtin::type_(oid) {
            return self.placed(found);
        }
        if let Some(found) = self.user_type(oid) {
            return Some(Cow::Owned(self.described(found)));
        }
        if let Some(element) = self.array_of_user_type(oid) {
            return Some(Cow::Owned(system::array_type(
                &self.described(element),
                &element.array_name,
            )));
        }
        if let Some(relation) = self.row_type_relation(oid) {
            return Some(Cow::Owned(system::row_type(relation)));
        }
        // The array type's OID follows its row type's.
        let relation = self.row_type_relation(oid.checked_sub(1)?)?;
        Some(Cow::Owned(system::row_array_type(relation)))
    }

    fn described(&self, found: &UserType) -> Type {
        match &found.kind {
            UserTypeKind::Enum(_) => system::enum_type(found),
            UserTypeKind::Range(range) => system::range_type(found, self.align(range.subtype)),
            UserTypeKind::Multirange(range) => {
                let subtype = self.range_subtype(*range).map_or(0, |subtype| subtype.oid);
                system::multirange_type(found, self.align(subtype))
            }
            UserTypeKind::Domain(domain) => {
                let base = self.type_(self.base_type(domain.base, -1).0);
                system::domain_type(found, domain, base.as_deref())
            }
        }
    }

    /// `typalign` of a range over a type.
    fn align(&self, subtype: Oid) -> u8 {
        let of_subtype = self.type_(subtype).map(|found| found.align);
        of_subtype.filter(|align| *align == b'd').unwrap_or(b'i')
    }

    /// What the bounds of a range type are of.
    pub fn range_subtype(&self, range: Oid) -> Option<Subtype> {
        match Catalog::is_system(range) {
            true => range::subtype(range),
            false => {
                let oid = self.user_type(range)?.range()?.subtype;
                Some(Subtype { oid, as_given: true })
            }
        }
    }

    /// The range type that a multirange type is over.
    pub fn range_of(&self, multirange: Oid) -> Option<Oid> {
        match Catalog::is_system(multirange) {
            true => range::range_of(multirange),
            false => self.user_type(multirange)?.multirange_over(),
        }
    }

    /// The multirange type over a range type.
    pub fn multirange_of(&self, range: Oid) -> Option<Oid> {
        match Catalog::is_system(range) {
            true => range::multirange_of(range),
            false => Some(self.user_type(range)?.range()?.multirange),
        }
    }

    /// The type of this name in a schema.
    pub fn type_named(&self, namespace: Oid, name: &str) -> Option<Cow<'static, Type>> {
        if let Some(found) = builtin::type_in(namespace, name) {
            return Some(Cow::Borrowed(found));
        }
        if let Some(found) = self.member_type_named(namespace, name) {
            return self.placed(found);
        }
        if let Some(oid) = self.user_type_named(namespace, name) {
            return self.type_(oid);
        }
        let of = |name: &str| self.relation_named(namespace, name).filter(|r| r.row_type != 0);
        if let Some(relation) = of(name) {
            return Some(Cow::Owned(system::row_type(relation)));
        }
        of(name.strip_prefix('_')?).map(|r| Cow::Owned(system::row_array_type(r)))
    }

    /// The type itself, or what a domain is over, with its typmod.
    pub fn base_type(&self, mut oid: Oid, mut typmod: i32) -> (Oid, i32) {
        loop {
            (oid, typmod) = match (builtin::type_(oid), self.user_type(oid)) {
                (Some(found), _) if found.kind == TypeKind::Domain => {
                    (found.base, found.base_typmod)
                }
                (None, Some(found)) => match &found.kind {
                    UserTypeKind::Domain(domain) => (domain.base, domain.typmod),
                    _ => return (oid, typmod),
                },
                _ => return (oid, typmod),
            }
        }
    }

    /// A domain and those that it is over, from the innermost: what is checked first.
    pub fn domains(&self, oid: Oid) -> Vec<&Arc<UserType>> {
        let mut found = Vec::new();
        let mut next = oid;
        while let Some(domain) = self.user_type(next).filter(|t| t.domain().is_some()) {
            next = domain.domain().map_or(0, |domain| domain.base);
            found.push(domain);
        }
        found.reverse();
        found
    }

    /// A CHECK of a domain, and the domain.
    pub fn domain_check(&self, oid: Oid) -> Option<(&Arc<UserType>, &DomainCheck)> {
        let found = self.domain_of_check(oid)?;
        Some((found, found.domain()?.checks.iter().find(|check| check.oid == oid)?))
    }

    /// What a column without a default of its own gets where its type is a domain: the outermost
    /// domain's default or NULL, which the domain must allow.
    pub fn default_by_type(&self, column: &Column) -> Option<Expr> {
        let domains = self.domains(column.type_oid);
        domains.last()?;
        let default = domains.into_iter().rev().find_map(|found| found.domain()?.default.clone());
        let base = self.base_type(column.type_oid, -1).0;
        Some(Expr::CoerceToDomain(Box::new(CoerceToDomain {
            arg: default.unwrap_or_else(|| Expr::constant(Datum::Null, base)),
            type_oid: column.type_oid,
            collation: column.collation,
            form: CoercionForm::Implicit,
            location: -1,
        })))
    }

    /// The built-in type that stands in for a type; itself for most.
    pub fn stand_in(&self, oid: Oid) -> Oid {
        let base = self.base_type(oid, -1).0;
        if Catalog::is_system(base) {
            return base;
        }
        match self.user_type(base) {
            Some(found) => match found.kind {
                UserTypeKind::Range(_) => oids::ANYRANGE,
                UserTypeKind::Multirange(_) => oids::ANYMULTIRANGE,
                UserTypeKind::Enum(_) | UserTypeKind::Domain(_) => oids::ANYENUM,
            },
            None if self.row_type_relation(base).is_some() => oids::RECORD,
            None if self.type_(base).is_some() => oids::ANYARRAY,
            None => base,
        }
    }

    /// The element type of a true array or vector, domains looked through.
    pub fn element_of(&self, array: Oid) -> Option<Oid> {
        let base = self.base_type(array, -1).0;
        oids::element_of(base).or_else(|| self.type_(base).map(|t| t.element).filter(|e| *e != 0))
    }

    /// The array type over a type.
    pub fn array_over(&self, element: Oid) -> Option<Oid> {
        oids::array_of(element).or_else(|| self.type_(element).map(|t| t.array).filter(|a| *a != 0))
    }

    /// Whether values of one type are values of another as they are, see
    /// [`builtin::binary_coercible`].
    pub fn binary_coercible(&self, source: Oid, target: Oid) -> bool {
        let base = self.base_type(source, -1).0;
        source == target
            || base == target
            || (Catalog::is_system(target)
                && builtin::binary_coercible(self.stand_in(base), target))
    }

    /// The operator class that an index or sort of this type uses unasked.
    pub fn default_opclass(&self, method: Oid, type_oid: Oid) -> Option<&'static OpClass> {
        builtin::default_opclass(method, self.stand_in(type_oid))
    }

    /// The operators of the type's default btree class; `None` where the type has no order.
    pub fn comparison(&self, type_oid: Oid) -> Option<Comparison> {
        let stand_in = self.stand_in(type_oid);
        if stand_in == oids::ANYARRAY {
            self.comparison(self.element_of(type_oid)?)?;
        }
        builtin::comparison(stand_in)
    }

    /// The equality operator of the type's default hash class.
    pub fn hash_equality(&self, type_oid: Oid) -> Option<Oid> {
        builtin::hash_equality(self.stand_in(type_oid))
    }

    /// A value and its type, domains looked through and the labels of enums in their values' place.
    pub fn labelled(&self, type_oid: Oid, value: &Datum) -> (Oid, Datum) {
        let shown = self.base_type(type_oid, -1).0;
        let value = match value {
            Datum::Int8(rank) if !Catalog::is_system(shown) => {
                let label = self.user_type(shown).and_then(|found| found.label_of(*rank));
                return (oids::TEXT, label.map_or(Datum::Null, |label| Datum::text(&*label.name)));
            }
            Datum::Array(array) => {
                let of = array.element_type;
                let elements = array.elements.iter().map(|e| self.labelled(of, e).1).collect();
                let element_type = match self.stand_in(of) {
                    oids::ANYENUM => oids::TEXT,
                    _ => self.base_type(of, -1).0,
                };
                Datum::Array(Arc::new(Array { element_type, dims: array.dims.clone(), elements }))
            }
            Datum::Range(range) => Datum::Range(Arc::new(self.labelled_range(range))),
            Datum::Multirange(multirange) => {
                let ranges = multirange.ranges.iter().map(|range| self.labelled_range(range));
                let (subtype, ranges) = (multirange.subtype, ranges.collect());
                Datum::Multirange(Arc::new(Multirange { subtype, ranges }))
            }
            Datum::Record(record) => {
                let fields = record.fields.iter().map(|(of, field)| self.labelled(*of, field));
                let (fields, names) = (fields.collect(), record.names.clone());
                Datum::Record(Arc::new(Record { fields, names }))
            }
            other => other.clone(),
        };
        (shown, value)
    }

    fn labelled_range(&self, range: &Range) -> Range {
        let mut oid = self.base_type(range.subtype.oid, -1).0;
        let mut labelled = |bound: &Bound| Bound {
            value: bound.value.as_ref().map(|value| {
                let (shown, value) = self.labelled(range.subtype.oid, value);
                oid = shown;
                value
            }),
            ..bound.clone()
        };
        let bounds = range.bounds.as_ref().map(|(lower, upper)| (labelled(lower), labelled(upper)));
        Range { subtype: Subtype { oid, ..range.subtype }, bounds }
    }

    /// The collation that values of a type have unless said otherwise; 0: it is not collatable.
    pub fn type_collation(&self, type_oid: Oid) -> Oid {
        self.type_(type_oid).map_or(0, |t| t.collation)
    }
}
