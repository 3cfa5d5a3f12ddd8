//! Aggregates over truth values and over the bits of integers.

use super::boxed;
use crate::error::Result;
use crate::functions::bits::{Combination, combined};
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Oid, oids};
use std::ops::{BitAnd, BitOr, BitXor};

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("bool_and(bool)", |_, _| boxed(Truths::new(true))),
    ("every(bool)", |_, _| boxed(Truths::new(true))),
    ("bool_or(bool)", |_, _| boxed(Truths::new(false))),
    ("bit_and(int2)", |_, _| bits(i64::bitand)),
    ("bit_and(int4)", |_, _| bits(i64::bitand)),
    ("bit_and(int8)", |_, _| bits(i64::bitand)),
    ("bit_or(int2)", |_, _| bits(i64::bitor)),
    ("bit_or(int4)", |_, _| bits(i64::bitor)),
    ("bit_or(int8)", |_, _| bits(i64::bitor)),
    ("bit_xor(int2)", |_, _| bits(i64::bitxor)),
    ("bit_xor(int4)", |_, _| bits(i64::bitxor)),
    ("bit_xor(int8)", |_, _| bits(i64::bitxor)),
    ("bit_and(bit)", |_, _| strings(Combination::And)),
    ("bit_or(bit)", |_, _| strings(Combination::Or)),
    ("bit_xor(bit)", |_, _| strings(Combination::Xor)),
];

/// How many of each, so that values can be taken back.
struct Truths {
    all: bool,
    trues: i64,
    falses: i64,
}

impl Truths {
    fn new(all: bool) -> Truths {
        Truths { all, trues: 0, falses: 0 }
    }

    fn include(&mut self, value: &Datum, direction: i64) {
        match value {
            Datum::Bool(true) => self.trues += direction,
            Datum::Bool(false) => self.falses += direction,
            _ => {}
        }
    }
}

impl AggregateState for Truths {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        self.include(&args[0], 1);
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(match (self.trues + self.falses, self.all) {
            (0, _) => Datum::Null,
            (_, true) => Datum::Bool(self.falses == 0),
            (_, false) => Datum::Bool(self.trues > 0),
        })
    }

    fn retract(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<bool> {
        self.include(&args[0], -1);
        Ok(true)
    }

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        let counts = [self.trues, self.falses];
        Some(counts.map(|count| (oids::INT8, Datum::Int8(count))).to_vec())
    }

    fn merge(&mut self, _: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.trues += partial[0].as_int8();
        self.falses += partial[1].as_int8();
        Ok(())
    }

    fn size(&self) -> usize {
        size_of::<Truths>()
    }
}

fn bits(combine: fn(i64, i64) -> i64) -> Result<Box<dyn AggregateState>> {
    boxed(Bits { combine, bits: None })
}

/// Narrow integers are sign-extended, which no bit operation disturbs.
struct Bits {
    combine: fn(i64, i64) -> i64,
    bits: Option<Datum>,
}

impl AggregateState for Bits {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let both = |a: i64, b: i64| (self.combine)(a, b);
        self.bits = Some(match (&self.bits, &args[0]) {
            (_, Datum::Null) => return Ok(()),
            (Some(Datum::Int2(a)), Datum::Int2(b)) => {
                Datum::Int2(both(i64::from(*a), i64::from(*b)) as i16)
            }
            (Some(Datum::Int4(a)), Datum::Int4(b)) => {
                Datum::Int4(both(i64::from(*a), i64::from(*b)) as i32)
            }
            (Some(Datum::Int8(a)), Datum::Int8(b)) => Datum::Int8(both(*a, *b)),
            (_, first) => first.clone(),
        });
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(self.bits.clone().unwrap_or_default())
    }

    fn partial(&self, ctx: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        Some(vec![(ctx.arg_types[0], self.bits.clone().unwrap_or_default())])
    }

    fn merge(&mut self, ctx: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.update(ctx, &partial)
    }

    fn size(&self) -> usize {
        size_of::<Bits>()
    }
}

fn strings(how: Combination) -> Result<Box<dyn AggregateState>> {
    boxed(Strings { how, bits: None })
}

/// Bit strings of one length.
struct Strings {
    how: Combination,
    bits: Option<Datum>,
}

impl AggregateState for Strings {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if args[0].is_null() {
            return Ok(());
        }
        self.bits = Some(match &self.bits {
            Some(bits) => combined(self.how, bits, &args[0])?,
            None => args[0].clone(),
        });
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(self.bits.clone().unwrap_or_default())
    }

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        Some(vec![(oids::BIT, self.bits.clone().unwrap_or_default())])
    }

    fn merge(&mut self, ctx: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.update(ctx, &partial)
    }

    fn size(&self) -> usize {
        size_of::<Strings>() + self.bits.as_ref().map_or(0, Datum::memory_bytes)
    }
}
