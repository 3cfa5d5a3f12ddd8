//! Arrays as sets of rows: `unnest`, `generate_subscripts`.

use super::shape::dimension;
use crate::error::Result;
use crate::functions::Implementation::{self, Set};
use crate::functions::{Ctx, Rows};
use crate::types::Datum;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("array_unnest", Set(unnest)),
    ("generate_subscripts", Set(generate_subscripts)),
    ("generate_subscripts_nodir", Set(generate_subscripts)),
    ("_pg_expandarray(anyarray)", Set(expand)),
];

/// Elements in storage order. Rows become columns where the caller expects several.
fn unnest(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let Datum::Array(array) = args[0].clone() else { return Ok(Box::new(std::iter::empty())) };
    let count = array.elements.len();
    let elements = (0..count).map(move |i| Ok(vec![array.elements[i].clone()]));
    Ok(Box::new(elements))
}

/// `information_schema._pg_expandarray`, by which JDBC reads keys: a vector's elements, numbered
/// from 1.
fn expand(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let Datum::Array(array) = args[0].clone() else { return Ok(Box::new(std::iter::empty())) };
    let count = array.elements.len();
    let rows = (0..count).zip(1..);
    Ok(Box::new(rows.map(move |(i, n)| Ok(vec![array.elements[i].clone(), Datum::Int4(n)]))))
}

fn generate_subscripts(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let Some((length, lower)) = dimension(args[0].as_array(), args[1].as_int4()) else {
        return Ok(Box::new(std::iter::empty()));
    };
    let subscripts = lower..lower + length;
    let row = |subscript| Ok(vec![Datum::Int4(subscript)]);
    match args.get(2) {
        Some(Datum::Bool(true)) => Ok(Box::new(subscripts.rev().map(row))),
        _ => Ok(Box::new(subscripts.map(row))),
    }
}
