//! The constructs of SQL/XML: XMLELEMENT, XMLFOREST, XMLPARSE, … (`transformXmlExpr`).

use super::coerce::Cast;
use super::state::Binder;
use super::target::figure_name;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::xml::names;
use crate::types::{Datum, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{self, XmlExprOp as Op, XmlOptionType};

/// What XMLROOT's grammar writes for its STANDALONE (`XmlStandaloneType`).
const STANDALONE: [XmlStandalone; 4] =
    [XmlStandalone::Yes, XmlStandalone::No, XmlStandalone::NoValue, XmlStandalone::Omitted];

/// What a column is called that one of the constructs gives.
pub(super) fn figure(op: nodes::XmlExprOp::Type) -> Option<&'static str> {
    Some(match op {
        Op::IS_XMLCONCAT => "xmlconcat",
        Op::IS_XMLELEMENT => "xmlelement",
        Op::IS_XMLFOREST => "xmlforest",
        Op::IS_XMLPARSE => "xmlparse",
        Op::IS_XMLPI => "xmlpi",
        Op::IS_XMLROOT => "xmlroot",
        _ => return None,
    })
}

impl<'n> Binder<'_, 'n> {
    pub(super) fn bind_xml(&mut self, node: &'n nodes::XmlExpr) -> Result<Expr> {
        let named = self.named_values(node)?;
        let mut args = Vec::new();
        for arg in node.args() {
            args.push(self.bind_expr_here(arg)?);
        }
        let mut specific = |args: Vec<Expr>, types: &[crate::types::Oid], construct: &str| {
            let coerce = |(at, arg): (usize, Expr)| match types.get(at.min(types.len() - 1)) {
                Some(to) => self.coerce_to_specific(arg, *to, -1, construct),
                None => Ok(arg),
            };
            args.into_iter().enumerate().map(coerce).collect::<Result<Vec<_>>>()
        };
        let (op, args) = match node.op {
            Op::IS_XMLCONCAT => (XmlOp::Concat, specific(args, &[oids::XML], "XMLCONCAT")?),
            Op::IS_XMLELEMENT => (XmlOp::Element, args),
            Op::IS_XMLFOREST => (XmlOp::Forest, args),
            Op::IS_XMLPARSE => {
                let mut args = specific(args, &[oids::TEXT, oids::BOOL], "XMLPARSE")?;
                let preserve = args.pop().is_some_and(|arg| is_true(&arg));
                let document = node.xmloption == XmlOptionType::XMLOPTION_DOCUMENT;
                (XmlOp::Parse { document, preserve_whitespace: preserve }, args)
            }
            Op::IS_XMLPI => (XmlOp::Pi, specific(args, &[oids::TEXT], "XMLPI")?),
            Op::IS_XMLROOT => {
                let types = [oids::XML, oids::TEXT, oids::INT4];
                let mut args = specific(args, &types, "XMLROOT")?;
                (XmlOp::Root(standalone(args.pop())?), args)
            }
            _ => (XmlOp::IsDocument, specific(args, &[oids::XML], "IS DOCUMENT")?),
        };
        let name = node.name().map(|name| names::from_sql(name, false)).unwrap_or_default();
        Ok(Expr::Xml(Box::new(XmlExpr { op, name, named, args, location: node.location })))
    }

    /// Attributes and forests' elements: by the names they are given, or those of their columns.
    fn named_values(&mut self, node: &'n nodes::XmlExpr) -> Result<Vec<(String, Expr)>> {
        let mut named: Vec<(String, Expr)> = Vec::new();
        for target in node.named_args() {
            let Node::ResTarget(target) = target else { continue };
            let value = self.bind_expr_here(target.val())?;
            let name = match (target.name(), target.val()) {
                (Some(name), _) => names::from_sql(name, false),
                (None, column @ Node::ColumnRef(_)) => {
                    names::from_sql(&figure_name(column, &value), true)
                }
                (None, _) => {
                    let what = match node.op {
                        Op::IS_XMLELEMENT => "unnamed XML attribute value",
                        _ => "unnamed XML element value",
                    };
                    let message = format!("{what} must be a column reference");
                    return Err(PgError::new(code::SYNTAX_ERROR, message).at(target.location));
                }
            };
            let is_attribute = node.op == Op::IS_XMLELEMENT;
            if is_attribute && named.iter().any(|(other, _)| *other == name) {
                let message = format!("XML attribute name \"{name}\" appears more than once");
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(target.location));
            }
            named.push((name, value));
        }
        Ok(named)
    }

    pub(super) fn bind_xml_serialize(&mut self, node: &'n nodes::XmlSerialize) -> Result<Expr> {
        let arg = self.bind_expr_here(node.expr())?;
        let arg = self.coerce_to_specific(arg, oids::XML, -1, "XMLSERIALIZE")?;
        let written =
            node.type_name().ok_or_else(|| PgError::internal("no type to serialize to"))?;
        let (type_oid, typmod) = self.resolve_type(written)?;
        let document = node.xmloption == XmlOptionType::XMLOPTION_DOCUMENT;
        let text = Expr::Xml(Box::new(XmlExpr {
            op: XmlOp::Serialize { document, type_oid, typmod },
            name: String::new(),
            named: Vec::new(),
            args: vec![arg],
            location: node.location,
        }));
        let made = self.coerce_to_target(text, type_oid, typmod, Cast::IMPLICIT)?;
        made.ok_or_else(|| {
            let message =
                format!("cannot cast XMLSERIALIZE result to {}", self.type_name(type_oid));
            PgError::new(code::CANNOT_COERCE, message).at(node.location)
        })
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(Const { value: Datum::Bool(true), .. }))
}

fn standalone(arg: Option<Expr>) -> Result<XmlStandalone> {
    let number = match arg {
        Some(Expr::Const(Const { value: Datum::Int4(number), .. })) => number,
        _ => return Err(PgError::internal("XMLROOT without its third argument")),
    };
    let known = usize::try_from(number).ok().and_then(|at| STANDALONE.get(at).copied());
    known.ok_or_else(|| PgError::internal("an unknown STANDALONE"))
}
