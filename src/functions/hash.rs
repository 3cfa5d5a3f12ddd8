//! Hash functions that SQL can call: `hashtext`, `hashint4`, ….
//!
//! People use them to spread keys and to name advisory locks, so the values are PostgreSQL's: Bob
//! Jenkins' lookup3 (<https://burtleburtle.net/bob/c/lookup3.c>), over the value's bytes, with the
//! seed 0 unless the `extended` form gives one.

use super::Implementation::{self, Scalar};
use crate::types::network::Inet;
use crate::types::{Datum, int, lsn};

struct State {
    a: u32,
    b: u32,
    c: u32,
}

impl State {
    fn new(length: u32, seed: u64) -> State {
        let start = 0x9e37_79b9u32.wrapping_add(length).wrapping_add(3_923_095);
        let mut state = State { a: start, b: start, c: start };
        if seed != 0 {
            state.a = state.a.wrapping_add((seed >> 32) as u32);
            state.b = state.b.wrapping_add(seed as u32);
            state.mix();
        }
        state
    }

    fn mix(&mut self) {
        let State { a, b, c } = self;
        *a = a.wrapping_sub(*c) ^ c.rotate_left(4);
        *c = c.wrapping_add(*b);
        *b = b.wrapping_sub(*a) ^ a.rotate_left(6);
        *a = a.wrapping_add(*c);
        *c = c.wrapping_sub(*b) ^ b.rotate_left(8);
        *b = b.wrapping_add(*a);
        *a = a.wrapping_sub(*c) ^ c.rotate_left(16);
        *c = c.wrapping_add(*b);
        *b = b.wrapping_sub(*a) ^ a.rotate_left(19);
        *a = a.wrapping_add(*c);
        *c = c.wrapping_sub(*b) ^ b.rotate_left(4);
        *b = b.wrapping_add(*a);
    }

    fn finish(&mut self) {
        let State { a, b, c } = self;
        *c = (*c ^ *b).wrapping_sub(b.rotate_left(14));
        *a = (*a ^ *c).wrapping_sub(c.rotate_left(11));
        *b = (*b ^ *a).wrapping_sub(a.rotate_left(25));
        *c = (*c ^ *b).wrapping_sub(b.rotate_left(16));
        *a = (*a ^ *c).wrapping_sub(c.rotate_left(4));
        *b = (*b ^ *a).wrapping_sub(a.rotate_left(14));
        *c = (*c ^ *b).wrapping_sub(b.rotate_left(24));
    }

    fn value(&self) -> u64 {
        (u64::from(self.b) << 32) | u64::from(self.c)
    }
}

fn word(bytes: &[u8]) -> u32 {
    let mut padded = [0; 4];
    padded[..bytes.len()].copy_from_slice(bytes);
    u32::from_le_bytes(padded)
}

/// The 64-bit hash of bytes; its low half is the 32-bit one.
fn hash_bytes(bytes: &[u8], seed: u64) -> u64 {
    // Values are shorter than 4 GB.
    let mut state = State::new(bytes.len() as u32, seed);
    let mut blocks = bytes.chunks_exact(12);
    for block in &mut blocks {
        state.a = state.a.wrapping_add(word(&block[..4]));
        state.b = state.b.wrapping_add(word(&block[4..8]));
        state.c = state.c.wrapping_add(word(&block[8..]));
        state.mix();
    }
    let rest = blocks.remainder();
    let part = |from: usize, to: usize| word(&rest[from.min(rest.len())..to.min(rest.len())]);
    state.a = state.a.wrapping_add(part(0, 4));
    state.b = state.b.wrapping_add(part(4, 8));
    // The lowest byte of the last word is reserved for the length.
    state.c = state.c.wrapping_add(part(8, 12) << 8);
    state.finish();
    state.value()
}

fn hash_u32(value: u32, seed: u64) -> u64 {
    let mut state = State::new(4, seed);
    state.a = state.a.wrapping_add(value);
    state.finish();
    state.value()
}

/// A `bigint` hashes as the `integer` of its value where it is one.
fn hash_int8(value: i64, seed: u64) -> u64 {
    let (low, high) = (value as u32, (value >> 32) as u32);
    hash_u32(low ^ if value >= 0 { high } else { !high }, seed)
}

/// Zeros of both signs hash alike, and so do all NaNs.
fn hash_float8(value: f64, seed: u64) -> u64 {
    if value == 0.0 {
        return seed;
    }
    let value = if value.is_nan() { f64::NAN } else { value };
    hash_bytes(&value.to_le_bytes(), seed)
}

/// A `tid` as it is in memory: the halves of the block's number, the higher one first, and the offset.
fn tid_bytes(tid: i64) -> [u8; 6] {
    let (block, offset) = int::tid_parts(tid);
    let ([a, b], [c, d], [e, f]) =
        (((block >> 16) as u16).to_le_bytes(), (block as u16).to_le_bytes(), offset.to_le_bytes());
    [a, b, c, d, e, f]
}

macro_rules! hashes {
    ($($name:literal, $extended:literal: $hash:expr;)*) => {
        pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[$(
            ($name, Scalar(|_, a| Ok(Datum::Int4(($hash)(&a[0], 0) as u32 as i32)))),
            ($extended, Scalar(|_, a| Ok(Datum::Int8(($hash)(&a[0], a[1].as_int8() as u64) as i64)))),
        )*];
    };
}

hashes! {
    "hashtext", "hashtextextended": |v: &Datum, seed| hash_bytes(v.as_text().as_bytes(), seed);
    "hashname", "hashnameextended": |v: &Datum, seed| hash_bytes(v.as_text().as_bytes(), seed);
    "hashbpchar", "hashbpcharextended": |v: &Datum, seed| {
        hash_bytes(v.as_text().trim_end_matches(' ').as_bytes(), seed)
    };
    "hashvarlena", "hashvarlenaextended": |v: &Datum, seed| hash_bytes(v.as_bytea(), seed);
    "uuid_hash", "uuid_hash_extended": |v: &Datum, seed| hash_bytes(v.as_uuid(), seed);
    "hashmacaddr", "hashmacaddrextended": |v: &Datum, seed| hash_bytes(v.as_bytea(), seed);
    "hashmacaddr8", "hashmacaddr8extended": |v: &Datum, seed| hash_bytes(v.as_bytea(), seed);
    "hashinet", "hashinetextended": |v: &Datum, seed| hash_bytes(&Inet::of(v).stored_bytes(), seed);
    "pg_lsn_hash", "pg_lsn_hash_extended": |v: &Datum, seed| {
        hash_int8(lsn::position(v).cast_signed(), seed)
    };
    "hashtid", "hashtidextended": |v: &Datum, seed| hash_bytes(&tid_bytes(v.as_int8()), seed);
    "hashchar", "hashcharextended": |v: &Datum, seed| {
        hash_u32(i32::from(v.as_char() as i8) as u32, seed)
    };
    "hashint2", "hashint2extended": |v: &Datum, seed| {
        hash_u32(i32::from(v.as_int2()) as u32, seed)
    };
    "hashint4", "hashint4extended": |v: &Datum, seed| hash_u32(v.as_int4() as u32, seed);
    "hashint8", "hashint8extended": |v: &Datum, seed| hash_int8(v.as_int8(), seed);
    "hashoid", "hashoidextended": |v: &Datum, seed| hash_u32(v.as_oid(), seed);
    "hashfloat4", "hashfloat4extended": |v: &Datum, seed| {
        hash_float8(f64::from(v.as_float4()), seed)
    };
    "hashfloat8", "hashfloat8extended": |v: &Datum, seed| hash_float8(v.as_float8(), seed);
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::{t, value};
    use crate::types::Datum::{Float8, Int4, Int8};

    #[test]
    fn values_are_postgresqls() {
        assert_eq!(value("hashtext", &[t("")]), Int4(-1477818771));
        assert_eq!(value("hashtext", &[t("abc")]), Int4(-785388649));
        assert_eq!(value("hashtext", &[t("hello world")]), Int4(1021725223));
        assert_eq!(value("hashtext", &[t("a longer text than twelve bytes")]), Int4(39646714));
        assert_eq!(value("hashtextextended", &[t("abc"), Int8(42)]), Int8(4423357919252764502));
        assert_eq!(value("hashint4", &[Int4(-1)]), Int4(385747274));
        assert_eq!(value("hashint8", &[Int8(-1)]), Int4(385747274));
        assert_eq!(value("hashint8", &[Int8(1 << 40)]), Int4(1851357687));
        assert_eq!(value("hashfloat8", &[Float8(1.5)]), Int4(630860146));
        assert_eq!(value("hashfloat8", &[Float8(-0.0)]), Int4(0));
        assert_eq!(value("hashfloat8", &[Float8(f64::NAN)]), Int4(-1275764840));
    }
}
