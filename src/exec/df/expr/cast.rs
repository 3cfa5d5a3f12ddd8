//! Casts between numbers that cannot fail.

use super::compare::widened;
use super::kernel::{Kernel, apply, unary};
use super::{DfResult, Scope, Typed, constant};
use crate::exec::expr::Node;
use crate::types::arrow::ColumnType;
use crate::types::{Datum, Numeric, Oid, oids};
use datafusion::arrow::array::{ArrayRef, Decimal128Array};
use datafusion::arrow::datatypes::{Decimal128Type, Int16Type, Int32Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

/// The C functions of the casts: from, to.
const CASTS: [(&str, Oid, Oid); 13] = [
    ("i2toi4", oids::INT2, oids::INT4),
    ("int28", oids::INT2, oids::INT8),
    ("int48", oids::INT4, oids::INT8),
    ("i2tof", oids::INT2, oids::FLOAT4),
    ("i4tof", oids::INT4, oids::FLOAT4),
    ("i8tof", oids::INT8, oids::FLOAT4),
    ("i2tod", oids::INT2, oids::FLOAT8),
    ("i4tod", oids::INT4, oids::FLOAT8),
    ("i8tod", oids::INT8, oids::FLOAT8),
    ("ftod", oids::FLOAT4, oids::FLOAT8),
    ("int2_numeric", oids::INT2, oids::NUMERIC),
    ("int4_numeric", oids::INT4, oids::NUMERIC),
    ("int8_numeric", oids::INT8, oids::NUMERIC),
];

pub(super) fn call(scope: &Scope<'_>, source: &str, args: &[Node]) -> Option<Typed> {
    let [arg] = args else { return None };
    let (_, from, to) = CASTS.iter().find(|(name, ..)| *name == source)?;
    let arg = scope.native(arg, *from)?;
    match *to {
        oids::NUMERIC => to_decimal(arg),
        to => Some(widened(arg, to)),
    }
}

/// An integer as a decimal without fraction.
fn to_decimal(arg: Typed) -> Option<Typed> {
    let digits = match arg.ty.oid {
        oids::INT2 => 5,
        oids::INT4 => 10,
        _ => 19,
    };
    let constant = match &arg.literal {
        None => return Some(apply(ToDecimal { from: arg.ty.oid, digits }, &[arg])),
        Some(Datum::Int2(v)) => Datum::Numeric(Numeric::from_i64(i64::from(*v))),
        Some(Datum::Int4(v)) => Datum::Numeric(Numeric::from_i64(i64::from(*v))),
        Some(Datum::Int8(v)) => Datum::Numeric(Numeric::from_i64(*v)),
        Some(_) => Datum::Null,
    };
    constant::literal(&constant, oids::NUMERIC.into())
}

#[derive(Debug)]
struct ToDecimal {
    from: Oid,
    digits: u8,
}

impl Kernel for ToDecimal {
    fn result(&self) -> ColumnType {
        ColumnType::decimal(self.digits, 0)
    }

    fn eval(&self, args: &[ColumnarValue], rows: usize) -> DfResult<ArrayRef> {
        let arg = &args[0];
        let array: Decimal128Array = match self.from {
            oids::INT2 => unary::<Int16Type, Decimal128Type>(arg, rows, i128::from)?,
            oids::INT4 => unary::<Int32Type, Decimal128Type>(arg, rows, i128::from)?,
            _ => unary::<Int64Type, Decimal128Type>(arg, rows, i128::from)?,
        };
        Ok(Arc::new(array.with_data_type(self.result().data_type())))
    }
}
