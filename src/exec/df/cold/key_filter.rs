//! A range of keys as a condition on the key's columns: it prunes row groups and pages, since segments
//! are in key order, and is evaluated on what is left.

use super::column::Column as ScanColumn;
use crate::catalog::schema::RowKey;
use crate::exec::scan::{KeyCondition, KeyOrdering, Source};
use crate::types::arrow::{self, ColumnType};
use crate::types::{Datum, Oid, oids};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use std::sync::Arc;

/// Comparisons of columns with constants.
#[derive(Default)]
pub(in crate::exec::df) struct KeyFilter(Vec<(ScanColumn, Operator, ScalarValue)>);

impl KeyFilter {
    /// `None`: Arrow orders a column otherwise than keys are.
    pub fn new(source: &Source, conditions: Vec<KeyCondition>) -> Option<KeyFilter> {
        if conditions.is_empty() {
            return Some(KeyFilter::default());
        }
        let RowKey::Primary { columns, .. } = &source.schema.key else { return None };
        let compared = |condition: KeyCondition| {
            let at = columns.get(condition.column)?.at;
            let column = &source.schema.relation.columns[at];
            let ty = ColumnType::stored(source.schema.stored_types[at], column.typmod);
            let mut value = arrow::Builder::new(ty, 1);
            value.append(&condition.value);
            let value = ScalarValue::try_from_array(&value.finish(), 0).ok()?;
            let read = ScanColumn::Stored { id: column.attno.into(), ty, missing: Datum::Null };
            has_order_of_keys(ty.oid).then(|| (read, operator(condition.ordering), value))
        };
        conditions.into_iter().map(compared).collect::<Option<_>>().map(KeyFilter)
    }

    /// The columns to be read for it, with names that no column of a plan has.
    pub(super) fn columns(&self) -> impl Iterator<Item = (ScanColumn, String)> + '_ {
        self.0.iter().enumerate().map(|(n, (column, ..))| (column.clone(), name(n)))
    }

    /// The conditions over rows in which its columns come from the field `first` on.
    pub(super) fn conditions(
        &self,
        first: usize,
    ) -> impl Iterator<Item = Arc<dyn PhysicalExpr>> + '_ {
        self.0.iter().enumerate().map(move |(n, (_, op, value))| {
            let column = Column::new(&name(n), first + n);
            let value = Literal::new(value.clone());
            Arc::new(BinaryExpr::new(Arc::new(column), *op, Arc::new(value))) as _
        })
    }
}

fn name(n: usize) -> String {
    format!("key{n}")
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
        oids::INT2
            | oids::INT4
            | oids::INT8
            | oids::ANYENUM
            | oids::OID
            | oids::DATE
            | oids::TEXT
            | oids::VARCHAR
    )
}
