//! Where the columns of a row are in batches.
//!
//! A row operator's slots are numbered; of its batches only those columns are carried that something
//! above reads ([`Needed`]). [`Columns`] says which column of a batch a slot is, and how its values
//! travel.

use crate::exec::expr::{Program, Reads};
use crate::types::arrow::ColumnType;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use std::sync::Arc;

/// A column of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) struct Place {
    pub at: usize,
    pub ty: ColumnType,
}

/// The slots of a row as columns of batches.
#[derive(Clone)]
pub(in crate::exec) struct Columns {
    /// `None`: nobody needs the slot.
    slots: Vec<Option<Place>>,
    /// Of the batches.
    schema: SchemaRef,
    /// Slots behind the row's that hold the values of lookups, by their caches' slots.
    lookups: Vec<(usize, usize)>,
}

impl Columns {
    /// Slots at these places of batches of a schema.
    pub fn new(slots: Vec<Option<Place>>, schema: SchemaRef) -> Columns {
        Columns { slots, schema, lookups: Vec::new() }
    }

    /// Columns of these types, one slot each, in order.
    pub fn in_order(types: &[ColumnType], schema: SchemaRef) -> Columns {
        let places = types.iter().enumerate().map(|(at, ty)| Some(Place { at, ty: *ty }));
        Columns::new(places.collect(), schema)
    }

    /// The same slots over other batches.
    pub fn moved(&self, to: impl Fn(Place) -> Place, schema: SchemaRef) -> Columns {
        let slots = self.slots.iter().map(|place| place.map(&to)).collect();
        Columns { slots, schema, lookups: self.lookups.clone() }
    }

    /// Adds a slot with the value of a lookup.
    pub fn add_lookup(&mut self, cache: usize, place: Place) {
        self.lookups.push((cache, self.slots.len()));
        self.slots.push(Some(place));
    }

    /// The slot that holds the value of a lookup.
    pub fn lookup(&self, cache: usize) -> Option<usize> {
        self.lookups.iter().find(|(known, _)| *known == cache).map(|(_, slot)| *slot)
    }

    pub fn lookups(&self) -> &[(usize, usize)] {
        &self.lookups
    }

    /// Slots of the row, lookups included.
    pub fn width(&self) -> usize {
        self.slots.len()
    }

    pub fn get(&self, slot: usize) -> Option<Place> {
        self.slots.get(slot).copied().flatten()
    }

    /// Whether batches of both have the same columns in the same places.
    pub fn travels_as(&self, other: &Columns) -> bool {
        let types = |c: &Columns| -> Vec<_> {
            c.schema.fields().iter().map(|f| f.data_type().clone()).collect()
        };
        self.slots == other.slots && types(self) == types(other)
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The slots that are there.
    pub fn places(&self) -> impl Iterator<Item = (usize, Place)> + '_ {
        self.slots.iter().enumerate().filter_map(|(slot, place)| Some((slot, (*place)?)))
    }

    /// The expression that reads a slot.
    pub fn column(&self, slot: usize) -> Option<(Arc<dyn PhysicalExpr>, ColumnType)> {
        let place = self.get(slot)?;
        Some((Arc::new(Column::new(self.schema.field(place.at).name(), place.at)), place.ty))
    }

    /// The columns of a batch that the needed slots are at, in order, and the slots over a batch of
    /// just these. At least one column stays, for a batch without any has no length everywhere.
    pub fn kept(&self, needed: &Needed) -> (Vec<usize>, Columns) {
        let mut kept: Vec<usize> =
            self.places().filter(|(slot, _)| needed.contains(*slot)).map(|(_, p)| p.at).collect();
        kept.sort_unstable();
        kept.dedup();
        if kept.is_empty() && !self.schema.fields().is_empty() {
            kept.push(0);
        }
        let moved = |place: Place| {
            let at = kept.binary_search(&place.at).ok()?;
            Some(Place { at, ..place })
        };
        let slot = |(slot, place): (usize, &Option<Place>)| match needed.contains(slot) {
            true => place.and_then(moved),
            false => None,
        };
        let slots = self.slots.iter().enumerate().map(slot).collect();
        let fields: Vec<_> = kept.iter().map(|at| self.schema.fields()[*at].clone()).collect();
        (kept, Columns::new(slots, Arc::new(Schema::new(fields))))
    }
}

/// Which slots of a row something reads.
#[derive(Clone, Debug)]
pub(in crate::exec) struct Needed(Vec<bool>);

impl Needed {
    pub fn all(width: usize) -> Needed {
        Needed(vec![true; width])
    }

    pub fn none(width: usize) -> Needed {
        Needed(vec![false; width])
    }

    pub fn contains(&self, slot: usize) -> bool {
        self.0.get(slot).copied().unwrap_or(false)
    }

    /// Adds what a program reads; `None` where it must run on row operators.
    pub fn read(&mut self, program: &Program) -> Option<()> {
        let mut reads = Reads::default();
        program.node().reads(&mut reads)?;
        for slot in reads.slots {
            *self.0.get_mut(slot)? = true;
        }
        Some(())
    }

    /// The first slots, and the others: the sides of a join.
    pub fn split(mut self, left_width: usize) -> (Needed, Needed) {
        let right = self.0.split_off(left_width.min(self.0.len()));
        (self, Needed(right))
    }

    /// For a join's sides as one row.
    pub fn resized(&self, width: usize) -> Needed {
        let mut slots = self.0.clone();
        slots.resize(width, false);
        Needed(slots)
    }
}
