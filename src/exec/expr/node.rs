//! The compiled tree.

use super::array::Members;
use super::call::Call;
use super::cast::IoCast;
use super::domain::DomainNode;
use super::lookup::Lookup;
use super::subplan::SubPlan;
use super::xml::XmlNode;
use crate::exec::sql_function::SqlCall;
use crate::nodes::{BoolTest, RowCompareKind, SqlValueFunction};
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// One step of a compiled expression; evaluated by [`Node::eval`](super::eval).
pub(in crate::exec) enum Node {
    /// A column of the input row.
    Slot(usize),
    Const(Datum),
    /// `$n`, from 0.
    Param(usize),
    /// A column of an enclosing query's current row, by the planner's number.
    Outer(usize),
    /// The operand of the CASE around it, or the element of the array cast around it.
    CaseTest,
    Call(Box<Call>),
    /// A function in SQL.
    SqlCall(Box<SqlCall>),
    /// IS DISTINCT FROM: the `=` call.
    Distinct(Box<Call>),
    /// NULLIF: the `=` call.
    NullIf(Box<Call>),
    ScalarArray(Box<ScalarArray>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// Between binary-coercible types of different representation: `int4` and `oid`.
    Relabel(Box<Node>, Oid),
    Io(Box<IoCast>),
    Domain(Box<DomainNode>),
    ArrayCoerce(Box<ArrayCoerce>),
    Case(Box<Case>),
    Array(Box<ArrayNode>),
    /// Fields with their types.
    /// Fields, and their names where the row has them.
    Row(Vec<(Oid, Node)>, Option<Arc<[String]>>),
    RowCompare(Box<RowCompare>),
    Coalesce(Vec<Node>),
    MinMax(Box<MinMax>),
    Xml(Box<XmlNode>),
    SqlValue(SqlValueFunction, i32),
    NullTest(Box<NullTest>),
    BoolTest(Box<Node>, BoolTest),
    Subscript(Box<Subscript>),
    /// The field at an index from 0.
    Field(Box<Node>, usize),
    SubPlan(Box<SubPlan>),
    Lookup(Box<Lookup>),
    /// A program inside another.
    Program(super::Program),
    /// The next value of an identity column's sequence, as this integer type.
    NextValue(Oid, Oid),
}

pub(in crate::exec) struct ScalarArray {
    /// The operator's call; its own arguments are empty, each element supplies them.
    pub call: Call,
    /// ANY, not ALL.
    pub any: bool,
    pub scalar: Node,
    pub array: Node,
    /// What the array's elements are looked up by, where that is possible.
    pub members: Option<Members>,
}

pub(in crate::exec) struct ArrayCoerce {
    pub arg: Node,
    pub element: Node,
    pub element_type: Oid,
}

pub(in crate::exec) struct Case {
    pub arg: Option<Node>,
    pub whens: Vec<(Node, Node)>,
    pub default: Node,
}

pub(in crate::exec) struct ArrayNode {
    pub element_type: Oid,
    pub elements: Vec<Node>,
    pub multidims: bool,
}

pub(in crate::exec) struct RowCompare {
    pub kind: RowCompareKind,
    /// Per column: its type (both sides') and sides.
    pub columns: Vec<(Oid, Node, Node)>,
}

pub(in crate::exec) struct MinMax {
    pub type_oid: Oid,
    pub greatest: bool,
    /// The arguments settle on no collation: two of them cannot be compared.
    pub undetermined: bool,
    pub args: Vec<Node>,
}

pub(in crate::exec) struct NullTest {
    pub arg: Node,
    pub is_null: bool,
    /// Test every field of a row.
    pub row: bool,
}

pub(in crate::exec) struct Subscript {
    pub container: Node,
    pub container_type: Oid,
    pub element_type: Oid,
    /// `None`: the bound is omitted.
    pub upper: Vec<Option<Node>>,
    pub lower: Vec<Option<Node>>,
    pub is_slice: bool,
    pub assign: Option<Node>,
}

/// What an expression reads.
#[derive(Default)]
pub(in crate::exec) struct Reads<'a> {
    /// Columns of the input row.
    pub slots: Vec<usize>,
    /// Subqueries that depend on no column of it.
    pub sub_plans: Vec<&'a SubPlan>,
    /// Lookups, whose keys' columns are among the slots.
    pub lookups: Vec<&'a Lookup>,
}

impl Node {
    /// Collects what the node reads. `None` where it cannot run apart from its statement's row
    /// operators: correlated subplans, sets, side effects.
    pub fn reads<'a>(&'a self, out: &mut Reads<'a>) -> Option<()> {
        let mut all = |nodes: &'a [Node]| nodes.iter().try_for_each(|n| n.reads(out));
        match self {
            Node::Slot(slot) => out.slots.push(*slot),
            Node::Const(_) | Node::Param(_) | Node::Outer(_) | Node::CaseTest => {}
            Node::SqlValue(..) => {}
            Node::Call(call) | Node::Distinct(call) | Node::NullIf(call) => {
                let plain = call.callee.volatility != b'v' && !call.callee.returns_set();
                plain.then_some(())?;
                all(&call.args)?;
            }
            Node::ScalarArray(s) => {
                s.scalar.reads(out)?;
                s.array.reads(out)?;
            }
            Node::And(args) | Node::Or(args) | Node::Coalesce(args) => all(args)?,
            Node::Not(arg)
            | Node::Relabel(arg, _)
            | Node::BoolTest(arg, _)
            | Node::Field(arg, _) => arg.reads(out)?,
            Node::Io(io) => io.arg.reads(out)?,
            // The checks read nothing but the value.
            Node::Domain(domain) => domain.arg.reads(out)?,
            Node::ArrayCoerce(c) => {
                c.arg.reads(out)?;
                c.element.reads(out)?;
            }
            Node::Case(case) => {
                case.arg.iter().try_for_each(|n| n.reads(out))?;
                for (when, then) in &case.whens {
                    when.reads(out)?;
                    then.reads(out)?;
                }
                case.default.reads(out)?;
            }
            Node::Array(a) => all(&a.elements)?,
            Node::Row(fields, _) => fields.iter().try_for_each(|(_, n)| n.reads(out))?,
            Node::RowCompare(r) => r.columns.iter().try_for_each(|(_, left, right)| {
                left.reads(out)?;
                right.reads(out)
            })?,
            Node::MinMax(m) => all(&m.args)?,
            Node::Xml(xml) => xml.args().try_for_each(|(_, arg)| arg.reads(out))?,
            Node::NullTest(test) => test.arg.reads(out)?,
            Node::Program(program) => program.node().reads(out)?,
            Node::SubPlan(plan) if plan.is_constant() => out.sub_plans.push(plan),
            Node::Lookup(lookup) => {
                lookup.keys.iter().try_for_each(|key| key.outer.node().reads(out))?;
                out.lookups.push(lookup);
            }
            Node::Subscript(_) | Node::SubPlan(_) | Node::NextValue(..) | Node::SqlCall(_) => {
                return None;
            }
        }
        Some(())
    }
}
