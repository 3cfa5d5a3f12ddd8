//! Lock modes and which of them conflict.

use super::TableLockMode;
use crate::nodes::RowLockMode;

/// A mode of either kind of lock, as its place in the kind's order: 0–7 for relations and advisory
/// keys, 0–3 for rows and unique keys.
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

/// Manual, table 13.3, by [`RowLockMode`].
const ROW_CONFLICTS: [ModeSet; 4] = [
    0b1000, // FOR KEY SHARE
    0b1100, // FOR SHARE
    0b1110, // FOR NO KEY UPDATE
    0b1111, // FOR UPDATE
];

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

/// PostgreSQL's heavyweight modes for tuples (`tupleLockExtraInfo`).
const ROW_NAMES: [&str; 4] =
    ["AccessShareLock", "RowShareLock", "ExclusiveLock", "AccessExclusiveLock"];

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
            // Row modes are totally ordered: a stronger one conflicts with all a weaker one does.
            true => held >> self.0 != 0,
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
}
