//! columns.

use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::builtin::{self, TypeKind, oid};
use crate::catalog::pg_catalog::values::{int4, text_or_null};
use crate::catalog::{Column, Identity, Relation, RelationKind, SequenceInfo, view_update};
use crate::error::Result;
use crate::types::{Datum, Oid, oids};

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let kinds = |r: &&Relation| matches!(r.kind, RelationKind::Table | RelationKind::View);
    let mut rows = Vec::new();
    for relation in visible_relations(cx).filter(kinds) {
        for column in relation.live_columns() {
            rows.push(row(relation, column, cx)?);
        }
    }
    Ok(rows)
}

fn row(r: &Relation, c: &Column, cx: &Context<'_>) -> Result<Row> {
    // A domain is told apart; what the column holds is its base type.
    let (type_oid, typmod) = cx.catalog.base_type(c.type_oid, c.typmod);
    let found = cx.catalog.type_(type_oid);
    let expression = cx.host.default_expression(r.oid, c.attno)?;
    let (default, generation) = if c.generated { (None, expression) } else { (expression, None) };
    let type_namespace = found.as_ref().map_or(oid::PG_CATALOG, |t| t.namespace);
    let type_schema = cx.catalog.namespace(type_namespace).map_or("", |n| n.name.as_str());
    let collation = cx.catalog.collation(c.collation);
    let collation = collation.filter(|k| k.oid != oid::DEFAULT_COLLATION);
    let schema_name =
        |oid| cx.catalog.namespace(oid).map_or(Datum::Null, |namespace| text(&namespace.name));
    let identity = cx.catalog.identity_sequence(r.oid, c.attno);
    let numeric = numeric(type_oid, typmod);
    let length = length(type_oid, typmod);
    let [domain_catalog, domain_schema, domain_name] = domain_name(r, c, cx);
    let fixed = |value: Option<i32>| value.map_or(Datum::Null, Datum::Int4);
    let mut row = vec![
        catalog_name(cx),
        text(cx.schema_of(r)),
        text(&r.name),
        text(&c.name),
        int4(c.attno.unsigned_abs().into()),
        text_or_null(default.as_deref()),
        yes_no(!c.not_null),
        text(&data_type(type_oid, found.as_deref(), type_namespace)),
        fixed(length.0),
        fixed(length.1),
        fixed(numeric.0),
        fixed(numeric.1),
        fixed(numeric.2),
        fixed(datetime_precision(type_oid, typmod)),
        interval_type(type_oid, typmod),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        collation.map_or(Datum::Null, |_| catalog_name(cx)),
        collation.map_or(Datum::Null, |k| schema_name(k.namespace)),
        collation.map_or(Datum::Null, |k| text(&k.name)),
        domain_catalog,
        domain_schema,
        domain_name,
        catalog_name(cx),
        text(type_schema),
        found.as_ref().map_or(Datum::Null, |t| text(&t.name)),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        text(&c.attno.to_string()),
        yes_no(false),
    ];
    row.extend(identity_columns(c, identity.and_then(|s| s.sequence.as_ref())));
    let updatable = view_update::is_assignable(cx.catalog, r, c.attno);
    row.extend([
        text(if c.generated { "ALWAYS" } else { "NEVER" }),
        text_or_null(generation.as_deref()),
        yes_no(updatable),
    ]);
    Ok(row)
}

/// `is_identity` and what follows it.
fn identity_columns(c: &Column, sequence: Option<&SequenceInfo>) -> Vec<Datum> {
    let generation = match c.identity {
        Some(Identity::Always) => text("ALWAYS"),
        Some(Identity::ByDefault) => text("BY DEFAULT"),
        None => Datum::Null,
    };
    let number =
        |get: fn(&SequenceInfo) -> i64| sequence.map_or(Datum::Null, |s| text(&get(s).to_string()));
    vec![
        yes_no(c.identity.is_some()),
        generation,
        number(|s| s.start),
        number(|s| s.increment),
        number(|s| s.max),
        number(|s| s.min),
        yes_no(sequence.is_some_and(|s| s.cycle)),
    ]
}

/// Database, schema and name of the domain that a column is of.
fn domain_name(relation: &Relation, column: &Column, cx: &Context<'_>) -> [Datum; 3] {
    let domain = cx.catalog.type_(declared_type(relation, column));
    let Some(domain) = domain.filter(|t| t.kind == TypeKind::Domain) else {
        return [Datum::Null, Datum::Null, Datum::Null];
    };
    let schema = cx.catalog.namespace(domain.namespace).map_or("", |n| n.name.as_str());
    [catalog_name(cx), text(schema), text(&domain.name)]
}

/// A column's type; what PostgreSQL says it is for those of information_schema, which have the base
/// types of their domains here.
fn declared_type(relation: &Relation, column: &Column) -> Oid {
    let system = builtin::system_relation(relation.oid);
    let found = system.and_then(|r| r.columns.iter().find(|c| c.attno == column.attno));
    found.map_or(column.type_oid, |c| c.declared_type)
}

/// `data_type`: `ARRAY`, the standard's name of a built-in type, or `USER-DEFINED`.
fn data_type(type_oid: Oid, found: Option<&builtin::Type>, namespace: Oid) -> String {
    if found.is_some_and(|t| t.is_array) {
        return "ARRAY".to_owned();
    }
    // Without a length these are the standard's types, not PostgreSQL's unlimited ones.
    match type_oid {
        oids::BPCHAR => return "character".to_owned(),
        oids::BIT => return "bit".to_owned(),
        _ => {}
    }
    if namespace != oid::PG_CATALOG {
        return "USER-DEFINED".to_owned();
    }
    let name = || found.map_or_else(String::new, |t| t.name.to_string());
    crate::types::format_type(type_oid, -1).unwrap_or_else(name)
}

/// Character and octet length.
fn length(type_oid: Oid, typmod: i32) -> (Option<i32>, Option<i32>) {
    const OCTETS_MAX: i32 = 1 << 30;
    const OCTETS_PER_CHARACTER: i32 = 4;
    match type_oid {
        oids::VARCHAR | oids::BPCHAR if typmod >= 4 => {
            let characters = typmod - 4;
            (Some(characters), Some(characters.saturating_mul(OCTETS_PER_CHARACTER)))
        }
        oids::BIT | oids::VARBIT if typmod > 0 => (Some(typmod), None),
        oids::TEXT | oids::VARCHAR | oids::BPCHAR => (None, Some(OCTETS_MAX)),
        _ => (None, None),
    }
}

/// Numeric precision, its radix, and scale.
fn numeric(type_oid: Oid, typmod: i32) -> (Option<i32>, Option<i32>, Option<i32>) {
    match type_oid {
        oids::INT2 => (Some(16), Some(2), Some(0)),
        oids::INT4 => (Some(32), Some(2), Some(0)),
        oids::INT8 => (Some(64), Some(2), Some(0)),
        oids::FLOAT4 => (Some(24), Some(2), None),
        oids::FLOAT8 => (Some(53), Some(2), None),
        oids::NUMERIC if typmod >= 4 => {
            let packed = typmod - 4;
            (Some((packed >> 16) & 0xffff), Some(10), Some(((packed & 0x7ff) ^ 1024) - 1024))
        }
        oids::NUMERIC => (None, Some(10), None),
        _ => (None, None, None),
    }
}

/// The fields that an interval is limited to: `DAY TO SECOND(3)`.
fn interval_type(type_oid: Oid, typmod: i32) -> Datum {
    let name = crate::types::format_type(type_oid, typmod).filter(|_| type_oid == oids::INTERVAL);
    let fields = name.as_deref().and_then(|name| name.split_once(' '));
    fields.map_or(Datum::Null, |(_, fields)| text(&fields.to_uppercase()))
}

fn datetime_precision(type_oid: Oid, typmod: i32) -> Option<i32> {
    match type_oid {
        oids::DATE => Some(0),
        oids::TIME | oids::TIMETZ | oids::TIMESTAMP | oids::TIMESTAMPTZ => {
            Some(if typmod < 0 { 6 } else { typmod })
        }
        oids::INTERVAL if typmod < 0 || typmod & 0xffff == 0xffff => Some(6),
        oids::INTERVAL => Some(typmod & 0xffff),
        _ => None,
    }
}
