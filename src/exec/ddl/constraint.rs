//! Table constraints, and the DEFERRABLE clauses that follow a constraint.

use super::draft::{CheckSpec, ForeignKeySpec, KeySpec, TableDraft};
use crate::error::{PgError, Result, code};
use pg_raw_parse::nodes::Constraint;
use pg_raw_parse::raw::ConstrType;

/// Adds a constraint written on the table to a draft.
pub(super) fn add<'a>(draft: &mut TableDraft<'a>, constraint: &'a Constraint) -> Result<()> {
    match constraint.contype {
        ConstrType::CONSTR_CHECK => draft.checks.push(CheckSpec::new(constraint)),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE => {
            draft.keys.push(KeySpec::new(constraint, None));
        }
        ConstrType::CONSTR_FOREIGN => {
            draft.foreign_keys.push(ForeignKeySpec::new(constraint, None));
        }
        ConstrType::CONSTR_EXCLUSION => return Err(PgError::unsupported("EXCLUDE")),
        // PostgreSQL 18's named NOT NULL constraints.
        _ => return Err(PgError::unsupported("this kind of table constraint")),
    }
    Ok(())
}

/// `DEFERRABLE`, `INITIALLY DEFERRED` and their opposites after a column constraint: they change the
/// constraint before them, which must be one that can be deferred.
pub(super) fn set_attribute(draft: &mut TableDraft<'_>, node: &Constraint) -> Result<()> {
    let (clause, deferrable, deferred) = match node.contype {
        ConstrType::CONSTR_ATTR_DEFERRABLE => ("DEFERRABLE", Some(true), None),
        ConstrType::CONSTR_ATTR_NOT_DEFERRABLE => ("NOT DEFERRABLE", Some(false), None),
        ConstrType::CONSTR_ATTR_DEFERRED => ("INITIALLY DEFERRED", None, Some(true)),
        ConstrType::CONSTR_ATTR_IMMEDIATE => ("INITIALLY IMMEDIATE", None, Some(false)),
        _ => return Err(PgError::unsupported("this kind of constraint").at(node.location)),
    };
    let Some((is_deferrable, is_deferred)) = last_deferrable(draft) else {
        let message = format!("misplaced {clause} clause");
        return Err(PgError::new(code::SYNTAX_ERROR, message).at(node.location));
    };
    if let Some(value) = deferrable {
        *is_deferrable = value;
    }
    if let Some(value) = deferred {
        *is_deferred = value;
        *is_deferrable |= value;
    }
    Ok(())
}

/// The flags of the constraint written last on the column, if it has such flags.
fn last_deferrable<'d>(draft: &'d mut TableDraft<'_>) -> Option<(&'d mut bool, &'d mut bool)> {
    let key_at = draft.keys.last().map_or(-1, |k| k.location);
    let foreign_at = draft.foreign_keys.last().map_or(-1, |k| k.node.location);
    if foreign_at > key_at {
        let key = draft.foreign_keys.last_mut()?;
        return Some((&mut key.deferrable, &mut key.initially_deferred));
    }
    let key = draft.keys.last_mut()?;
    Some((&mut key.deferrable, &mut key.initially_deferred))
}
