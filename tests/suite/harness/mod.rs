//! What the tests share: a raw client of the wire protocol, and the two servers it talks to.
//!
//! The client knows nothing of types: it keeps what came over the wire (names, type OIDs, bytes,
//! error fields), so that both servers can be compared to the byte.

pub mod client;
pub mod disk;
pub mod mover;
pub mod s3;
pub mod script;
pub mod server;

pub use client::{Client, Format, Outcome};
pub use server::{Kalam, Server, postgres};
