//! `range_agg` and `range_intersect_agg`.

use super::boxed;
use crate::error::Result;
use crate::functions::range::set::intersection;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::Datum;
use crate::types::range::{Multirange, Range, Subtype};

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("range_agg(anyrange)", |_, _| boxed(Union::default())),
    ("range_agg(anymultirange)", |_, _| boxed(Union::default())),
    ("range_intersect_agg(anyrange)", |_, _| boxed(Intersection::default())),
    ("range_intersect_agg(anymultirange)", |_, _| boxed(Intersection::default())),
];

/// All ranges, as a multirange; NULL of no input.
#[derive(Default)]
struct Union {
    /// `None`: nothing but NULL was seen.
    subtype: Option<Subtype>,
    ranges: Vec<Range>,
    size: usize,
}

impl AggregateState for Union {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        match &args[0] {
            Datum::Range(range) => {
                self.subtype = Some(range.subtype);
                self.ranges.push((**range).clone());
            }
            Datum::Multirange(multirange) => {
                self.subtype = Some(multirange.subtype);
                self.ranges.extend_from_slice(&multirange.ranges);
            }
            _ => {}
        }
        self.size += args[0].memory_bytes();
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        let made = |subtype| Multirange::new(subtype, self.ranges.clone()).datum();
        Ok(self.subtype.map_or(Datum::Null, made))
    }

    fn size(&self) -> usize {
        size_of::<Union>() + self.size
    }
}

#[derive(Default)]
struct Intersection {
    common: Option<Datum>,
}

impl AggregateState for Intersection {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if args[0].is_null() {
            return Ok(());
        }
        self.common = Some(match &self.common {
            Some(common) => intersection(common, &args[0])?,
            None => args[0].clone(),
        });
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(self.common.clone().unwrap_or_default())
    }

    fn size(&self) -> usize {
        size_of::<Intersection>() + self.common.as_ref().map_or(0, Datum::memory_bytes)
    }
}
