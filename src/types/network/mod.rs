//! `inet` and `cidr`: an address of IPv4 or IPv6, and how many of its bits are the network's.
//!
//! A value is held as bytes whose `memcmp` order is the types' order: networks first, a network before
//! those that it contains, then the addresses in it.
//!
//! ```text
//! family (2 or 3)   the network's address   its bits   the whole address
//! 192.168.1.5/24:   02 | c0 a8 01 00 | 18 | c0 a8 01 05
//! ```
//!
//! `cidr` is held in the same way; an address of it has no bits beyond the network's.

mod read;
mod write;

pub use read::parse;
pub use write::{abbreviated_cidr, write, write_address};

use super::input::Reader;
use super::{Datum, Oid, oids};
use crate::error::{PgError, Result, code};
use std::net::IpAddr;

/// PostgreSQL's numbers of the families, also on the wire.
const FAMILY_V4: u8 = 2;
const FAMILY_V6: u8 = 3;

/// A network address and the length of its network's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inet {
    pub is_v6: bool,
    /// Bits of the network, at most [`Inet::bits_max`].
    pub bits: u8,
    /// The address in the high bits: an IPv4 address has its 32 there and zeros after them.
    pub address: u128,
}

impl Inet {
    /// An address of its own, without a network around it.
    pub fn host(address: IpAddr) -> Inet {
        match address {
            IpAddr::V4(v4) => {
                Inet { is_v6: false, bits: 32, address: u128::from(u32::from(v4)) << 96 }
            }
            IpAddr::V6(v6) => Inet { is_v6: true, bits: 128, address: u128::from(v6) },
        }
    }

    pub fn bits_max(self) -> u8 {
        if self.is_v6 { 128 } else { 32 }
    }

    /// Bytes of an address.
    pub fn width(self) -> usize {
        usize::from(self.bits_max()) / 8
    }

    /// The bits of a prefix of the given length.
    pub fn mask(bits: u8) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
    }

    /// All bits that an address of the family has.
    pub fn all_bits(self) -> u128 {
        Inet::mask(self.bits_max())
    }

    /// The address without its host's bits.
    pub fn network(self) -> Inet {
        Inet { address: self.address & Inet::mask(self.bits), ..self }
    }

    /// The value that a datum holds.
    pub fn of(value: &Datum) -> Inet {
        let held = value.as_bytea();
        let is_v6 = held[0] == FAMILY_V6;
        let width = if is_v6 { 16 } else { 4 };
        Inet { is_v6, bits: held[1 + width], address: from_bytes(&held[2 + width..]) }
    }

    /// As a datum.
    pub fn datum(self) -> Datum {
        let width = self.width();
        let mut held = Vec::with_capacity(2 + 2 * width);
        held.push(if self.is_v6 { FAMILY_V6 } else { FAMILY_V4 });
        held.extend_from_slice(&self.network().address.to_be_bytes()[..width]);
        held.push(self.bits);
        held.extend_from_slice(&self.address.to_be_bytes()[..width]);
        Datum::bytea(held)
    }

    /// PostgreSQL's stored bytes, which hash functions see.
    pub fn stored_bytes(self) -> Vec<u8> {
        let mut bytes = vec![if self.is_v6 { FAMILY_V6 } else { FAMILY_V4 }, self.bits];
        bytes.extend_from_slice(&self.address.to_be_bytes()[..self.width()]);
        bytes
    }
}

fn from_bytes(bytes: &[u8]) -> u128 {
    let mut padded = [0; 16];
    padded[..bytes.len()].copy_from_slice(bytes);
    u128::from_be_bytes(padded)
}

/// Reads the binary form: family, bits, whether it is a `cidr` (not looked at), length, address.
pub fn receive(type_oid: Oid, reader: &mut Reader<'_>) -> Result<Datum> {
    let name = type_name(type_oid);
    let wrong = |what: &str| {
        let message = format!("invalid {what} in external \"{name}\" value");
        PgError::new(code::INVALID_BINARY_REPRESENTATION, message)
    };
    let [family] = reader.array::<1>()?;
    if family != FAMILY_V4 && family != FAMILY_V6 {
        return Err(wrong("address family"));
    }
    let empty = Inet { is_v6: family == FAMILY_V6, bits: 0, address: 0 };
    let [bits] = reader.array::<1>()?;
    if bits > empty.bits_max() {
        return Err(wrong("bits"));
    }
    reader.array::<1>()?;
    let [width] = reader.array::<1>()?;
    if usize::from(width) != empty.width() {
        return Err(wrong("length"));
    }
    let value = Inet { bits, address: from_bytes(reader.take(usize::from(width))?), ..empty };
    if type_oid == oids::CIDR && value.network() != value {
        let message = format!("invalid external \"{name}\" value");
        return Err(PgError::new(code::INVALID_BINARY_REPRESENTATION, message)
            .detail("Value has bits set to right of mask."));
    }
    Ok(value.datum())
}

/// Appends the binary form.
pub fn send(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    let value = Inet::of(value);
    let width = value.width();
    out.push(if value.is_v6 { FAMILY_V6 } else { FAMILY_V4 });
    out.push(value.bits);
    out.push(u8::from(type_oid == oids::CIDR));
    // 4 or 16.
    out.push(width as u8);
    out.extend_from_slice(&value.address.to_be_bytes()[..width]);
}

fn type_name(type_oid: Oid) -> &'static str {
    if type_oid == oids::CIDR { "cidr" } else { "inet" }
}
