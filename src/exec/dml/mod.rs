//! Writing rows: INSERT, UPDATE, DELETE, ON CONFLICT, constraints, row locks.
//!
//! A [`Target`] is a table's write path, compiled once. The operators here pull source rows, hand
//! them to their target row by row, and give RETURNING's rows; referential actions use the targets
//! of other tables. Writes go to the transaction's statement buffer, so the statement's own scans
//! do not meet them.
//!
//! A writer locks a row, then compares `_seq` with the version the statement read. Where it
//! differs, READ COMMITTED goes on with the newest version ([`newest()`]), if there is one and it
//! satisfies the conditions. The other levels fail with 40001.
//!
//! ```text
//!   source row ─▶ lock, compare _seq ─▶ generated, NOT NULL, CHECK ─▶ keys ─▶ buffer ─▶ RETURNING
//!                                                                      └▶ events (foreign keys,
//!                                                                         deferrable constraints)
//!   end of statement: events, which may write and queue more; then Txn::end_statement
//! ```

mod children;
mod copy;
mod defaults;
mod deferred;
mod delete;
mod describe;
mod family;
mod foreign_key;
mod graves;
mod index;
mod insert;
mod matched;
mod merge;
mod modify;
mod newest;
mod on_conflict;
mod plan;
mod policy;
mod replacement;
mod state;
mod stream;
mod target;
mod update;
mod wait;

pub use copy::{BulkInsert, BulkLoad, LineError};
pub(in crate::exec) use deferred::finish_statement;
pub use deferred::{check_deferred, has_deferred, set_constraints};
pub(in crate::exec) use family::PartitionCheck;
pub(in crate::exec) use graves::{is_outlived_anywhere, remove_outlived};
pub(in crate::exec) use modify::{Modified, Modify};
pub(in crate::exec) use newest::{Newest, newest};
pub(in crate::exec) use plan::plan;
pub use replacement::RowsReplacement;
pub use state::Modifications;
pub(in crate::exec) use stream::{is_superfluous_anywhere, remove_superfluous};
pub(in crate::exec) use target::{Target, row_layout};

use delete::Delete;
use insert::Insert;
use merge::Merge;
use update::Update;
pub(in crate::exec) use wait::{answer, wait};
