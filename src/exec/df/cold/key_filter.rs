//! A range of keys as a condition on the key's columns: it prunes row groups and pages, since segments
//! are in key order, and is evaluated on what is left.

use super::adapter::Logical;
use crate::catalog::schema::RowKey;
use crate::exec::scan::{KeyCondition, KeyOrdering, Source};
use crate::types::arrow::{self, ColumnType};
use crate::types::{Datum, Oid, oids};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_expr::utils::conjunction;
use std::sync::Arc;

/// Comparisons of columns with constants.
#[derive(Default)]
pub(in crate::exec::df) struct KeyFilter(Vec<(Logical, Operator, ScalarValue)>);

impl KeyFilter {
    /// `None`: Arrow orders a column otherwise than keys are.
    pub fn new(source: &Source, conditions: Vec<KeyCondition>) -> Option<KeyFilter> {
        if conditions.is_empty() {
            return Some(KeyFilter::default());
        }
        let RowKey::Primary { columns, .. } = &source.schema.key else { return None };
        let compared = |condition: KeyCondition| {
            let column = &source.schema.relation.columns[columns.get(condition.column)?.at];
            let ty = ColumnType::stored(column.type_oid, column.typmod);
            let mut value = arrow::Builder::new(ty, 1);
            value.append(&condition.value);
            let value = ScalarValue::try_from_array(&value.finish(), 0).ok()?;
            let logical = Logical::new(i32::from(column.attno), ty, Datum::Null);
            has_order_of_keys(ty.oid).then(|| (logical, operator(condition.ordering), value))
        };
        conditions.into_iter().map(compared).collect::<Option<_>>().map(KeyFilter)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns to be read for it.
    pub(super) fn columns(&self) -> impl Iterator<Item = Logical> + '_ {
        self.0.iter().map(|(column, ..)| column.clone())
    }

    /// The condition over rows in which its columns come from the field `first` on.
    pub(super) fn predicate(&self, first: usize) -> Option<Arc<dyn PhysicalExpr>> {
        let comparison = |(n, (_, op, value)): (usize, &(Logical, Operator, ScalarValue))| {
            let column = Column::new(&Logical::name(first + n), first + n);
            let value = Literal::new(value.clone());
            Arc::new(BinaryExpr::new(Arc::new(column), *op, Arc::new(value))) as _
        };
        let comparisons: Vec<_> = self.0.iter().enumerate().map(comparison).collect();
        (!comparisons.is_empty()).then(|| conjunction(comparisons))
    }
}

fn operator(ordering: KeyOrdering) -> Operator {
    match ordering {
        KeyOrdering::Equal => Operator::Eq,
        KeyOrdering::Above { inclusive: true } => Operator::GtEq,
        KeyOrdering::Above { inclusive: false } => Operator::Gt,
        KeyOrdering::Below { inclusive: true } => Operator::LtEq,
        KeyOrdering::Below { inclusive: false } => Operator::Lt,
    }
}

fn has_order_of_keys(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::INT2 | oids::INT4 | oids::INT8 | oids::OID | oids::DATE | oids::TEXT | oids::VARCHAR
    )
}
