//! Sub-queries in expressions (`transformSubLink`).

use super::oper::OperatorName;
use super::state::Binder;
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::Oid;
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    /// EXISTS, IN, ANY, ALL, ARRAY and scalar sub-queries.
    pub fn bind_sublink(&mut self, node: &'n nodes::SubLink) -> Result<Expr> {
        use nodes::SubLinkType as Kind;
        let kind = match node.sub_link_type {
            Kind::EXISTS_SUBLINK => SubLinkKind::Exists,
            Kind::EXPR_SUBLINK => SubLinkKind::Scalar,
            Kind::ARRAY_SUBLINK => SubLinkKind::Array,
            Kind::ALL_SUBLINK => {
                return self.bind_compared(
                    SubLinkKind::All,
                    node.testexpr(),
                    OperatorName::new(node.oper_name()),
                    node,
                );
            }
            _ => {
                let name = match node.oper_name().is_empty() {
                    true => OperatorName::plain("="),
                    false => OperatorName::new(node.oper_name()),
                };
                return self.bind_compared(SubLinkKind::Any, node.testexpr(), name, node);
            }
        };
        let query = self.bind_sublink_query(node)?;
        if kind != SubLinkKind::Exists && query.output().count() != 1 {
            let message = "subquery must return only one column";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(node.location));
        }
        let array_type = match kind {
            SubLinkKind::Array => Some(self.array_sublink_type(&query)?),
            _ => None,
        };
        // Built-in types say their array types themselves.
        let array_type = array_type.filter(|oid| !Catalog::is_system(*oid));
        let mut link = sublink(kind, None, 0, query, node.location);
        if let Expr::SubLink(link) = &mut link {
            link.array_type = array_type;
        }
        Ok(link)
    }

    fn array_sublink_type(&self, query: &Query) -> Result<Oid> {
        let oid = query.first_column_type();
        // Arrays become one array with a dimension more.
        if self.element(oid).is_some() {
            return Ok(self.base_type(oid, -1).0);
        }
        self.array_of(oid).ok_or_else(|| {
            let message =
                format!("could not find array type for data type {}", self.type_name(oid));
            PgError::new(code::UNDEFINED_OBJECT, message)
        })
    }

    /// `(a, b) op (SELECT …)`.
    pub fn bind_row_sublink(
        &mut self,
        test: Node<'n>,
        name: OperatorName<'_>,
        node: &'n nodes::SubLink,
    ) -> Result<Expr> {
        self.bind_compared(SubLinkKind::RowCompare, test, name, node)
    }

    fn bind_sublink_query(&mut self, node: &'n nodes::SubLink) -> Result<Query> {
        if let Some(place) = self.place().refuses_subquery() {
            let message = format!("cannot use subquery in {place}");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(node.location));
        }
        self.scope().has_sublinks = true;
        self.bind_subquery(node.subselect(), false)
    }

    /// The columns on the left, compared with the sub-query's.
    fn bind_compared(
        &mut self,
        kind: SubLinkKind,
        test: Node<'n>,
        name: OperatorName<'_>,
        node: &'n nodes::SubLink,
    ) -> Result<Expr> {
        let query = self.bind_sublink_query(node)?;
        let left = match self.bind_expr_here(test)? {
            Expr::Row(row) if matches!(test, Node::RowExpr(_)) => row.args,
            other => vec![other],
        };
        let right: Vec<Expr> = query.output().enumerate().map(|(i, t)| placeholder(i, t)).collect();
        let wrong = match left.len().cmp(&right.len()) {
            std::cmp::Ordering::Less => Some("subquery has too many columns"),
            std::cmp::Ordering::Greater => Some("subquery has too few columns"),
            std::cmp::Ordering::Equal => None,
        };
        if let Some(message) = wrong {
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(node.location));
        }
        let count = right.len() as u16;
        let test = self.compare_rows(name, left, right, node.location)?;
        Ok(sublink(kind, Some(test), count, query, node.location))
    }
}

fn sublink(
    kind: SubLinkKind,
    test: Option<Expr>,
    column_vars: u16,
    query: Query,
    location: i32,
) -> Expr {
    Expr::SubLink(Box::new(SubLink {
        kind,
        test,
        column_vars,
        query: Box::new(query),
        array_type: None,
        location,
    }))
}

/// Stands for a sub-query's column in the comparison.
fn placeholder(index: usize, target: &TargetEntry) -> Expr {
    Expr::Var(Var {
        rel: SUBLINK_RANGE,
        attno: AttrNumber::try_from(index + 1).expect("target lists are short"),
        type_oid: target.expr.type_oid(),
        typmod: target.expr.typmod(),
        collation: 0,
        level: 0,
        location: -1,
    })
}
