//! Inheritance: CREATE TABLE's parents, ALTER TABLE INHERIT and NO INHERIT.
//!
//! A child has all columns of its parents under the same names and types, and their CHECKs. What comes
//! from a parent counts how many parents it comes from ([`Origin`](crate::catalog::Origin)), so that it
//! is known when it may go.

mod join;
mod merge;
mod parents;

pub(super) use join::{check_circle, inherit, join, leave, no_inherit};
pub(super) use merge::{is_option, merge_check, merge_definition, merge_parents};
pub(super) use parents::parents;
