//! Casts of `jsonb` scalars to SQL types. JSON's null is not SQL's NULL and cannot be cast.

use super::access::jsonb_kind;
use super::invalid;
use crate::error::{PgError, Result};
use crate::functions::Implementation::{self, Scalar};
use crate::types::jsonb::View;
use crate::types::{Datum, Numeric};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "jsonb_bool",
        Scalar(|_, a| match a[0].as_jsonb().root().view() {
            View::Bool(value) => Ok(Datum::Bool(value)),
            _ => Err(cannot_cast(&a[0], "boolean")),
        }),
    ),
    ("jsonb_numeric", Scalar(|_, a| number(&a[0], "numeric").map(Datum::Numeric))),
    ("jsonb_int2", Scalar(|_, a| number(&a[0], "smallint")?.to_i16().map(Datum::Int2))),
    ("jsonb_int4", Scalar(|_, a| number(&a[0], "integer")?.to_i32().map(Datum::Int4))),
    ("jsonb_int8", Scalar(|_, a| number(&a[0], "bigint")?.to_i64().map(Datum::Int8))),
    ("jsonb_float4", Scalar(|_, a| number(&a[0], "real")?.to_f32().map(Datum::Float4))),
    ("jsonb_float8", Scalar(|_, a| number(&a[0], "double precision")?.to_f64().map(Datum::Float8))),
];

fn number(value: &Datum, type_name: &str) -> Result<Numeric> {
    match value.as_jsonb().root().view() {
        View::Number(number) => Ok(number),
        _ => Err(cannot_cast(value, type_name)),
    }
}

fn cannot_cast(value: &Datum, type_name: &str) -> PgError {
    let kind = match jsonb_kind(value.as_jsonb().root()) {
        "number" => "numeric",
        kind => kind,
    };
    invalid(format!("cannot cast jsonb {kind} to type {type_name}"))
}
