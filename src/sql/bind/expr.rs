//! Expressions (`parse_expr.c`): dispatch, and the forms that need few words. Comparisons are in
//! [`super::compare`], sub-queries in [`super::sublink`], subscripts in [`super::indirection`].

use super::coerce::Cast;
use super::oper::OperatorName;
use super::place::Place;
use super::state::Binder;
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{self, Datum, Oid, oids};
use pg_raw_parse::{ConstValue, Node, nodes};

impl<'n> Binder<'_, 'n> {
    /// Binds an expression that stands in `place`.
    pub fn bind_expr_in(&mut self, node: Node<'n>, place: Place) -> Result<Expr> {
        let outer = self.scope().place.replace(place);
        let result = self.bind_expr_here(node);
        self.scope().place = outer;
        result
    }

    /// Binds a condition (`transformWhereClause`).
    pub fn bind_where(&mut self, node: Node<'n>, place: Place, construct: &str) -> Result<Expr> {
        let condition = self.bind_expr_in(node, place)?;
        self.coerce_to_boolean(condition, construct)
    }

    /// Binds an optional condition.
    pub fn bind_where_opt(
        &mut self,
        node: Node<'n>,
        place: Place,
        construct: &str,
    ) -> Result<Option<Expr>> {
        match node {
            Node::None => Ok(None),
            node => self.bind_where(node, place, construct).map(Some),
        }
    }

    /// Binds an expression in the place of the one around it (`transformExprRecurse`).
    pub fn bind_expr_here(&mut self, node: Node<'n>) -> Result<Expr> {
        self.deeper(|b| b.dispatch(node))
    }

    fn dispatch(&mut self, node: Node<'n>) -> Result<Expr> {
        match node {
            Node::ColumnRef(n) => self.bind_column_ref(n),
            Node::ParamRef(n) => self.bind_param(n),
            Node::A_Const(n) => self.bind_const(n),
            Node::A_Indirection(n) => self.bind_indirection(n),
            Node::A_ArrayExpr(n) => self.bind_array(n, None),
            Node::TypeCast(n) => self.bind_cast(n),
            Node::CollateClause(n) => self.bind_collate(n),
            Node::A_Expr(n) => self.bind_a_expr(n),
            Node::BoolExpr(n) => self.bind_bool(n),
            Node::FuncCall(n) => self.bind_call(n),
            Node::GroupingFunc(n) => self.bind_grouping(n),
            Node::SubLink(n) => self.bind_sublink(n),
            Node::CaseExpr(n) => self.bind_case(n),
            Node::RowExpr(n) => self.bind_row(n),
            Node::CoalesceExpr(n) => self.bind_coalesce(n),
            Node::MinMaxExpr(n) => self.bind_min_max(n),
            Node::SQLValueFunction(n) => self.bind_sql_value(n),
            Node::NullTest(n) => self.bind_null_test(n),
            Node::BooleanTest(n) => self.bind_boolean_test(n),
            Node::CurrentOfExpr(n) => self.bind_current_of(n),
            Node::SetToDefault(n) => {
                let message = "DEFAULT is not allowed in this context";
                Err(PgError::new(code::SYNTAX_ERROR, message).at(n.location))
            }
            Node::NamedArgExpr(n) => self.bind_expr_here(n.arg()),
            Node::XmlExpr(n) => self.bind_xml(n),
            Node::XmlSerialize(n) => self.bind_xml_serialize(n),
            _ => Err(PgError::unsupported("this SQL/JSON or MERGE expression")),
        }
    }

    /// A literal (`make_const`): quoted strings are of unknown type until their place decides.
    fn bind_const(&mut self, node: &nodes::A_Const) -> Result<Expr> {
        let (value, type_oid) = match node.val() {
            None => (Datum::Null, oids::UNKNOWN),
            Some(ConstValue::Integer(i)) => (Datum::Int4(i), oids::INT4),
            Some(ConstValue::Float(text)) => self.number(text, node.location)?,
            Some(ConstValue::Boolean(b)) => (Datum::Bool(b), oids::BOOL),
            Some(ConstValue::String(text)) => (Datum::text(text), oids::UNKNOWN),
            Some(ConstValue::BitString(text)) => {
                let value = types::bits::parse(oids::BIT, -1, text);
                (value.map_err(|e| e.at(node.location))?, oids::BIT)
            }
            Some(_) => return Err(PgError::unsupported("this constant").at(node.location)),
        };
        let collation = self.collation(type_oid);
        Ok(Expr::Const(Const { value, type_oid, typmod: -1, collation, location: node.location }))
    }

    /// A number that is no int4: int8 if it fits, else numeric.
    fn number(&self, text: &str, location: i32) -> Result<(Datum, Oid)> {
        if let Ok(value) = text.parse::<i64>() {
            return Ok(match i32::try_from(value) {
                Ok(small) => (Datum::Int4(small), oids::INT4),
                Err(_) => (Datum::Int8(value), oids::INT8),
            });
        }
        let value = types::text_in(oids::NUMERIC, -1, text, self.context.env.format());
        Ok((value.map_err(|e| e.at(location))?, oids::NUMERIC))
    }

    fn bind_cast(&mut self, node: &'n nodes::TypeCast) -> Result<Expr> {
        let Some(name) = node.type_name() else {
            return Err(PgError::internal("a cast without a type"));
        };
        let (to, typmod) = self.resolve_type(name)?;
        let arg = match node.arg() {
            Node::A_ArrayExpr(array) => {
                // ARRAY[…]::type[] gives its element type to the elements.
                let (base, base_typmod) = self.base_type(to, typmod);
                let hint = self.element(base).map(|element| (base, element, base_typmod));
                self.deeper(|b| b.bind_array(array, hint))?
            }
            other => self.bind_expr_here(other)?,
        };
        let location = if node.location < 0 { name.location } else { node.location };
        let (from, place) = (arg.type_oid(), arg.location());
        match self.coerce_to_target(arg, to, typmod, Cast::explicit(location))? {
            Some(result) => Ok(result),
            None => {
                let at = if location >= 0 { location } else { place };
                Err(self.cannot_cast(from, to).at(at))
            }
        }
    }

    pub fn cannot_cast(&self, from: Oid, to: Oid) -> PgError {
        let message =
            format!("cannot cast type {} to {}", self.type_name(from), self.type_name(to));
        PgError::new(code::CANNOT_COERCE, message)
    }

    fn bind_collate(&mut self, node: &'n nodes::CollateClause) -> Result<Expr> {
        let arg = self.bind_expr_here(node.arg())?;
        let type_oid = arg.type_oid();
        if self.collation(type_oid) == 0 && type_oid != oids::UNKNOWN {
            let message =
                format!("collations are not supported by type {}", self.type_name(type_oid));
            return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(node.location));
        }
        let collation = self.resolve_collation(node).map_err(|e| e.at(node.location))?;
        Ok(Expr::Collate { arg: Box::new(arg), collation, location: node.location })
    }

    /// The collation a COLLATE clause names.
    pub fn resolve_collation(&self, node: &nodes::CollateClause) -> Result<Oid> {
        let names: Vec<&str> = node.collname().iter().filter_map(|n| n.as_str()).collect();
        let catalog = self.context.catalog;
        let found = match names.as_slice() {
            [.., schema, name] => catalog.collation_named(self.namespace(schema)?, name),
            [name] => catalog.collation_in_path(self.context.env.search_path(), name),
            [] => None,
        };
        let found = found.ok_or_else(|| Catalog::no_collation(&names.join(".")))?;
        Ok(found.oid)
    }

    fn bind_bool(&mut self, node: &'n nodes::BoolExpr) -> Result<Expr> {
        let (op, name) = match node.boolop {
            nodes::BoolExprType::AND_EXPR => (BoolOp::And, "AND"),
            nodes::BoolExprType::OR_EXPR => (BoolOp::Or, "OR"),
            _ => (BoolOp::Not, "NOT"),
        };
        let mut args = Vec::with_capacity(node.args().len());
        for arg in node.args() {
            let arg = self.bind_expr_here(arg)?;
            args.push(self.coerce_to_boolean(arg, name)?);
        }
        Ok(Expr::Bool(op, args))
    }

    fn bind_case(&mut self, node: &'n nodes::CaseExpr) -> Result<Expr> {
        let before = self.scope_ref().srf_count;
        let arg = match node.arg() {
            Node::None => None,
            arg => {
                let arg = self.bind_expr_here(arg)?;
                Some(match arg.type_oid() {
                    oids::UNKNOWN => self.coerce_to_common(arg, oids::TEXT, "CASE")?,
                    _ => arg,
                })
            }
        };
        let mut whens = Vec::new();
        for when in node.args() {
            let Node::CaseWhen(when) = when else { continue };
            let condition = self.bind_expr_here(when.expr())?;
            let condition = match &arg {
                None => condition,
                Some(arg) => {
                    let (type_oid, typmod) = (arg.type_oid(), arg.typmod());
                    let test = Expr::CaseTest { type_oid, typmod, collation: 0 };
                    let equals = OperatorName::plain("=");
                    self.make_op(equals, Some(test), Some(condition), when.location)?
                }
            };
            let condition = self.coerce_to_boolean(condition, "CASE/WHEN")?;
            whens.push((condition, self.bind_expr_here(when.result())?));
        }
        let default = match node.defresult() {
            Node::None => Expr::constant(Datum::Null, oids::UNKNOWN),
            result => self.bind_expr_here(result)?,
        };
        self.refuse_srf_inside(before, "CASE")?;
        self.finish_case(arg, whens, default, node.location)
    }

    fn finish_case(
        &mut self,
        arg: Option<Expr>,
        whens: Vec<(Expr, Expr)>,
        default: Expr,
        location: i32,
    ) -> Result<Expr> {
        let results: Vec<&Expr> =
            [&default].into_iter().chain(whens.iter().map(|w| &w.1)).collect();
        let type_oid = self.common_type(&results, "CASE")?;
        let default = self.coerce_to_common(default, type_oid, "CASE/ELSE")?;
        let mut converted = Vec::with_capacity(whens.len());
        for (when, then) in whens {
            converted.push((when, self.coerce_to_common(then, type_oid, "CASE/WHEN")?));
        }
        let results: Vec<&Expr> =
            [&default].into_iter().chain(converted.iter().map(|w| &w.1)).collect();
        let typmod = super::common::common_typmod(&results, type_oid);
        Ok(Expr::Case(Box::new(Case {
            type_oid,
            typmod,
            collation: self.collation(type_oid),
            arg,
            whens: converted,
            default,
            location,
        })))
    }

    /// Conditional expressions do not evaluate all their parts, so sets cannot be inside.
    fn refuse_srf_inside(&self, before: u32, construct: &str) -> Result<()> {
        if self.scope_ref().srf_count == before {
            return Ok(());
        }
        let location = self.scope_ref().last_srf_location;
        let message = format!("set-returning functions are not allowed in {construct}");
        Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
            .at(location)
            .hint("You might be able to move the set-returning function into a LATERAL FROM item."))
    }

    fn bind_row(&mut self, node: &'n nodes::RowExpr) -> Result<Expr> {
        let args = self.bind_expr_list(node.args(), self.place(), false)?;
        let column_names = (1..=args.len()).map(|i| format!("f{i}")).collect();
        let form = match node.row_format {
            nodes::CoercionForm::COERCE_EXPLICIT_CALL => CoercionForm::Call,
            _ => CoercionForm::Implicit,
        };
        Ok(Expr::Row(Box::new(RowExpr {
            args,
            type_oid: oids::RECORD,
            column_names,
            form,
            location: node.location,
        })))
    }

    fn bind_args(&mut self, list: &'n pg_raw_parse::list::NodeList) -> Result<Vec<Expr>> {
        list.iter().map(|arg| self.bind_expr_here(arg)).collect()
    }

    /// Arguments of COALESCE, GREATEST, LEAST in their common type.
    fn bind_common(
        &mut self,
        list: &'n pg_raw_parse::list::NodeList,
        construct: &str,
    ) -> Result<(Oid, Vec<Expr>)> {
        let args = self.bind_args(list)?;
        let type_oid = self.common_type(&args.iter().collect::<Vec<_>>(), construct)?;
        let convert = |arg| self.coerce_to_common(arg, type_oid, construct);
        Ok((type_oid, args.into_iter().map(convert).collect::<Result<_>>()?))
    }

    fn bind_coalesce(&mut self, node: &'n nodes::CoalesceExpr) -> Result<Expr> {
        let before = self.scope_ref().srf_count;
        let (type_oid, args) = self.bind_common(node.args(), "COALESCE")?;
        self.refuse_srf_inside(before, "COALESCE")?;
        let collation = self.collation(type_oid);
        Ok(Expr::Coalesce(Box::new(Coalesce {
            type_oid,
            collation,
            args,
            location: node.location,
        })))
    }

    fn bind_min_max(&mut self, node: &'n nodes::MinMaxExpr) -> Result<Expr> {
        let greatest = node.op == nodes::MinMaxOp::IS_GREATEST;
        let construct = if greatest { "GREATEST" } else { "LEAST" };
        let (type_oid, args) = self.bind_common(node.args(), construct)?;
        if self.sort_operators(type_oid).lt == 0 {
            let name = self.type_name(type_oid);
            let message = format!("could not identify a comparison function for type {name}");
            return Err(PgError::new(code::UNDEFINED_FUNCTION, message));
        }
        let collation = self.collation(type_oid);
        let location = node.location;
        Ok(Expr::MinMax(Box::new(MinMax { type_oid, collation, greatest, args, location })))
    }

    fn bind_null_test(&mut self, node: &'n nodes::NullTest) -> Result<Expr> {
        let arg = self.bind_expr_here(node.arg())?;
        let row = self.is_row_type(arg.type_oid());
        Ok(Expr::NullTest {
            arg: Box::new(arg),
            is_null: node.nulltesttype == nodes::NullTestType::IS_NULL,
            row,
            location: node.location,
        })
    }

    fn bind_boolean_test(&mut self, node: &'n nodes::BooleanTest) -> Result<Expr> {
        let (test, name) = match node.booltesttype {
            nodes::BoolTestType::IS_TRUE => (BoolTest::IsTrue, "IS TRUE"),
            nodes::BoolTestType::IS_NOT_TRUE => (BoolTest::IsNotTrue, "IS NOT TRUE"),
            nodes::BoolTestType::IS_FALSE => (BoolTest::IsFalse, "IS FALSE"),
            nodes::BoolTestType::IS_NOT_FALSE => (BoolTest::IsNotFalse, "IS NOT FALSE"),
            nodes::BoolTestType::IS_UNKNOWN => (BoolTest::IsUnknown, "IS UNKNOWN"),
            _ => (BoolTest::IsNotUnknown, "IS NOT UNKNOWN"),
        };
        let arg = self.bind_expr_here(node.arg())?;
        let arg = self.coerce_to_boolean(arg, name)?;
        Ok(Expr::BooleanTest { arg: Box::new(arg), test, location: node.location })
    }

    fn bind_sql_value(&mut self, node: &nodes::SQLValueFunction) -> Result<Expr> {
        use SqlValueFunction as F;
        use nodes::SQLValueFunctionOp as Op;
        let (function, type_oid) = match node.op {
            Op::SVFOP_CURRENT_DATE => (F::CurrentDate, oids::DATE),
            Op::SVFOP_CURRENT_TIME | Op::SVFOP_CURRENT_TIME_N => (F::CurrentTime, oids::TIMETZ),
            Op::SVFOP_CURRENT_TIMESTAMP | Op::SVFOP_CURRENT_TIMESTAMP_N => {
                (F::CurrentTimestamp, oids::TIMESTAMPTZ)
            }
            Op::SVFOP_LOCALTIME | Op::SVFOP_LOCALTIME_N => (F::LocalTime, oids::TIME),
            Op::SVFOP_LOCALTIMESTAMP | Op::SVFOP_LOCALTIMESTAMP_N => {
                (F::LocalTimestamp, oids::TIMESTAMP)
            }
            Op::SVFOP_CURRENT_ROLE => (F::CurrentRole, oids::NAME),
            Op::SVFOP_CURRENT_USER => (F::CurrentUser, oids::NAME),
            Op::SVFOP_USER => (F::User, oids::NAME),
            Op::SVFOP_SESSION_USER => (F::SessionUser, oids::NAME),
            Op::SVFOP_CURRENT_CATALOG => (F::CurrentCatalog, oids::NAME),
            _ => (F::CurrentSchema, oids::NAME),
        };
        // Precision is capped at microseconds, as `anytime_typmod_check` does with a warning.
        let typmod = node.typmod.min(6);
        Ok(Expr::SqlValue { function, type_oid, typmod, location: node.location })
    }

    fn bind_current_of(&mut self, node: &nodes::CurrentOfExpr) -> Result<Expr> {
        match (self.scope_ref().target, node.cursor_name()) {
            (Some(rel), Some(cursor)) => Ok(Expr::CurrentOf { rel, cursor: cursor.to_owned() }),
            _ => Err(PgError::unsupported("WHERE CURRENT OF")),
        }
    }

    /// `ARRAY[…]`; `target` is the array type, element type and typmod a cast around it asks for.
    pub fn bind_array(
        &mut self,
        node: &'n nodes::A_ArrayExpr,
        target: Option<(Oid, Oid, i32)>,
    ) -> Result<Expr> {
        let mut multidims = false;
        let mut elements = Vec::with_capacity(node.elements().len());
        for element in node.elements() {
            let element = match element {
                Node::A_ArrayExpr(nested) => {
                    multidims = true;
                    self.deeper(|b| b.bind_array(nested, target))?
                }
                other => {
                    let element = self.bind_expr_here(other)?;
                    let oid = element.type_oid();
                    let vector = matches!(oid, oids::INT2VECTOR | oids::OIDVECTOR);
                    multidims |= !vector && self.facts(oid).element != 0;
                    element
                }
            };
            elements.push(element);
        }
        let (type_oid, element_type, elements) = match target {
            Some((array, element, typmod)) => {
                let to = if multidims { array } else { element };
                (array, element, self.cast_elements(elements, to, typmod)?)
            }
            None => self.common_elements(elements, multidims, node.location)?,
        };
        Ok(Expr::Array(Box::new(ArrayExpr {
            type_oid,
            element_type,
            collation: self.collation(type_oid),
            elements,
            multidims,
            location: node.location,
        })))
    }

    fn cast_elements(&mut self, list: Vec<Expr>, to: Oid, typmod: i32) -> Result<Vec<Expr>> {
        let cast = |element: Expr| {
            let (from, location) = (element.type_oid(), element.location());
            self.coerce_to_target(element, to, typmod, Cast::explicit(-1))?
                .ok_or_else(|| self.cannot_cast(from, to).at(location))
        };
        list.into_iter().map(cast).collect()
    }

    fn common_elements(
        &mut self,
        elements: Vec<Expr>,
        multidims: bool,
        location: i32,
    ) -> Result<(Oid, Oid, Vec<Expr>)> {
        if elements.is_empty() {
            let message = "cannot determine type of empty array";
            return Err(PgError::new(code::INDETERMINATE_DATATYPE, message)
                .hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
                .at(location));
        }
        let common = self.common_type(&elements.iter().collect::<Vec<_>>(), "ARRAY")?;
        let missing = |b: &Self, what: &str| {
            let message =
                format!("could not find {what} type for data type {}", b.type_name(common));
            PgError::new(code::UNDEFINED_OBJECT, message).at(location)
        };
        let (array, element) = if multidims {
            (common, self.element(common).ok_or_else(|| missing(self, "element"))?)
        } else {
            (self.array_of(common).ok_or_else(|| missing(self, "array"))?, common)
        };
        let convert = |e| self.coerce_to_common(e, common, "ARRAY");
        Ok((array, element, elements.into_iter().map(convert).collect::<Result<_>>()?))
    }
}
