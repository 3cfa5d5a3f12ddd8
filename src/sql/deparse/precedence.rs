//! Which sub-expressions need no parentheses in pretty output (`isSimpleNode`).

use crate::catalog::builtin;
use crate::nodes::{BoolOp, CoercionForm, Expr, FuncCall};

/// How tightly an arithmetic operator binds, for the five that pretty output knows.
fn priority(call: &FuncCall) -> Option<u8> {
    if call.args.len() != 2 {
        return None;
    }
    match &*builtin::operator(call.op?)?.name {
        "+" | "-" => Some(1),
        "*" | "/" | "%" => Some(2),
        _ => None,
    }
}

/// Whether `expr` can stand inside `parent` as it is.
pub(super) fn is_simple(expr: &Expr, parent: &Expr) -> bool {
    match expr {
        Expr::Relabel(r) => is_simple(&r.arg, expr),
        Expr::CoerceViaIo(c) => is_simple(&c.arg, expr),
        Expr::ArrayCoerce(c) => is_simple(&c.arg, expr),
        Expr::CoerceToDomain(c) => is_simple(&c.arg, expr),
        Expr::FieldSelect { .. } => !matches!(parent, Expr::FieldSelect { .. }),
        Expr::Func(call) if call.op.is_some() => match parent {
            Expr::Func(outer) if outer.op.is_some() => simple_operand(expr, call, outer),
            _ => encloses(parent),
        },
        Expr::ScalarArrayOp(_) | Expr::Collate { .. } | Expr::RowCompare(_) => false,
        Expr::SubLink(_) | Expr::NullTest { .. } | Expr::BooleanTest { .. } | Expr::Distinct(_) => {
            matches!(parent, Expr::Bool(..)) || encloses(parent)
        }
        Expr::Bool(op, _) => match parent {
            Expr::Bool(BoolOp::Or, _) => true,
            Expr::Bool(BoolOp::And, _) => *op != BoolOp::Or,
            Expr::Bool(BoolOp::Not, _) => false,
            _ => encloses(parent),
        },
        _ => true,
    }
}

fn simple_operand(expr: &Expr, call: &FuncCall, outer: &FuncCall) -> bool {
    let (Some(own), Some(around)) = (priority(call), priority(outer)) else { return false };
    match own.cmp(&around) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        // Left associative.
        std::cmp::Ordering::Equal => outer.args.first().is_some_and(|a| std::ptr::eq(a, expr)),
    }
}

/// Parents that put their arguments between brackets or keywords of their own.
fn encloses(parent: &Expr) -> bool {
    match parent {
        Expr::Func(call) => call.op.is_none() && call.form == CoercionForm::Call,
        Expr::Bool(..)
        | Expr::Subscript(_)
        | Expr::Array(_)
        | Expr::Row(_)
        | Expr::Coalesce(_)
        | Expr::MinMax(_)
        | Expr::NullIf(_)
        | Expr::Aggregate(_)
        | Expr::Grouping { .. }
        | Expr::Window(_)
        | Expr::Case(_) => true,
        _ => false,
    }
}
