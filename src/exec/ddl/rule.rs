//! CREATE, ALTER … RENAME and DROP RULE, COMMENT ON RULE; ENABLE and DISABLE RULE of ALTER TABLE.

use super::drop::{cascade, delete};
use super::names::RelationName;
use super::table_part::{self, check_owner};
use super::{DdlContext, alter_table, drop_missing, lock, privileges};
use crate::catalog::depend::{self, Object};
use crate::catalog::{Relation, RelationKind, Rule, RuleEvent};
use crate::error::{PgError, Result, code};
use crate::sql::bind::bind_rule_condition;
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterTableCmd, CmdType, DropStmt, RenameStmt, RuleStmt};
use pg_raw_parse::raw::AlterTableType as At;
use std::sync::Arc;

/// The name of the rule that every view has.
const VIEW_RULE: &str = "_RETURN";

pub(super) async fn create(statement: &RuleStmt, cx: &DdlContext<'_>) -> Result<String> {
    let range = statement.relation().expect("a rule is on a relation");
    let name = RelationName::of_range(range, cx)?;
    let found = lock::get_named(&name, TableLockMode::AccessExclusive, cx).await?;
    check_relation(&found)?;
    let event = match statement.event {
        CmdType::CMD_INSERT => RuleEvent::Insert,
        CmdType::CMD_UPDATE => RuleEvent::Update,
        CmdType::CMD_DELETE => RuleEvent::Delete,
        _ if statement.actions().is_empty() || !statement.instead => {
            let message = "rules on SELECT must have action INSTEAD SELECT";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        _ => return Err(PgError::unsupported("CREATE RULE … ON SELECT")),
    };
    if !statement.actions().is_empty() {
        return Err(PgError::unsupported("CREATE RULE with an action other than NOTHING"));
    }
    let condition = match statement.where_clause() {
        Node::None => None,
        node => Some(bind_rule_condition(node, &cx.bind(&cx.catalog()), &found, event)?),
    };
    if condition
        .as_ref()
        .is_some_and(|c| c.any(&mut |e| matches!(e, crate::nodes::Expr::SubLink(_))))
    {
        return Err(PgError::unsupported("a subquery in a rule's condition"));
    }
    privileges::relation_owner(&found, cx)?;
    let name = statement.rulename().unwrap_or_default();
    if name == VIEW_RULE {
        let message = format!("non-view rule for \"{}\" must not be named \"_RETURN\"", found.name);
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    let known = found.rule_named(name);
    if known.is_some() && !statement.replace {
        return Err(taken(&found, name));
    }
    let rule = Rule {
        oid: known.map_or_else(|| cx.catalog.new_oid(), |known| Ok(known.oid))?,
        name: name.to_owned(),
        event,
        instead: statement.instead,
        enabled: known.map_or(b'O', |known| known.enabled),
        condition,
        comment: known.and_then(|known| known.comment.clone()),
    };
    change(found.oid, cx, |rules| {
        rules.retain(|other| other.oid != rule.oid);
        rules.push(rule);
    });
    Ok("CREATE RULE".to_owned())
}

pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    for names in table_part::named(statement) {
        let (name, found) = table_part::find(&names, cx).await?;
        if let Some(view) = found.as_ref().filter(|r| r.query().is_some() && name == VIEW_RULE) {
            check_owner(view, cx)?;
            let path = cx.env.search_path();
            let shown = depend::describe(&cx.catalog(), Object::Relation(view.oid), path);
            let message =
                format!("cannot drop rule _RETURN on {shown} because {shown} requires it");
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .hint(format!("You can drop {shown} instead.")));
        }
        let Some((table, rule)) = found.as_ref().and_then(|t| Some((t, t.rule_named(name)?)))
        else {
            return drop_missing::execute(statement, cx);
        };
        check_owner(table, cx)?;
        delete(&[Object::Rule(table.oid, rule.oid)], cascade(statement.behavior), cx).await?;
    }
    Ok("DROP RULE".to_owned())
}

pub(super) async fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let range = statement.relation().expect("a rule is on a relation");
    let name = RelationName::of_range(range, cx)?;
    let found = lock::get_named(&name, TableLockMode::AccessExclusive, cx).await?;
    check_relation(&found)?;
    privileges::relation_owner(&found, cx)?;
    let old = statement.subname().unwrap_or_default();
    if found.query().is_some() && old == VIEW_RULE {
        let message = "renaming an ON SELECT rule is not allowed";
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    let oid = get(&found, old)?.oid;
    if found.rule_named(new).is_some() {
        return Err(taken(&found, new));
    }
    change_rule(found.oid, oid, cx, |rule| rule.name = new.to_owned());
    Ok("ALTER RULE".to_owned())
}

/// COMMENT ON RULE `parts`: the table's name, then the rule's.
pub(super) async fn comment(
    parts: &[&str],
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (name, table) = table_part::commented(parts, cx).await?;
    if table.query().is_some() && name == VIEW_RULE {
        return Err(PgError::unsupported("COMMENT ON the rule of a view"));
    }
    let rule = get(&table, name)?;
    check_owner(&table, cx)?;
    change_rule(table.oid, rule.oid, cx, |rule| rule.comment = comment);
    Ok(())
}

/// ALTER TABLE … ENABLE [ALWAYS | REPLICA] or DISABLE RULE.
pub(super) fn set_enabled(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (action, enabled) = match command.subtype {
        At::AT_EnableRule => ("ENABLE RULE", b'O'),
        At::AT_EnableAlwaysRule => ("ENABLE ALWAYS RULE", b'A'),
        At::AT_EnableReplicaRule => ("ENABLE REPLICA RULE", b'R'),
        _ => ("DISABLE RULE", b'D'),
    };
    alter_table::check_table(table, action)?;
    let rule = get(table, command.name().unwrap_or_default())?;
    change_rule(table.oid, rule.oid, cx, |rule| rule.enabled = enabled);
    Ok(())
}

/// Takes a rule off its table.
pub(super) fn remove(table: Oid, rule: Oid, cx: &DdlContext<'_>) {
    change(table, cx, |rules| rules.retain(|r| r.oid != rule));
}

/// Rules are of tables and views that users have made.
fn check_relation(found: &Relation) -> Result<()> {
    let name = &found.name;
    if crate::catalog::Catalog::is_system(found.oid) {
        let message = format!("permission denied: \"{name}\" is a system catalog");
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    let message = match found.kind {
        RelationKind::Table | RelationKind::View | RelationKind::MaterializedView => return Ok(()),
        RelationKind::Index => format!("\"{name}\" is an index"),
        RelationKind::Composite => format!("\"{name}\" is a composite type"),
        RelationKind::Sequence => format!("relation \"{name}\" cannot have rules"),
    };
    Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
}

fn get<'t>(table: &'t Relation, name: &str) -> Result<&'t Rule> {
    table.rule_named(name).ok_or_else(|| {
        let message = format!("rule \"{name}\" for relation \"{}\" does not exist", table.name);
        PgError::new(code::UNDEFINED_OBJECT, message)
    })
}

fn taken(table: &Relation, name: &str) -> PgError {
    let message = format!("rule \"{name}\" for relation \"{}\" already exists", table.name);
    PgError::new(code::DUPLICATE_OBJECT, message)
}

/// Changes a relation's rules.
fn change(table: Oid, cx: &DdlContext<'_>, change: impl FnOnce(&mut Vec<Rule>)) {
    table_part::change(table, cx, |relation| change(&mut relation.rules));
}

fn change_rule(table: Oid, oid: Oid, cx: &DdlContext<'_>, with: impl FnOnce(&mut Rule)) {
    change(table, cx, |rules| {
        if let Some(found) = rules.iter_mut().find(|rule| rule.oid == oid) {
            with(found);
        }
    });
}
