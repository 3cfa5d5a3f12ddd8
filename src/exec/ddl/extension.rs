//! CREATE, ALTER and DROP EXTENSION, and COMMENT ON it.
//!
//! Installing makes no objects: a record in the catalog says that the extension's are there, and in which
//! schema ([`crate::catalog::Extension`]). `plpgsql` is there from the start and stays.

use super::names::{creation_namespace, get_namespace};
use super::{DdlContext, drop as dropping, lock, privileges};
use crate::catalog::builtin::oid::{SUPERUSER, class};
use crate::catalog::depend::Object;
use crate::catalog::{Catalog, Change, Extension, Namespace, builtin, is_temporary};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::nodes;
use pg_raw_parse::nodes::{
    AlterExtensionStmt, AlterObjectSchemaStmt, CommentStmt, CreateExtensionStmt, DropStmt,
};
use std::sync::Arc;

const PLPGSQL: &str = "plpgsql";

pub(super) async fn create(statement: &CreateExtensionStmt, cx: &DdlContext<'_>) -> Result<String> {
    let name = statement.extname().unwrap_or_default();
    lock::name(class::EXTENSION, name, cx).await?;
    if name == PLPGSQL || cx.catalog().extension_named(name).is_some() {
        let message = format!("extension \"{name}\" already exists");
        if !statement.if_not_exists {
            return Err(PgError::new(code::DUPLICATE_OBJECT, message));
        }
        (cx.notice)(PgError::new(code::DUPLICATE_OBJECT, format!("{message}, skipping")));
        return Ok("CREATE EXTENSION".to_owned());
    }
    let options = Options::read(statement.options())?;
    let facts = builtin::extension_named(name).ok_or_else(|| not_available(name))?;
    if let Some(version) = options.version.filter(|version| *version != facts.version) {
        return Err(other_version(facts, version));
    }
    let catalog = cx.catalog();
    let namespace = match options.schema {
        Some(schema) => get_namespace(&catalog, schema, cx)?.clone(),
        None => creation_namespace(&catalog, cx)?,
    };
    check_may_create(facts, cx)?;
    check_free(facts, &namespace, cx).await?;
    let owner = cx.env.current_role();
    // The script of a trusted extension runs as the first superuser.
    let members_owner = if privileges::is_superuser(cx) { owner } else { SUPERUSER };
    put(
        Extension {
            oid: cx.catalog.new_oid()?,
            name: name.to_owned(),
            owner,
            members_owner,
            namespace: namespace.oid,
            version: facts.version.to_owned(),
            comment: Some(facts.comment.to_owned()),
        },
        cx,
    );
    Ok("CREATE EXTENSION".to_owned())
}

/// What follows WITH. CASCADE asks for what an extension requires, which none does.
#[derive(Default)]
struct Options<'s> {
    schema: Option<&'s str>,
    version: Option<&'s str>,
    cascade: bool,
}

impl<'s> Options<'s> {
    fn read(list: impl IntoIterator<Item = &'s nodes::DefElem>) -> Result<Options<'s>> {
        let mut options = Options::default();
        for option in list {
            let value = option.arg().as_str();
            let twice = match option.defname() {
                Some("schema") => options.schema.replace(value.unwrap_or_default()).is_some(),
                Some("new_version") => options.version.replace(value.unwrap_or_default()).is_some(),
                Some("cascade") => std::mem::replace(&mut options.cascade, true),
                _ => return Err(PgError::unsupported("this option of CREATE EXTENSION")),
            };
            if twice {
                return Err(conflicting(option));
            }
        }
        Ok(options)
    }
}

fn conflicting(option: &nodes::DefElem) -> PgError {
    let message = "conflicting or redundant options";
    PgError::new(code::SYNTAX_ERROR, message).at(option.location)
}

fn not_available(name: &str) -> PgError {
    let message = format!("extension \"{name}\" is not available");
    PgError::new(code::FEATURE_NOT_SUPPORTED, message)
        .hint("The extension must first be installed on the system where PostgreSQL is running.")
}

/// A version other than the one there is.
fn other_version(facts: &builtin::Extension, version: &str) -> PgError {
    let message = format!(
        "extension \"{}\" has no installation script nor update path for version \"{version}\"",
        facts.name
    );
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

/// Superusers, and for a trusted extension whoever may create schemas in the database.
fn check_may_create(facts: &builtin::Extension, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    if !facts.superuser || privileges::is_superuser(cx) {
        return Ok(());
    }
    if facts.trusted && super::create_schema::check_may_create(&catalog, cx).is_ok() {
        return Ok(());
    }
    let message = format!("permission denied to create extension \"{}\"", facts.name);
    let hint = match facts.trusted {
        true => "Must have CREATE privilege on current database to create this extension.",
        false => "Must be superuser to create this extension.",
    };
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message).hint(hint))
}

/// Keeps the names of an extension's types and functions in a schema for it; 42710 and 42723 where they
/// are taken.
async fn check_free(
    facts: &'static builtin::Extension,
    namespace: &Namespace,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if is_temporary(namespace) {
        return Err(PgError::unsupported("an extension in a temporary schema"));
    }
    if Catalog::is_system(namespace.oid) && namespace.oid != builtin::oid::PUBLIC {
        return Err(PgError::unsupported(format!("an extension in {}", namespace.name)));
    }
    let types: Vec<_> = facts.members("pg_type").into_iter().filter_map(builtin::type_).collect();
    let procs: Vec<_> = facts.members("pg_proc").into_iter().filter_map(builtin::proc).collect();
    let mut names: Vec<&str> = procs.iter().map(|p| &*p.name).collect();
    names.extend(types.iter().map(|t| &*t.name));
    names.sort_unstable();
    names.dedup();
    for name in names {
        lock::name(namespace.oid, name, cx).await?;
    }
    let catalog = cx.catalog();
    for wanted in types {
        if catalog.type_named(namespace.oid, &wanted.name).is_some() {
            let message = format!("type \"{}\" already exists", wanted.name);
            return Err(PgError::new(code::DUPLICATE_OBJECT, message));
        }
    }
    for wanted in procs {
        let same = |other: &&builtin::Proc| {
            catalog.schema_of(other.namespace) == namespace.oid
                && other.arg_types == wanted.arg_types
        };
        if catalog.procs_named(&wanted.name).any(|other| same(&other)) {
            let message =
                format!("function \"{}\" already exists with same argument types", wanted.name);
            return Err(PgError::new(code::DUPLICATE_FUNCTION, message));
        }
    }
    Ok(())
}

/// Puts a new or changed extension into the catalog.
pub(super) fn put(changed: Extension, cx: &DdlContext<'_>) {
    let change = Change::PutExtension(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

/// An extension that the current role owns, kept from others' changes; 42704 where there is none.
async fn own(name: &str, cx: &DdlContext<'_>) -> Result<Arc<Extension>> {
    lock::name(class::EXTENSION, name, cx).await?;
    let catalog = cx.catalog();
    let found = catalog.extension_named(name).cloned().ok_or_else(|| missing(name))?;
    if !privileges::is_owner(&catalog, cx.env.current_role(), found.owner) {
        let message = format!("must be owner of extension {name}");
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    Ok(found)
}

fn missing(name: &str) -> PgError {
    match name {
        PLPGSQL => PgError::unsupported("changing extension \"plpgsql\""),
        _ => {
            let message = format!("extension \"{name}\" does not exist");
            PgError::new(code::UNDEFINED_OBJECT, message)
        }
    }
}

/// ALTER EXTENSION … UPDATE: there is one version, which is installed already.
pub(super) async fn update(statement: &AlterExtensionStmt, cx: &DdlContext<'_>) -> Result<String> {
    let name = statement.extname().unwrap_or_default();
    let found = own(name, cx).await?;
    let mut version: Option<&str> = None;
    for option in statement.options() {
        if version.replace(option.arg().as_str().unwrap_or_default()).is_some() {
            return Err(conflicting(option));
        }
    }
    let version = version.unwrap_or(&found.version);
    if version != found.version {
        let message = format!(
            "extension \"{name}\" has no update path from version \"{}\" to version \"{version}\"",
            found.version
        );
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    cx.notice(format!("version \"{version}\" of extension \"{name}\" is already installed"));
    Ok("ALTER EXTENSION".to_owned())
}

/// ALTER EXTENSION … SET SCHEMA: the members move.
pub(super) async fn set_schema(
    statement: &AlterObjectSchemaStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let name = statement.object().as_str().unwrap_or_default();
    let catalog = cx.catalog();
    if catalog.extension_named(name).is_none() {
        return Err(missing(name));
    }
    let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?.clone();
    privileges::schema_create(&namespace, &catalog, cx)?;
    let found = own(name, cx).await?;
    if namespace.oid != found.namespace {
        check_free(found.facts(), &namespace, cx).await?;
        put(Extension { namespace: namespace.oid, ..(*found).clone() }, cx);
    }
    Ok("ALTER EXTENSION".to_owned())
}

pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let names: Vec<&str> = statement.objects().iter().filter_map(|node| node.as_str()).collect();
    let mut objects = Vec::new();
    for name in names {
        match own(name, cx).await {
            Ok(found) => objects.push(Object::Extension(found.oid)),
            Err(error) if statement.missing_ok && error.code() == code::UNDEFINED_OBJECT => {
                cx.notice(format!("extension \"{name}\" does not exist, skipping"));
            }
            Err(error) => return Err(error),
        }
    }
    dropping::delete(&objects, dropping::cascade(statement.behavior), cx).await?;
    Ok("DROP EXTENSION".to_owned())
}

pub(super) async fn comment(
    statement: &CommentStmt,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = statement.object().as_str().unwrap_or_default();
    if name == PLPGSQL {
        // pg_dump's output has the comment that it has.
        return Ok(());
    }
    let found = own(name, cx).await?;
    put(Extension { comment, ..(*found).clone() }, cx);
    Ok(())
}

/// 2BP01 for a member of an extension, which goes with it only; `what` as messages name the object.
pub(super) fn check_no_member(oid: Oid, what: &str, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some(extension) = catalog.extension_of_member(oid) else { return Ok(()) };
    let name = crate::catalog::depend::describe(&catalog, Object::Extension(extension.oid), &[]);
    let message = format!("cannot drop {what} because {name} requires it");
    Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
        .hint(format!("You can drop {name} instead.")))
}

/// REASSIGN OWNED.
pub(super) fn reassign(roles: &[Oid], new: Oid, cx: &DdlContext<'_>) {
    for found in cx.catalog().extensions().filter(|e| roles.contains(&e.owner)) {
        let members = found.members_owner;
        let members_owner = if roles.contains(&members) { new } else { members };
        put(Extension { owner: new, members_owner, ..(**found).clone() }, cx);
    }
}
