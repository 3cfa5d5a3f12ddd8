//! Row groups that cannot have a value which a condition asks for, by their bloom filters.
//!
//! DataFusion asks bloom filters for texts, numbers and bytes. What is a number in Parquet and
//! something else in Arrow it does not know how to ask for: times, dates and short integers are asked
//! for here.

use crate::exec::df::columns::Columns;
use crate::exec::df::expr::value;
use crate::exec::df::lowering::Lowering;
use crate::exec::scan::{ScanColumn, Source};
use crate::storage::cold::{ColdPart, StoredNumber, UPDATED_ID};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_expr::utils::split_conjunction;
use std::sync::Arc;

/// Values that columns must have, by their ids.
pub(in crate::exec::df) struct Wanted(Vec<(i32, StoredNumber)>);

impl Wanted {
    /// By the conditions of a scan with these columns.
    pub fn new(source: &Source, columns: &Columns, cx: &Lowering<'_>) -> Wanted {
        let mut wanted = Vec::new();
        for condition in &source.conditions {
            let Some(condition) = value(condition, columns, cx).filter(|c| c.native) else {
                continue;
            };
            for part in split_conjunction(&condition.expr) {
                wanted.extend(equality(part).and_then(|(column, value)| {
                    let id = match source.columns.get(column)? {
                        ScanColumn::Stored(at) => source.schema.relation.columns[*at].attno.into(),
                        ScanColumn::Updated => UPDATED_ID,
                        _ => return None,
                    };
                    Some((id, value))
                }));
            }
        }
        Wanted(wanted)
    }

    /// Whether a row group cannot have one of the values.
    pub(super) fn is_absent(&self, part: &ColdPart, row_group: usize) -> bool {
        let absent =
            |(id, value): &(i32, StoredNumber)| !part.segment.may_have(row_group, *id, *value);
        self.0.iter().any(absent)
    }
}

/// The column, by its place, and the value of a comparison for equality.
fn equality(expr: &Arc<dyn PhysicalExpr>) -> Option<(usize, StoredNumber)> {
    let comparison = expr.downcast_ref::<BinaryExpr>().filter(|e| *e.op() == Operator::Eq)?;
    let sides = [comparison.left(), comparison.right()];
    let column = sides.iter().find_map(|side| side.downcast_ref::<Column>())?;
    let literal = sides.iter().find_map(|side| side.downcast_ref::<Literal>())?;
    let number = match literal.value() {
        ScalarValue::TimestampMicrosecond(Some(value), _) => StoredNumber::Int64(*value),
        ScalarValue::Date32(Some(value)) => StoredNumber::Int32(*value),
        ScalarValue::Int16(Some(value)) => StoredNumber::Int32((*value).into()),
        _ => return None,
    };
    Some((column.index(), number))
}
