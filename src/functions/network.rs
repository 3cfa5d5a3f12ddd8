//! Functions and operators of `inet` and `cidr`: parts of an address, containment of networks,
//! arithmetic on addresses.

use super::Ctx;
use super::Implementation::{self, Scalar};
use super::comparison::{extremes, of, operators};
use super::integer::out_of_range_result;
use crate::error::{PgError, Result, code};
use crate::types::network::{self, Inet};
use crate::types::{Datum, oids};
use std::net::SocketAddr;

operators! {
    ["network_" "network_" "" "network_cmp"] of!(INET);
}

extremes! {
    "network_": INET;
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> Datum {
    let mut out = Vec::new();
    write(&mut out);
    Datum::text(String::from_utf8(out).expect("addresses are ASCII"))
}

/// A value cast to text: the address and its bits, also where they are all.
pub(super) fn shown(value: Inet) -> String {
    let mut out = Vec::new();
    network::write_address(value, &mut out);
    let address = String::from_utf8(out).expect("addresses are ASCII");
    format!("{address}/{}", value.bits)
}

fn whole(value: Inet, address: u128) -> Datum {
    Inet { bits: value.bits_max(), address: address & value.all_bits(), ..value }.datum()
}

fn set_masklen(value: Inet, bits: i32, is_cidr: bool) -> Result<Datum> {
    let found = match bits {
        -1 => Some(value.bits_max()),
        _ => u8::try_from(bits).ok().filter(|bits| *bits <= value.bits_max()),
    };
    let bits = found.ok_or_else(|| {
        PgError::new(code::INVALID_PARAMETER_VALUE, format!("invalid mask length: {bits}"))
    })?;
    let changed = Inet { bits, ..value };
    Ok(if is_cidr { changed.network() } else { changed }.datum())
}

/// Whether the prefixes of the given length are the same network.
fn share(a: Inet, b: Inet, bits: u8) -> bool {
    a.is_v6 == b.is_v6 && (a.address ^ b.address) & Inet::mask(bits) == 0
}

fn different_sizes(what: &str) -> PgError {
    let message = format!("cannot {what} inet values of different sizes");
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

fn combined(a: &[Datum], what: &str, f: fn(u128, u128) -> u128) -> Result<Datum> {
    let (a, b) = (Inet::of(&a[0]), Inet::of(&a[1]));
    if a.is_v6 != b.is_v6 {
        return Err(different_sizes(what));
    }
    Ok(Inet { bits: a.bits.max(b.bits), address: f(a.address, b.address), ..a }.datum())
}

/// The address as a number.
fn number(value: Inet) -> u128 {
    value.address >> (128 - u32::from(value.bits_max()))
}

fn plus(value: Inet, addend: i64) -> Result<Datum> {
    let sum = number(value).checked_add_signed(addend.into());
    let sum = sum.filter(|sum| value.is_v6 || *sum <= u128::from(u32::MAX));
    let sum = sum.ok_or_else(out_of_range_result)?;
    let address = sum << (128 - u32::from(value.bits_max()));
    Ok(Inet { address, ..value }.datum())
}

fn minus(a: Inet, b: Inet) -> Result<Datum> {
    if a.is_v6 != b.is_v6 {
        return Err(different_sizes("subtract"));
    }
    // The difference of two 128-bit numbers as one of 128 bits with a sign: what wraps around is far
    // from a `bigint` in either direction.
    let (a, b) = (number(a), number(b));
    let difference = match a >= b {
        true => i128::try_from(a - b).ok(),
        false => i128::try_from(b - a).ok().map(|d| -d),
    };
    let difference = difference.and_then(|d| i64::try_from(d).ok());
    difference.map(Datum::Int8).ok_or_else(out_of_range_result)
}

/// The smallest network that contains both.
fn merge(a: Inet, b: Inet) -> Result<Datum> {
    if a.is_v6 != b.is_v6 {
        let message = "cannot merge addresses from different families";
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    let common = (a.address ^ b.address).leading_zeros();
    let bits = u8::try_from(common).map_or(128, |common| common.min(a.bits).min(b.bits));
    Ok(Inet { bits, ..a }.network().datum())
}

macro_rules! of_one {
    ($f:expr) => {
        Scalar(|_, a| Ok(($f)(Inet::of(&a[0]))))
    };
}

macro_rules! of_two {
    ($f:expr) => {
        Scalar(|_, a| Ok(Datum::Bool(($f)(Inet::of(&a[0]), Inet::of(&a[1])))))
    };
}

pub(super) const ADDRESSES: &[(&str, Implementation)] = &[
    ("network_sub", of_two!(|a: Inet, b: Inet| a.bits > b.bits && share(a, b, b.bits))),
    ("network_subeq", of_two!(|a: Inet, b: Inet| a.bits >= b.bits && share(a, b, b.bits))),
    ("network_sup", of_two!(|a: Inet, b: Inet| a.bits < b.bits && share(a, b, a.bits))),
    ("network_supeq", of_two!(|a: Inet, b: Inet| a.bits <= b.bits && share(a, b, a.bits))),
    ("network_overlap", of_two!(|a: Inet, b: Inet| share(a, b, a.bits.min(b.bits)))),
    ("inet_same_family", of_two!(|a: Inet, b: Inet| a.is_v6 == b.is_v6)),
    ("inet_abbrev", of_one!(|v| text(|out| network::write(oids::INET, &Inet::datum(v), out)))),
    ("cidr_abbrev", of_one!(|v| text(|out| network::abbreviated_cidr(v, out)))),
    ("network_host", of_one!(|v| text(|out| network::write_address(v, out)))),
    ("network_show", of_one!(|v| Datum::text(shown(v)))),
    ("network_family", of_one!(|v: Inet| Datum::Int4(if v.is_v6 { 6 } else { 4 }))),
    ("network_masklen", of_one!(|v: Inet| Datum::Int4(v.bits.into()))),
    ("network_network", of_one!(|v: Inet| v.network().datum())),
    ("inet_to_cidr", of_one!(|v: Inet| v.network().datum())),
    ("network_netmask", of_one!(|v: Inet| whole(v, Inet::mask(v.bits)))),
    ("network_hostmask", of_one!(|v: Inet| whole(v, !Inet::mask(v.bits)))),
    (
        "network_broadcast",
        of_one!(|v: Inet| {
            let address = v.address | (!Inet::mask(v.bits) & v.all_bits());
            Inet { address, ..v }.datum()
        }),
    ),
    ("inet_set_masklen", Scalar(|_, a| set_masklen(Inet::of(&a[0]), a[1].as_int4(), false))),
    ("cidr_set_masklen", Scalar(|_, a| set_masklen(Inet::of(&a[0]), a[1].as_int4(), true))),
    ("inetnot", of_one!(|v: Inet| Inet { address: !v.address & v.all_bits(), ..v }.datum())),
    ("inetand", Scalar(|_, a| combined(a, "AND", |a, b| a & b))),
    ("inetor", Scalar(|_, a| combined(a, "OR", |a, b| a | b))),
    ("inetpl", Scalar(|_, a| plus(Inet::of(&a[0]), a[1].as_int8()))),
    ("int8pl_inet(int8,inet)", Scalar(|_, a| plus(Inet::of(&a[1]), a[0].as_int8()))),
    ("inetmi", Scalar(|_, a| minus(Inet::of(&a[0]), Inet::of(&a[1])))),
    (
        "inetmi_int8",
        Scalar(|_, a| {
            let subtrahend = a[1].as_int8();
            // The least bigint is its own negation, in PostgreSQL too.
            plus(Inet::of(&a[0]), subtrahend.wrapping_neg())
        }),
    ),
    ("inet_merge", Scalar(|_, a| merge(Inet::of(&a[0]), Inet::of(&a[1])))),
];

/// One end of the session's connection; NULL over a Unix socket.
fn end_of_connection(ctx: &Ctx<'_>, server: bool) -> Option<SocketAddr> {
    let (client, own) = ctx.env.session().addresses()?;
    Some(if server { own } else { client })
}

fn address(ctx: &Ctx<'_>, server: bool) -> Datum {
    end_of_connection(ctx, server).map_or(Datum::Null, |end| Inet::host(end.ip()).datum())
}

fn port(ctx: &Ctx<'_>, server: bool) -> Datum {
    end_of_connection(ctx, server).map_or(Datum::Null, |end| Datum::Int4(end.port().into()))
}

pub(super) const SESSION: &[(&str, Implementation)] = &[
    ("inet_client_addr", Scalar(|c, _| Ok(address(c, false)))),
    ("inet_client_port", Scalar(|c, _| Ok(port(c, false)))),
    ("inet_server_addr", Scalar(|c, _| Ok(address(c, true)))),
    ("inet_server_port", Scalar(|c, _| Ok(port(c, true)))),
];
