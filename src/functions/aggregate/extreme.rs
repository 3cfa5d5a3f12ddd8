//! `max` and `min` by the default order of the argument's type.

use super::boxed;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Oid, compare, oids};
use std::cmp::Ordering;

macro_rules! extremes {
    ($($type:literal)*) => {
        pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[$(
            (concat!("max(", $type, ")"), |_, _| extreme(Ordering::Greater)),
            (concat!("min(", $type, ")"), |_, _| extreme(Ordering::Less)),
        )*];
    };
}

extremes! {
    "anyarray" "anyenum" "bpchar" "date" "float4" "float8" "inet" "int2" "int4" "int8" "interval"
    "money" "numeric" "oid" "pg_lsn" "text" "tid" "time" "timestamp" "timestamptz" "timetz" "xid8"
}

pub(in crate::functions) fn extreme(wanted: Ordering) -> Result<Box<dyn AggregateState>> {
    boxed(Extreme { wanted, best: None })
}

struct Extreme {
    /// How the best value compares to all others.
    wanted: Ordering,
    best: Option<Datum>,
}

impl AggregateState for Extreme {
    /// Of equal values that look different (1.0 and 1.00) the last one stays, but the first of
    /// `bpchar`: PostgreSQL's `numeric_larger` and its kin differ so.
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if args[0].is_null() {
            return Ok(());
        }
        let type_oid = ctx.arg_types[0];
        let keep = self.best.as_ref().is_some_and(|best| match compare(type_oid, best, &args[0]) {
            Ordering::Equal => type_oid == oids::BPCHAR,
            order => order == self.wanted,
        });
        if !keep {
            self.best = Some(args[0].clone());
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(self.best.clone().unwrap_or_default())
    }

    fn partial(&self, ctx: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        Some(vec![(ctx.arg_types[0], self.best.clone().unwrap_or_default())])
    }

    fn merge(&mut self, ctx: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.update(ctx, &partial)
    }

    fn size(&self) -> usize {
        size_of::<Extreme>() + self.best.as_ref().map_or(0, Datum::memory_bytes)
    }
}
