//! Objects by their addresses (catalog, OID, part): `pg_describe_object`, `pg_identify_object`, and
//! where relations lie.

use super::Implementation::{self, Scalar};
use super::quote::quote_qualified;
use super::{Ctx, member_names, reg};
use crate::catalog::builtin::{self, oid::class};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::Result;
use crate::types::{Datum, Oid, Record, oids};
use std::sync::Arc;

/// An object as `pg_identify_object` tells it: kind, schema, name where that is enough, identity.
struct Identity {
    kind: &'static str,
    schema: Option<String>,
    name: Option<String>,
    identity: String,
}

fn quote_identifier(name: &str) -> String {
    super::quote_identifier(name).into_owned()
}

fn relation_kind(relation: &Relation) -> &'static str {
    match relation.kind {
        RelationKind::Table => "table",
        RelationKind::Index => "index",
        RelationKind::Sequence => "sequence",
        RelationKind::View => "view",
        RelationKind::Composite => "composite type",
        RelationKind::MaterializedView => "materialized view",
    }
}

fn schema_name(catalog: &Catalog, namespace: Oid) -> String {
    catalog.namespace(namespace).map_or_else(String::new, |n| n.name.clone())
}

/// A type's name with its schema, but for those that SQL has words of its own for.
fn qualified_type(ctx: &Ctx<'_>, oid: Oid) -> String {
    let catalog = ctx.env.catalog();
    let shown = reg::format_type(ctx.env, oid, None).unwrap_or_default();
    let Some(found) = catalog.type_(oid) else { return shown };
    let element = catalog.type_(found.element).filter(|_| found.is_array);
    let (named, suffix) = match &element {
        Some(element) => (element, "[]"),
        None => (&found, ""),
    };
    let is_word = shown.trim_end_matches("[]").trim_matches('"') != named.name;
    if named.namespace == builtin::oid::PG_CATALOG && is_word {
        return shown;
    }
    let schema = schema_name(catalog, named.namespace);
    format!("{}{suffix}", quote_qualified(Some(&schema), &named.name))
}

/// The kind of the objects of a catalog, of which none has an OID.
fn kind_of_class(of_class: Oid) -> Option<&'static str> {
    Some(match of_class {
        class::CLASS => "relation",
        class::NAMESPACE => "schema",
        class::AUTHID => "role",
        class::DATABASE => "database",
        class::TYPE => "type",
        class::PROC => "routine",
        class::OPERATOR => "operator",
        class::CAST => "cast",
        class::CONSTRAINT => "constraint",
        _ => return None,
    })
}

fn identify(ctx: &Ctx<'_>, a: &[Datum]) -> Option<Identity> {
    let catalog = ctx.env.catalog();
    let (of_class, object, part) = (a[0].as_oid(), a[1].as_oid(), a[2].as_int4());
    let plain = |kind, name: &str| Identity {
        kind,
        schema: None,
        name: Some(quote_identifier(name)),
        identity: quote_identifier(name),
    };
    let in_schema = |kind, namespace: Oid, name: &str| {
        let schema = schema_name(catalog, namespace);
        Identity {
            kind,
            name: Some(quote_identifier(name)),
            identity: quote_qualified(Some(&schema), name),
            schema: Some(quote_identifier(&schema)),
        }
    };
    match of_class {
        class::CLASS => {
            let relation = catalog.relation(object)?;
            let whole = in_schema(relation_kind(relation), relation.namespace, &relation.name);
            if part == 0 {
                return Some(whole);
            }
            let column = relation.live_columns().find(|c| i32::from(c.attno) == part)?;
            let identity = format!("{}.{}", whole.identity, quote_identifier(&column.name));
            let kind = match relation.kind {
                RelationKind::View => "view column",
                RelationKind::Composite => "composite type column",
                _ => "table column",
            };
            Some(Identity { kind, identity, ..whole })
        }
        class::NAMESPACE => Some(plain("schema", &catalog.namespace(object)?.name)),
        class::EXTENSION => Some(plain("extension", &catalog.extension(object)?.name)),
        class::AUTHID => Some(plain("role", &catalog.role(object)?.name)),
        class::DATABASE => Some(plain("database", &catalog.database(object)?.name)),
        class::TYPE => {
            let found = catalog.type_(object)?;
            let of = in_schema("type", found.namespace, &found.name);
            Some(Identity { identity: qualified_type(ctx, object), ..of })
        }
        class::PROC => {
            let proc = catalog.proc(object)?;
            let types: Vec<String> =
                proc.arg_types.iter().map(|t| qualified_type(ctx, *t)).collect();
            let schema = schema_name(catalog, catalog.schema_of(proc.namespace));
            let name = quote_qualified(Some(&schema), &proc.name);
            let kind = match proc.kind {
                b'a' => "aggregate",
                b'p' => "procedure",
                _ => "function",
            };
            let identity = format!("{name}({})", types.join(","));
            Some(Identity { kind, schema: Some(schema), name: None, identity })
        }
        class::OPERATOR => {
            let operator = catalog.operator(object)?;
            let operand = |oid: Oid| match oid {
                0 => "NONE".to_owned(),
                oid => qualified_type(ctx, oid),
            };
            let schema = schema_name(catalog, operator.namespace);
            let operands = format!("{},{}", operand(operator.left), operand(operator.right));
            let schema = quote_identifier(&schema);
            let identity = format!("{schema}.{}({operands})", operator.name);
            Some(Identity { kind: "operator", schema: Some(schema), name: None, identity })
        }
        class::CAST => {
            let cast = &catalog.cast_with_oid(object)?.cast;
            let (from, to) = (qualified_type(ctx, cast.source), qualified_type(ctx, cast.target));
            let identity = format!("({from} AS {to})");
            Some(Identity { kind: "cast", schema: None, name: None, identity })
        }
        class::CONSTRAINT => {
            let (kind, namespace, of, name) = match catalog.constraint(object) {
                Some((table, c)) => ("table constraint", table.namespace, &table.name, &c.name),
                None => {
                    let (domain, check) = catalog.domain_check(object)?;
                    ("domain constraint", domain.namespace, &domain.name, &check.name)
                }
            };
            let schema = schema_name(catalog, namespace);
            let on = quote_qualified(Some(&schema), of);
            let identity = format!("{} on {on}", quote_identifier(name));
            Some(Identity { kind, schema: Some(quote_identifier(&schema)), name: None, identity })
        }
        _ => None,
    }
}

/// "column a of table t", in the words of messages.
fn described(ctx: &Ctx<'_>, a: &[Datum]) -> Option<String> {
    use crate::catalog::depend::{Object, describe};
    let catalog = ctx.env.catalog();
    let (of_class, object, part) = (a[0].as_oid(), a[1].as_oid(), a[2].as_int4());
    let found = match of_class {
        class::CLASS if part != 0 => {
            let relation = catalog.relation(object)?;
            let column = relation.live_columns().find(|c| i32::from(c.attno) == part)?;
            Object::Column(object, column.attno)
        }
        class::CLASS => Object::Relation(catalog.relation(object)?.oid),
        class::TYPE => return Some(format!("type {}", reg::format_type(ctx.env, object, None)?)),
        class::NAMESPACE => Object::Namespace(catalog.namespace(object)?.oid),
        class::EXTENSION => Object::Extension(catalog.extension(object)?.oid),
        class::PROC => Object::Function(catalog.proc(object)?.oid),
        class::OPERATOR => Object::Operator(catalog.operator(object)?.oid),
        class::COLLATION => Object::Collation(catalog.collation(object)?.oid),
        class::CAST if catalog.cast_with_oid(object).is_some() => Object::Cast(object),
        class::CONSTRAINT => match catalog.constraint(object) {
            Some((table, _)) => Object::Constraint(table.oid, object),
            None => return Some(format!("constraint {}", catalog.domain_check(object)?.1.name)),
        },
        _ if let Some(shown) = member_names::described(ctx.env, of_class, object) => {
            return Some(shown);
        }
        _ => {
            let of = identify(ctx, a)?;
            return Some(format!("{} {}", of.kind, of.identity));
        }
    };
    Some(describe(catalog, found, ctx.env.search_path()))
}

fn identified(ctx: &Ctx<'_>, a: &[Datum]) -> Datum {
    let text = |value: Option<String>| (oids::TEXT, value.map_or(Datum::Null, Datum::text));
    let fields = match identify(ctx, a) {
        Some(of) => {
            let kind = Some(of.kind.to_owned());
            vec![text(kind), text(of.schema), text(of.name), text(Some(of.identity))]
        }
        None => {
            let kind = kind_of_class(a[0].as_oid()).map(str::to_owned);
            vec![text(kind), text(None), text(None), text(None)]
        }
    };
    Datum::Record(Arc::new(Record::unnamed(fields)))
}

/// Where PostgreSQL would keep a relation's rows; here it only names their storage.
fn file_path(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    let relation = ctx.env.catalog().relation(oid).filter(|r| r.storage != 0);
    let path = relation.map(|r| format!("base/{}/{}", ctx.env.database(), r.storage));
    Ok(path.map_or(Datum::Null, Datum::text))
}

fn relation_of_file(ctx: &Ctx<'_>, storage: Oid) -> Datum {
    let found = ctx.env.catalog().relations().find(|r| r.storage == storage && storage != 0);
    found.map_or(Datum::Null, |relation| Datum::Oid(relation.oid))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_describe_object", Scalar(|c, a| Ok(described(c, a).map_or(Datum::Null, Datum::text)))),
    ("pg_identify_object", Scalar(|c, a| Ok(identified(c, a)))),
    ("pg_relation_filepath", Scalar(|c, a| file_path(c, a[0].as_oid()))),
    ("pg_filenode_relation", Scalar(|c, a| Ok(relation_of_file(c, a[1].as_oid())))),
];
