//! Reading tables: by key, by key range, whole; and what is kept of deleted rows.

mod bounds;
mod current_of;
mod graves;
mod index;
mod inverted;
mod source;
mod system;
mod table;

pub(in crate::exec) use bounds::{Bounds, ByteRange, KeyCondition, KeyOrdering, KeyValue};
pub(in crate::exec) use current_of::CurrentOfScan;
pub(in crate::exec) use graves::{DeletedScan, Graves, Since, grave_key};
pub(in crate::exec) use index::{IndexBounds, IndexScan, RangeSearch};
pub(in crate::exec) use inverted::{InvertedKey, InvertedScan};
pub(in crate::exec) use source::{ScanColumn, Source};
pub(in crate::exec) use system::{SequenceScan, SystemColumns, SystemKey, SystemScan};
pub(in crate::exec) use table::TableScan;
