//! `array_agg` of elements and of arrays.

use super::boxed;
use crate::error::{PgError, Result, code};
use crate::functions::array::element_of;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Array, Datum, oids};
use std::sync::Arc;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("array_agg(anynonarray)", |_, _| boxed(Elements::default())),
    ("array_agg(anyarray)", |_, _| boxed(Arrays::default())),
];

/// NULLs are elements too.
#[derive(Default)]
struct Elements {
    elements: Vec<Datum>,
    size: usize,
}

impl AggregateState for Elements {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        self.size += args[0].memory_bytes();
        self.elements.push(args[0].clone());
        Ok(())
    }

    fn finish(&self, ctx: &Ctx<'_>) -> Result<Datum> {
        if self.elements.is_empty() {
            return Ok(Datum::Null);
        }
        let array = Array::from_elements(ctx.arg_types[0], self.elements.clone());
        Ok(Datum::Array(Arc::new(array)))
    }

    fn size(&self) -> usize {
        size_of::<Elements>() + self.size
    }
}

/// Arrays of one shape become one array with a dimension more.
#[derive(Default)]
struct Arrays {
    count: i32,
    dims: Vec<(i32, i32)>,
    elements: Vec<Datum>,
    size: usize,
}

impl AggregateState for Arrays {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let Datum::Array(array) = &args[0] else {
            return Err(PgError::new(
                code::NULL_VALUE_NOT_ALLOWED,
                "cannot accumulate null arrays",
            ));
        };
        if self.count == 0 {
            if array.dims.is_empty() {
                return Err(subscript_error("cannot accumulate empty arrays"));
            }
            if array.dims.len() >= 6 {
                return Err(PgError::new(
                    code::PROGRAM_LIMIT_EXCEEDED,
                    format!(
                        "number of array dimensions ({}) exceeds the maximum allowed (6)",
                        array.dims.len() + 1
                    ),
                ));
            }
            self.dims = array.dims.clone();
        } else if self.dims != array.dims {
            return Err(subscript_error("cannot accumulate arrays of different dimensionality"));
        }
        self.count += 1;
        self.size += array.elements.iter().map(Datum::memory_bytes).sum::<usize>();
        self.elements.extend(array.elements.iter().cloned());
        Ok(())
    }

    fn finish(&self, ctx: &Ctx<'_>) -> Result<Datum> {
        if self.count == 0 {
            return Ok(Datum::Null);
        }
        let mut dims = vec![(self.count, 1)];
        dims.extend(&self.dims);
        let element_type = element_of(ctx, ctx.arg_types[0]).unwrap_or(oids::TEXT);
        Ok(Datum::Array(Arc::new(Array { element_type, dims, elements: self.elements.clone() })))
    }

    fn size(&self) -> usize {
        size_of::<Arrays>() + self.size
    }
}

fn subscript_error(message: &'static str) -> PgError {
    PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
}
