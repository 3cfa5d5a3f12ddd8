//! The wire's binary form (groups of four digits), and the compact form of rows, Arrow arrays and
//! `jsonb`.
//!
//! Compact: a kind byte (0 -Infinity, 1 finite, 2 Infinity, 3 NaN); for finite values the scale as
//! u16 and the coefficient in two's complement, both little-endian, as short as possible. The form
//! is stored on disk: it may grow kinds, but not change.

use super::digits::pow10;
use super::{Numeric, Repr};
use crate::error::{PgError, Result, code};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEG_INFINITY: u16 = 0xF000;

impl Numeric {
    /// `numeric_send`: group count, weight, sign, display scale, groups.
    pub fn binary_out(&self, out: &mut Vec<u8>) {
        let (sign, groups, weight) = match &self.0 {
            Repr::NaN => (NAN, Vec::new(), 0),
            Repr::Infinity => (INFINITY, Vec::new(), 0),
            Repr::NegInfinity => (NEG_INFINITY, Vec::new(), 0),
            _ => {
                let (groups, weight) = self.groups();
                (if self.signum() < 0 { NEGATIVE } else { POSITIVE }, groups, weight)
            }
        };
        // At most 131072/4 + 16383/4 groups: both counts fit.
        // PostgreSQL sends 32 for the scale of infinities, which has no meaning.
        let scale = if self.is_infinite() { 32 } else { self.scale() };
        for field in [groups.len() as u16, weight as u16, sign, scale] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        for group in groups {
            out.extend_from_slice(&group.to_be_bytes());
        }
    }

    /// Groups of four digits, most significant first, without zero groups at either end; and the
    /// first one's power of 10000.
    fn groups(&self) -> (Vec<u16>, i32) {
        let (coefficient, scale) = self.finite().expect("only finite values have digits");
        let fraction_groups = (scale + 3) / 4;
        let mut rest = coefficient.abs() * pow10((fraction_groups * 4 - scale).unsigned_abs());
        let base = BigInt::from(10_000);
        let mut groups = Vec::new();
        while !rest.is_zero() {
            let (quotient, group) = rest.div_rem(&base);
            groups.push(group.to_u16().expect("a remainder of 10000"));
            rest = quotient;
        }
        if groups.is_empty() {
            return (groups, 0);
        }
        let weight = groups.len() as i32 - 1 - fraction_groups;
        groups.reverse();
        while groups.last() == Some(&0) {
            groups.pop();
        }
        (groups, weight)
    }

    /// `numeric_recv`; 22P03. Digits beyond the display scale are cut off.
    pub fn binary_in(bytes: &[u8]) -> Result<Numeric> {
        let mut fields = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        let mut field = || fields.next().ok_or_else(crate::types::input::insufficient_data);
        let (count, weight, sign, scale) = (field()?, field()? as i16, field()?, field()?);
        match sign {
            NAN => return Ok(Numeric::nan()),
            INFINITY => return Ok(Numeric::infinity()),
            NEG_INFINITY => return Ok(Numeric::neg_infinity()),
            POSITIVE | NEGATIVE => {}
            _ => return Err(invalid("sign")),
        }
        if i32::from(scale) > super::SCALE_MAX {
            return Err(invalid("scale"));
        }
        let mut text = Vec::with_capacity(usize::from(count) * 4);
        for _ in 0..count {
            let group = field()?;
            if group > 9999 {
                return Err(invalid("digit"));
            }
            text.extend_from_slice(format!("{group:04}").as_bytes());
        }
        let coefficient = BigInt::parse_bytes(&text, 10).unwrap_or_default();
        let signed = if sign == NEGATIVE { -coefficient } else { coefficient };
        // The coefficient counts 10000^(weight - count + 1).
        let shift = (i32::from(weight) + 1 - i32::from(count)) * 4 + i32::from(scale);
        let power = pow10(shift.unsigned_abs());
        let scaled = if shift >= 0 { signed * power } else { signed / power };
        Numeric::from_bigint(scaled, scale)
    }

    /// Appends the compact form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Repr::NegInfinity => out.push(0),
            Repr::Infinity => out.push(2),
            Repr::NaN => out.push(3),
            Repr::Small { coefficient, scale } => {
                out.push(1);
                out.extend_from_slice(&scale.to_le_bytes());
                let bytes = coefficient.to_le_bytes();
                // Bytes that only repeat the sign are left out.
                let spare = (coefficient ^ (coefficient >> 63)).leading_zeros().saturating_sub(1);
                out.extend_from_slice(&bytes[..8 - (spare / 8) as usize]);
            }
            Repr::Wide(w) => {
                out.push(1);
                out.extend_from_slice(&w.scale.to_le_bytes());
                out.extend_from_slice(&w.coefficient.to_signed_bytes_le());
            }
        }
    }

    /// Reads the compact form, which takes all of `bytes`; `None`: not that form.
    pub fn decode(bytes: &[u8]) -> Option<Numeric> {
        match bytes {
            [0] => Some(Numeric::neg_infinity()),
            [2] => Some(Numeric::infinity()),
            [3] => Some(Numeric::nan()),
            [1, low, high, digits @ ..] => {
                let scale = u16::from_le_bytes([*low, *high]);
                if digits.len() > 8 {
                    return Numeric::from_bigint(BigInt::from_signed_bytes_le(digits), scale).ok();
                }
                let fill = if digits.last().is_some_and(|b| *b >= 0x80) { 0xff } else { 0 };
                let mut wide = [fill; 8];
                wide[..digits.len()].copy_from_slice(digits);
                Some(Numeric::new(i128::from(i64::from_le_bytes(wide)), scale))
            }
            _ => None,
        }
    }
}

fn invalid(part: &str) -> PgError {
    PgError::new(
        code::INVALID_BINARY_REPRESENTATION,
        format!("invalid {part} in external \"numeric\" value"),
    )
}
