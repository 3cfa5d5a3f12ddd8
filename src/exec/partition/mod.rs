//! Partitions at run time: which one a row belongs to, and which ones a condition can find rows in.
//!
//! Both look at the same bounds ([`crate::catalog::partition`]) in the same order, so a row is looked
//! for where it was put.

mod prune;
mod route;

pub(in crate::exec) use prune::{Compares, KeyCondition, Pruning};
pub(in crate::exec) use route::{Router, hash_function};
