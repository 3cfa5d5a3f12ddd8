//! Functions about partitions. Tables cannot be partitioned, so none of them finds anything; psql
//! and other clients ask for every table.

use super::Implementation::{self, Scalar, Set};
use crate::types::Datum;

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_partition_ancestors", Set(|_, _| Ok(Box::new(std::iter::empty())))),
    ("pg_partition_root", Scalar(|_, _| Ok(Datum::Null))),
    ("pg_partition_tree", Set(|_, _| Ok(Box::new(std::iter::empty())))),
];
