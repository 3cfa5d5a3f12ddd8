//! Subscripts and fields: `a[1]`, `a[1:2]`, `(row).field`, `jsonb['key']`.

use super::coerce::Cast;
use super::state::Binder;
use crate::catalog::builtin::CastContext;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Datum, Oid, array, oids};
use pg_raw_parse::{Node, nodes};

/// `MAXDIM`.
const DIMENSIONS_MAX: usize = 6;

impl<'n> Binder<'_, 'n> {
    /// An expression followed by subscripts and field names.
    pub fn bind_indirection(&mut self, node: &'n nodes::A_Indirection) -> Result<Expr> {
        let arg = self.bind_expr_here(node.arg())?;
        self.apply_indirection(arg, &node.indirection().iter().collect::<Vec<_>>())
    }

    /// Applies subscripts and field names in order (`transformIndirection`).
    pub fn apply_indirection(&mut self, mut result: Expr, steps: &[Node<'n>]) -> Result<Expr> {
        let location = result.location();
        let mut subscripts: Vec<&'n nodes::A_Indices> = Vec::new();
        for step in steps {
            match step {
                Node::A_Indices(indices) => subscripts.push(indices),
                Node::A_Star(_) => {
                    let message = "row expansion via \"*\" is not supported here";
                    return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location));
                }
                other => {
                    if !subscripts.is_empty() {
                        result = self.subscript(result, &std::mem::take(&mut subscripts), None)?;
                    }
                    let name = other.as_str().unwrap_or("");
                    result = self.field(result, name, location)?;
                }
            }
        }
        if subscripts.is_empty() { Ok(result) } else { self.subscript(result, &subscripts, None) }
    }

    /// `(row).name`: a field, or a function of the row.
    fn field(&mut self, row: Expr, name: &str, location: i32) -> Result<Expr> {
        if let Some(field) = self.select_field(row.clone(), name) {
            return Ok(field);
        }
        let type_oid = row.type_oid();
        let relation = self.whole_row_of(&row);
        match self.call_by_name(name, vec![row], location) {
            Ok(call) => Ok(call),
            Err(e) if e.code() == code::UNDEFINED_FUNCTION => {
                if let Some(relation) = relation {
                    let message = format!("column {relation}.{name} does not exist");
                    return Err(PgError::new(code::UNDEFINED_COLUMN, message).at(location));
                }
                Err(self.unknown_field(type_oid, name).at(location))
            }
            Err(e) => Err(e),
        }
    }

    /// The name of the range table entry whose whole row an expression is.
    fn whole_row_of(&self, expr: &Expr) -> Option<String> {
        let Expr::Var(Var { rel, attno: 0, level: 0, .. }) = expr else { return None };
        let at = usize::try_from(*rel).ok()?.checked_sub(1)?;
        self.scope_ref().range_table.get(at).map(|entry| entry.name.clone())
    }

    pub fn unknown_field(&self, type_oid: Oid, name: &str) -> PgError {
        if type_oid == oids::RECORD {
            let message = format!("could not identify column \"{name}\" in record data type");
            return PgError::new(code::UNDEFINED_COLUMN, message);
        }
        let shown = self.type_name(type_oid);
        if self.is_row_type(type_oid) {
            let message = format!("column \"{name}\" not found in data type {shown}");
            return PgError::new(code::UNDEFINED_COLUMN, message);
        }
        let message = format!(
            "column notation .{name} applied to type {shown}, which is not a composite type"
        );
        PgError::new(code::WRONG_OBJECT_TYPE, message)
    }

    /// Subscripts of one container; with `assign`, the container after an assignment
    /// (`transformContainerSubscripts`).
    pub fn subscript(
        &mut self,
        container: Expr,
        subscripts: &[&'n nodes::A_Indices],
        assign: Option<Expr>,
    ) -> Result<Expr> {
        let (container_type, typmod) = self.base_type(container.type_oid(), container.typmod());
        let is_slice = subscripts.iter().any(|s| s.is_slice);
        if container_type == oids::JSONB {
            return self.jsonb_subscript(container, subscripts, is_slice, assign);
        }
        if container_type == oids::HSTORE {
            return self.hstore_subscript(container, subscripts, assign);
        }
        let fixed = array::fixed_element(container_type);
        if fixed.is_some() && assign.is_some() {
            let name = self.type_name(container_type);
            return Err(PgError::unsupported(format!("assigning to a part of a {name}")));
        }
        if fixed.is_some() && is_slice {
            let message = "slices of fixed-length arrays not implemented";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        let Some(element) = fixed.or_else(|| self.element(container_type)) else {
            let message = format!(
                "cannot subscript type {} because it does not support subscripting",
                self.type_name(container_type)
            );
            let error = PgError::new(code::DATATYPE_MISMATCH, message);
            return Err(error.at(container.location()));
        };
        if subscripts.len() > DIMENSIONS_MAX {
            let message = format!(
                "number of array dimensions ({}) exceeds the maximum allowed ({DIMENSIONS_MAX})",
                subscripts.len()
            );
            return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
        }
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for indices in subscripts {
            if is_slice {
                lower.push(match (indices.is_slice, indices.lidx()) {
                    // `a[2]` among slices means `a[1:2]`.
                    (false, _) => Some(Expr::constant(Datum::Int4(1), oids::INT4)),
                    (true, Node::None) => None,
                    (true, node) => Some(self.array_index(node)?),
                });
            }
            upper.push(match indices.uidx() {
                Node::None => None,
                node => Some(self.array_index(node)?),
            });
        }
        let type_oid = if is_slice { container_type } else { element };
        Ok(Expr::Subscript(Box::new(Subscript {
            collation: self.collation(type_oid),
            container,
            container_type,
            type_oid: if assign.is_some() { container_type } else { type_oid },
            typmod,
            upper,
            lower,
            is_slice,
            assign,
        })))
    }

    fn array_index(&mut self, node: Node<'n>) -> Result<Expr> {
        let index = self.bind_expr_here(node)?;
        let location = index.location();
        self.coerce_to_target(index, oids::INT4, -1, Cast::ASSIGNMENT)?.ok_or_else(|| {
            let message = "array subscript must have type integer";
            PgError::new(code::DATATYPE_MISMATCH, message).at(location)
        })
    }

    fn jsonb_subscript(
        &mut self,
        container: Expr,
        subscripts: &[&'n nodes::A_Indices],
        is_slice: bool,
        assign: Option<Expr>,
    ) -> Result<Expr> {
        let mut upper = Vec::new();
        for indices in subscripts {
            if is_slice {
                let at = match (indices.uidx(), indices.lidx()) {
                    (Node::None, Node::None) => -1,
                    (Node::None, node) | (node, _) => self.bind_expr_here(node)?.location(),
                };
                let message = "jsonb subscript does not support slices";
                return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(at));
            }
            upper.push(Some(self.jsonb_index(indices.uidx())?));
        }
        Ok(Expr::Subscript(Box::new(Subscript {
            container,
            container_type: oids::JSONB,
            type_oid: oids::JSONB,
            typmod: -1,
            collation: 0,
            upper,
            lower: Vec::new(),
            is_slice: false,
            assign,
        })))
    }

    /// `pairs['key']`.
    fn hstore_subscript(
        &mut self,
        container: Expr,
        subscripts: &[&'n nodes::A_Indices],
        assign: Option<Expr>,
    ) -> Result<Expr> {
        let wrong = |message: &'static str| PgError::new(code::DATATYPE_MISMATCH, message);
        let one_only = || {
            let message = "hstore allows only one subscript";
            PgError::new(code::FEATURE_NOT_SUPPORTED, message)
        };
        let [indices] = subscripts else { return Err(one_only()) };
        if indices.is_slice {
            return Err(one_only());
        }
        let key = self.bind_expr_here(indices.uidx())?;
        let location = key.location();
        let key = self.coerce_to_target(key, oids::TEXT, -1, Cast::ASSIGNMENT)?;
        let key = key.ok_or_else(|| wrong("hstore subscript must have type text").at(location))?;
        let type_oid = if assign.is_some() { oids::HSTORE } else { oids::TEXT };
        Ok(Expr::Subscript(Box::new(Subscript {
            container,
            container_type: oids::HSTORE,
            type_oid,
            typmod: -1,
            collation: self.collation(type_oid),
            upper: vec![Some(key)],
            lower: Vec::new(),
            is_slice: false,
            assign,
        })))
    }

    /// A jsonb subscript is an integer or a text, whichever one its type converts to.
    fn jsonb_index(&mut self, node: Node<'n>) -> Result<Expr> {
        let index = self.bind_expr_here(node)?;
        let from = index.type_oid();
        let to = if from == oids::UNKNOWN {
            oids::TEXT
        } else {
            let fits = |to| self.can_coerce(from, to, CastContext::Implicit);
            match (fits(oids::INT4), fits(oids::TEXT)) {
                (true, false) => oids::INT4,
                (false, true) => oids::TEXT,
                (both, _) => {
                    let only = if both { "only one type, " } else { "either " };
                    let message =
                        format!("subscript type {} is not supported", self.type_name(from));
                    return Err(PgError::new(code::DATATYPE_MISMATCH, message)
                        .hint(format!(
                            "jsonb subscript must be coercible to {only}integer or text."
                        ))
                        .at(index.location()));
                }
            }
        };
        self.coerce_type(index, to, -1, Cast::IMPLICIT)
    }
}
