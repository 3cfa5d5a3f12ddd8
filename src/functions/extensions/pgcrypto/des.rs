//! crypt(3) with DES: the password is the key with which a block of zeros is encrypted again and again,
//! by a DES whose expansion the salt disturbs.
//!
//! `des` takes the password's first eight bytes, 12 bits of salt and 25 rounds; `xdes` folds the whole
//! password into the key, has 24 bits of salt and says how many rounds. Tables are those of FIPS 46-3,
//! whose bits are numbered from 1, the highest.

use super::super::super::Ctx;
use super::crypt::failed;
use super::invalid;
use crate::error::Result;

/// The digits of crypt(3).
pub(super) const ITOA64: &[u8; 64] =
    b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const ROUNDS: u32 = 25;
/// Between looks at whether the statement is to stop.
const ROUNDS_UNINTERRUPTED: u32 = 1000;

#[rustfmt::skip]
const FINAL: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13,
    53, 21, 61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26,
    33, 1, 41, 9, 49, 17, 57, 25,
];
#[rustfmt::skip]
const INITIAL: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40,
    32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5,
    63, 55, 47, 39, 31, 23, 15, 7,
];
#[rustfmt::skip]
const EXPANSION: [u8; 48] = [
    32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20, 21,
    20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
];
#[rustfmt::skip]
const PERMUTATION: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22,
    11, 4, 25,
];
#[rustfmt::skip]
const CHOICE_1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
#[rustfmt::skip]
const CHOICE_2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47,
    55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const SHIFTS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
#[rustfmt::skip]
const SELECTION: [[u8; 64]; 8] = [
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
        4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
    ],
    [
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
        0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
    ],
    [
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
        13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
    ],
    [
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
        10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
    ],
    [
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
        4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
    ],
    [
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
        9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
    ],
    [
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
        1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
    ],
    [
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
        7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ],
];

/// The bits of a number of `width` bits that a table lists.
fn pick(bits: u64, width: u32, table: &[u8]) -> u64 {
    table.iter().fold(0, |out, at| out << 1 | bits >> (width - u32::from(*at)) & 1)
}

/// The keys of DES's 16 rounds.
fn schedule(key: u64) -> [u64; 16] {
    const HALF: u64 = 0xfff_ffff;
    let chosen = pick(key, 64, &CHOICE_1);
    let (mut left, mut right) = (chosen >> 28, chosen & HALF);
    SHIFTS.map(|by| {
        left = (left << by | left >> (28 - by)) & HALF;
        right = (right << by | right >> (28 - by)) & HALF;
        pick(left << 28 | right, 56, &CHOICE_2)
    })
}

/// DES of a block, `count` times; bits of the salt exchange bits of the expansion's halves.
fn encrypt(block: u64, keys: &[u64; 16], salt: u32, count: u32) -> u64 {
    let swapped = u64::from(salt.reverse_bits() >> 8);
    let permuted = pick(block, 64, &INITIAL);
    let (mut left, mut right) = (permuted >> 32, permuted & 0xffff_ffff);
    for _ in 0..count {
        for key in keys {
            let expanded = pick(right, 32, &EXPANSION);
            let differing = (expanded >> 24 ^ expanded) & swapped;
            let mixed = expanded ^ differing ^ differing << 24 ^ key;
            let selected = SELECTION.iter().enumerate().fold(0, |out, (at, table)| {
                let six = (mixed >> (42 - 6 * at) & 0x3f) as usize;
                let (row, column) = (six >> 4 & 2 | six & 1, six >> 1 & 0xf);
                out << 4 | u64::from(table[row << 4 | column])
            });
            (left, right) = (right, left ^ pick(selected, 32, &PERMUTATION));
        }
        std::mem::swap(&mut left, &mut right);
    }
    pick(left << 32 | right, 64, &FINAL)
}

/// Eight bytes of a password as a key: the lowest bit of each is parity, which nobody checks.
fn key(bytes: &[u8]) -> u64 {
    (0..8).fold(0, |key, at| key << 8 | u64::from(bytes.get(at).copied().unwrap_or(0) << 1))
}

/// What a digit is worth; bytes that are no digits are 0.
fn value(digit: u8) -> u32 {
    let at = ITOA64.iter().position(|d| *d == digit).unwrap_or(0);
    u32::try_from(at).unwrap_or(0)
}

/// Digits with the low ones first; an error for what is none.
fn number(digits: &[u8]) -> Result<u32> {
    digits.iter().rev().try_fold(0, |number, digit| match ITOA64.contains(digit) {
        true => Ok(number << 6 | value(*digit)),
        false => Err(invalid("invalid salt")),
    })
}

pub(super) fn crypt(ctx: &Ctx<'_>, password: &[u8], setting: &[u8]) -> Result<String> {
    let bad = || invalid("invalid salt");
    let extended = setting.first() == Some(&b'_');
    let shown = setting.get(..if extended { 9 } else { 2 }).ok_or_else(bad)?;
    // A character of several bytes that ends later cannot be shown.
    let mut out = std::str::from_utf8(shown).map_err(|_| bad())?.to_owned();
    let (mut rounds, salt, keys) = match extended {
        false => {
            let salt = value(setting[1]) << 6 | value(setting[0]);
            (ROUNDS, salt, schedule(key(password)))
        }
        true => {
            let (rounds, salt) = (number(&setting[1..5])?, number(&setting[5..9])?);
            (rounds, salt, schedule(folded(password)))
        }
    };
    if rounds == 0 {
        return Err(failed());
    }
    let mut block = 0;
    while rounds > 0 {
        let now = rounds.min(ROUNDS_UNINTERRUPTED);
        block = encrypt(block, &keys, salt, now);
        rounds -= now;
        ctx.env.session().check_for_interrupts()?;
    }
    // 64 bits and two more make eleven digits.
    let bits = u128::from(block) << 2;
    out.extend((0..11).rev().map(|at| char::from(ITOA64[(bits >> (6 * at) & 0x3f) as usize])));
    Ok(out)
}

/// All of a password in one key: what there is, encrypted by itself, meets the next eight bytes.
fn folded(password: &[u8]) -> u64 {
    let mut groups = password.chunks(8);
    let first = key(groups.next().unwrap_or_default());
    groups.fold(first, |so_far, group| encrypt(so_far, &schedule(so_far), 0, 1) ^ key(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_des_is_the_standards() {
        let keys = schedule(0x1334_5779_9bbc_dff1);
        assert_eq!(encrypt(0x0123_4567_89ab_cdef, &keys, 0, 1), 0x85e8_1354_0f0a_b405);
    }

    #[test]
    fn numbers_have_their_low_digits_first() {
        assert_eq!(number(b"J9..").unwrap(), 725);
        assert!(number(b"J9.$").is_err());
    }
}
