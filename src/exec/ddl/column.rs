//! A column definition: type, collation, and the constraints written on it.

use super::DdlContext;
use super::draft::{CheckSpec, ForeignKeySpec, KeySpec, TableDraft};
use super::names::strings;
use crate::catalog::builtin::TypeKind;
use crate::catalog::depend::describe;
use crate::catalog::{Catalog, Column, Identity, Origin};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_type;
use crate::nodes::Expr;
use crate::sql::bind::resolve_type;
use crate::types::{Oid, geometry, oids, range};
use pg_raw_parse::nodes::{CollateClause, ColumnDef, Constraint, TypeName};
use pg_raw_parse::raw::ConstrType;
use pg_raw_parse::{Node, nodes};

/// The most columns of a table, dropped ones included (`MaxHeapAttributeNumber`).
pub(super) const COLUMNS_MAX: usize = 1600;

/// System columns' names, which users' columns cannot have.
pub(super) const SYSTEM_COLUMNS: [&str; 9] =
    ["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid", "_seq", "_updated", "_deleted"];

/// Adds a column and what its definition asks for to a draft.
pub(super) fn add<'a>(
    draft: &mut TableDraft<'a>,
    definition: &'a ColumnDef,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = definition.colname().unwrap_or_default();
    if definition.storage_name().is_some() {
        // A clause of PostgreSQL 16's.
        let message = "syntax error at or near \"STORAGE\"";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    check_name(draft, name)?;
    let type_name = definition.type_name().ok_or_else(|| PgError::unsupported("typed tables"))?;
    let serial = super::serial::serial_type(type_name)?;
    let (type_oid, typmod) = match serial {
        Some(oid) => (oid, -1),
        None => resolve_type(type_name, &cx.bind(catalog))?,
    };
    check_type(name, type_oid, catalog)?;
    require_type(&**cx.env, type_oid)?;
    let attno = next_attno(draft)?;
    let mut column = new_column(attno, name, type_oid, typmod, catalog);
    if let Some(clause) = definition.coll_clause() {
        column.collation = collation(clause, type_oid, cx)?;
    }
    draft.table.columns.push(column);
    if serial.is_some() {
        super::serial::add_serial(draft, attno, type_oid, catalog, cx)?;
    }
    add_constraints(draft, definition, attno, serial.is_some(), catalog, cx)
}

/// A plain column of a type, everything else as by default.
pub(super) fn new_column(
    attno: i16,
    name: &str,
    type_oid: Oid,
    typmod: i32,
    catalog: &Catalog,
) -> Column {
    let found = catalog.type_(type_oid);
    Column {
        attno,
        name: name.to_owned(),
        type_oid,
        typmod,
        collation: found.as_ref().map_or(0, |t| t.collation),
        not_null: false,
        default: None,
        missing_value: None,
        past_types: Vec::new(),
        identity: None,
        generated: false,
        dropped: false,
        comment: None,
        statistics_target: -1,
        storage: found.map_or(b'x', |t| t.storage),
        acl: None,
        origin: Origin::LOCAL,
    }
}

pub(super) fn next_attno(draft: &TableDraft<'_>) -> Result<i16> {
    let count = draft.table.columns.len();
    if count >= COLUMNS_MAX {
        let message = format!("tables can have at most {COLUMNS_MAX} columns");
        return Err(PgError::new(code::TOO_MANY_COLUMNS, message));
    }
    Ok(i16::try_from(count + 1).expect("at most 1600 columns"))
}

/// 42701 for a system column's name.
pub(super) fn check_not_system(name: &str) -> Result<()> {
    match SYSTEM_COLUMNS.contains(&name) {
        true => {
            let message = format!("column name \"{name}\" conflicts with a system column name");
            Err(PgError::new(code::DUPLICATE_COLUMN, message))
        }
        false => Ok(()),
    }
}

fn check_name(draft: &TableDraft<'_>, name: &str) -> Result<()> {
    check_not_system(name)?;
    if draft.table.column_by_name(name).is_some() {
        let message = if draft.is_new {
            format!("column \"{name}\" specified more than once")
        } else {
            let table = &draft.table.name;
            format!("column \"{name}\" of relation \"{table}\" already exists")
        };
        return Err(PgError::new(code::DUPLICATE_COLUMN, message));
    }
    Ok(())
}

/// Pseudo-types are no column's type (`CheckAttributeType`).
pub(super) fn refuse_pseudo_type(column: &str, type_oid: Oid, catalog: &Catalog) -> Result<()> {
    match catalog.type_(type_oid) {
        Some(found) if found.kind == TypeKind::Pseudo => {
            let message = format!("column \"{column}\" has pseudo-type {}", found.name);
            Err(PgError::new(code::INVALID_TABLE_DEFINITION, message))
        }
        _ => Ok(()),
    }
}

/// Whether no value can be of a type.
pub(super) fn is_pseudo(type_oid: Oid, catalog: &Catalog) -> bool {
    catalog.type_(type_oid).is_some_and(|found| found.kind == TypeKind::Pseudo)
}

/// Pseudo-types cannot be stored; some types we cannot store yet.
pub(super) fn check_type(column: &str, type_oid: Oid, catalog: &Catalog) -> Result<()> {
    refuse_pseudo_type(column, type_oid, catalog)?;
    let Some(found) = catalog.type_(type_oid) else { return Ok(()) };
    if is_storable(type_oid, catalog) {
        return Ok(());
    }
    let shown = crate::types::format_type(type_oid, -1);
    let shown = shown.unwrap_or_else(|| found.name.to_string());
    Err(PgError::unsupported(format!("a column of type {shown}")))
}

/// 0A000 for a type whose values cannot be stored.
pub(super) fn check_storable(type_oid: Oid, catalog: &Catalog) -> Result<()> {
    if is_storable(type_oid, catalog) {
        return Ok(());
    }
    let name = catalog.type_(type_oid).map_or_else(|| "unknown".to_owned(), |t| t.name.to_string());
    Err(PgError::unsupported(format!("a domain over type {name}")))
}

fn is_storable(type_oid: Oid, catalog: &Catalog) -> bool {
    let base = catalog.base_type(type_oid, -1).0;
    let scalar = catalog.type_(base).and_then(|t| t.array_element()).unwrap_or(base);
    let scalar = catalog.base_type(scalar, -1).0;
    match catalog.type_(scalar) {
        Some(found) if found.kind == TypeKind::Enum => true,
        Some(found)
            if matches!(found.kind, TypeKind::Range | TypeKind::Multirange)
                && !Catalog::is_system(scalar) =>
        {
            let range = catalog.range_of(scalar).unwrap_or(scalar);
            catalog.range_subtype(range).is_none_or(|subtype| is_storable(subtype.oid, catalog))
        }
        Some(found) if found.kind == TypeKind::Composite && !Catalog::is_system(scalar) => {
            let relation = catalog.row_type_relation(scalar);
            let mut columns = relation.into_iter().flat_map(|r| r.live_columns());
            columns.all(|column| is_storable(column.type_oid, catalog))
        }
        _ => range::is_range(scalar) || geometry::is_shape(scalar) || STORABLE.contains(&scalar),
    }
}

/// The scalar types that columns can have.
const STORABLE: &[Oid] = &[
    oids::INET,
    oids::CIDR,
    oids::MACADDR,
    oids::MACADDR8,
    oids::BIT,
    oids::VARBIT,
    oids::MONEY,
    oids::PG_LSN,
    oids::TSVECTOR,
    oids::TSQUERY,
    oids::HSTORE,
    oids::CITEXT,
    oids::XML,
    oids::CID,
    oids::JSONPATH,
    oids::TID,
    oids::XID8,
    oids::BOOL,
    oids::BYTEA,
    oids::CHAR,
    oids::NAME,
    oids::INT8,
    oids::INT2,
    oids::INT4,
    oids::REGPROC,
    oids::TEXT,
    oids::OID,
    oids::JSON,
    oids::FLOAT4,
    oids::FLOAT8,
    oids::BPCHAR,
    oids::VARCHAR,
    oids::DATE,
    oids::TIME,
    oids::TIMESTAMP,
    oids::TIMESTAMPTZ,
    oids::INTERVAL,
    oids::TIMETZ,
    oids::NUMERIC,
    oids::REGPROCEDURE,
    oids::REGOPER,
    oids::REGOPERATOR,
    oids::REGCLASS,
    oids::REGTYPE,
    oids::REGROLE,
    oids::REGNAMESPACE,
    oids::UUID,
    oids::JSONB,
    oids::INT2VECTOR,
    oids::OIDVECTOR,
    oids::ACLITEM,
    oids::XID,
    oids::REGCONFIG,
    oids::REGDICTIONARY,
    oids::REGCOLLATION,
    oids::PG_NODE_TREE,
    oids::REFCURSOR,
];

/// The collation that COLLATE names; the type must have collations.
pub(super) fn collation(clause: &CollateClause, type_oid: Oid, cx: &DdlContext<'_>) -> Result<Oid> {
    let found = super::collation::lookup(&strings(clause.collname()), cx);
    let found = found.map_err(|error| error.at(clause.location))?;
    let catalog = cx.catalog();
    if catalog.type_collation(type_oid) == 0 {
        let shown = type_name(&catalog, type_oid, cx);
        let message = format!("collations are not supported by type {shown}");
        return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(clause.location));
    }
    Ok(found)
}

/// The collation of the column that a query's output makes in a view (`view`) or table; 42P22 where the
/// query settles on none.
pub(super) fn derived_collation(
    name: &str,
    value: &Expr,
    view: bool,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let (catalog, type_oid) = (cx.catalog(), value.type_oid());
    let of_type = match type_oid {
        oids::UNKNOWN => catalog.type_collation(oids::TEXT),
        other => catalog.type_collation(other),
    };
    match value.collation() {
        _ if of_type == 0 => Ok(0),
        0 if type_oid == oids::UNKNOWN => Ok(of_type),
        0 => {
            let message = match view {
                true => {
                    format!("could not determine which collation to use for view column \"{name}\"")
                }
                false => format!(
                    "no collation was derived for column \"{name}\" with collatable type {}",
                    type_name(&catalog, type_oid, cx)
                ),
            };
            Err(PgError::new(code::INDETERMINATE_COLLATION, message)
                .hint("Use the COLLATE clause to set the collation explicitly."))
        }
        collation => Ok(collation),
    }
}

/// A type's name in messages.
pub(super) fn type_name(catalog: &Catalog, type_oid: Oid, cx: &DdlContext<'_>) -> String {
    let name = describe::type_name(catalog, type_oid, cx.env.search_path());
    name.unwrap_or_else(|| "???".to_owned())
}

/// What a column's constraints have said so far, to find contradictions.
#[derive(Default)]
struct Seen {
    nullable: Option<bool>,
    default: bool,
    identity: bool,
    generated: bool,
}

pub(super) fn add_constraints<'a>(
    draft: &mut TableDraft<'a>,
    definition: &'a ColumnDef,
    attno: i16,
    serial: bool,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut seen = Seen { default: serial, nullable: serial.then_some(false), ..Seen::default() };
    let default = definition.raw_default();
    if !matches!(default, Node::None) {
        draft.defaults.push((attno, default));
    }
    for node in definition.constraints() {
        if let Node::Constraint(constraint) = node {
            add_constraint(draft, constraint, attno, &mut seen, catalog, cx)?;
        }
    }
    check_combination(draft, attno, &seen)
}

fn add_constraint<'a>(
    draft: &mut TableDraft<'a>,
    constraint: &'a Constraint,
    attno: i16,
    seen: &mut Seen,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let at = constraint.location;
    let name = draft.table.column(attno).name.clone();
    match constraint.contype {
        ConstrType::CONSTR_NULL | ConstrType::CONSTR_NOTNULL => {
            let nullable = constraint.contype == ConstrType::CONSTR_NULL;
            if seen.nullable.is_some_and(|before| before != nullable) {
                return Err(column_error(
                    draft,
                    "conflicting NULL/NOT NULL declarations",
                    &name,
                    at,
                ));
            }
            seen.nullable = Some(nullable);
            draft.column_mut(attno).not_null = !nullable;
        }
        ConstrType::CONSTR_DEFAULT => {
            if std::mem::replace(&mut seen.default, true) {
                return Err(column_error(draft, "multiple default values specified", &name, at));
            }
            draft.defaults.push((attno, constraint.raw_expr()));
        }
        ConstrType::CONSTR_IDENTITY => {
            if std::mem::replace(&mut seen.identity, true) {
                let what = "multiple identity specifications";
                return Err(column_error(draft, what, &name, at));
            }
            if seen.nullable == Some(true) {
                return Err(column_error(
                    draft,
                    "conflicting NULL/NOT NULL declarations",
                    &name,
                    at,
                ));
            }
            seen.nullable = Some(false);
            super::serial::add_identity(draft, attno, constraint, catalog, cx)?;
        }
        ConstrType::CONSTR_GENERATED => {
            if std::mem::replace(&mut seen.generated, true) {
                let what = "multiple generation clauses specified";
                return Err(column_error(draft, what, &name, at));
            }
            if constraint.generated_kind as u8 == b'v' {
                // PostgreSQL 18's virtual columns; 15 knows STORED only.
                return Err(PgError::unsupported("a virtual generated column").at(at));
            }
            draft.column_mut(attno).generated = true;
            draft.generated.push((attno, constraint.raw_expr()));
        }
        ConstrType::CONSTR_CHECK => draft.checks.push(CheckSpec::new(constraint)),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE => {
            draft.keys.push(KeySpec::new(constraint, Some(&name)));
        }
        ConstrType::CONSTR_FOREIGN => {
            draft.foreign_keys.push(ForeignKeySpec::new(constraint, Some(&name)));
        }
        _ => super::constraint::set_attribute(draft, constraint)?,
    }
    Ok(())
}

fn check_combination(draft: &TableDraft<'_>, attno: i16, seen: &Seen) -> Result<()> {
    let name = &draft.table.column(attno).name;
    let both = match seen {
        Seen { default: true, identity: true, .. } => "both default and identity specified",
        Seen { default: true, generated: true, .. } => {
            "both default and generation expression specified"
        }
        Seen { identity: true, generated: true, .. } => {
            "both identity and generation expression specified"
        }
        _ => return Ok(()),
    };
    Err(column_error(draft, both, name, -1))
}

fn column_error(draft: &TableDraft<'_>, what: &str, column: &str, location: i32) -> PgError {
    let message = format!("{what} for column \"{column}\" of table \"{}\"", draft.table.name);
    PgError::new(code::SYNTAX_ERROR, message).at(location)
}

/// ALWAYS or BY DEFAULT of GENERATED … AS IDENTITY.
pub(super) fn identity_kind(letter: std::os::raw::c_char) -> Identity {
    if letter as u8 == b'a' { Identity::Always } else { Identity::ByDefault }
}

/// The last part of a type's written name, for messages and SERIAL.
pub(super) fn type_words(name: &TypeName) -> Vec<&str> {
    name.names().iter().filter_map(nodes::String::sval).collect()
}
