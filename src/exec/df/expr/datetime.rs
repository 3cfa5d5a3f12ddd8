//! `extract(year|month|day from …)` of dates and timestamps.

use super::kernel::{Kernel, Operand, apply, exact};
use super::{DfResult, Scope, Typed};
use crate::exec::expr::Node;
use crate::types::arrow::{self, ColumnType};
use crate::types::datetime::DAY;
use crate::types::{Datum, Oid, oids};
use datafusion::arrow::array::{ArrayRef, Decimal128Array};
use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

pub(super) fn call(scope: &Scope<'_>, source: &str, args: &[Node]) -> Option<Typed> {
    let from = match source {
        "extract_date" => oids::DATE,
        "extract_timestamp" => oids::TIMESTAMP,
        _ => return None,
    };
    let [field, arg] = args else { return None };
    let field = match scope.native(field, oids::TEXT)?.literal? {
        Datum::Text(name) if name.eq_ignore_ascii_case("year") => Field::Year,
        Datum::Text(name) if name.eq_ignore_ascii_case("month") => Field::Month,
        Datum::Text(name) if name.eq_ignore_ascii_case("day") => Field::Day,
        _ => return None,
    };
    // The year of infinity is infinity, which is no decimal.
    scope.cx.may_restart().then_some(())?;
    let arg = scope.native(arg, from)?;
    Some(apply(Extract { field, from }, &[arg]))
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Year,
    Month,
    Day,
}

#[derive(Debug)]
struct Extract {
    field: Field,
    from: Oid,
}

impl Kernel for Extract {
    /// Years have at most six digits.
    fn result(&self) -> ColumnType {
        ColumnType::decimal(10, 0)
    }

    fn may_fail(&self) -> bool {
        true
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let (values, nulls) = match self.from {
            oids::DATE => {
                let dates = Operand::<Date32Type>::of(&args[0])?;
                let day = |row| match dates.value(row) {
                    i32::MIN | i32::MAX => None,
                    unix => Some(i64::from(unix)),
                };
                let nulls = dates.nulls(rows);
                (self.fields(rows, day, nulls.as_ref()), nulls)
            }
            _ => {
                let times = Operand::<TimestampMicrosecondType>::of(&args[0])?;
                let day = |row| match arrow::timestamp_from_unix(times.value(row)) {
                    i64::MIN | i64::MAX => None,
                    micros => Some(micros.div_euclid(DAY) + i64::from(arrow::EPOCH_DAYS)),
                };
                let nulls = times.nulls(rows);
                (self.fields(rows, day, nulls.as_ref()), nulls)
            }
        };
        let array = Decimal128Array::new(values?.into(), nulls);
        Ok(Arc::new(array.with_data_type(self.result().data_type())))
    }
}

impl Extract {
    fn fields(
        &self,
        rows: usize,
        day: impl Fn(usize) -> Option<i64>,
        nulls: Option<&datafusion::arrow::buffer::NullBuffer>,
    ) -> DfResult<Vec<i128>> {
        let one = |row| match day(row) {
            Some(unix) => Ok(self.of(unix)),
            None if nulls.is_some_and(|n| n.is_null(row)) => Ok(0),
            None => Err(exact()),
        };
        (0..rows).map(one).collect()
    }

    fn of(&self, unix: i64) -> i128 {
        let (year, month, day) = civil(unix);
        i128::from(match self.field {
            // There is no year 0: 1 BC is -1.
            Field::Year if year <= 0 => year - 1,
            Field::Year => year,
            Field::Month => month,
            Field::Day => day,
        })
    }
}

/// Year, month and day of a day since 1970 in the proleptic Gregorian calendar (Howard Hinnant's
/// `civil_from_days`).
fn civil(unix: i64) -> (i64, i64, i64) {
    let days = unix + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_have_their_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(-719_528), (0, 1, 1));
    }
}
