//! `= ANY` and `<> ALL` of a constant array: IN and NOT IN.

use super::compare::{as_integer, equality, pad};
use super::{Scope, Typed, constant, short_texts, text};
use crate::exec::expr::{Node, ScalarArray};
use crate::types::arrow::{ColumnType, Form, decimal};
use crate::types::{Datum, Oid, oids, string};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::in_list;

/// Longer lists take longer to hash than to look through once per row.
const ELEMENTS_MAX: usize = 100_000;

pub(super) fn membership(scope: &Scope<'_>, s: &ScalarArray) -> Option<Typed> {
    let negated = match equality(&s.call)? {
        (Operator::Eq, ..) if s.any => false,
        (Operator::NotEq, ..) if !s.any => true,
        _ => return None,
    };
    let (_, scalar_type, _) = equality(&s.call)?;
    let array = match &s.array {
        Node::Const(value) => value,
        Node::Param(index) => scope.cx.param(*index)?,
        _ => return None,
    };
    let Datum::Array(array) = array else { return None };
    let scalar = scope.native(&s.scalar, scalar_type)?;
    let scalar = match (scalar.ty.oid, scalar.ty.form) {
        (oids::BPCHAR, Form::Plain) => text::trimmed(scalar),
        (oids::FLOAT4 | oids::FLOAT8, _) => return None,
        _ => scalar,
    };
    (array.elements.len() <= ELEMENTS_MAX).then_some(())?;
    let mut list = Vec::with_capacity(array.elements.len());
    for element in &array.elements {
        match as_compared(element, scalar_type, scalar.ty) {
            // A value that the column cannot have is equal to none.
            Element::Absent => {}
            Element::Value(value) => list.push(literal(&value, scalar.ty)?.expr),
        }
    }
    // Without elements DataFusion's list has no type.
    (!list.is_empty()).then_some(())?;
    let expr = in_list(scalar.expr.clone(), list, &negated, scope.columns.schema()).ok()?;
    Some(Typed::native(short_texts::faster(expr), oids::BOOL, &[&scalar]))
}

enum Element {
    Value(Datum),
    Absent,
}

fn literal(value: &Datum, ty: ColumnType) -> Option<Typed> {
    match ty.form {
        Form::Decimal { .. } => constant::of_type(value, ty),
        _ => constant::literal(value, ty),
    }
}

/// An element as the column's values are held.
fn as_compared(element: &Datum, type_oid: Oid, ty: ColumnType) -> Element {
    let found = match (element, ty.form) {
        (Datum::Null, _) => Some(Datum::Null),
        (Datum::Numeric(value), Form::Decimal { scale, .. }) => {
            decimal::coefficient(value, scale).map(|_| element.clone())
        }
        (Datum::Text(value), Form::Padded(length)) => Some(pad(value, length)),
        (Datum::Text(value), _) if type_oid == oids::BPCHAR => {
            Some(Datum::text(string::trim_blanks(value)))
        }
        (Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_), _) => as_integer(element, ty.oid),
        _ => Some(element.clone()),
    };
    found.map_or(Element::Absent, Element::Value)
}
