//! Hypothetical-set aggregates: the rank a row would have among the group's rows.
//!
//! Only the caller knows WITHIN GROUP's directions, so it gives, after the aggregated arguments,
//! each row's place relative to the hypothetical row as an int4: below 0 before it, 0 a peer of it,
//! above 0 after it. Rows arrive in order.

use super::boxed;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Oid, equal};

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("rank(any)", |_, _| hypothetical(|p| Datum::Int8(p.before + 1))),
    ("dense_rank(any)", |_, _| hypothetical(|p| Datum::Int8(p.distinct_before + 1))),
    ("percent_rank(any)", |_, _| {
        hypothetical(|p| {
            let rows = p.rows.max(1) as f64;
            Datum::Float8(p.before as f64 / rows)
        })
    }),
    ("cume_dist(any)", |_, _| {
        hypothetical(|p| {
            let not_after = (p.before + p.peers + 1) as f64;
            Datum::Float8(not_after / (p.rows + 1) as f64)
        })
    }),
];

#[derive(Default)]
struct Place {
    rows: i64,
    before: i64,
    peers: i64,
    /// Rows before it, equal ones counted once.
    distinct_before: i64,
}

struct Hypothetical {
    place: Place,
    /// The last row before the hypothetical one.
    last: Option<Vec<Datum>>,
    result: fn(&Place) -> Datum,
}

fn hypothetical(result: fn(&Place) -> Datum) -> Result<Box<dyn AggregateState>> {
    boxed(Hypothetical { place: Place::default(), last: None, result })
}

impl AggregateState for Hypothetical {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let Some((place, row)) = args.split_last() else { return Ok(()) };
        self.place.rows += 1;
        match place.as_int4() {
            ..0 => {
                self.place.before += 1;
                let types = &ctx.arg_types[ctx.arg_types.len() - row.len()..];
                if !self.last.as_ref().is_some_and(|last| same(types, last, row)) {
                    self.place.distinct_before += 1;
                    self.last = Some(row.to_vec());
                }
            }
            0 => self.place.peers += 1,
            1.. => {}
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok((self.result)(&self.place))
    }

    fn size(&self) -> usize {
        size_of::<Hypothetical>()
    }
}

fn same(types: &[Oid], a: &[Datum], b: &[Datum]) -> bool {
    types.iter().zip(a.iter().zip(b)).all(|(&type_oid, (a, b))| equal(type_oid, a, b))
}
