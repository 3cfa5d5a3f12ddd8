//! KalamDB: PostgreSQL 15's protocol, SQL and transactions over RocksDB, with DataFusion for queries.

pub mod catalog;
pub mod config;
pub mod error;
pub mod exec;
pub mod functions;
pub mod nodes;
pub mod server;
pub mod session;
pub mod sql;
pub mod storage;
pub mod types;
