//! IN over a few short texts.
//!
//! A view of a text of at most 12 bytes holds the text itself, so such texts are equal where their
//! views are, as numbers. DataFusion's list hashes each row's text. The list stays below, for those
//! who know it: what prunes by statistics does.

use super::DfResult;
use datafusion::arrow::array::{Array, AsArray, BooleanArray, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{InListExpr, Literal};
use std::fmt;
use std::sync::Arc;

/// Texts of a list at most: each is compared with every row.
const TEXTS_MAX: usize = 16;
/// Bytes that a view holds itself.
const INLINE_MAX: usize = 12;

#[derive(Clone, Debug, Eq)]
struct ShortTexts {
    /// An [`InListExpr`].
    list: Arc<dyn PhysicalExpr>,
    views: Vec<u128>,
}

/// The same as this list, faster where it can be.
pub(super) fn faster(list: Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
    match views(&list) {
        Some(views) => Arc::new(ShortTexts { list, views }),
        None => list,
    }
}

/// The condition with the lists that DataFusion knows.
pub(in crate::exec::df) fn as_lists(
    condition: Arc<dyn PhysicalExpr>,
) -> DfResult<Arc<dyn PhysicalExpr>> {
    let list = |expr: Arc<dyn PhysicalExpr>| match expr.downcast_ref::<ShortTexts>() {
        Some(short) => Ok(Transformed::yes(short.list.clone())),
        None => Ok(Transformed::no(expr)),
    };
    condition.transform(list).data()
}

fn views(list: &Arc<dyn PhysicalExpr>) -> Option<Vec<u128>> {
    let elements = list.downcast_ref::<InListExpr>()?.list();
    let text = |element: &Arc<dyn PhysicalExpr>| match element.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8View(Some(text)) if text.len() <= INLINE_MAX => Some(text.clone()),
        _ => None,
    };
    let texts: Option<StringViewArray> = elements.iter().map(|e| text(e).map(Some)).collect();
    texts.filter(|texts| texts.len() <= TEXTS_MAX).map(|texts| texts.views().to_vec())
}

impl PartialEq for ShortTexts {
    fn eq(&self, other: &ShortTexts) -> bool {
        self.list.eq(&other.list)
    }
}

// Views are made from the list, so that it alone says which are equal.
impl std::hash::Hash for ShortTexts {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.list.hash(state);
    }
}

impl PhysicalExpr for ShortTexts {
    fn data_type(&self, _schema: &Schema) -> DfResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, schema: &Schema) -> DfResult<bool> {
        self.list.nullable(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> DfResult<ColumnarValue> {
        let Some(list) = self.list.downcast_ref::<InListExpr>() else {
            return self.list.evaluate(batch);
        };
        let ColumnarValue::Array(array) = list.expr().evaluate(batch)? else {
            return self.list.evaluate(batch);
        };
        let rows = array.as_string_view().views();
        let is_any =
            |row: usize| self.views.iter().fold(false, |is, view| is | (*view == rows[row]));
        let found = BooleanBuffer::collect_bool(rows.len(), |row| is_any(row) != list.negated());
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(found, array.nulls().cloned()))))
    }

    fn return_field(&self, schema: &Schema) -> DfResult<FieldRef> {
        self.list.return_field(schema)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.list]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> DfResult<Arc<dyn PhysicalExpr>> {
        // The list may have become something else.
        Ok(children.pop().map_or_else(|| self.list.clone(), faster))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt_sql(f)
    }
}

impl fmt::Display for ShortTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::Field;
    use datafusion::physical_expr::expressions::{Column, in_list};

    #[test]
    fn short_texts_give_what_the_list_does() {
        let schema = Schema::new(vec![Field::new("a", DataType::Utf8View, true)]);
        let long = "a text that is no longer short";
        let rows = StringViewArray::from(vec![
            Some("x"),
            None,
            Some(""),
            Some("x\0"),
            Some(long),
            Some("exactly 12 b"),
            Some("X"),
        ]);
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(rows)]).unwrap();
        for (texts, is_fast) in [
            (vec![Some("x"), Some("exactly 12 b")], true),
            (vec![Some("")], true),
            (vec![Some("x"), Some(long)], false),
            (vec![Some("x"), None], false),
        ] {
            for negated in [false, true] {
                let literal = |text: &Option<&str>| -> Arc<dyn PhysicalExpr> {
                    Arc::new(Literal::new(ScalarValue::Utf8View(text.map(str::to_owned))))
                };
                let column = Arc::new(Column::new("a", 0));
                let elements = texts.iter().map(literal).collect();
                let list = in_list(column, elements, &negated, &schema).unwrap();
                let faster = faster(list.clone());
                assert_eq!(faster.downcast_ref::<ShortTexts>().is_some(), is_fast, "{texts:?}");
                let values = |expr: &Arc<dyn PhysicalExpr>| {
                    let value = expr.evaluate(&batch).unwrap();
                    value.into_array(batch.num_rows()).unwrap().as_boolean().clone()
                };
                assert_eq!(values(&faster), values(&list), "{texts:?} {negated}");
                assert!(as_lists(faster).unwrap().downcast_ref::<InListExpr>().is_some());
            }
        }
    }
}
