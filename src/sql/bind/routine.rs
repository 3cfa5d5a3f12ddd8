//! Bodies of functions in LANGUAGE sql: arguments by name, and the result's type
//! (`sql_fn_post_column_ref`, `check_sql_fn_retval`).
//!
//! A name that is no column may be an argument's, alone or behind the function's name. The last
//! statement's columns are converted to the declared result as an assignment would.

use super::coerce::Cast;
use super::state::Binder;
use super::{BindContext, ParamTypes};
use crate::catalog::builtin::{CastContext, Proc};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::{Node, nodes};

/// What a body's statements may refer to.
pub struct Arguments<'f> {
    pub function: &'f str,
    /// Of the input arguments; empty strings for the nameless.
    pub names: Vec<&'f str>,
    pub types: Vec<Oid>,
    /// What the call is under; 0: the arguments' types say.
    pub collation: Oid,
}

impl<'f> Arguments<'f> {
    /// Those of a function, called with arguments of these types under a collation.
    pub fn of(proc: &'f Proc, types: Vec<Oid>, collation: Oid) -> Arguments<'f> {
        Arguments { function: &proc.name, names: proc.input_names(), types, collation }
    }
}

/// Binds a statement of a body, one to be stored as it is written where `stored`.
pub(super) fn bind(
    node: Node<'_>,
    context: &BindContext<'_>,
    arguments: &Arguments<'_>,
    stored: bool,
) -> Result<Query> {
    let mut params = ParamTypes::Fixed(arguments.types.clone());
    let mut binder = Binder::new(context, &mut params);
    binder.arguments = Some(arguments);
    binder.stored = stored;
    let mut query = binder.bind_statement(node)?;
    binder.assign_collations(&mut query)?;
    Ok(query)
}

/// A stored statement as it is run.
pub(super) fn settled(mut query: Query, context: &BindContext<'_>) -> Result<Query> {
    let mut params = ParamTypes::None;
    Binder::new(context, &mut params).settle_stored(&mut query)?;
    Ok(query)
}

/// Binds the expression of RETURN as a query of one column.
pub(super) fn bind_return(
    node: Node<'_>,
    context: &BindContext<'_>,
    arguments: &Arguments<'_>,
) -> Result<Query> {
    let mut params = ParamTypes::Fixed(arguments.types.clone());
    let mut binder = Binder::new(context, &mut params);
    binder.arguments = Some(arguments);
    let mut query = Query::new(CommandType::Select);
    let expr = binder.bind_expr_in(node, super::place::Place::SelectTarget)?;
    super::target::push_target(&mut query.targets, "?column?".to_owned(), expr);
    binder.resolve_unknown_targets(&mut query.targets)?;
    binder.take_scope(&mut query);
    binder.assign_collations(&mut query)?;
    Ok(query)
}

impl<'n> Binder<'_, 'n> {
    /// CALL, as the query that selects the procedure's result.
    pub fn bind_call_statement(&mut self, node: &'n nodes::CallStmt) -> Result<Query> {
        let call = node.funccall().ok_or_else(|| PgError::internal("a CALL of nothing"))?;
        let mut query = Query::new(CommandType::Select);
        self.calling = true;
        let outer = self.scope().place.replace(super::place::Place::CallArgument);
        let bound = self.bind_call(call);
        self.scope().place = outer;
        super::target::push_target(&mut query.targets, "call".to_owned(), bound?);
        self.take_scope(&mut query);
        Ok(query)
    }

    /// Only procedures can be called, and they by CALL only.
    pub fn check_called(&mut self, proc: &Proc, name: &str, inputs: &[Oid]) -> Result<()> {
        // What stands inside the arguments is no CALL any more.
        let calling = std::mem::take(&mut self.calling);
        let shown = format!("{name}({})", self.type_names(inputs));
        let (message, hint) = match (proc.kind == b'p', calling) {
            (true, false) => (format!("{shown} is a procedure"), "To call a procedure, use CALL."),
            (false, true) => {
                (format!("{shown} is not a procedure"), "To call a function, use SELECT.")
            }
            _ => return Ok(()),
        };
        Err(PgError::new(code::WRONG_OBJECT_TYPE, message).hint(hint))
    }

    /// The argument of this name.
    pub fn argument(&self, name: &str, location: i32) -> Option<Expr> {
        let arguments = self.arguments?;
        let at = arguments.names.iter().position(|n| *n == name && !n.is_empty())?;
        let type_oid = *arguments.types.get(at)?;
        Some(Expr::Param(Param {
            id: u32::try_from(at + 1).ok()?,
            type_oid,
            typmod: -1,
            collation: self.param_collation(type_oid),
            location,
        }))
    }

    /// `function.argument`, or a field of an argument of a row type.
    pub fn qualified_argument(&self, name: &str, part: &str, location: i32) -> Option<Expr> {
        let of_function = self.arguments.is_some_and(|a| a.function == name);
        if let Some(found) = of_function.then(|| self.argument(part, location)).flatten() {
            return Some(found);
        }
        self.select_field(self.argument(name, location)?, part)
    }
}

/// The columns that a function's last statement must give; `None`: it returns nothing.
fn result_columns(context: &BindContext<'_>, proc: &Proc) -> Option<Vec<Oid>> {
    if proc.return_type == oids::VOID {
        return None;
    }
    let out = proc.out_columns();
    if proc.return_type == oids::RECORD {
        return Some(out.iter().map(|(_, type_oid)| *type_oid).collect());
    }
    if let Some(relation) = context.catalog.row_type_relation(proc.return_type) {
        return Some(relation.live_columns().map(|c| c.type_oid).collect());
    }
    Some(vec![proc.return_type])
}

/// A body without statements returns nothing.
pub(super) fn check_empty(context: &BindContext<'_>, proc: &Proc) -> Result<()> {
    match result_columns(context, proc) {
        Some(_) => coerce_result(Query::new(CommandType::Delete), context, proc, None).map(drop),
        None => Ok(()),
    }
}

/// The last statement with its columns as the function returns them; 42P13 where it cannot. `row`: the
/// columns that a call gives a record.
pub(super) fn coerce_result(
    query: Query,
    context: &BindContext<'_>,
    proc: &Proc,
    row: Option<&[Oid]>,
) -> Result<Query> {
    let Some(wanted) = row.map(<[Oid]>::to_vec).or_else(|| result_columns(context, proc)) else {
        return Ok(query);
    };
    let shown = |oid: Oid| {
        crate::catalog::depend::describe::type_name(context.catalog, oid, context.env.search_path())
            .unwrap_or_else(|| oid.to_string())
    };
    let mismatch = |detail: String| {
        let message = format!(
            "return type mismatch in function declared to return {}",
            shown(proc.return_type)
        );
        PgError::new(code::INVALID_FUNCTION_DEFINITION, message).detail(detail)
    };
    let given: Vec<Oid> = query.output().map(|t| t.expr.type_oid()).collect();
    if query.command != CommandType::Select && given.is_empty() {
        let detail = "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.";
        return Err(mismatch(detail.to_owned()));
    }
    let row = context.catalog.row_type_relation(proc.return_type).is_some()
        || proc.return_type == oids::RECORD;
    // A set of records has the columns that each call says.
    if proc.return_type == oids::RECORD && wanted.is_empty() {
        return Ok(query);
    }
    if row && given == [proc.return_type] {
        return Ok(query);
    }
    match (row, given.len()) {
        (false, 1) => {}
        (false, _) => {
            return Err(mismatch("Final statement must return exactly one column.".to_owned()));
        }
        (true, n) if n > wanted.len() => {
            return Err(mismatch("Final statement returns too many columns.".to_owned()));
        }
        (true, n) if n < wanted.len() => {
            return Err(mismatch("Final statement returns too few columns.".to_owned()));
        }
        _ => {}
    }
    if given == wanted {
        return Ok(query);
    }
    if query.command != CommandType::Select {
        return Err(PgError::unsupported("converting what RETURNING gives to a function's result"));
    }
    let mut params = ParamTypes::None;
    let mut binder = Binder::new(context, &mut params);
    let cast =
        Cast { context: CastContext::Assignment, form: CoercionForm::Implicit, location: -1 };
    let wrong = |at: usize, from: Oid, to: Oid| {
        mismatch(match row {
            true => format!(
                "Final statement returns {} instead of {} at column {}.",
                shown(from),
                shown(to),
                at + 1
            ),
            false => format!("Actual return type is {}.", shown(from)),
        })
    };
    if is_values_only(&query) {
        let mut query = query;
        for ((at, target), to) in query.targets.iter_mut().enumerate().zip(wanted) {
            let from = target.expr.type_oid();
            let converted = binder.coerce_to_target(target.expr.clone(), to, -1, cast)?;
            target.expr = converted.ok_or_else(|| wrong(at, from, to))?;
        }
        return Ok(query);
    }
    let mut outer = Query::new(CommandType::Select);
    let names: Vec<String> = query.output().map(|t| t.name.clone()).collect();
    let item = binder.add_subquery(query, None, false)?;
    outer.from.items = vec![FromItem::Range(item.rel)];
    let columns = item.columns.iter().zip(wanted).zip(names).enumerate();
    for (at, ((column, to), name)) in columns {
        let from = column.type_oid;
        let converted = binder.coerce_to_target(column.var(0, -1), to, -1, cast)?;
        let expr = converted.ok_or_else(|| wrong(at, from, to))?;
        super::target::push_target(&mut outer.targets, name, expr);
    }
    binder.take_scope(&mut outer);
    Ok(outer)
}

/// Whether a query gives one row of expressions: they can be converted where they stand.
fn is_values_only(query: &Query) -> bool {
    query.from.items.is_empty()
        && query.set_operation.is_none()
        && query.distinct.is_empty()
        && query.order_by.is_empty()
        && !query.has_aggregates
        && query.targets.iter().all(|target| !target.resjunk)
}
