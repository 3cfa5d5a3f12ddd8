//! Lock modes and which of them conflict.

use super::TableLockMode;
use crate::nodes::RowLockMode;

/// A mode of either kind of lock: 0–7 for relations and advisory keys, weakest first; 0–6 for rows
/// and unique keys.
///
/// A row has PostgreSQL's four modes (0–3), the two strongest of them once more for transactions
/// that write the row (4, 5), and one that waits for those only (6): whether a key is taken depends
/// on who writes its row, not on who has merely locked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::storage) struct Mode(pub(super) u8);

/// Bit `m` set: mode `m` is meant.
pub(super) type ModeSet = u8;

impl From<TableLockMode> for Mode {
    fn from(mode: TableLockMode) -> Mode {
        Mode(mode as u8)
    }
}

impl From<RowLockMode> for Mode {
    fn from(mode: RowLockMode) -> Mode {
        Mode(match mode {
            RowLockMode::KeyShare => 0,
            RowLockMode::Share => 1,
            RowLockMode::NoKeyUpdate => 2,
            RowLockMode::Update => 3,
        })
    }
}

impl Mode {
    /// Waits for whoever writes a row. Given back at once, so nobody waits for it.
    pub(in crate::storage) const AWAIT_WRITER: Mode = Mode(6);

    /// The mode of a transaction that writes a row: FOR UPDATE where it deletes it or changes its
    /// key, else FOR NO KEY UPDATE.
    pub(in crate::storage) fn writing(mode: RowLockMode) -> Mode {
        match mode {
            RowLockMode::Update => Mode(5),
            _ => Mode(4),
        }
    }
}

/// Manual, table 13.2, by [`TableLockMode`].
const TABLE_CONFLICTS: [ModeSet; 8] = [
    0b1000_0000, // ACCESS SHARE
    0b1100_0000, // ROW SHARE
    0b1111_0000, // ROW EXCLUSIVE
    0b1111_1000, // SHARE UPDATE EXCLUSIVE
    0b1110_1100, // SHARE
    0b1111_1100, // SHARE ROW EXCLUSIVE
    0b1111_1110, // EXCLUSIVE
    0b1111_1111, // ACCESS EXCLUSIVE
];

/// Manual, table 13.3, by [`Mode`].
const ROW_CONFLICTS: [ModeSet; 7] = [
    0b010_1000, // FOR KEY SHARE
    0b011_1100, // FOR SHARE
    0b011_1110, // FOR NO KEY UPDATE
    0b011_1111, // FOR UPDATE
    0b011_1110, // FOR NO KEY UPDATE, to write
    0b011_1111, // FOR UPDATE, to write
    0b011_0000, // waiting for writers
];

/// Held modes beside which asking for a row lock is pointless: they conflict with all it does.
const ROW_IMPLIED_BY: [ModeSet; 7] =
    [0b011_1111, 0b011_1110, 0b011_1100, 0b010_1000, 0b011_0000, 0b010_0000, 0];

const TABLE_NAMES: [&str; 8] = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// PostgreSQL's heavyweight modes for tuples (`tupleLockExtraInfo`), and for the end of a
/// transaction.
const ROW_NAMES: [&str; 7] = [
    "AccessShareLock",
    "RowShareLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
    "ShareLock",
];

impl Mode {
    pub(super) fn bit(self) -> ModeSet {
        1 << self.0
    }

    pub(super) fn conflicts(self, rows: bool) -> ModeSet {
        let table: &[ModeSet] = if rows { &ROW_CONFLICTS } else { &TABLE_CONFLICTS };
        table[self.0 as usize]
    }

    pub(super) fn name(self, rows: bool) -> &'static str {
        let table: &[&str] = if rows { &ROW_NAMES } else { &TABLE_NAMES };
        table[self.0 as usize]
    }

    /// Whether holding `held` makes asking for this mode pointless.
    pub(super) fn implied_by(self, held: ModeSet, rows: bool) -> bool {
        match rows {
            true => held & ROW_IMPLIED_BY[self.0 as usize] != 0,
            false => held & self.bit() != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: bool, modes: u8) -> String {
        let line = |held: u8| {
            let cell = |asked: u8| match Mode(asked).conflicts(rows) & Mode(held).bit() {
                0 => '.',
                _ => 'X',
            };
            (0..modes).map(cell).collect::<String>()
        };
        (0..modes).map(line).collect::<Vec<_>>().join("\n")
    }

    /// The manual's tables, rows and columns weakest first.
    #[test]
    fn conflict_tables_are_the_manuals() {
        let tables =
            ".......X\n......XX\n....XXXX\n...XXXXX\n..XX.XXX\n..XXXXXX\n.XXXXXXX\nXXXXXXXX";
        assert_eq!(matrix(false, 8), tables);
        assert_eq!(matrix(true, 4), "...X\n..XX\n.XXX\nXXXX");
    }

    #[test]
    fn a_stronger_row_lock_implies_a_weaker() {
        assert!(Mode(0).implied_by(0b1000, true));
        assert!(!Mode(3).implied_by(0b0111, true));
        assert!(!Mode(0).implied_by(0b1000, false));
    }

    /// Writing conflicts as locking does; only who waits for writers tells them apart.
    #[test]
    fn writers_are_known_from_lockers() {
        for (lock, mode) in [(2, RowLockMode::NoKeyUpdate), (3, RowLockMode::Update)] {
            let write = Mode::writing(mode);
            assert_eq!(Mode(lock).conflicts(true), write.conflicts(true));
            assert!(Mode(lock).implied_by(write.bit(), true));
            assert!(!write.implied_by(Mode(lock).bit(), true));
            assert_ne!(Mode::AWAIT_WRITER.conflicts(true) & write.bit(), 0);
            assert_eq!(Mode::AWAIT_WRITER.conflicts(true) & Mode(lock).bit(), 0);
            assert_eq!(write.conflicts(true) & Mode::AWAIT_WRITER.bit(), 0);
        }
    }
}
