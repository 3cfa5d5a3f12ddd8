//! uuid-ossp: UUIDs by their five recipes (RFC 4122), and its name spaces.

use super::super::Implementation::{self, Scalar};
use crate::types::Datum;
use md5::{Digest, Md5};
use parking_lot::Mutex;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

fn uuid(bytes: [u8; 16]) -> Datum {
    Datum::Uuid(Arc::new(bytes))
}

/// A name space of appendix C: they differ in one byte.
const fn namespace(fourth: u8) -> [u8; 16] {
    let mut bytes = *b"\x6b\xa7\xb8\x10\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8";
    bytes[3] = fourth;
    bytes
}

/// Sets version and variant.
fn stamped(mut bytes: [u8; 16], version: u8) -> Datum {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    uuid(bytes)
}

/// Versions 3 and 5: the first bytes of a hash of name space and name.
fn by_name(version: u8, a: &[Datum]) -> Datum {
    let mut named = a[0].as_uuid().to_vec();
    named.extend_from_slice(a[1].as_text().as_bytes());
    let hash = match version {
        3 => Md5::digest(&named).to_vec(),
        _ => digest(&SHA1_FOR_LEGACY_USE_ONLY, &named).as_ref().to_vec(),
    };
    stamped(*hash.first_chunk().expect("a hash is longer than a UUID"), version)
}

/// What version 1 puts beside the time. The node is random with the bit of multicast addresses set, as
/// section 4.5 has it for whoever does not give away an address.
struct Clock {
    node: [u8; 6],
    sequence: u16,
    /// The last time given out, in 100 ns since the Gregorian reform: none is given twice.
    last: u64,
}

static CLOCK: LazyLock<Mutex<Clock>> = LazyLock::new(|| {
    let random = uuid::Uuid::new_v4().into_bytes();
    let node = node_of(random);
    Mutex::new(Clock { node, sequence: u16::from_be_bytes([random[0], random[1]]), last: 0 })
});

fn node_of(random: [u8; 16]) -> [u8; 6] {
    let mut node: [u8; 6] = *random.last_chunk().expect("16 bytes");
    node[0] |= 1;
    node
}

/// 1582-10-15 to 1970-01-01, in 100 ns.
const REFORM_TO_UNIX: u64 = 0x01b2_1dd2_1381_4000;

/// Version 1: time, clock sequence, node; `node`: another than the server's.
fn by_time(node: Option<[u8; 6]>) -> Datum {
    let mut clock = CLOCK.lock();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since.as_nanos() / 100).unwrap_or(u64::MAX) + REFORM_TO_UNIX;
    clock.last = now.max(clock.last + 1);
    let time = clock.last.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&time[4..]);
    bytes[4..6].copy_from_slice(&time[2..4]);
    bytes[6..8].copy_from_slice(&time[..2]);
    bytes[8..10].copy_from_slice(&clock.sequence.to_be_bytes());
    bytes[10..].copy_from_slice(&node.unwrap_or(clock.node));
    stamped(bytes, 1)
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("uuid_generate_v1", Scalar(|_, _| Ok(by_time(None)))),
    (
        "uuid_generate_v1mc",
        Scalar(|_, _| Ok(by_time(Some(node_of(uuid::Uuid::new_v4().into_bytes()))))),
    ),
    ("uuid_generate_v3", Scalar(|_, a| Ok(by_name(3, a)))),
    ("uuid_generate_v4", Scalar(|_, _| Ok(uuid(uuid::Uuid::new_v4().into_bytes())))),
    ("uuid_generate_v5", Scalar(|_, a| Ok(by_name(5, a)))),
    ("uuid_nil", Scalar(|_, _| Ok(uuid([0; 16])))),
    ("uuid_ns_dns", Scalar(|_, _| Ok(uuid(namespace(0x10))))),
    ("uuid_ns_oid", Scalar(|_, _| Ok(uuid(namespace(0x12))))),
    ("uuid_ns_url", Scalar(|_, _| Ok(uuid(namespace(0x11))))),
    ("uuid_ns_x500", Scalar(|_, _| Ok(uuid(namespace(0x14))))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_given_once_and_rise() {
        let time = |datum: &Datum| {
            let b = *datum.as_uuid();
            (u16::from_be_bytes([b[6] & 0x0f, b[7]]), [b[4], b[5]], [b[0], b[1], b[2], b[3]])
        };
        let all: Vec<Datum> = (0..1000).map(|_| by_time(None)).collect();
        assert!(all.windows(2).all(|pair| time(&pair[0]) < time(&pair[1])));
        assert_eq!(all[0].as_uuid()[6] >> 4, 1);
    }
}
