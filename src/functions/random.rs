//! `random()`, `setseed()` and random UUIDs.
//!
//! `random()` is the generator that PostgreSQL 15 uses (xoroshiro128**, seeded through SplitMix64,
//! both by Blackman and Vigna, <https://prng.di.unimi.it>), so that a session which calls `setseed`
//! sees the same sequence on both.

use super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use std::sync::Arc;

/// A session's generator.
pub struct Generator([u64; 2]);

impl Default for Generator {
    /// Seeded by the operating system.
    fn default() -> Self {
        Generator::seeded(rand::random())
    }
}

impl Generator {
    /// Both words come from SplitMix64, which never yields two zeros in a row: the one state that
    /// xoroshiro cannot leave.
    fn seeded(seed: u64) -> Self {
        let mut state = seed;
        Generator([split_mix(&mut state), split_mix(&mut state)])
    }

    fn next(&mut self) -> u64 {
        let [s0, mut s1] = self.0;
        let value = s0.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        s1 ^= s0;
        self.0 = [s0.rotate_left(24) ^ s1 ^ (s1 << 16), s1.rotate_left(37)];
        value
    }

    /// A float in `[0, 1)`, of 52 random bits as in PostgreSQL 15.
    fn next_float(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1u64 << 52) as f64;
        (self.next() >> 12) as f64 * SCALE
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The generator for a `setseed` argument: 52 bits of it, as an integer.
pub fn from_float_seed(seed: f64) -> Result<Generator> {
    if !(-1.0..=1.0).contains(&seed) {
        let message = format!("setseed parameter {seed} is out of allowed range [-1,1]");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    Ok(Generator::seeded(((((1u64 << 52) - 1) as f64) * seed) as i64 as u64))
}

fn random_uuid() -> Datum {
    Datum::Uuid(Arc::new(uuid::Uuid::new_v4().into_bytes()))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("drandom", Scalar(|c, _| Ok(Datum::Float8(c.env.session().random().lock().next_float())))),
    (
        "setseed",
        Scalar(|c, a| {
            *c.env.session().random().lock() = from_float_seed(a[0].as_float8())?;
            Ok(super::void())
        }),
    ),
    ("gen_random_uuid", Scalar(|_, _| Ok(random_uuid()))),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// `select setseed(0.5); select random() from generate_series(1, 3)` on PostgreSQL 15.
    #[test]
    fn a_seeded_sequence_is_postgresqls() {
        let mut generator = from_float_seed(0.5).unwrap();
        let values: Vec<f64> = (0..3).map(|_| generator.next_float()).collect();
        assert_eq!(values, [0.9851677175347999, 0.825301858027981, 0.12974610012450416]);
    }

    #[test]
    fn seeds_outside_the_unit_interval_are_refused() {
        let error = from_float_seed(2.0).err().unwrap();
        assert_eq!(error.message(), "setseed parameter 2 is out of allowed range [-1,1]");
        assert!(from_float_seed(f64::NAN).is_err());
    }
}
