//! Counting and shifting decimal digits, and PostgreSQL's base-10000 view of a value.
//!
//! PostgreSQL stores groups of four decimal digits aligned to the point. Result scales of division
//! and of the transcendental functions depend on those groups, so we compute them where needed:
//! 12345.6 is the groups 1, 2345, 6000 with weight 1 (the first counts 10000^1).

use super::Numeric;
use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use std::sync::LazyLock;

/// 10^0 ..= 10^38, all that fit.
pub const POW10: [i128; 39] = {
    let mut table = [1i128; 39];
    let mut i = 1;
    while i < 39 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

pub fn pow10(exponent: u32) -> BigInt {
    static SMALL: LazyLock<Vec<BigInt>> =
        LazyLock::new(|| (0..64u32).map(|n| BigInt::from(10).pow(n)).collect());
    match SMALL.get(exponent as usize) {
        Some(power) => power.clone(),
        None => BigInt::from(10).pow(exponent),
    }
}

/// Decimal digits of a magnitude; 0 has none.
pub fn count(magnitude: &BigUint) -> u64 {
    if magnitude.is_zero() {
        return 0;
    }
    // floor(log10) is one of two neighbours of this estimate; the comparison decides.
    let estimate = ((magnitude.bits() - 1) as f64 * std::f64::consts::LOG10_2) as u32;
    let mut digits = estimate;
    while pow10(digits).magnitude() <= magnitude {
        digits += 1;
    }
    u64::from(digits)
}

/// `n / d` rounded half away from zero.
pub fn div_round(n: &BigInt, d: &BigInt) -> BigInt {
    let (quotient, remainder) = n.div_rem(d);
    if (remainder.abs() << 1u32) < d.abs() {
        quotient
    } else if n.is_negative() == d.is_negative() {
        quotient + 1
    } else {
        quotient - 1
    }
}

/// A coefficient at `from` digits after the point, moved to `to`, rounding half away from zero.
pub fn rescale(coefficient: BigInt, from: i32, to: i32) -> BigInt {
    match to - from {
        0 => coefficient,
        up @ 1.. => coefficient * pow10(up.unsigned_abs()),
        down => div_round(&coefficient, &pow10(down.unsigned_abs())),
    }
}

/// The leading groups of a value: `groups * 10^exponent` approximates it from below.
pub struct Leading {
    pub groups: u64,
    pub exponent: i32,
}

impl Numeric {
    /// The power of ten of the first significant digit: 0 for 1..9.99, -1 for 0.1. `None` for zero
    /// and what is not finite.
    pub(in crate::types) fn decimal_exponent(&self) -> Option<i32> {
        let digits = match self.small() {
            Some((0, _)) => return None,
            Some((c, _)) => c.unsigned_abs().ilog10() as i32 + 1,
            None => i32::try_from(count(self.coefficient()?.magnitude())).ok()?,
        };
        Some(digits - 1 - i32::from(self.scale()))
    }

    /// PostgreSQL's weight: the power of 10000 of the first group; 0 for zero.
    pub(super) fn weight(&self) -> i32 {
        self.decimal_exponent().map_or(0, |e| e.div_euclid(4))
    }

    /// The value's first `n` (at most 4) groups of four digits.
    pub(super) fn leading(&self, n: i32) -> Leading {
        let (Some(exponent), Some(coefficient)) = (self.decimal_exponent(), self.coefficient())
        else {
            return Leading { groups: 0, exponent: 0 };
        };
        let last = (exponent.div_euclid(4) - (n - 1)) * 4;
        let shift = i32::from(self.scale()) + last;
        let magnitude = coefficient.abs();
        let groups = match shift {
            ..=0 => magnitude * pow10(shift.unsigned_abs()),
            _ => magnitude / pow10(shift.unsigned_abs()),
        };
        Leading { groups: groups.to_u64().unwrap_or(u64::MAX), exponent: last }
    }
}
