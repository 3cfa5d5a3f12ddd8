//! Everything that is tested from outside: over the wire, against a real PostgreSQL 15.

mod catalog;
mod catalog_cache;
mod cold_crash;
mod crash;
mod differential;
mod dump;
mod extensions;
mod format;
mod fuzz;
mod harness;
mod isolation;
mod kinds;
mod policy_matrix;
mod privilege_matrix;
mod protocol;
mod psql;
mod server;
mod snapshots;
mod storages;
mod surface;
mod tidy;
mod tiers;
mod tpch;
mod transcripts;
mod unsupported;
