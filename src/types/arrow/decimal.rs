//! `numeric` of one scale as Decimal128.
//!
//! `numeric(p,s)` holds NaN beside its finite values, and Decimal128 does not. NaN therefore travels
//! as the greatest coefficient, [`NAN`], which no finite value of at most [`PRECISION_MAX`] digits
//! has. It sorts after all others and equals itself, as PostgreSQL has it: comparisons, groups,
//! joins, sorts, minima and maxima need not know of it. Arithmetic does. `numeric(p,s)` has no
//! infinities, and nothing that gives one is a decimal.

use super::super::Numeric;
use super::super::numeric::POW10;

/// The coefficient that stands for NaN.
pub const NAN: i128 = i128::MAX;

/// Most digits of a coefficient.
pub const PRECISION_MAX: u8 = 38;

/// Every finite coefficient is nearer to zero.
pub const LIMIT: i128 = POW10[PRECISION_MAX as usize];

/// The coefficient of a value at a scale; `None` where it has none of at most [`PRECISION_MAX`]
/// digits.
pub fn coefficient(value: &Numeric, scale: u8) -> Option<i128> {
    if value.is_nan() {
        return Some(NAN);
    }
    let (found, at) = value.as_i128()?;
    let found = match i32::from(scale) - i32::from(at) {
        0 => found,
        up @ 1.. => found.checked_mul(*POW10.get(up.unsigned_abs() as usize)?)?,
        down => {
            let power = *POW10.get(down.unsigned_abs() as usize)?;
            (found % power == 0).then_some(found / power)?
        }
    };
    (-LIMIT < found && found < LIMIT).then_some(found)
}

/// The value of a coefficient at a scale.
pub fn numeric(coefficient: i128, scale: u8) -> Numeric {
    match coefficient {
        NAN => Numeric::nan(),
        finite => Numeric::new(finite, u16::from(scale)),
    }
}

/// Digits of a coefficient: it is below 10 to the power of them.
pub fn digits(coefficient: i128) -> u8 {
    let digits = coefficient.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    u8::try_from(digits).expect("128 bits have at most 39 digits")
}
