//! `string_agg` of text and of bytea.

use super::boxed;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::Datum;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("string_agg(text,text)", |_, _| boxed(Joined::default())),
    ("string_agg(bytea,bytea)", |_, _| boxed(Joined::default())),
];

/// Values with the delimiter of each but the first before it. A NULL delimiter is empty.
#[derive(Default)]
struct Joined {
    bytes: Option<Vec<u8>>,
}

impl AggregateState for Joined {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if args[0].is_null() {
            return Ok(());
        }
        match &mut self.bytes {
            Some(bytes) => {
                bytes.extend_from_slice(bytes_of(&args[1]));
                bytes.extend_from_slice(bytes_of(&args[0]));
            }
            none => *none = Some(bytes_of(&args[0]).to_vec()),
        }
        Ok(())
    }

    fn finish(&self, ctx: &Ctx<'_>) -> Result<Datum> {
        Ok(match &self.bytes {
            None => Datum::Null,
            Some(bytes) if ctx.result_type == crate::types::oids::BYTEA => {
                Datum::bytea(bytes.as_slice())
            }
            Some(bytes) => {
                Datum::text(std::str::from_utf8(bytes).expect("text joined with text is UTF-8"))
            }
        })
    }

    fn size(&self) -> usize {
        size_of::<Joined>() + self.bytes.as_ref().map_or(0, Vec::len)
    }
}

fn bytes_of(value: &Datum) -> &[u8] {
    match value {
        Datum::Text(text) => text.as_bytes(),
        Datum::Bytea(bytes) => bytes,
        _ => &[],
    }
}
