//! Operators (`parse_oper.c`): finding them by name and operand types, and calling them.

use super::candidates::Candidate;
use super::coerce::Cast;
use super::func::add_candidate;
use super::state::Binder;
use crate::catalog::builtin::Operator;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::list::NodeList;

/// An operator's name as it was written.
#[derive(Clone, Copy)]
pub(super) struct OperatorName<'n> {
    pub schema: Option<&'n str>,
    pub name: &'n str,
}

impl<'n> OperatorName<'n> {
    pub fn new(list: &'n NodeList) -> OperatorName<'n> {
        let parts: Vec<&str> = list.iter().filter_map(|n| n.as_str()).collect();
        match parts.as_slice() {
            [.., schema, name] => OperatorName { schema: Some(schema), name },
            [name] => OperatorName { schema: None, name },
            [] => OperatorName { schema: None, name: "" },
        }
    }

    pub fn plain(name: &'n str) -> OperatorName<'n> {
        OperatorName { schema: None, name }
    }
}

impl<'a> Binder<'a, '_> {
    /// The binary operator for these operand types (`oper`).
    pub fn find_operator(
        &self,
        name: OperatorName<'_>,
        left: Oid,
        right: Oid,
        location: i32,
    ) -> Result<&'a Operator> {
        let path = self.operator_path(name).map_err(|e| e.at(location))?;
        if let Some(found) = self.exact_operator(&path, name.name, left, right) {
            return complete(found, || self.shell(name, &[left, right]).at(location));
        }
        self.choose_operator(name, &[left, right], &path, location)
    }

    /// The prefix operator for this operand type (`left_oper`).
    pub fn find_prefix_operator(
        &self,
        name: OperatorName<'_>,
        right: Oid,
        location: i32,
    ) -> Result<&'a Operator> {
        let path = self.operator_path(name).map_err(|e| e.at(location))?;
        let catalog = self.context.catalog;
        if let Some(found) = catalog.operator_in_path(&path, name.name, 0, right) {
            return complete(found, || self.shell(name, &[right]).at(location));
        }
        self.choose_operator(name, &[right], &path, location)
    }

    /// Where an operator is looked for: in the search path, or in the schema of `OPERATOR(s.+)`.
    fn operator_path(&self, name: OperatorName<'_>) -> Result<Vec<Oid>> {
        match name.schema {
            None => Ok(self.callable_path()),
            Some(schema) => Ok(vec![self.namespace(schema)?]),
        }
    }

    /// 42883: it is there as another one's commutator or negator, no more.
    fn shell(&self, name: OperatorName<'_>, inputs: &[Oid]) -> PgError {
        let message = format!("operator is only a shell: {}", self.operator_shown(name, inputs));
        PgError::new(code::UNDEFINED_FUNCTION, message)
    }

    /// An operator with exactly these types, an unknown operand taken for the other's type
    /// (`binary_oper_exact`).
    fn exact_operator(
        &self,
        path: &[Oid],
        name: &str,
        left: Oid,
        right: Oid,
    ) -> Option<&'a Operator> {
        let find = |l: Oid, r: Oid| self.context.catalog.operator_in_path(path, name, l, r);
        let (mut l, mut r) = (left, right);
        let mut was_unknown = false;
        if l == oids::UNKNOWN && r != 0 {
            (l, was_unknown) = (r, true);
        } else if r == oids::UNKNOWN && l != 0 {
            (r, was_unknown) = (l, true);
        }
        let exact = find(l, r);
        if exact.is_some() || !was_unknown {
            return exact;
        }
        let base = self.base_type(l, -1).0;
        if base != l { find(base, base) } else { None }
    }

    fn choose_operator(
        &self,
        name: OperatorName<'_>,
        inputs: &[Oid],
        path: &[Oid],
        location: i32,
    ) -> Result<&'a Operator> {
        let binary = inputs.len() == 2;
        let catalog = self.context.catalog;
        let mut all: Vec<Candidate> = Vec::new();
        for o in catalog.operators_named(name.name).filter(|o| (o.left != 0) == binary) {
            let Some(path_position) =
                path.iter().position(|schema| *schema == catalog.schema_of(o.namespace))
            else {
                continue;
            };
            add_candidate(
                &mut all,
                Candidate {
                    oid: Some(o.oid),
                    args: if binary { vec![o.left, o.right] } else { vec![o.right] },
                    variadic_count: 0,
                    default_count: 0,
                    positions: None,
                    path_position,
                },
            );
        }
        let matching = self.matching(inputs, &all);
        let chosen = match matching.len() {
            0 => return Err(self.operator_error(name, inputs, false).at(location)),
            1 => matching.into_iter().next(),
            _ => self.select_candidate(inputs, matching),
        };
        let chosen = chosen.and_then(|c| catalog.operator(c.oid?));
        let chosen = chosen.ok_or_else(|| self.operator_error(name, inputs, true).at(location))?;
        complete(chosen, || self.shell(name, inputs).at(location))
    }

    /// `integer + text`, as messages show a use of an operator.
    fn operator_shown(&self, name: OperatorName<'_>, inputs: &[Oid]) -> String {
        let shown = match name.schema {
            Some(schema) => format!("{schema}.{}", name.name),
            None => name.name.to_owned(),
        };
        match inputs {
            [left, right] => {
                format!("{} {shown} {}", self.type_name(*left), self.type_name(*right))
            }
            _ => format!("{shown} {}", self.type_names(inputs)),
        }
    }

    fn operator_error(&self, name: OperatorName<'_>, inputs: &[Oid], ambiguous: bool) -> PgError {
        let signature = self.operator_shown(name, inputs);
        if ambiguous {
            let message = format!("operator is not unique: {signature}");
            return PgError::new(code::AMBIGUOUS_FUNCTION, message).hint(
                "Could not choose a best candidate operator. You might need to add explicit type \
                 casts.",
            );
        }
        let hint = match inputs.len() {
            1 => {
                "No operator matches the given name and argument type. You might need to add an \
                 explicit type cast."
            }
            _ => {
                "No operator matches the given name and argument types. You might need to add \
                 explicit type casts."
            }
        };
        let message = format!("operator does not exist: {signature}");
        PgError::new(code::UNDEFINED_FUNCTION, message).hint(hint)
    }

    /// `left op right`, or `op right` (`make_op`).
    pub fn make_op(
        &mut self,
        name: OperatorName<'_>,
        left: Option<Expr>,
        right: Option<Expr>,
        location: i32,
    ) -> Result<Expr> {
        let Some(right) = right else {
            let message = "postfix operators are not supported";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(location));
        };
        let op = match &left {
            Some(left) => self.find_operator(name, left.type_oid(), right.type_oid(), location)?,
            None => self.find_prefix_operator(name, right.type_oid(), location)?,
        };
        let args: Vec<Expr> = left.into_iter().chain([right]).collect();
        self.call_operator(op, args, location).map(|call| Expr::Func(Box::new(call)))
    }

    /// A call of a known operator, its operands converted.
    pub fn call_operator(
        &mut self,
        op: &Operator,
        args: Vec<Expr>,
        location: i32,
    ) -> Result<FuncCall> {
        let actual: Vec<Oid> = args.iter().map(Expr::type_oid).collect();
        let mut declared = if op.left == 0 { vec![op.right] } else { vec![op.left, op.right] };
        let type_oid = self.resolve_generics(&actual, &mut declared, op.result)?;
        let args = self.convert_args(args, &declared)?;
        let retset = self.context.catalog.proc(op.proc).is_some_and(|p| p.returns_set);
        if retset {
            let before = self.scope_ref().srf_count;
            self.check_srf_place(location, before)?;
        }
        Ok(FuncCall {
            func: op.proc,
            op: Some(op.oid),
            type_oid,
            typmod: -1,
            retset,
            variadic: false,
            form: CoercionForm::Call,
            collation: self.collation(type_oid),
            input_collation: self.input_collation(&args),
            args,
            notation: None,
            location,
        })
    }

    /// Converts arguments to their declared types (`make_fn_arguments`).
    pub fn convert_args(&mut self, args: Vec<Expr>, declared: &[Oid]) -> Result<Vec<Expr>> {
        let convert = |(arg, to): (Expr, &Oid)| self.coerce_type(arg, *to, -1, Cast::IMPLICIT);
        args.into_iter().zip(declared).map(convert).collect()
    }

    /// The collation a function works under: that of its first collatable argument.
    pub fn input_collation(&self, args: &[Expr]) -> Oid {
        let explicit = args.iter().find_map(|a| match a {
            Expr::Collate { collation, .. } => Some(*collation),
            _ => None,
        });
        let implied = || args.iter().map(|a| self.collation(a.type_oid())).find(|c| *c != 0);
        explicit.or_else(implied).unwrap_or(0)
    }

    /// `scalar op ANY (array)` and `ALL` (`make_scalar_array_op`).
    pub fn make_scalar_array_op(
        &mut self,
        name: OperatorName<'_>,
        use_or: bool,
        scalar: Expr,
        array: Expr,
        location: i32,
    ) -> Result<Expr> {
        let wrong =
            |message: &'static str| PgError::new(code::WRONG_OBJECT_TYPE, message).at(location);
        let (left, array_type) = (scalar.type_oid(), array.type_oid());
        let right = match array_type {
            oids::UNKNOWN => oids::UNKNOWN,
            other => self
                .element(other)
                .ok_or_else(|| wrong("op ANY/ALL (array) requires array on right side"))?,
        };
        let op = self.find_operator(name, left, right, location)?;
        let mut declared = [op.left, op.right];
        let result = self.resolve_generics(&[left, right], &mut declared, op.result)?;
        if result != oids::BOOL {
            return Err(wrong("op ANY/ALL (array) requires operator to yield boolean"));
        }
        let Some(declared_array) = self.array_of(declared[1]) else {
            let name = self.type_name(declared[1]);
            let message = format!("could not find array type for data type {name}");
            return Err(PgError::new(code::UNDEFINED_OBJECT, message).at(location));
        };
        let scalar = self.coerce_type(scalar, declared[0], -1, Cast::IMPLICIT)?;
        let array = self.coerce_type(array, declared_array, -1, Cast::IMPLICIT)?;
        let input_collation = self.input_collation(std::slice::from_ref(&scalar));
        Ok(Expr::ScalarArrayOp(Box::new(ScalarArrayOp {
            op: op.oid,
            func: op.proc,
            use_or,
            input_collation,
            scalar,
            array,
            location,
        })))
    }

    /// The operators that sort and group values of a type (`get_sort_group_operators`).
    pub fn sort_operators(&self, oid: Oid) -> SortOperators {
        let base = self.base_type(oid, -1).0;
        match self.context.catalog.comparison(base) {
            Some(c) => SortOperators { lt: c.lt, eq: c.eq, gt: c.gt },
            None => SortOperators {
                lt: 0,
                eq: self.context.catalog.hash_equality(base).unwrap_or(0),
                gt: 0,
            },
        }
    }

    /// `>` and `<` as ORDER BY needs them, or an error (`get_sort_group_operators` with need).
    pub fn require_sort_operators(&self, oid: Oid, need_order: bool) -> Result<SortOperators> {
        let ops = self.sort_operators(oid);
        if need_order && ops.lt == 0 {
            let message =
                format!("could not identify an ordering operator for type {}", self.type_name(oid));
            return Err(PgError::new(code::UNDEFINED_FUNCTION, message)
                .hint("Use an explicit ordering operator or modify the query."));
        }
        if ops.eq == 0 {
            let message =
                format!("could not identify an equality operator for type {}", self.type_name(oid));
            return Err(PgError::new(code::UNDEFINED_FUNCTION, message));
        }
        Ok(ops)
    }
}

/// An operator that is more than a shell.
fn complete(found: &Operator, shell: impl FnOnce() -> PgError) -> Result<&Operator> {
    if found.proc == 0 { Err(shell()) } else { Ok(found) }
}

/// Operators of a type's default btree operator class; 0 where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SortOperators {
    pub lt: Oid,
    pub eq: Oid,
    pub gt: Oid,
}
