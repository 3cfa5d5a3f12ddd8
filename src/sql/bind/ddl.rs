//! Expressions that DDL stores: DEFAULT, CHECK, generated columns, indexes (`cookDefault`,
//! `cookConstraint`), and views.

use super::coerce::Cast;
use super::place::Place;
use super::state::Binder;
use super::{BindContext, ExprPlace, ParamTypes};
use crate::catalog::{Relation, RuleEvent};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::Node;

impl ExprPlace {
    fn place(self) -> Place {
        match self {
            ExprPlace::Default => Place::Default,
            ExprPlace::Check => Place::Check,
            ExprPlace::Generated => Place::Generated,
            ExprPlace::IndexExpression => Place::IndexExpression,
            ExprPlace::IndexPredicate => Place::IndexPredicate,
            ExprPlace::AlterUsing => Place::AlterUsing,
            ExprPlace::CopyWhere => Place::CopyWhere,
            ExprPlace::Policy => Place::Policy,
            ExprPlace::ExecuteParameter => Place::ExecuteParameter,
            ExprPlace::PartitionBound => Place::PartitionBound,
            ExprPlace::PartitionKey => Place::PartitionKey,
        }
    }
}

/// See [`super::bind_expr`].
pub(super) fn bind(
    node: Node<'_>,
    context: &BindContext<'_>,
    place: ExprPlace,
    relation: Option<&Relation>,
    target: Option<(&str, Oid, i32)>,
) -> Result<Expr> {
    let mut params = ParamTypes::None;
    let mut binder = Binder::new(context, &mut params);
    if let Some(relation) = relation {
        let item = binder.add_relation(relation, None, true)?;
        binder.scope().namespace.push(item);
    }
    let expr = binder.bind_expr_in(node, place.place())?;
    let mut expr = match place {
        ExprPlace::Check => binder.coerce_to_boolean(expr, "CHECK")?,
        ExprPlace::Policy => binder.coerce_to_boolean(expr, "POLICY")?,
        ExprPlace::IndexPredicate | ExprPlace::CopyWhere => {
            binder.coerce_to_boolean(expr, "WHERE")?
        }
        _ => binder.coerce_to_column(expr, place, target)?,
    };
    binder.check_stored(&expr, place, relation)?;
    binder.assign_expr_collations(&mut expr)?;
    if place != ExprPlace::ExecuteParameter {
        expr.clear_locations();
    }
    Ok(expr)
}

/// See [`super::bind_rule_condition`].
pub(super) fn bind_rule_condition(
    node: Node<'_>,
    context: &BindContext<'_>,
    relation: &Relation,
    event: RuleEvent,
) -> Result<Expr> {
    let mut params = ParamTypes::None;
    let mut binder = Binder::new(context, &mut params);
    // As range table entries `OLD` and `NEW` of `catalog::rule`.
    for (name, visible) in
        [("old", event != RuleEvent::Insert), ("new", event != RuleEvent::Delete)]
    {
        let mut item = binder.add_relation(relation, None, false)?;
        let entry = &mut binder.scope().range_table[item.rel as usize - 1];
        (entry.name, entry.aliased) = (name.to_owned(), true);
        if visible {
            (item.name, item.cols_visible) = (Some(name.to_owned()), false);
            binder.scope().namespace.push(item);
        }
    }
    let expr = binder.bind_expr_in(node, Place::Where)?;
    let mut expr = binder.coerce_to_boolean(expr, "WHERE")?;
    binder.assign_expr_collations(&mut expr)?;
    expr.clear_locations();
    Ok(expr)
}

impl Binder<'_, '_> {
    fn coerce_to_column(
        &mut self,
        expr: Expr,
        place: ExprPlace,
        target: Option<(&str, Oid, i32)>,
    ) -> Result<Expr> {
        let Some((name, to, typmod)) = target else {
            // An expression nobody types is text.
            if expr.type_oid() == oids::UNKNOWN {
                return self.coerce_type(expr, oids::TEXT, -1, Cast::IMPLICIT);
            }
            return Ok(expr);
        };
        let (from, location) = (expr.type_oid(), expr.location());
        if let Some(result) = self.coerce_to_target(expr, to, typmod, Cast::ASSIGNMENT)? {
            return Ok(result);
        }
        let (from, to) = (self.type_name(from), self.type_name(to));
        let hint = "You will need to rewrite or cast the expression.";
        Err(match place {
            ExprPlace::AlterUsing => PgError::new(
                code::DATATYPE_MISMATCH,
                format!(
                    "result of USING clause for column \"{name}\" cannot be cast automatically to \
                     type {to}"
                ),
            )
            .hint("You might need to add an explicit cast."),
            ExprPlace::PartitionBound => PgError::new(
                code::DATATYPE_MISMATCH,
                format!("specified value cannot be cast to type {to} for column \"{name}\""),
            )
            .at(location),
            ExprPlace::ExecuteParameter => PgError::new(
                code::DATATYPE_MISMATCH,
                format!(
                    "parameter {name} of type {from} cannot be coerced to the expected type {to}"
                ),
            )
            .hint(hint)
            .at(location),
            _ => PgError::new(
                code::DATATYPE_MISMATCH,
                format!(
                    "column \"{name}\" is of type {to} but default expression is of type {from}"
                ),
            )
            .hint(hint),
        })
    }

    /// What holds for stored expressions as a whole.
    fn check_stored(
        &self,
        expr: &Expr,
        place: ExprPlace,
        relation: Option<&Relation>,
    ) -> Result<()> {
        let mutable = |message: &'static str| match self.is_mutable(expr) {
            true => Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message)),
            false => Ok(()),
        };
        match place {
            ExprPlace::IndexExpression => {
                mutable("functions in index expression must be marked IMMUTABLE")
            }
            ExprPlace::IndexPredicate => {
                mutable("functions in index predicate must be marked IMMUTABLE")
            }
            ExprPlace::PartitionKey => {
                mutable("functions in partition key expression must be marked IMMUTABLE")
            }
            ExprPlace::Generated => {
                check_generated(expr, relation)?;
                mutable("generation expression is not immutable")
            }
            _ => Ok(()),
        }
    }

    /// Whether the value may depend on more than the arguments (`contain_mutable_functions`).
    fn is_mutable(&self, expr: &Expr) -> bool {
        let catalog = self.context.catalog;
        let volatile = |func: Oid| catalog.proc(func).is_none_or(|p| p.volatility != b'i');
        let text_form = |oid: Oid, input: bool| {
            let facts = self.context.catalog.type_(self.base_type(oid, -1).0);
            facts.is_none_or(|t| volatile(if input { t.input } else { t.output }))
        };
        expr.any(&mut |e| match e {
            Expr::Func(c) if matches!(c.func, TEXT_ANY_CAT | ANY_TEXT_CAT) => {
                c.args.iter().any(|arg| text_form(arg.type_oid(), false))
            }
            Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => volatile(c.func),
            Expr::ScalarArrayOp(s) => volatile(s.func),
            Expr::RowCompare(r) => r.ops.iter().any(|(_, func)| volatile(*func)),
            Expr::CoerceViaIo(c) => {
                text_form(c.arg.type_oid(), false) || text_form(c.type_oid, true)
            }
            Expr::SqlValue { .. } | Expr::NextValue { .. } => true,
            _ => false,
        })
    }
}

/// `text || anynonarray` and the other way round: declared stable, but written in SQL as a cast to
/// text, so that only the cast counts.
const TEXT_ANY_CAT: Oid = 2003;
const ANY_TEXT_CAT: Oid = 2004;

/// A generated column cannot use another one, nor the whole row (`check_nested_generated`).
fn check_generated(expr: &Expr, relation: Option<&Relation>) -> Result<()> {
    let Some(relation) = relation else { return Ok(()) };
    let mut refused = None;
    expr.any(&mut |e| {
        let Expr::Var(var) = e else { return false };
        let column = usize::try_from(var.attno).ok().and_then(|a| a.checked_sub(1));
        refused = match column {
            None if var.attno == 0 => Some(
                PgError::new(
                    code::INVALID_OBJECT_DEFINITION,
                    "cannot use whole-row variable in column generation expression",
                )
                .detail("This would cause the generated column to depend on its own value.")
                .at(var.location),
            ),
            None => None,
            Some(at) => relation.columns.get(at).filter(|c| c.generated).map(|c| {
                let message = format!(
                    "cannot use generated column \"{}\" in column generation expression",
                    c.name
                );
                PgError::new(code::INVALID_OBJECT_DEFINITION, message)
                    .detail("A generated column cannot reference another generated column.")
                    .at(var.location)
            }),
        };
        refused.is_some()
    });
    refused.map_or(Ok(()), Err)
}

/// See [`super::bind_view`].
pub(super) fn bind_view(node: Node<'_>, context: &BindContext<'_>) -> Result<Query> {
    if let Node::SelectStmt(select) = node
        && select.into_clause().is_some()
    {
        let message = "views must not contain SELECT INTO";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let refused = "views must not contain data-modifying statements in WITH";
    bind_stored(node, context, refused)
}

/// The query of a materialized view.
pub(super) fn bind_materialized_view(node: Node<'_>, context: &BindContext<'_>) -> Result<Query> {
    let refused = "materialized views must not use data-modifying statements in WITH";
    bind_stored(node, context, refused)
}

fn bind_stored(node: Node<'_>, context: &BindContext<'_>, refused: &'static str) -> Result<Query> {
    let mut query = super::bind_node(node, context, &mut ParamTypes::None)?;
    if query.has_modifying_cte {
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, refused));
    }
    query.clear_locations();
    Ok(query)
}
