//! Evaluation of the compiled tree.

use super::call::Call;
use super::node::{Case, MinMax, Node, NullTest};
use super::{array, cast, compare, relabel, sqlvalue, subscript};
use crate::error::{PgError, Result, code};
use crate::exec::ExecState;
use crate::nodes::BoolTest;
use crate::types::{self, Array, Datum, Oid, Record, collation, oids};
use std::borrow::Cow;
use std::sync::Arc;

/// What a node is evaluated with.
#[derive(Clone, Copy)]
pub(in crate::exec) struct Eval<'a> {
    pub state: &'a ExecState,
    pub row: &'a [Datum],
    /// The value of [`Node::CaseTest`].
    pub case_test: Option<&'a Datum>,
}

impl Node {
    /// The value of this node. Depth is bounded by the compiler's stack growth; so is this walk.
    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        match self {
            Node::Slot(slot) => Ok(cx.row[*slot].clone()),
            Node::Const(value) => Ok(value.clone()),
            Node::Param(index) => param(cx, *index),
            Node::Outer(index) => Ok(cx.state.outer.borrow()[*index].clone()),
            Node::CaseTest => Ok(cx.case_test.cloned().unwrap_or_default()),
            _ => stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.eval_inner(cx)),
        }
    }

    /// The same, not copied where it is there.
    pub fn eval_ref<'a>(&'a self, cx: &Eval<'a>) -> Result<Cow<'a, Datum>> {
        Ok(match self {
            Node::Slot(slot) => Cow::Borrowed(&cx.row[*slot]),
            Node::Const(value) => Cow::Borrowed(value),
            Node::CaseTest => cx.case_test.map_or(Cow::Owned(Datum::Null), Cow::Borrowed),
            _ => Cow::Owned(self.eval(cx)?),
        })
    }

    fn eval_inner(&self, cx: &Eval<'_>) -> Result<Datum> {
        match self {
            Node::Slot(_) | Node::Const(_) | Node::Param(_) | Node::Outer(_) | Node::CaseTest => {
                self.eval(cx)
            }
            Node::Call(call) => call.eval(cx),
            Node::SqlCall(call) => call.eval(cx),
            Node::Distinct(call) => distinct(call, cx),
            Node::NullIf(call) => null_if(call, cx),
            Node::ScalarArray(s) => array::scalar_array(s, cx),
            Node::And(args) => and(args, cx),
            Node::Or(args) => or(args, cx),
            Node::Not(arg) => Ok(match arg.eval(cx)? {
                Datum::Bool(b) => Datum::Bool(!b),
                _ => Datum::Null,
            }),
            Node::Relabel(arg, to) => Ok(relabel::relabel(arg.eval(cx)?, *to)),
            Node::Io(io) => cast::io(io, cx),
            Node::Domain(domain) => domain.eval(cx),
            Node::ArrayCoerce(c) => array::coerce(c, cx),
            Node::Case(case) => eval_case(case, cx),
            Node::Array(a) => array::construct(a, cx),
            Node::Row(fields, names) => row(fields, names.clone(), cx),
            Node::RowCompare(r) => compare::row_compare(r, cx),
            Node::Coalesce(args) => coalesce(args, cx),
            Node::MinMax(m) => min_max(m, cx),
            Node::Xml(xml) => xml.eval(cx),
            Node::SqlValue(function, typmod) => sqlvalue::eval(*function, *typmod, cx),
            Node::NullTest(test) => null_test(test, cx),
            Node::BoolTest(arg, test) => Ok(bool_test(&arg.eval(cx)?, *test)),
            Node::Subscript(s) => subscript::eval(s, cx),
            Node::Field(arg, index) => field(&arg.eval(cx)?, *index),
            Node::SubPlan(plan) => plan.eval(cx),
            Node::Lookup(lookup) => lookup.eval(cx),
            Node::Program(program) => program.node().eval(cx),
            Node::NextValue(sequence, type_oid) => next_value(*sequence, *type_oid, cx),
        }
    }
}

fn param(cx: &Eval<'_>, index: usize) -> Result<Datum> {
    cx.state.params.get(index).cloned().ok_or_else(|| {
        PgError::new(code::UNDEFINED_PARAMETER, format!("there is no parameter ${}", index + 1))
    })
}

fn distinct(call: &Call, cx: &Eval<'_>) -> Result<Datum> {
    let args = call.args(cx)?;
    let differ = match (args[0].is_null(), args[1].is_null()) {
        (true, true) => false,
        (false, false) => call.callee.call(cx.state.env(), &args)? != Datum::Bool(true),
        _ => true,
    };
    Ok(Datum::Bool(differ))
}

fn null_if(call: &Call, cx: &Eval<'_>) -> Result<Datum> {
    let mut args = call.args(cx)?;
    if args.iter().any(Datum::is_null) {
        return Ok(args.swap_remove(0));
    }
    match call.callee.call(cx.state.env(), &args)? {
        Datum::Bool(true) => Ok(Datum::Null),
        _ => Ok(args.swap_remove(0)),
    }
}

fn and(args: &[Node], cx: &Eval<'_>) -> Result<Datum> {
    let mut unknown = false;
    for arg in args {
        match arg.eval(cx)? {
            Datum::Bool(false) => return Ok(Datum::Bool(false)),
            Datum::Bool(true) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(true) })
}

fn or(args: &[Node], cx: &Eval<'_>) -> Result<Datum> {
    let mut unknown = false;
    for arg in args {
        match arg.eval(cx)? {
            Datum::Bool(true) => return Ok(Datum::Bool(true)),
            Datum::Bool(false) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(false) })
}

fn eval_case(case: &Case, cx: &Eval<'_>) -> Result<Datum> {
    let operand = case.arg.as_ref().map(|arg| arg.eval_ref(cx)).transpose()?;
    let inner = Eval { case_test: operand.as_deref().or(cx.case_test), ..*cx };
    for (when, then) in &case.whens {
        if when.eval(&inner)? == Datum::Bool(true) {
            return then.eval(cx);
        }
    }
    case.default.eval(cx)
}

fn row(fields: &[(Oid, Node)], names: Option<Arc<[String]>>, cx: &Eval<'_>) -> Result<Datum> {
    let fields: Result<Vec<_>> =
        fields.iter().map(|(type_oid, node)| Ok((*type_oid, node.eval(cx)?))).collect();
    Ok(Datum::Record(Arc::new(Record { fields: fields?, names })))
}

fn coalesce(args: &[Node], cx: &Eval<'_>) -> Result<Datum> {
    for arg in args {
        let value = arg.eval(cx)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Datum::Null)
}

/// GREATEST and LEAST ignore NULLs.
fn min_max(m: &MinMax, cx: &Eval<'_>) -> Result<Datum> {
    let mut best = Datum::Null;
    for arg in &m.args {
        let value = arg.eval(cx)?;
        if value.is_null() {
            continue;
        }
        if m.undetermined && !best.is_null() {
            return Err(collation::undetermined("string comparison"));
        }
        let better = best.is_null()
            || types::compare(m.type_oid, &value, &best).is_gt() == m.greatest
                && types::compare(m.type_oid, &value, &best).is_ne();
        if better {
            best = value;
        }
    }
    Ok(best)
}

/// `IS NULL`; of a row, whether all fields are (or for IS NOT NULL, none is).
fn null_test(test: &NullTest, cx: &Eval<'_>) -> Result<Datum> {
    let value = test.arg.eval_ref(cx)?;
    let holds = match &*value {
        Datum::Record(record) if test.row => {
            record.fields.iter().all(|(_, field)| field.is_null() == test.is_null)
        }
        _ => value.is_null() == test.is_null,
    };
    Ok(Datum::Bool(holds))
}

fn bool_test(value: &Datum, test: BoolTest) -> Datum {
    let value = match value {
        Datum::Bool(b) => Some(*b),
        _ => None,
    };
    Datum::Bool(match test {
        BoolTest::IsTrue => value == Some(true),
        BoolTest::IsNotTrue => value != Some(true),
        BoolTest::IsFalse => value == Some(false),
        BoolTest::IsNotFalse => value != Some(false),
        BoolTest::IsUnknown => value.is_none(),
        BoolTest::IsNotUnknown => value.is_some(),
    })
}

/// A field of a NULL row is NULL.
fn field(value: &Datum, index: usize) -> Result<Datum> {
    match value {
        Datum::Record(record) => Ok(record.fields.get(index).map_or(Datum::Null, |f| f.1.clone())),
        _ => Ok(Datum::Null),
    }
}

fn next_value(sequence: Oid, type_oid: Oid, cx: &Eval<'_>) -> Result<Datum> {
    let value = cx.state.env().session().nextval(sequence)?;
    let out_of_range =
        |name| PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, format!("{name} out of range"));
    match type_oid {
        oids::INT2 => i16::try_from(value).map(Datum::Int2).map_err(|_| out_of_range("smallint")),
        oids::INT4 => i32::try_from(value).map(Datum::Int4).map_err(|_| out_of_range("integer")),
        _ => Ok(Datum::Int8(value)),
    }
}

/// An array of rows of one element each: `ARRAY(SELECT …)`.
pub(in crate::exec) fn collect_array(element_type: Oid, elements: Vec<Datum>) -> Datum {
    Datum::Array(Arc::new(Array::from_elements(element_type, elements)))
}
