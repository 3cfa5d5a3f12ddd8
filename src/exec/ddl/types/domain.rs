//! CREATE DOMAIN and ALTER DOMAIN.

use super::super::names::{RelationName, strings};
use super::super::{DdlContext, column, implicit_names};
use super::domain_rows::check_rows;
use super::{array_name, get_own, put, target};
use crate::catalog::builtin::TypeKind;
use crate::catalog::{
    Catalog, DefaultAclKind, Domain, DomainCheck, OnCommit, Persistence, Relation, RelationKind,
    UserType, UserTypeKind,
};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_type;
use crate::nodes::Expr;
use crate::sql::bind::{ExprPlace, bind_expr, resolve_type};
use crate::types::Oid;
use pg_raw_parse::nodes::{AlterDomainStmt, CommentStmt, Constraint, CreateDomainStmt};
use pg_raw_parse::raw::ConstrType;
use pg_raw_parse::{Node, nodes::RenameStmt};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in super::super) async fn create(
    statement: &CreateDomainStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    // PostgreSQL tells no positions in statements about domains.
    make(statement, cx).await.map_err(PgError::nowhere)
}

async fn make(statement: &CreateDomainStmt, cx: &DdlContext<'_>) -> Result<String> {
    let parts: Vec<&str> = statement.domainname().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let namespace = target(&name, cx).await?;
    let catalog = cx.catalog();
    let base_name = statement.type_name().expect("a domain has a base type");
    let (base, typmod) = resolve_type(base_name, &cx.bind(&catalog))?;
    check_base(base, base_name, &catalog)?;
    require_type(&**cx.env, base)?;
    let mut domain = Domain {
        base,
        typmod,
        collation: catalog.type_collation(base),
        not_null: false,
        default: None,
        checks: Vec::new(),
    };
    if let Some(clause) = statement.coll_clause() {
        domain.collation = column::collation(clause, base, cx)?;
    }
    let (oid, array) = (cx.catalog.new_oid()?, cx.catalog.new_oid()?);
    let mut seen = (false, None);
    for constraint in statement.constraints() {
        add(&mut domain, &name.name, constraint, &mut seen, &catalog, cx)?;
    }
    let array_name = array_name(&cx.catalog(), namespace.oid, &name.name);
    let owner = cx.env.current_role();
    let acl = cx.catalog().default_acl(DefaultAclKind::Type, owner, namespace.oid);
    let new = UserType {
        oid,
        name: name.name,
        namespace: namespace.oid,
        owner,
        array,
        array_name,
        comment: None,
        acl,
        kind: UserTypeKind::Domain(domain),
    };
    put(new, cx);
    Ok("CREATE DOMAIN".to_owned())
}

fn check_base(base: Oid, written: &pg_raw_parse::nodes::TypeName, catalog: &Catalog) -> Result<()> {
    let is_pseudo = catalog.type_(base).is_none_or(|t| t.kind == TypeKind::Pseudo);
    if is_pseudo {
        let words = column::type_words(written).join(".");
        let message = format!("\"{words}\" is not a valid base type for a domain");
        return Err(PgError::new(code::DATATYPE_MISMATCH, message));
    }
    column::check_storable(base, catalog)
}

/// Adds what CREATE DOMAIN says; `seen`: a default, and whether NULL is allowed.
fn add(
    domain: &mut Domain,
    name: &str,
    constraint: &Constraint,
    seen: &mut (bool, Option<bool>),
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let syntax = |message: &'static str| Err(PgError::new(code::SYNTAX_ERROR, message));
    match constraint.contype {
        ConstrType::CONSTR_DEFAULT => {
            if std::mem::replace(&mut seen.0, true) {
                return syntax("multiple default expressions");
            }
            domain.default = default(name, domain, constraint.raw_expr(), catalog, cx)?;
        }
        ConstrType::CONSTR_NOTNULL | ConstrType::CONSTR_NULL => {
            let nullable = constraint.contype == ConstrType::CONSTR_NULL;
            if seen.1.is_some_and(|before| before != nullable) {
                return syntax("conflicting NULL/NOT NULL constraints");
            }
            seen.1 = Some(nullable);
            domain.not_null = !nullable;
        }
        ConstrType::CONSTR_CHECK => {
            if constraint.is_no_inherit {
                let message = "check constraints for domains cannot be marked NO INHERIT";
                return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
            }
            let check = check(name, domain, constraint, catalog, cx)?;
            domain.checks.push(check);
        }
        other => return Err(impossible(other)),
    }
    Ok(())
}

/// Constraints that domains cannot have.
fn impossible(kind: ConstrType::Type) -> PgError {
    let what = match kind {
        ConstrType::CONSTR_UNIQUE => "unique",
        ConstrType::CONSTR_PRIMARY => "primary key",
        ConstrType::CONSTR_EXCLUSION => "exclusion",
        ConstrType::CONSTR_FOREIGN => "foreign key",
        _ => {
            let message = "specifying constraint deferrability not supported for domains";
            return PgError::new(code::FEATURE_NOT_SUPPORTED, message);
        }
    };
    PgError::new(code::SYNTAX_ERROR, format!("{what} constraints not possible for domains"))
}

fn default(
    name: &str,
    domain: &Domain,
    node: Node<'_>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Option<Expr>> {
    let target = (name, domain.base, domain.typmod);
    let expr = bind_expr(node, &cx.bind(catalog), ExprPlace::Default, None, Some(target))?;
    Ok(Some(expr).filter(|e| !e.is_null_const()))
}

/// Binds a CHECK, whose VALUE is the one column of a row.
fn check(
    name: &str,
    domain: &Domain,
    constraint: &Constraint,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<DomainCheck> {
    let row = value_row(domain, catalog);
    let place = ExprPlace::Check;
    let expr = bind_expr(constraint.raw_expr(), &cx.bind(catalog), place, Some(&row), None)?;
    let taken = |name: &str| domain.checks.iter().any(|check| check.name == name);
    let check_name = match constraint.conname() {
        Some(own) if taken(own) => {
            let message = format!("constraint \"{own}\" for domain \"{name}\" already exists");
            return Err(PgError::new(code::DUPLICATE_OBJECT, message));
        }
        Some(own) => own.to_owned(),
        None => {
            let numbered = (1u32..).map(|n| format!("check{n}"));
            let mut labels = std::iter::once("check".to_owned()).chain(numbered);
            let name = labels.find_map(|label| {
                Some(implicit_names::object_name(name, None, &label)).filter(|name| !taken(name))
            });
            name.expect("some number is free")
        }
    };
    Ok(DomainCheck {
        oid: cx.catalog.new_oid()?,
        name: check_name,
        expr,
        validated: !constraint.skip_validation,
        comment: None,
    })
}

/// A relation with the one column that VALUE is.
fn value_row(domain: &Domain, catalog: &Catalog) -> Relation {
    let mut value = column::new_column(1, "value", domain.base, domain.typmod, catalog);
    value.collation = domain.collation;
    Relation {
        oid: 0,
        name: String::new(),
        namespace: 0,
        owner: 0,
        kind: RelationKind::Table,
        persistence: Persistence::Permanent,
        on_commit: OnCommit::PreserveRows,
        version: 0,
        columns: vec![value],
        storage: 0,
        row_type: 0,
        options: BTreeMap::new(),
        comment: None,
        acl: None,
        indexes: Vec::new(),
        constraints: Vec::new(),
        index: None,
        sequence: None,
        view: None,
        materialized: None,
        row_security: Default::default(),
        rules: Vec::new(),
        lineage: Default::default(),
    }
}

/// The domain of this name, locked; the current role owns it.
async fn get(name: &RelationName, cx: &DdlContext<'_>) -> Result<(Arc<UserType>, Domain)> {
    let catalog = cx.catalog();
    if let Some(oid) = super::find(name, &catalog, cx)?
        && catalog.user_type(oid).is_none_or(|t| t.domain().is_none())
    {
        let shown = column::type_name(&catalog, oid, cx);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, format!("{shown} is not a domain")));
    }
    let found = get_own(name, cx).await?;
    let domain = found.domain().cloned();
    let domain = domain.ok_or_else(|| PgError::internal("a domain that became another type"))?;
    Ok((found, domain))
}

pub(in super::super) async fn alter(
    statement: &AlterDomainStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    change(statement, cx).await.map_err(PgError::nowhere)
}

async fn change(statement: &AlterDomainStmt, cx: &DdlContext<'_>) -> Result<String> {
    let name = RelationName::of_parts(&strings(statement.type_name()), cx)?;
    let (found, mut domain) = get(&name, cx).await?;
    let catalog = cx.catalog();
    let mut checked = None;
    match statement.subtype as u8 {
        b'T' => {
            domain.default = match statement.def() {
                Node::None => None,
                node => default(&found.name, &domain, node, &catalog, cx)?,
            };
        }
        b'N' => domain.not_null = false,
        b'O' => {
            checked = (!domain.not_null).then_some(None);
            domain.not_null = true;
        }
        b'C' => {
            let Node::Constraint(constraint) = statement.def() else {
                return Err(PgError::unsupported("this constraint of a domain"));
            };
            if constraint.contype != ConstrType::CONSTR_CHECK {
                return Err(impossible(constraint.contype));
            }
            let check = check(&found.name, &domain, constraint, &catalog, cx)?;
            checked = check.validated.then(|| Some(check.name.clone()));
            domain.checks.push(check);
        }
        b'X' => {
            let dropped = statement.name().unwrap_or_default();
            if !drop_check(&mut domain, dropped, &found, statement.missing_ok, cx)? {
                return Ok("ALTER DOMAIN".to_owned());
            }
        }
        b'V' => {
            let name = statement.name().unwrap_or_default();
            let check = domain.checks.iter_mut().find(|check| check.name == name);
            let check = check.ok_or_else(|| no_constraint(name, &found))?;
            checked = (!check.validated).then(|| Some(check.name.clone()));
            check.validated = true;
        }
        _ => return Err(PgError::unsupported("this form of ALTER DOMAIN")),
    }
    put(UserType { kind: UserTypeKind::Domain(domain), ..(*found).clone() }, cx);
    if let Some(check) = checked {
        check_rows(found.oid, check.as_deref(), cx).await?;
    }
    Ok("ALTER DOMAIN".to_owned())
}

/// `false` after a NOTICE: there is none.
fn drop_check(
    domain: &mut Domain,
    name: &str,
    found: &UserType,
    missing_ok: bool,
    cx: &DdlContext<'_>,
) -> Result<bool> {
    let before = domain.checks.len();
    domain.checks.retain(|check| check.name != name);
    if domain.checks.len() < before {
        return Ok(true);
    }
    let error = no_constraint(name, found);
    if !missing_ok {
        return Err(error);
    }
    cx.notice(format!("{}, skipping", error.message()));
    Ok(false)
}

/// Removes a constraint that goes with what it uses.
pub(in super::super) fn remove_check(domain: Oid, check: Oid, cx: &DdlContext<'_>) {
    let catalog = cx.catalog();
    let Some(found) = catalog.user_type(domain) else { return };
    let Some(mut domain) = found.domain().cloned() else { return };
    domain.checks.retain(|c| c.oid != check);
    put(UserType { kind: UserTypeKind::Domain(domain), ..(**found).clone() }, cx);
}

fn no_constraint(name: &str, found: &UserType) -> PgError {
    let message = format!("constraint \"{name}\" of domain \"{}\" does not exist", found.name);
    PgError::new(code::UNDEFINED_OBJECT, message)
}

/// Changes a constraint of a domain.
async fn change_check(
    domain_name: &RelationName,
    name: &str,
    change: impl FnOnce(&mut DomainCheck),
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (found, mut domain) = get(domain_name, cx).await?;
    let Some(check) = domain.checks.iter_mut().find(|check| check.name == name) else {
        let shown = column::type_name(&cx.catalog(), found.oid, cx);
        let message = format!("constraint \"{name}\" for domain {shown} does not exist");
        return Err(PgError::new(code::UNDEFINED_OBJECT, message));
    };
    change(check);
    put(UserType { kind: UserTypeKind::Domain(domain), ..(*found).clone() }, cx);
    Ok(())
}

/// ALTER DOMAIN … RENAME CONSTRAINT.
pub(in super::super) async fn rename_check(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let name = super::alter::name_of(statement.object(), cx)?;
    let old = statement.subname().unwrap_or_default();
    let (found, domain) = get(&name, cx).await?;
    if domain.checks.iter().any(|check| check.name == new) {
        let message = format!("constraint \"{new}\" for domain {} already exists", found.name);
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    change_check(&name, old, |check| check.name = new.to_owned(), cx).await?;
    Ok("ALTER DOMAIN".to_owned())
}

/// COMMENT ON CONSTRAINT … ON DOMAIN.
pub(in super::super) async fn comment_check(
    statement: &CommentStmt,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (domain, name) = {
        let mut parts = statement.object().as_node_list().into_iter().flat_map(|l| l.iter());
        let domain = super::alter::name_of(parts.next().unwrap_or(Node::None), cx)?;
        (domain, parts.next().and_then(Node::as_str).unwrap_or_default())
    };
    change_check(&domain, name, |check| check.comment = comment, cx).await
}
