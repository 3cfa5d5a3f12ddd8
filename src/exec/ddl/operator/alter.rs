//! ALTER OPERATOR: SET (…), OWNER TO, SET SCHEMA; COMMENT ON OPERATOR.

use super::super::names::get_namespace;
use super::super::{DdlContext, privileges};
use super::create::{join, restriction};
use super::{Written, put, written};
use crate::catalog::{UserOperator, is_temporary};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterObjectSchemaStmt, AlterOperatorStmt};

const TAG: &str = "ALTER OPERATOR";

pub(in super::super) fn alter(
    statement: &AlterOperatorStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let named = statement.opername().ok_or_else(|| PgError::internal("no operator to alter"))?;
    let found = Written::read(named, cx)?.get_own(cx)?;
    let catalog = cx.catalog();
    let mut changed = (*found).clone();
    for option in statement.options() {
        let name = option.defname().unwrap_or_default();
        // NONE is no value.
        let given = !matches!(option.arg(), Node::None);
        match name {
            "restrict" if given => changed.restrict = restriction(option.arg(), &catalog, cx)?,
            "restrict" => changed.restrict = 0,
            "join" if given => changed.join = join(option.arg(), &catalog, cx)?,
            "join" => changed.join = 0,
            "leftarg" | "rightarg" | "function" | "procedure" | "commutator" | "negator"
            | "hashes" | "merges" => {
                let message = format!("operator attribute \"{name}\" cannot be changed");
                return Err(PgError::new(code::SYNTAX_ERROR, message));
            }
            _ => {
                let message = format!("operator attribute \"{name}\" not recognized");
                return Err(PgError::new(code::SYNTAX_ERROR, message));
            }
        }
    }
    put(changed, cx);
    Ok(TAG.to_owned())
}

/// OWNER TO; the caller has checked that the current role may give to the new owner.
pub(in super::super) fn owner(object: Node<'_>, owner: Oid, cx: &DdlContext<'_>) -> Result<String> {
    let found = Written::read(written(object)?, cx)?.get_own(cx)?;
    put(UserOperator { owner, ..(*found).clone() }, cx);
    Ok(TAG.to_owned())
}

pub(in super::super) fn set_schema(
    statement: &AlterObjectSchemaStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let found = Written::read(written(statement.object())?, cx)?.get_own(cx)?;
    let catalog = cx.catalog();
    let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?;
    privileges::schema_create(namespace, &catalog, cx)?;
    let operator = &found.operator;
    if namespace.oid == operator.namespace {
        return Ok(TAG.to_owned());
    }
    if is_temporary(namespace) {
        let message = "cannot move objects into or out of temporary schemas";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let (name, left, right) = (&operator.name, operator.left, operator.right);
    if catalog.operator_in_path(&[namespace.oid], name, left, right).is_some() {
        const INDEX: &str = "pg_operator_oprname_l_r_n_index";
        let message = format!("duplicate key value violates unique constraint \"{INDEX}\"");
        return Err(PgError::new(code::UNIQUE_VIOLATION, message)
            .detail(format!(
                "Key (oprname, oprleft, oprright, oprnamespace)=({name}, {left}, {right}, {}) \
                 already exists.",
                namespace.oid
            ))
            .constraint(INDEX));
    }
    let mut changed = (*found).clone();
    changed.operator.namespace = namespace.oid;
    put(changed, cx);
    Ok(TAG.to_owned())
}

pub(in super::super) fn comment(
    object: Node<'_>,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let found = Written::read(written(object)?, cx)?.get_own(cx)?;
    put(UserOperator { comment, ..(*found).clone() }, cx);
    Ok(())
}
