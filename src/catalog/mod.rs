//! The catalog: built-in facts, the user's objects, pg_catalog over both.

pub mod builtin;
mod objects;
pub use objects::*;

/// An immutable catalog snapshot.
pub struct Catalog {}
