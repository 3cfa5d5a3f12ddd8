//! The objects among which the dependents of one are looked for.

use super::Object;
use crate::catalog::{
    Catalog, Extension, Function, Relation, UserCast, UserCollation, UserOperator, UserType,
};
use crate::types::Oid;
use std::sync::Arc;

/// Objects by kind, each in OID order.
#[derive(Default)]
pub(super) struct Candidates<'c> {
    pub relations: Vec<&'c Arc<Relation>>,
    pub functions: Vec<&'c Arc<Function>>,
    pub types: Vec<&'c Arc<UserType>>,
    pub operators: Vec<&'c Arc<UserOperator>>,
    pub collations: Vec<&'c Arc<UserCollation>>,
    pub casts: Vec<&'c Arc<UserCast>>,
    pub extensions: Vec<&'c Arc<Extension>>,
}

impl<'c> Candidates<'c> {
    /// All that mention an object: there are no others that depend on it.
    pub fn for_object(catalog: &'c Catalog, object: Object) -> Candidates<'c> {
        let mut found = Candidates::default();
        for by in mentioned_as(object).into_iter().flat_map(|oid| catalog.mentioning(oid)) {
            match by {
                Object::Relation(oid) => found.relations.extend(catalog.relation(oid)),
                Object::Function(oid) => found.functions.extend(catalog.function(oid)),
                Object::Type(oid) => found.types.extend(catalog.user_type(oid)),
                Object::Operator(oid) => found.operators.extend(catalog.user_operator(oid)),
                Object::Collation(oid) => found.collations.extend(catalog.user_collation(oid)),
                Object::Cast(oid) => found.casts.extend(catalog.cast_with_oid(oid)),
                Object::Extension(oid) => found.extensions.extend(catalog.extension(oid)),
                // These mention nothing themselves; what they are parts of does.
                Object::Namespace(_)
                | Object::Column(..)
                | Object::Constraint(..)
                | Object::Policy(..)
                | Object::Rule(..)
                | Object::DomainCheck(..)
                | Object::Default(..) => {}
            }
        }
        found
    }

    /// All that there are.
    #[cfg(test)]
    pub fn all(catalog: &'c Catalog) -> Candidates<'c> {
        Candidates {
            relations: catalog.relations().collect(),
            functions: catalog.functions().collect(),
            types: catalog.user_types().collect(),
            operators: catalog.user_operators().collect(),
            collations: catalog.user_collations().collect(),
            casts: catalog.user_casts().collect(),
            extensions: catalog.extensions().collect(),
        }
    }
}

/// The OID by which an object is mentioned; `None`: by its table alone.
fn mentioned_as(object: Object) -> Option<Oid> {
    match object {
        Object::Namespace(oid)
        | Object::Extension(oid)
        | Object::Type(oid)
        | Object::Function(oid)
        | Object::Cast(oid)
        | Object::Operator(oid)
        | Object::Collation(oid)
        | Object::Relation(oid)
        | Object::Column(oid, _)
        | Object::Constraint(_, oid) => Some(oid),
        Object::Policy(..) | Object::Rule(..) | Object::DomainCheck(..) | Object::Default(..) => {
            None
        }
    }
}
