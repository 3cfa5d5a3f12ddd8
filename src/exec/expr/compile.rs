//! From bound expressions to programs.

use super::array::Members;
use super::call::{Call, Callee};
use super::cast::IoCast;
use super::domain::{Domain, DomainNode};
use super::eval::Eval;
use super::node::*;
use super::xml::XmlNode;
use super::{Program, relabel};
use crate::catalog::{Catalog, builtin};
use crate::error::{PgError, Result, code};
use crate::exec::sql_function::{SqlCall, SqlFunction};
use crate::exec::{ExecState, Layout, off_worker};
use crate::nodes::{self, BoolOp, Expr, FuncCall, SubLink};
use crate::types::{Datum, Oid, collation, oids};

/// Where an expression stands in a query: what the planner knows and a lone expression has not.
pub(in crate::exec) trait Scope {
    /// The slot that already holds this expression: a grouping column, an aggregate's result.
    fn computed(&self, _expr: &Expr) -> Option<usize> {
        None
    }
    /// The number in [`ExecState::outer`] of an expression that belongs to an enclosing query.
    fn outer(&mut self, expr: &Expr) -> Result<usize>;
    /// A subquery.
    fn sub_link(&mut self, link: &SubLink, layout: &Layout) -> Result<Node>;
    /// Plan-time folding is allowed (parameters are unknown; settings may differ at run time).
    fn fold_state(&self) -> Option<&ExecState> {
        None
    }
    /// A function is called that may take long on a single row.
    fn long_call(&mut self) {}
}

/// No enclosing query: defaults, checks, index expressions.
pub(in crate::exec) struct NoScope;

impl Scope for NoScope {
    fn outer(&mut self, expr: &Expr) -> Result<usize> {
        Err(PgError::internal("a column of an enclosing query without one").at(expr.location()))
    }

    fn sub_link(&mut self, link: &SubLink, _layout: &Layout) -> Result<Node> {
        let message = "cannot use subquery in this expression";
        Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(link.location))
    }
}

/// Compiles expressions over rows of one layout.
pub(in crate::exec) struct Compiler<'a> {
    catalog: &'a Catalog,
    layout: &'a Layout,
    scope: &'a mut dyn Scope,
    /// The operand of the CASE whose conditions are being compiled, where it is constant.
    case_test: Option<Datum>,
}

impl<'a> Compiler<'a> {
    pub fn new(catalog: &'a Catalog, layout: &'a Layout, scope: &'a mut dyn Scope) -> Self {
        Compiler { catalog, layout, scope, case_test: None }
    }

    pub fn program(&mut self, expr: &Expr) -> Result<Program> {
        Ok(Program::new(self.node(expr)?, self.catalog.stand_in(expr.type_oid())))
    }

    pub fn nodes<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Node>> {
        exprs.into_iter().map(|e| self.node(e)).collect()
    }

    pub fn node(&mut self, expr: &Expr) -> Result<Node> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node_inner(expr))
    }

    fn node_inner(&mut self, expr: &Expr) -> Result<Node> {
        if let Some(slot) = self.scope.computed(expr) {
            return Ok(Node::Slot(slot));
        }
        let node = match expr {
            Expr::Const(c) => return Ok(Node::Const(c.value.clone())),
            Expr::Var(v) => return self.var(v, expr),
            Expr::Param(p) if p.id >= super::OUTER_PARAM_BASE => {
                return Ok(Node::Outer((p.id - super::OUTER_PARAM_BASE) as usize));
            }
            Expr::Param(p) => {
                let index = (p.id as usize).checked_sub(1);
                return index.map(Node::Param).ok_or_else(|| PgError::internal("parameter $0"));
            }
            Expr::CaseTest { .. } => {
                return Ok(self.case_test.clone().map_or(Node::CaseTest, Node::Const));
            }
            Expr::SubLink(link) => return self.scope.sub_link(link, self.layout),
            Expr::Aggregate(a) if a.level > 0 => return self.scope.outer(expr).map(Node::Outer),
            Expr::Grouping { level, .. } if *level > 0 => {
                return self.scope.outer(expr).map(Node::Outer);
            }
            Expr::Aggregate(_) | Expr::Grouping { .. } | Expr::Window(_) => {
                return Err(misplaced(expr));
            }
            Expr::Func(call) if SqlFunction::is(self.catalog, call.func) => self.sql_call(call)?,
            Expr::Func(call) => {
                let node = Node::Call(Box::new(self.call(call)?));
                let proc = self.catalog.proc(call.func);
                let declared = proc.map_or(call.type_oid, |p| p.return_type);
                match relabel::needs_relabel(declared, call.type_oid) {
                    // A cast whose function gives a type that is binary-coercible to the target.
                    true => Node::Relabel(Box::new(self.fold(node)?), call.type_oid),
                    false => node,
                }
            }
            Expr::Distinct(call) | Expr::NullIf(call)
                if SqlFunction::is(self.catalog, call.func) =>
            {
                return Err(by_sql_function(call.location));
            }
            Expr::ScalarArrayOp(test) if SqlFunction::is(self.catalog, test.func) => {
                return Err(by_sql_function(test.location));
            }
            Expr::Distinct(call) => Node::Distinct(Box::new(self.call(call)?)),
            Expr::NullIf(call) => Node::NullIf(Box::new(self.call(call)?)),
            Expr::ScalarArrayOp(s) => self.scalar_array(s)?,
            Expr::Bool(op, args) => self.bool(*op, args)?,
            Expr::Relabel(r) => {
                let arg = self.node(&r.arg)?;
                match relabel::needs_relabel(r.arg.type_oid(), r.type_oid) {
                    true => Node::Relabel(Box::new(arg), r.type_oid),
                    false => return Ok(arg),
                }
            }
            Expr::CoerceViaIo(c) => {
                let arg = self.node(&c.arg)?;
                Node::Io(Box::new(IoCast::new(arg, c.arg.type_oid(), c.type_oid)))
            }
            Expr::ArrayCoerce(c) => self.array_coerce(c)?,
            Expr::CoerceToDomain(c) => {
                let arg = self.node(&c.arg)?;
                let domain = Domain::compile(self.catalog, c.type_oid)?;
                return Ok(Node::Domain(Box::new(DomainNode { arg, domain })));
            }
            Expr::Case(c) => self.case(c)?,
            Expr::Array(a) => Node::Array(Box::new(ArrayNode {
                element_type: a.element_type,
                elements: self.nodes(&a.elements)?,
                multidims: a.multidims,
            })),
            Expr::Row(r) => {
                let types = r.args.iter().map(Expr::type_oid);
                let names = (!r.column_names.is_empty()).then(|| r.column_names.clone().into());
                Node::Row(types.zip(self.nodes(&r.args)?).collect(), names)
            }
            Expr::RowCompare(r) => self.row_compare(r)?,
            Expr::Coalesce(c) => self.coalesce(&c.args)?,
            Expr::Xml(xml) => {
                let (named, args) = (&xml.named, &xml.args);
                let mut typed = |e: &Expr| Ok::<_, PgError>((e.type_oid(), self.node(e)?));
                let named = named.iter().map(|(name, e)| Ok((name.clone(), typed(e)?)));
                let named = named.collect::<Result<_>>()?;
                let args = args.iter().map(typed).collect::<Result<_>>()?;
                Node::Xml(Box::new(XmlNode { op: xml.op, name: xml.name.clone(), named, args }))
            }
            Expr::MinMax(m) => Node::MinMax(Box::new(MinMax {
                type_oid: self.catalog.comparison_type(m.type_oid, m.collation)?,
                greatest: m.greatest,
                undetermined: m.collation == 0 && self.catalog.type_collation(m.type_oid) != 0,
                args: self.nodes(&m.args)?,
            })),
            Expr::SqlValue { function, typmod, .. } => Node::SqlValue(*function, *typmod),
            Expr::NullTest { arg, is_null, row, .. } => {
                let arg = self.node(arg)?;
                Node::NullTest(Box::new(NullTest { arg, is_null: *is_null, row: *row }))
            }
            Expr::BooleanTest { arg, test, .. } => Node::BoolTest(Box::new(self.node(arg)?), *test),
            Expr::Subscript(s) => self.subscript(s)?,
            Expr::FieldSelect { arg, field, .. } => {
                let index = usize::try_from(*field - 1)
                    .map_err(|_| PgError::internal("field number below 1"))?;
                Node::Field(Box::new(self.node(arg)?), index)
            }
            Expr::Collate { arg, .. } => return self.node(arg),
            Expr::SetToDefault { .. } => return Err(misplaced(expr)),
            // The scan gives only the cursor's row.
            Expr::CurrentOf { .. } => Node::Const(Datum::Bool(true)),
            Expr::NextValue { sequence, type_oid } => Node::NextValue(*sequence, *type_oid),
        };
        self.fold(node)
    }

    fn var(&mut self, var: &nodes::Var, expr: &Expr) -> Result<Node> {
        if var.level > 0 {
            return self.scope.outer(expr).map(Node::Outer);
        }
        if let Some(slot) = self.layout.slot(var.rel, var.attno) {
            return Ok(Node::Slot(slot));
        }
        match var.attno {
            0 => self.whole_row(var),
            // A row that is not stored, or not yet.
            ..0 => {
                let message = "cannot retrieve a system column in this context";
                Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
            }
            _ => Err(PgError::internal(format!(
                "column {}.{} is not in the row",
                var.rel, var.attno
            ))),
        }
    }

    /// A whole-row reference, where the layout has the columns; the planner sees to that.
    fn whole_row(&mut self, var: &nodes::Var) -> Result<Node> {
        let columns = self.layout.whole_row(var.rel);
        if columns.is_empty() {
            return Err(PgError::internal(format!("row of {} is not in the row", var.rel)));
        }
        let fields = columns.iter().map(|&(type_oid, slot)| (type_oid, Node::Slot(slot)));
        let relation = self.catalog.row_type_relation(var.type_oid);
        let names = relation.map(|r| r.live_columns().map(|c| c.name.clone()).collect());
        Ok(Node::Row(fields.collect(), names))
    }

    fn callee(&self, func: Oid, args: &[Expr], result_type: Oid) -> Result<Callee> {
        let types = args.iter().map(Expr::type_oid).collect();
        Callee::of(func, self.catalog.proc(func), types, result_type)
    }

    /// The call of a function or operator.
    pub fn call(&mut self, call: &FuncCall) -> Result<Call> {
        let mut callee = self.callee(call.func, &call.args, call.type_oid)?;
        callee.variadic = call.variadic;
        self.check_rows(&callee, &call.args)?;
        callee.work_under(call.input_collation, self.catalog)?;
        if callee.may_take_long() {
            self.scope.long_call();
        }
        Ok(Call { callee, args: self.nodes(&call.args)? })
    }

    /// Rows and ranges compare by their parts' collations, which must be bytewise.
    fn check_rows(&self, callee: &Callee, args: &[Expr]) -> Result<()> {
        const OF_PARTS: [&str; 4] = ["record_", "btrecordcmp", "range_", "multirange_"];
        let source = self.catalog.proc(callee.func).map_or("", |proc| &proc.src);
        if !OF_PARTS.iter().any(|prefix| source.starts_with(prefix)) {
            return Ok(());
        }
        for arg in args {
            self.catalog.comparison_type(arg.type_oid(), 0).map_err(|e| e.at(arg.location()))?;
            if let Expr::Row(row) = arg
                && row.args.iter().any(|field| !self.catalog.is_bytewise(field.collation()))
            {
                let what = "comparing rows with fields under a collation of ICU";
                return Err(PgError::unsupported(what).at(row.location));
            }
        }
        Ok(())
    }

    /// The call of a function in SQL.
    fn sql_call(&mut self, call: &FuncCall) -> Result<Node> {
        if call.retset {
            let message = "set-valued function called in context that cannot accept a set";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(call.location));
        }
        let types = call.args.iter().map(Expr::type_oid).collect();
        let function = SqlFunction::find(self.catalog, call.func, types);
        let mut function = function.ok_or_else(|| PgError::internal("no such function"))?;
        function.call_under(call.input_collation, self.catalog)?;
        self.scope.long_call();
        let args = match (&call.notation, self.catalog.function(call.func)) {
            (Some(_), Some(function)) => {
                let mut call = call.clone();
                function.renew_defaults(&mut call);
                self.nodes(&call.args)?
            }
            _ => self.nodes(&call.args)?,
        };
        Ok(Node::SqlCall(Box::new(SqlCall { function, args })))
    }

    fn scalar_array(&mut self, s: &nodes::ScalarArrayOp) -> Result<Node> {
        let element_type = element_type(self.catalog, s.array.type_oid());
        let arg_types = vec![s.scalar.type_oid(), element_type];
        let mut callee = Callee::of(s.func, self.catalog.proc(s.func), arg_types, oids::BOOL)?;
        self.check_rows(&callee, std::slice::from_ref(&s.scalar))?;
        callee.work_under(s.input_collation, self.catalog)?;
        let by_bytes = self.catalog.is_deterministic(s.input_collation);
        let call = Call { callee, args: Vec::new() };
        let (scalar, array) = (self.node(&s.scalar)?, self.node(&s.array)?);
        let members =
            (s.use_or && by_bytes).then(|| Members::of(s.op, s.scalar.type_oid(), &array));
        let members = members.flatten();
        Ok(Node::ScalarArray(Box::new(ScalarArray { call, any: s.use_or, scalar, array, members })))
    }

    /// AND and OR without their neutral elements. An element that decides makes the whole constant;
    /// those after it are not looked at, so that an error in them is not met.
    fn bool(&mut self, op: BoolOp, args: &[Expr]) -> Result<Node> {
        if op == BoolOp::Not {
            let arg = args.first().ok_or_else(|| PgError::internal("NOT without an argument"))?;
            return Ok(Node::Not(Box::new(self.node(arg)?)));
        }
        let neutral = op == BoolOp::And;
        let mut nodes = Vec::with_capacity(args.len());
        for arg in args {
            match self.node(arg)? {
                Node::Const(Datum::Bool(b)) if b == neutral => {}
                decided @ Node::Const(Datum::Bool(_)) => return Ok(decided),
                node => nodes.push(node),
            }
        }
        Ok(match nodes.len() {
            0 => Node::Const(Datum::Bool(neutral)),
            1 => nodes.pop().expect("one node"),
            _ if neutral => Node::And(nodes),
            _ => Node::Or(nodes),
        })
    }

    /// COALESCE up to its first constant that is not null.
    fn coalesce(&mut self, args: &[Expr]) -> Result<Node> {
        let mut nodes = Vec::with_capacity(args.len());
        for arg in args {
            match self.node(arg)? {
                Node::Const(Datum::Null) => {}
                last @ Node::Const(_) => {
                    nodes.push(last);
                    break;
                }
                node => nodes.push(node),
            }
        }
        Ok(match nodes.len() {
            0 => Node::Const(Datum::Null),
            1 => nodes.pop().expect("one node"),
            _ => Node::Coalesce(nodes),
        })
    }

    fn array_coerce(&mut self, c: &nodes::ArrayCoerce) -> Result<Node> {
        let arg = self.node(&c.arg)?;
        let enclosing = self.case_test.take();
        let element = self.node(&c.element)?;
        self.case_test = enclosing;
        let element_type = element_type(self.catalog, c.type_oid);
        Ok(Node::ArrayCoerce(Box::new(ArrayCoerce { arg, element, element_type })))
    }

    fn case(&mut self, c: &nodes::Case) -> Result<Node> {
        let arg = c.arg.as_ref().map(|arg| self.node(arg)).transpose()?;
        let constant = match &arg {
            Some(Node::Const(value)) => Some(value.clone()),
            _ => None,
        };
        let mut whens = Vec::with_capacity(c.whens.len());
        let mut default = &c.default;
        for (when, then) in &c.whens {
            let enclosing = std::mem::replace(&mut self.case_test, constant.clone());
            let when = self.node(when);
            self.case_test = enclosing;
            // What can never be reached is not folded: CASE guards against errors in it.
            match when? {
                Node::Const(Datum::Bool(true)) => {
                    default = then;
                    break;
                }
                Node::Const(Datum::Bool(false) | Datum::Null) => continue,
                when => whens.push((when, self.node(then)?)),
            }
        }
        let default = self.node(default)?;
        if whens.is_empty() {
            return Ok(default);
        }
        Ok(Node::Case(Box::new(Case { arg, whens, default })))
    }

    fn row_compare(&mut self, r: &nodes::RowCompare) -> Result<Node> {
        let mut columns = Vec::with_capacity(r.left.len());
        let collations = r.collations.iter().copied().chain(std::iter::repeat(0));
        for ((left, right), collation) in r.left.iter().zip(&r.right).zip(collations) {
            let type_oid = self.comparison_type(left.type_oid(), right.type_oid());
            let (left, right) = (self.widened(left, type_oid)?, self.widened(right, type_oid)?);
            if collation == collation::UNDETERMINED {
                let call = Call { callee: Callee::undetermined(), args: vec![left, right] };
                columns.push((oids::TEXT, Node::Call(Box::new(call)), Node::Const(Datum::Null)));
                continue;
            }
            columns.push((self.catalog.comparison_type(type_oid, collation)?, left, right));
        }
        Ok(Node::RowCompare(Box::new(RowCompare { kind: r.kind, columns })))
    }

    /// The type in which both sides of a row comparison's column are compared.
    fn comparison_type(&self, left: Oid, right: Oid) -> Oid {
        const WIDTHS: [Oid; 4] = [oids::INT2, oids::INT4, oids::INT8, oids::NUMERIC];
        let (left, right) =
            (self.catalog.base_type(left, -1).0, self.catalog.base_type(right, -1).0);
        if left == right || self.catalog.binary_coercible(left, right) {
            return right;
        }
        if self.catalog.binary_coercible(right, left) {
            return left;
        }
        let width = |oid| WIDTHS.iter().position(|w| *w == oid);
        match (width(left), width(right)) {
            (Some(l), Some(r)) => WIDTHS[l.max(r)],
            _ => left.max(right),
        }
    }

    /// An operand of a row comparison as the wider of both sides' types.
    fn widened(&mut self, expr: &Expr, to: Oid) -> Result<Node> {
        let node = self.node(expr)?;
        let from = self.catalog.base_type(expr.type_oid(), -1).0;
        if from == to {
            return Ok(node);
        }
        match builtin::cast(from, to) {
            Some(cast) if cast.func != 0 => {
                let callee = Callee::resolve(cast.func, vec![from], to)?;
                Ok(Node::Call(Box::new(Call { callee, args: vec![node] })))
            }
            _ => Ok(node),
        }
    }

    fn subscript(&mut self, s: &nodes::Subscript) -> Result<Node> {
        let mut bounds = |list: &[Option<Expr>]| -> Result<Vec<Option<Node>>> {
            list.iter().map(|e| e.as_ref().map(|e| self.node(e)).transpose()).collect()
        };
        let (upper, lower) = (bounds(&s.upper)?, bounds(&s.lower)?);
        Ok(Node::Subscript(Box::new(Subscript {
            container: self.node(&s.container)?,
            container_type: s.container_type,
            element_type: element_type(self.catalog, s.container_type),
            upper,
            lower,
            is_slice: s.is_slice,
            assign: s.assign.as_ref().map(|a| self.node(a)).transpose()?,
        })))
    }

    /// Replaces a call of an immutable function on constants by its value. As in PostgreSQL, a call
    /// that fails fails the statement before it runs.
    fn fold(&self, node: Node) -> Result<Node> {
        match self.scope.fold_state() {
            Some(state) if foldable(&node) => {
                let value = || node.eval(&Eval { state, row: &[], case_test: None });
                let long = matches!(&node, Node::Call(call) if call.callee.has_long_values());
                let value = if long { off_worker(value) } else { value() };
                value.map(Node::Const).map_err(|e| in_sql_function(&node, e))
            }
            _ => Ok(node),
        }
    }
}

/// The error of a call, with the context that PostgreSQL gives where it runs a function written in
/// SQL; with arguments that are not constant it inlines them.
fn in_sql_function(node: &Node, error: PgError) -> PgError {
    const SQL_LANGUAGE: Oid = 14;
    let Node::Call(call) = node else { return error };
    match builtin::proc(call.callee.func) {
        Some(proc) if proc.language == SQL_LANGUAGE => {
            error.context(format!("SQL function \"{}\" statement 1", proc.name))
        }
        _ => error,
    }
}

/// An operator whose function is in SQL, where only built-in ones are called.
fn by_sql_function(location: i32) -> PgError {
    let what = "IS DISTINCT FROM, NULLIF or an array's comparison by a function in SQL";
    PgError::unsupported(what).at(location)
}

/// Whether a node's value depends on nothing but constants.
fn foldable(node: &Node) -> bool {
    let constant = |n: &Node| matches!(n, Node::Const(_));
    match node {
        Node::Call(call) | Node::Distinct(call) | Node::NullIf(call) => {
            call.callee.volatility == b'i'
                && !call.callee.returns_set()
                && call.args.iter().all(constant)
        }
        Node::Not(arg) | Node::Relabel(arg, _) | Node::BoolTest(arg, _) => constant(arg),
        Node::Array(a) => a.elements.iter().all(constant),
        Node::Io(cast) => constant(&cast.arg) && cast.is_immutable(),
        Node::ArrayCoerce(c) => constant(&c.arg) && is_immutable_cast(&c.element),
        Node::NullTest(test) => constant(&test.arg),
        Node::ScalarArray(s) => {
            s.call.callee.volatility == b'i' && constant(&s.scalar) && constant(&s.array)
        }
        _ => false,
    }
}

/// Whether the cast of an array's elements depends on nothing but the element.
fn is_immutable_cast(node: &Node) -> bool {
    match node {
        Node::CaseTest | Node::Const(_) => true,
        Node::Call(call) => {
            call.callee.volatility == b'i' && call.args.iter().all(is_immutable_cast)
        }
        Node::Relabel(arg, _) => is_immutable_cast(arg),
        Node::Io(cast) => cast.is_immutable() && is_immutable_cast(&cast.arg),
        _ => false,
    }
}

/// The element type of an array type.
fn element_type(catalog: &Catalog, array: Oid) -> Oid {
    catalog.element_of(array).unwrap_or(oids::UNKNOWN)
}

fn misplaced(expr: &Expr) -> PgError {
    let what = match expr {
        Expr::Aggregate(_) => "an aggregate",
        Expr::Window(_) => "a window function",
        Expr::Grouping { .. } => "GROUPING",
        _ => "DEFAULT",
    };
    PgError::internal(format!("{what} where none can be")).at(expr.location())
}
