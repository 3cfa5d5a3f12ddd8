//! CASE and COALESCE: DataFusion's CASE evaluates a branch on the rows that take it, no others.

use super::{Scope, Typed, constant, decimal};
use crate::exec::expr::{Case, Node};
use crate::types::arrow::{ColumnType, Form};
use crate::types::{Datum, Oid, oids};
use datafusion::physical_expr::expressions::{CaseExpr, IsNotNullExpr};
use std::sync::Arc;

/// The type of an operand that only its own CASE's conditions look at.
const OPERAND: Oid = oids::UNKNOWN;

pub(super) fn case(scope: &Scope<'_>, case: &Case, want: Oid) -> Option<Typed> {
    let operand = match &case.arg {
        // Anything but a column would be computed once for each condition.
        Some(arg @ Node::Slot(_)) => Some(scope.native(arg, OPERAND)?),
        Some(_) => return None,
        None => None,
    };
    let inner = match &operand {
        Some(operand) => Scope { case_test: Some(operand), ..*scope },
        None => *scope,
    };
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    for (when, then) in &case.whens {
        conditions.push(inner.native(when, oids::BOOL)?);
        values.push(scope.native(then, want)?);
    }
    values.push(scope.native(&case.default, want)?);
    chosen(conditions, values, want)
}

/// See [`super::with_scale`]; `None` where the scales are the same, too.
pub(super) fn with_scale(scope: &Scope<'_>, case: &Case) -> Option<[Typed; 2]> {
    case.arg.is_none().then_some(())?;
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    for (when, then) in &case.whens {
        conditions.push(scope.native(when, oids::BOOL)?);
        values.push(scope.native(then, oids::NUMERIC)?);
    }
    values.push(scope.native(&case.default, oids::NUMERIC)?);
    let scales = values.iter().map(|v| Some(v.ty.as_decimal()?.1));
    let scales = scales.collect::<Option<Vec<u8>>>()?;
    let largest = *scales.iter().max()?;
    scales.iter().any(|scale| *scale != largest).then_some(())?;
    let own = scales
        .iter()
        .map(|scale| constant::literal(&Datum::Int2(i16::from(*scale)), oids::INT2.into()));
    let own = chosen(conditions.clone(), own.collect::<Option<_>>()?, oids::INT2)?;
    let values = values.into_iter().map(|value| decimal::rescaled(value, largest));
    let values = chosen(conditions, values.collect::<Option<_>>()?, oids::NUMERIC)?;
    Some([values, own])
}

/// COALESCE of columns and constants: other arguments would be computed twice.
pub(super) fn coalesce(mut args: Vec<Typed>, want: Oid) -> Option<Typed> {
    use datafusion::physical_expr::expressions::{Column, Literal};
    let cheap = |arg: &Typed| arg.expr.is::<Column>() || arg.expr.is::<Literal>();
    args.iter().all(cheap).then_some(())?;
    let last = args.pop()?;
    let present = |arg: &Typed| {
        Typed::native(Arc::new(IsNotNullExpr::new(arg.expr.clone())), oids::BOOL, &[arg])
    };
    let conditions = args.iter().map(present).collect();
    args.push(last);
    chosen(conditions, args, want)
}

/// See [`super::only_if`].
pub(super) fn only_if(condition: &Typed, argument: Typed) -> Option<Typed> {
    let when = vec![(condition.expr.clone(), argument.expr.clone())];
    let expr = CaseExpr::try_new(None, when, None).ok()?;
    Some(Typed { expr: Arc::new(expr), literal: None, ..argument })
}

/// The value of the first condition that is true; the last value where none is.
fn chosen(conditions: Vec<Typed>, values: Vec<Typed>, want: Oid) -> Option<Typed> {
    let mut values = match want {
        oids::NUMERIC => decimal::unified(values)?,
        _ => values,
    };
    let first = values.first()?.ty;
    let alike = values.iter().all(|v| v.ty.data_type() == first.data_type());
    alike.then_some(())?;
    let ty = match values.iter().all(|v| v.ty == first) {
        true => first,
        false => ColumnType { oid: want, form: Form::Plain },
    };
    let all: Vec<&Typed> = conditions.iter().chain(&values).collect();
    let of = Typed::native(values[0].expr.clone(), ty, &all);
    let default = values.pop()?;
    let default = (!is_null(&default)).then(|| default.expr.clone());
    let whens = conditions.iter().zip(&values).map(|(c, v)| (c.expr.clone(), v.expr.clone()));
    let expr = CaseExpr::try_new(None, whens.collect(), default).ok()?;
    // A CASE whose values are all NULL has no type to DataFusion.
    values.iter().any(|v| !is_null(v)).then_some(())?;
    Some(Typed { expr: Arc::new(expr), ..of })
}

fn is_null(value: &Typed) -> bool {
    value.literal.as_ref().is_some_and(Datum::is_null)
}
