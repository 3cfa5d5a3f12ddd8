//! Whose rows a key is about.
//!
//! In a user table every role has rows of its own, and no statement shows it others'. The role's OID
//! leads the keys of rows and of index entries, so a role's rows are one key range, its entries
//! another, and unique keys are unique for each role:
//!
//! ```text
//! row            storage id │ role u32 BE │ primary key, or row id
//! entry          storage id │ role u32 BE │ index columns │ row's key suffix
//! unique entry   storage id │ role u32 BE │ index columns        value: the row's key suffix
//! grave          storage id │ role u32 BE │ _seq │ row's key suffix
//! ```
//!
//! A row's key suffix begins with its role, so whoever has the suffix knows whose row it is. A
//! statement works on the rows of the *current* role (`current_user`), also below a view and for
//! superusers, who act for others by SET ROLE. OIDs are not given twice, so nobody gets the rows of a
//! role that is gone. Definitions are the table owner's: what ALTER TABLE and CREATE INDEX check or
//! write are all users' rows, and their errors show nothing of them.

use crate::catalog::TableKind;
use crate::types::Oid;

/// Bytes of the role in keys of user tables.
const OWNER_BYTES: usize = 4;

/// Whose rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The table's rows are everybody's.
    Everyone,
    Role(Oid),
}

impl Owner {
    /// Appends what follows the storage id in the owner's keys.
    pub fn encode(self, out: &mut Vec<u8>) {
        if let Owner::Role(role) = self {
            out.extend_from_slice(&role.to_be_bytes());
        }
    }

    /// The owner in the keys of graves, which always have one: 0 for everyone, which is no role's OID.
    pub fn number(self) -> u32 {
        match self {
            Owner::Everyone => 0,
            Owner::Role(role) => role,
        }
    }

    /// The owner of the row with this key suffix, in a table of this kind.
    pub(super) fn of_row(kind: TableKind, suffix: &[u8]) -> Owner {
        match (kind, suffix.first_chunk::<OWNER_BYTES>()) {
            (TableKind::User, Some(role)) => Owner::Role(Oid::from_be_bytes(*role)),
            _ => Owner::Everyone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_whose_row_it_is() {
        let mut suffix = Vec::new();
        Owner::Role(16_384).encode(&mut suffix);
        suffix.extend_from_slice(b"key");
        assert_eq!(suffix, b"\0\0\x40\0key");
        assert_eq!(Owner::of_row(TableKind::User, &suffix), Owner::Role(16_384));
        assert_eq!(Owner::of_row(TableKind::Shared, &suffix), Owner::Everyone);
        let mut nothing = Vec::new();
        Owner::Everyone.encode(&mut nothing);
        assert!(nothing.is_empty());
    }
}
