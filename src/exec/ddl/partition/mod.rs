//! Partitions: PARTITION BY, PARTITION OF, ATTACH and DETACH.
//!
//! A partition's bound is in its own definition, so making one changes nothing else; but whether it
//! may be made depends on all bounds of the parent, so the parent is locked against everybody. Rows
//! that the default partition has may not belong to a new one.

mod attach;
mod bound;
mod clone;
mod contents;
mod detach;
mod key;
mod referenced;

pub(super) use attach::{attach, attach_index};
pub(super) use bound::{bound, check_overlap};
pub(super) use clone::{children_of_key, clone_indexes, clone_keys, ensure_index};
pub(super) use contents::check_default;
pub(super) use detach::detach;
pub(super) use key::{check_unique_key, key};
pub(super) use referenced::{forget, key_on, refer_to, refer_to_partitions};
