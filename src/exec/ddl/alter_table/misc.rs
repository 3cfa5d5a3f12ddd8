//! OWNER TO, SET (…), RESET (…), SET LOGGED.

use super::super::drop::change_table;
use super::super::{DdlContext, options, privileges, role_spec, table_options};
use crate::catalog::{Persistence, Relation, RelationKind, acl};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use pg_raw_parse::raw::AlterTableType as At;

pub(super) fn change_owner(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let spec = command.newowner().expect("OWNER TO names a role");
    set_owner(table, role_spec::get(spec, cx)?, cx)
}

/// Gives a relation to a role, with a table's indexes and the sequences of its columns.
pub(in crate::exec::ddl) fn set_owner(
    relation: &Relation,
    owner: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    if !acl::is_member_of(&catalog, cx.env.current_role(), owner) {
        let message = format!("must be member of role \"{}\"", acl::role_name(&catalog, owner));
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    if let Some(info) = relation
        .sequence
        .as_ref()
        .filter(|_| !privileges::is_owner(&catalog, owner, relation.owner))
        && let Some((table, _)) = info.owned_by
        && catalog.relation(table).is_some_and(|t| t.owner != owner)
    {
        let table = catalog.relation(table).map_or("", |t| t.name.as_str());
        let message = "cannot change owner of sequence \"".to_owned() + &relation.name + "\"";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
            .detail(format!("Sequence \"{}\" is linked to table \"{table}\".", relation.name)));
    }
    let mut all = vec![relation.oid];
    if relation.kind.has_rows() {
        all.extend(&relation.indexes);
        all.extend(catalog.sequences_owned_by(relation.oid).map(|s| s.oid));
    }
    let new = acl::role_name(&catalog, owner);
    for oid in all {
        change_table(oid, cx, |r| {
            let old = acl::role_name(&catalog, r.owner);
            for acl in std::iter::once(&mut r.acl).chain(r.columns.iter_mut().map(|c| &mut c.acl)) {
                *acl = acl.take().map(|items| acl::with_owner(&items, &old, &new));
            }
            r.owner = owner;
        });
    }
    Ok(())
}

pub(super) async fn set_options(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if table.view.is_some() {
        let elements = command.def().as_node_list().into_iter().flatten();
        return super::super::view::set_options(table, elements, cx);
    }
    let mut changed = table.options.clone();
    for node in command.def().as_node_list().into_iter().flatten() {
        let Node::DefElem(element) = node else { continue };
        match table.kind {
            RelationKind::Index => {
                let method = table.index.as_ref().map_or(0, |info| info.access_method);
                options::index(element, method, &mut changed)?;
            }
            kind if kind.has_rows() => options::table(element, &mut changed)?,
            _ => return Err(PgError::unsupported("options of this kind of relation")),
        }
    }
    if table.kind.has_rows() {
        table_options::check_change(table, &changed, cx).await?;
    }
    change_table(table.oid, cx, |t| t.options = changed);
    Ok(())
}

pub(super) async fn reset_options(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut changed = table.options.clone();
    for node in command.def().as_node_list().into_iter().flatten() {
        if let Node::DefElem(element) = node {
            changed.remove(element.defname().unwrap_or_default());
        }
    }
    if table.kind.has_rows() {
        table_options::check_change(table, &changed, cx).await?;
    }
    change_table(table.oid, cx, |t| {
        if let Some(view) = &mut t.view
            && !changed.contains_key("check_option")
        {
            view.check_option = None;
        }
        t.options = changed;
    });
    Ok(())
}

pub(super) fn set_persistence(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if table.persistence == Persistence::Temporary {
        let message = format!(
            "cannot change logged status of table \"{}\" because it is temporary",
            table.name
        );
        return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
    }
    let persistence = match command.subtype {
        At::AT_SetLogged => Persistence::Permanent,
        _ => Persistence::Unlogged,
    };
    for oid in std::iter::once(table.oid).chain(table.indexes.iter().copied()) {
        change_table(oid, cx, |r| r.persistence = persistence);
    }
    Ok(())
}
