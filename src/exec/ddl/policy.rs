//! CREATE, ALTER, RENAME and DROP POLICY, COMMENT ON POLICY; ENABLE and FORCE ROW LEVEL SECURITY.

use super::drop::{cascade, delete};
use super::names::RelationName;
use super::table_part::{self, check_owner};
use super::{DdlContext, alter_table, drop_missing, lock, privileges, role_spec};
use crate::catalog::depend::Object;
use crate::catalog::{Policy, PolicyCommand, Relation, RelationKind, RowSecurity};
use crate::error::{PgError, Result, code};
use crate::nodes::Expr;
use crate::sql::bind::{ExprPlace, bind_expr};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{AlterPolicyStmt, CreatePolicyStmt, DropStmt, RangeVar, RenameStmt};
use pg_raw_parse::raw::{AlterTableType as At, RoleSpecType};
use std::sync::Arc;

pub(super) async fn create(statement: &CreatePolicyStmt, cx: &DdlContext<'_>) -> Result<String> {
    let command = match statement.cmd_name() {
        Some("select") => PolicyCommand::Select,
        Some("insert") => PolicyCommand::Insert,
        Some("update") => PolicyCommand::Update,
        Some("delete") => PolicyCommand::Delete,
        _ => PolicyCommand::All,
    };
    let only_using = matches!(command, PolicyCommand::Select | PolicyCommand::Delete);
    if only_using && !is_none(statement.with_check()) {
        let message = "WITH CHECK cannot be applied to SELECT or DELETE";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    if command == PolicyCommand::Insert && !is_none(statement.qual()) {
        return Err(only_check_for_insert());
    }
    let roles = roles(statement.roles(), cx)?;
    let table = table(statement.table(), cx).await?;
    let using = condition(statement.qual(), &table, cx)?;
    let check = condition(statement.with_check(), &table, cx)?;
    let name = statement.policy_name().unwrap_or_default().to_owned();
    check_new_name(&table, &name)?;
    let (oid, permissive, comment) = (cx.catalog.new_oid()?, statement.permissive, None);
    let policy = Policy { oid, name, command, permissive, roles, using, check, comment };
    change(table.oid, cx, |security| security.policies.push(policy));
    Ok("CREATE POLICY".to_owned())
}

pub(super) async fn alter(statement: &AlterPolicyStmt, cx: &DdlContext<'_>) -> Result<String> {
    let roles = match statement.roles().is_empty() {
        true => None,
        false => Some(roles(statement.roles(), cx)?),
    };
    let table = table(statement.table(), cx).await?;
    let using = condition(statement.qual(), &table, cx)?;
    let check = condition(statement.with_check(), &table, cx)?;
    let policy = get(&table, statement.policy_name().unwrap_or_default())?;
    let only_using = matches!(policy.command, PolicyCommand::Select | PolicyCommand::Delete);
    if only_using && check.is_some() {
        let message = "only USING expression allowed for SELECT, DELETE";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    if policy.command == PolicyCommand::Insert && using.is_some() {
        return Err(only_check_for_insert());
    }
    change_policy(table.oid, policy.oid, cx, |policy| {
        policy.roles = roles.unwrap_or_else(|| std::mem::take(&mut policy.roles));
        policy.using = using.or_else(|| policy.using.take());
        policy.check = check.or_else(|| policy.check.take());
    });
    Ok("ALTER POLICY".to_owned())
}

pub(super) async fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let table = table(statement.relation(), cx).await?;
    check_new_name(&table, new)?;
    let policy = get(&table, statement.subname().unwrap_or_default())?;
    change_policy(table.oid, policy.oid, cx, |policy| policy.name = new.to_owned());
    Ok("ALTER POLICY".to_owned())
}

pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    for names in table_part::named(statement) {
        let (name, found) = table_part::find(&names, cx).await?;
        let Some((table, policy)) = found.as_ref().and_then(|t| Some((t, t.policy_named(name)?)))
        else {
            return drop_missing::execute(statement, cx);
        };
        check_owner(table, cx)?;
        let object = Object::Policy(table.oid, policy.oid);
        delete(&[object], cascade(statement.behavior), cx).await?;
    }
    Ok("DROP POLICY".to_owned())
}

/// COMMENT ON POLICY `parts`: the table's name, then the policy's.
pub(super) async fn comment(
    parts: &[&str],
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (name, table) = table_part::commented(parts, cx).await?;
    let policy = get(&table, name)?;
    check_owner(&table, cx)?;
    change_policy(table.oid, policy.oid, cx, |policy| policy.comment = comment);
    Ok(())
}

/// ALTER TABLE … ENABLE, DISABLE, FORCE or NO FORCE ROW LEVEL SECURITY.
pub(super) fn set(table: &Relation, kind: At::Type, cx: &DdlContext<'_>) -> Result<()> {
    let (action, on) = match kind {
        At::AT_EnableRowSecurity => ("ENABLE ROW SECURITY", true),
        At::AT_DisableRowSecurity => ("DISABLE ROW SECURITY", false),
        At::AT_ForceRowSecurity => ("FORCE ROW SECURITY", true),
        _ => ("NO FORCE ROW SECURITY", false),
    };
    alter_table::check_table(table, action)?;
    change(table.oid, cx, |security| match kind {
        At::AT_EnableRowSecurity | At::AT_DisableRowSecurity => security.enabled = on,
        _ => security.forced = on,
    });
    Ok(())
}

/// Takes policies off their table.
pub(super) fn remove(table: Oid, policy: Oid, cx: &DdlContext<'_>) {
    change(table, cx, |security| security.policies.retain(|p| p.oid != policy));
}

/// Takes roles out of all policies; those that speak to nobody else go (DROP OWNED).
pub(super) fn forget_roles(roles: &[Oid], cx: &DdlContext<'_>) {
    let catalog = cx.catalog();
    let named = |policy: &Policy| policy.roles.iter().any(|role| roles.contains(role));
    for table in catalog.relations().filter(|t| t.row_security.policies.iter().any(named)) {
        change(table.oid, cx, |security| {
            for policy in &mut security.policies {
                policy.roles.retain(|role| !roles.contains(role));
            }
            security.policies.retain(|policy| !policy.roles.is_empty());
        });
    }
}

fn is_none(node: Node<'_>) -> bool {
    matches!(node, Node::None)
}

fn only_check_for_insert() -> PgError {
    PgError::new(code::SYNTAX_ERROR, "only WITH CHECK expression allowed for INSERT")
}

/// The roles that a policy is TO; none named are all.
fn roles(list: &NodeList, cx: &DdlContext<'_>) -> Result<Vec<Oid>> {
    let specs = list.iter().filter_map(|node| match node {
        Node::RoleSpec(spec) => Some(spec),
        _ => None,
    });
    let mut roles = Vec::new();
    for spec in specs {
        if spec.roletype == RoleSpecType::ROLESPEC_PUBLIC {
            if list.len() > 1 {
                let message = "ignoring specified roles other than PUBLIC";
                (cx.notice)(
                    PgError::new(code::WARNING, message)
                        .hint("All roles are members of the PUBLIC role."),
                );
            }
            return Ok(vec![0]);
        }
        roles.push(role_spec::get(spec, cx)?);
    }
    Ok(if roles.is_empty() { vec![0] } else { roles })
}

/// The table of a policy, locked.
async fn table(range: Option<&RangeVar>, cx: &DdlContext<'_>) -> Result<Arc<Relation>> {
    let range = range.expect("a policy is on a table");
    let name = RelationName::of_range(range, cx)?;
    let found = lock::get_named(&name, TableLockMode::AccessExclusive, cx).await?;
    privileges::relation_owner(&found, cx)?;
    if found.kind != RelationKind::Table {
        let message = format!("\"{}\" is not a table", found.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    Ok(found)
}

fn condition(node: Node<'_>, table: &Relation, cx: &DdlContext<'_>) -> Result<Option<Expr>> {
    if is_none(node) {
        return Ok(None);
    }
    // PostgreSQL points nowhere here.
    let bound = bind_expr(node, &cx.bind(&cx.catalog()), ExprPlace::Policy, Some(table), None);
    bound.map(Some).map_err(PgError::nowhere)
}

fn get<'t>(table: &'t Relation, name: &str) -> Result<&'t Policy> {
    table.policy_named(name).ok_or_else(|| {
        let message = format!("policy \"{name}\" for table \"{}\" does not exist", table.name);
        PgError::new(code::UNDEFINED_OBJECT, message)
    })
}

fn check_new_name(table: &Relation, name: &str) -> Result<()> {
    if table.policy_named(name).is_none() {
        return Ok(());
    }
    let message = format!("policy \"{name}\" for table \"{}\" already exists", table.name);
    Err(PgError::new(code::DUPLICATE_OBJECT, message))
}

/// Changes what a table says of its rows' security.
fn change(table: Oid, cx: &DdlContext<'_>, change: impl FnOnce(&mut RowSecurity)) {
    table_part::change(table, cx, |relation| change(&mut relation.row_security));
}

fn change_policy(table: Oid, oid: Oid, cx: &DdlContext<'_>, with: impl FnOnce(&mut Policy)) {
    change(table, cx, |security| {
        if let Some(found) = security.policies.iter_mut().find(|policy| policy.oid == oid) {
            with(found);
        }
    });
}
