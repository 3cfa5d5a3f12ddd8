//! The wire format of PostgreSQL's protocol 3.0 (manual, chapter 55.7): bytes in, bytes out, no I/O.
//!
//! [`frontend`] reads a client's messages in place: a decoded message borrows from its bytes, and
//! whatever a client sends gives a message or a [`PgError`](crate::error::PgError), never a panic.
//! [`backend`] appends replies to a buffer that the connection writes out when it must. [`row`]
//! appends DataRow messages straight from result batches.

pub mod backend;
pub mod frontend;
pub mod row;
