//! Assigning an expression to a column, or to an element of one (`transformAssignedExpr`).

use super::coerce::Cast;
use super::place::Place;
use super::state::Binder;
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::{Node, nodes};

/// A column that is assigned, with the subscripts or fields written after its name.
pub(super) struct AssignTarget<'n> {
    pub attno: AttrNumber,
    pub steps: Vec<Node<'n>>,
    pub location: i32,
}

impl<'n> AssignTarget<'n> {
    /// Finds the column that a target names.
    pub fn new(target: &'n nodes::ResTarget, relation: &Relation) -> Result<AssignTarget<'n>> {
        let name = target.name().unwrap_or("");
        let steps = target.indirection().iter().collect();
        let location = target.location;
        match relation.column_by_name(name) {
            Some(column) => Ok(AssignTarget { attno: column.attno, steps, location }),
            None if super::columns::is_system_column(name) => {
                let message = format!("cannot assign to system column \"{name}\"");
                Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location))
            }
            None => {
                let message =
                    format!("column \"{name}\" of relation \"{}\" does not exist", relation.name);
                Err(PgError::new(code::UNDEFINED_COLUMN, message).at(location))
            }
        }
    }
}

impl<'n> Binder<'_, 'n> {
    /// The expression as the column's value. `base`: what an earlier assignment to the same column
    /// made of it.
    pub fn assign(
        &mut self,
        expr: Expr,
        relation: &Relation,
        target: &AssignTarget<'n>,
        base: Option<Expr>,
        place: Place,
    ) -> Result<Expr> {
        let column = relation.column(target.attno);
        if let Expr::SetToDefault { location, .. } = expr {
            if !target.steps.is_empty() {
                let message = "cannot set an array element to DEFAULT";
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location));
            }
            return Ok(Expr::SetToDefault {
                type_oid: column.type_oid,
                typmod: column.typmod,
                location,
            });
        }
        if target.steps.is_empty() {
            return self.coerce_assigned(expr, &column.name, column.type_oid, column.typmod);
        }
        let base = match (base, place) {
            (Some(base), _) => base,
            // A new row's other elements are NULL.
            (None, Place::InsertTarget) => Expr::Const(Const {
                value: crate::types::Datum::Null,
                type_oid: column.type_oid,
                typmod: column.typmod,
                collation: column.collation,
                location: -1,
            }),
            (None, _) => Expr::Var(Var {
                rel: self.scope_ref().target.unwrap_or(1),
                attno: column.attno,
                type_oid: column.type_oid,
                typmod: column.typmod,
                collation: column.collation,
                level: 0,
                location: target.location,
            }),
        };
        let outer = self.scope().place.replace(place);
        let result = self.assign_element(base, expr, &target.steps, &column.name);
        self.scope().place = outer;
        result
    }

    /// `column[i] = expr` as the whole new array.
    fn assign_element(
        &mut self,
        base: Expr,
        expr: Expr,
        steps: &[Node<'n>],
        name: &str,
    ) -> Result<Expr> {
        let mut subscripts = Vec::new();
        for step in steps {
            match step {
                Node::A_Indices(indices) => subscripts.push(*indices),
                _ => {
                    return Err(PgError::unsupported("assigning to a field of a composite column"));
                }
            }
        }
        let container = base.type_oid();
        let typmod = base.typmod();
        let is_slice = subscripts.iter().any(|s| s.is_slice);
        let element = match self.base_type(container, -1).0 {
            oids::HSTORE => Some(oids::TEXT),
            _ => self.element(container),
        };
        let to = element.filter(|_| !is_slice).unwrap_or(container);
        let value = match element {
            Some(_) => self.coerce_element(expr, name, to, typmod)?,
            None => self.coerce_assigned(expr, name, to, -1)?,
        };
        self.subscript(base, &subscripts, Some(value))
    }

    fn coerce_element(&mut self, expr: Expr, name: &str, to: Oid, typmod: i32) -> Result<Expr> {
        let (from, location) = (expr.type_oid(), expr.location());
        self.coerce_to_target(expr, to, typmod, Cast::ASSIGNMENT)?.ok_or_else(|| {
            let message = format!(
                "subscripted assignment to \"{name}\" requires type {} but expression is of type {}",
                self.type_name(to),
                self.type_name(from)
            );
            PgError::new(code::DATATYPE_MISMATCH, message)
                .hint("You will need to rewrite or cast the expression.")
                .at(location)
        })
    }

    /// The assignment cast, or the error that names the column.
    pub fn coerce_assigned(
        &mut self,
        expr: Expr,
        name: &str,
        to: Oid,
        typmod: i32,
    ) -> Result<Expr> {
        let (from, location) = (expr.type_oid(), expr.location());
        self.coerce_to_target(expr, to, typmod, Cast::ASSIGNMENT)?.ok_or_else(|| {
            let message = format!(
                "column \"{name}\" is of type {} but expression is of type {}",
                self.type_name(to),
                self.type_name(from)
            );
            PgError::new(code::DATATYPE_MISMATCH, message)
                .hint("You will need to rewrite or cast the expression.")
                .at(location)
        })
    }
}
