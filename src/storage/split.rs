//! Cutting a key range into parts of about equal size, for parallel scans.
//!
//! RocksDB can estimate how many bytes lie between two keys, but not name the key at a given share.
//! So the range between its first and last key is cut at equal numeric distances into more pieces
//! than wanted, the pieces' sizes are estimated, and neighbours are joined until each part has its
//! share. Keys that only sit in the memtable have no estimated size: then the pieces count equally.

use super::{KeyRange, Result, Snapshot, Space};
use bytes::Bytes;
use std::sync::Arc;

/// Pieces estimated per part wanted.
const PIECES_PER_PART: usize = 8;
/// Bytes after the common prefix that the interpolation looks at.
const DIGITS: usize = 8;

pub(super) fn split(
    snapshot: &Arc<Snapshot>,
    space: Space,
    range: &KeyRange,
    parts: usize,
) -> Result<Vec<KeyRange>> {
    let whole = || vec![range.clone()];
    let (Some(first), Some(last)) =
        (end_key(snapshot, space, range, false)?, end_key(snapshot, space, range, true)?)
    else {
        return Ok(whole());
    };
    if parts < 2 {
        return Ok(whole());
    }
    let bounds = interpolate(&first, &last, parts * PIECES_PER_PART);
    if bounds.len() < 3 {
        return Ok(whole());
    }
    let sizes = snapshot.sizes(space, &bounds);
    Ok(join(range, &bounds, &sizes, parts))
}

fn end_key(
    snapshot: &Arc<Snapshot>,
    space: Space,
    range: &KeyRange,
    backward: bool,
) -> Result<Option<Vec<u8>>> {
    let scan = snapshot.scan(space, range, backward);
    Ok(if scan.valid()? { scan.key().map(<[u8]>::to_vec) } else { None })
}

/// Up to `pieces + 1` ascending keys from `first` to `last`, at equal distances.
fn interpolate(first: &[u8], last: &[u8], pieces: usize) -> Vec<Vec<u8>> {
    let common = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    let digits = |key: &[u8]| {
        let mut value = [0; DIGITS];
        let tail = key.get(common..).unwrap_or_default();
        let n = tail.len().min(DIGITS);
        value[..n].copy_from_slice(&tail[..n]);
        u128::from(u64::from_be_bytes(value))
    };
    let (low, high) = (digits(first), digits(last));
    let mut bounds = vec![first.to_vec()];
    for piece in 1..pieces as u128 {
        let at = low + (high.saturating_sub(low)) * piece / pieces as u128;
        let at = u64::try_from(at).expect("between two u64");
        let key = [&first[..common], &at.to_be_bytes()].concat();
        if bounds.last().is_some_and(|b| *b < key) && key.as_slice() < last {
            bounds.push(key);
        }
    }
    bounds.push(last.to_vec());
    bounds
}

/// Joins pieces into parts of about the same weight; together they cover exactly `range`.
fn join(range: &KeyRange, bounds: &[Vec<u8>], sizes: &[u64], parts: usize) -> Vec<KeyRange> {
    let known: u64 = sizes.iter().sum();
    let weight = |size: u64| if known == 0 { 1 } else { size };
    let total: u64 = sizes.iter().map(|&s| weight(s)).sum();
    let share = total.div_ceil(parts as u64).max(1);
    let (mut ranges, mut start, mut filled) = (Vec::new(), range.start.clone(), 0);
    for (piece, &size) in sizes.iter().enumerate() {
        filled += weight(size);
        let more = piece + 1 < sizes.len() && ranges.len() + 1 < parts;
        if filled >= share && more {
            let end = Bytes::copy_from_slice(&bounds[piece + 1]);
            ranges.push(KeyRange { start, end: Some(end.clone()) });
            (start, filled) = (end, 0);
        }
    }
    ranges.push(KeyRange { start, end: range.end.clone() });
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_range_without_overlap() {
        let first = [b"\0\0\0\x07".as_slice(), &0u64.to_be_bytes()].concat();
        let last = [b"\0\0\0\x07".as_slice(), &1000u64.to_be_bytes()].concat();
        let range = KeyRange::storage(7);
        for sizes in [[0; 32].as_slice(), &[5; 32], &[&[1000][..], &[1; 31]].concat()] {
            let bounds = interpolate(&first, &last, 32);
            assert_eq!(bounds.len(), 33);
            let parts = join(&range, &bounds, sizes, 4);
            assert!(parts.len() <= 4 && parts.len() > 1);
            assert_eq!(parts[0].start, range.start);
            assert_eq!(parts.last().and_then(|p| p.end.clone()), range.end);
            for pair in parts.windows(2) {
                assert_eq!(pair[0].end.as_ref(), Some(&pair[1].start));
            }
        }
    }

    #[test]
    fn keys_too_close_to_cut_stay_whole() {
        assert_eq!(interpolate(b"aaa", b"aaa", 8).len(), 2);
        assert_eq!(interpolate(b"a", b"a\0", 8).len(), 2);
    }
}
