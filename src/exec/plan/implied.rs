//! Conditions that follow from others, so that keys and indexes find the rows.
//!
//! ```text
//! a LIKE 'x%'                       a >= 'x' AND a < 'y'
//! a ~ '^(x)$'                       a = 'x'
//! a = 1 OR a = 2 AND b = 3          a = ANY (ARRAY[1, 2])
//! relkind::text IN ('r', 'p')       relkind = ANY (ARRAY['r', 'p'])
//! ```
//!
//! Texts are compared in the bytewise order. What they follow from stays a condition: these only say where to
//! look.

use super::quals::{self, Comparison};
use crate::catalog::builtin::{self, oid::C_COLLATION};
use crate::functions::pattern_prefix::{Fixed, fixed};
use crate::nodes::{ArrayExpr, BoolOp, CoercionForm, Const, Expr, FuncCall, ScalarArrayOp};
use crate::types::{Datum, Oid, oids};
use std::borrow::Cow;

/// The conditions, then what follows from them.
pub(super) fn with_implied(conditions: &[Expr]) -> Cow<'_, [Expr]> {
    let mut implied = Vec::new();
    for condition in conditions {
        match condition {
            Expr::Func(call) => of_pattern(call, &mut implied),
            Expr::Bool(BoolOp::Or, arms) => implied.extend(of_arms(arms)),
            Expr::ScalarArrayOp(test) => implied.extend(of_letters(test)),
            _ => {}
        }
    }
    match implied.is_empty() {
        true => Cow::Borrowed(conditions),
        false => Cow::Owned(conditions.iter().cloned().chain(implied).collect()),
    }
}

fn of_pattern(call: &FuncCall, implied: &mut Vec<Expr>) {
    let (Some(op), [left, pattern]) = (call.op, call.args.as_slice()) else { return };
    let pattern = if let Expr::Collate { arg, .. } = pattern { arg } else { pattern };
    let Expr::Const(Const { value: Datum::Text(pattern), .. }) = pattern else { return };
    match fixed(op, pattern) {
        Some(Fixed::Whole(text)) => implied.push(compared(left, "=", text)),
        Some(Fixed::Beginning(text)) => {
            let end = following(&text);
            implied.push(compared(left, ">=", text));
            implied.extend(end.map(|end| compared(left, "<", end)));
        }
        None => {}
    }
}

/// What all arms of an OR require: that one column has one of some values.
fn of_arms(arms: &[Expr]) -> Option<Expr> {
    let mut found: Option<ScalarArrayOp> = None;
    let mut values = Vec::with_capacity(arms.len());
    for arm in arms {
        let mut required = Vec::new();
        quals::conjuncts(arm, &mut required);
        let equality = required.iter().find_map(|condition| {
            let equality = equality(condition)?;
            let is_same = |first: &ScalarArrayOp| {
                (first.op, first.input_collation) == (equality.op, equality.input_collation)
                    && first.scalar.same(&equality.scalar)
            };
            found.as_ref().is_none_or(is_same).then_some(equality)
        })?;
        values.push(equality.array.clone());
        found.get_or_insert(equality);
    }
    let found = found?;
    let array = array_of(values.first()?.type_oid(), found.input_collation, values)?;
    Some(Expr::ScalarArrayOp(Box::new(ScalarArrayOp { array, ..found })))
}

/// What a test of a "char" as a text requires of it: clients compare kinds so.
fn of_letters(test: &ScalarArrayOp) -> Option<Expr> {
    quals::as_membership(test)?;
    let (Expr::Func(cast), Expr::Array(texts)) = (&test.scalar, &test.array) else { return None };
    let [column @ Expr::Var(var)] = cast.args.as_slice() else { return None };
    let to_text = builtin::cast(oids::CHAR, oids::TEXT)?;
    if var.type_oid != oids::CHAR || cast.func != to_text.func {
        return None;
    }
    let letter = |text: &Expr| match text {
        Expr::Const(Const { value: Datum::Text(text), .. }) => match text.as_bytes() {
            [] => Some(0),
            [letter] => Some(*letter),
            // Of other texts it is not said here which letters they are of.
            _ => None,
        },
        _ => None,
    };
    let letters: Option<Vec<u8>> = texts.elements.iter().map(letter).collect();
    let letters = letters?.into_iter().map(|letter| constant(Datum::Char(letter), oids::CHAR, 0));
    let equal = builtin::operator_by_signature("=", oids::CHAR, oids::CHAR)?;
    Some(Expr::ScalarArrayOp(Box::new(ScalarArrayOp {
        op: equal.oid,
        func: equal.proc,
        use_or: true,
        input_collation: 0,
        scalar: column.clone(),
        array: array_of(oids::CHAR, 0, letters.collect())?,
        location: -1,
    })))
}

/// A condition `column = value`, the value in the place of the array.
fn equality(condition: &Expr) -> Option<ScalarArrayOp> {
    let (Comparison::Eq, left, right, input_collation) = quals::as_collated_comparison(condition)?
    else {
        return None;
    };
    let Expr::Func(call) = condition else { return None };
    // These cannot fail where the OR would not have come to them.
    let is_value = matches!(right, Expr::Const(_) | Expr::Param(_));
    let is_column = matches!(left, Expr::Var(_) | Expr::Relabel(_));
    (is_value && is_column).then_some(())?;
    Some(ScalarArrayOp {
        op: call.op?,
        func: call.func,
        use_or: true,
        input_collation,
        scalar: left.clone(),
        array: right.clone(),
        location: -1,
    })
}

fn constant(value: Datum, type_oid: Oid, collation: Oid) -> Expr {
    Expr::Const(Const { value, type_oid, typmod: -1, collation, location: -1 })
}

/// `None`: the type has no array type of PostgreSQL's own.
fn array_of(element_type: Oid, collation: Oid, elements: Vec<Expr>) -> Option<Expr> {
    Some(Expr::Array(Box::new(ArrayExpr {
        type_oid: oids::array_of(element_type)?,
        element_type,
        collation,
        elements,
        multidims: false,
        location: -1,
    })))
}

/// The first text after all that begin with one; `None`: there is no such.
fn following(text: &str) -> Option<String> {
    let mut kept = text.to_owned();
    while let Some(last) = kept.pop() {
        // A range of characters leaves the surrogates out.
        if let Some(next) = (last..=char::MAX).nth(1) {
            kept.push(next);
            return Some(kept);
        }
    }
    None
}

fn compared(left: &Expr, operator: &str, text: String) -> Expr {
    let operator = builtin::operator_by_signature(operator, oids::TEXT, oids::TEXT)
        .expect("texts have a btree order");
    let value = constant(Datum::text(text), oids::TEXT, C_COLLATION);
    Expr::Func(Box::new(FuncCall {
        func: operator.proc,
        op: Some(operator.oid),
        type_oid: oids::BOOL,
        typmod: -1,
        retset: false,
        variadic: false,
        form: CoercionForm::Call,
        collation: 0,
        input_collation: C_COLLATION,
        args: vec![left.clone(), value],
        notation: None,
        location: -1,
    }))
}

#[cfg(test)]
mod tests {
    use super::following;

    #[test]
    fn the_text_after_all_with_a_beginning_is_the_least_such() {
        assert_eq!(following("ab").as_deref(), Some("ac"));
        assert_eq!(following("a\u{D7FF}").as_deref(), Some("a\u{E000}"));
        assert_eq!(following("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(following("\u{10FFFF}"), None);
    }
}
