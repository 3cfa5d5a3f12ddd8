//! Comparison of row values whose columns are not known when a statement is bound (`t = u` for whole
//! rows; `ROW(…) = ROW(…)` is compared column by column instead).

use super::Implementation::{self, Scalar};
use super::{Ctx, reg};
use crate::error::{PgError, Result, code};
use crate::types::{self, Datum, oids};
use std::cmp::Ordering;

/// Column by column; both rows must have the same columns' types.
fn compare(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Ordering> {
    let (left, right) = (a[0].as_record(), a[1].as_record());
    let mismatch = |message: String| Err(PgError::new(code::DATATYPE_MISMATCH, message));
    for (at, ((x, _), (y, _))) in left.fields.iter().zip(&right.fields).enumerate() {
        if x != y {
            let (x, y) =
                (reg::output(ctx.env, oids::REGTYPE, *x), reg::output(ctx.env, oids::REGTYPE, *y));
            let column = at + 1;
            return mismatch(format!(
                "cannot compare dissimilar column types {x} and {y} at record column {column}"
            ));
        }
    }
    if left.fields.len() != right.fields.len() {
        return mismatch("cannot compare record types with different numbers of columns".into());
    }
    Ok(types::compare(oids::RECORD, &a[0], &a[1]))
}

macro_rules! test {
    ($method:ident) => {
        Scalar(|c, a| compare(c, a).map(|order| Datum::Bool(order.$method())))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("record_eq", test!(is_eq)),
    ("record_ne", test!(is_ne)),
    ("record_lt", test!(is_lt)),
    ("record_le", test!(is_le)),
    ("record_gt", test!(is_gt)),
    ("record_ge", test!(is_ge)),
    ("btrecordcmp", Scalar(|c, a| compare(c, a).map(|order| Datum::Int4(order as i32)))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{t, value};
    use crate::types::{Datum, Record, oids};
    use std::sync::Arc;

    fn row(number: i32, text: &str) -> Datum {
        let fields = vec![(oids::INT4, Datum::Int4(number)), (oids::TEXT, t(text))];
        Datum::Record(Arc::new(Record::unnamed(fields)))
    }

    #[test]
    fn the_first_different_column_decides() {
        assert_eq!(value("record_lt", &[row(1, "b"), row(2, "a")]), Datum::Bool(true));
        assert_eq!(value("record_eq", &[row(1, "a"), row(1, "a")]), Datum::Bool(true));
    }
}
