//! CREATE TYPE … AS ENUM; ALTER TYPE … ADD VALUE and RENAME VALUE.

use super::super::DdlContext;
use super::super::names::RelationName;
use super::{NAME_BYTES_MAX, array_name, get_own, put, target};
use crate::catalog::user_type::{LabelPlace, add_label, new_labels};
use crate::catalog::{DefaultAclKind, EnumLabel, UserType, UserTypeKind};
use crate::error::{PgError, Result, code};
use pg_raw_parse::nodes::{AlterEnumStmt, CreateEnumStmt};

pub(in super::super) async fn create(
    statement: &CreateEnumStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let parts: Vec<&str> = statement.type_name().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let namespace = target(&name, cx).await?;
    let oid = cx.catalog.new_oid()?;
    let array = cx.catalog.new_oid()?;
    let mut labels: Vec<(u32, String)> = Vec::new();
    for label in statement.vals().iter().filter_map(|s| s.sval()) {
        check_label(label)?;
        if labels.iter().any(|(_, known)| known == label) {
            let message =
                "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"";
            return Err(PgError::new(code::UNIQUE_VIOLATION, message)
                .detail(format!("Key (enumtypid, enumlabel)=({oid}, {label}) already exists."))
                .constraint("pg_enum_typid_label_index"));
        }
        labels.push((cx.catalog.new_oid()?, label.to_owned()));
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
        kind: UserTypeKind::Enum(new_labels(labels)),
    };
    put(new, cx);
    Ok("CREATE TYPE".to_owned())
}

fn check_label(label: &str) -> Result<()> {
    if label.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(PgError::new(code::INVALID_NAME, format!("invalid enum label \"{label}\""))
        .detail(format!("Labels must be {NAME_BYTES_MAX} bytes or less.")))
}

pub(in super::super) async fn alter(
    statement: &AlterEnumStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let parts: Vec<&str> = statement.type_name().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let found = get_own(&name, cx).await?;
    let UserTypeKind::Enum(labels) = &found.kind else {
        let shown = super::column::type_name(&cx.catalog(), found.oid, cx);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, format!("{shown} is not an enum")));
    };
    let mut labels = labels.clone();
    match statement.old_val() {
        Some(old) => rename(&mut labels, old, statement.new_val().unwrap_or_default())?,
        None => add(&mut labels, statement, cx)?,
    }
    put(UserType { kind: UserTypeKind::Enum(labels), ..(*found).clone() }, cx);
    Ok("ALTER TYPE".to_owned())
}

fn rename(labels: &mut [EnumLabel], old: &str, new: &str) -> Result<()> {
    check_label(new)?;
    let at = labels.iter().position(|label| label.name == old).ok_or_else(|| no_label(old))?;
    if labels.iter().any(|label| label.name == new) {
        let message = format!("enum label \"{new}\" already exists");
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    labels[at].name = new.to_owned();
    Ok(())
}

fn no_label(name: &str) -> PgError {
    let message = format!("\"{name}\" is not an existing enum label");
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

fn add(labels: &mut Vec<EnumLabel>, statement: &AlterEnumStmt, cx: &DdlContext<'_>) -> Result<()> {
    let new = statement.new_val().unwrap_or_default();
    check_label(new)?;
    if labels.iter().any(|label| label.name == new) {
        let message = format!("enum label \"{new}\" already exists");
        if statement.skip_if_new_val_exists {
            let notice = PgError::new(code::DUPLICATE_OBJECT, format!("{message}, skipping"));
            (cx.notice)(notice);
            return Ok(());
        }
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    let place = match statement.new_val_neighbor() {
        None => LabelPlace::End,
        Some(neighbor) => {
            let at = labels.iter().position(|label| label.name == neighbor);
            let at = at.ok_or_else(|| no_label(neighbor))?;
            LabelPlace::Before(at + usize::from(statement.new_val_is_after))
        }
    };
    if add_label(labels, cx.catalog.new_oid()?, new.to_owned(), place) {
        return Ok(());
    }
    let message = format!("there is no room for \"{new}\" between its neighbors");
    Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message)
        .detail("Too many labels were added between the same two labels.")
        .hint("Make a new type with all labels in order, and change columns to it."))
}
