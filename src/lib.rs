//! KalamDB: PostgreSQL 15's protocol, SQL and transactions over RocksDB, with DataFusion for queries.
//!
//! # The life of a statement
//!
//! 1. [`server`] accepts a connection, decodes its messages and hands them to the session; what the
//!    session answers is encoded into one buffer and written when the client waits for it.
//! 2. [`session`] holds the transaction block, settings, prepared statements and portals. Its
//!    `pipeline` runs a statement: the steps below, on one screen.
//! 3. [`sql::parse()`] makes PostgreSQL's own parse tree of the text.
//! 4. [`sql::bind`] resolves names, types, operators and functions by PostgreSQL's rules; the result
//!    is PostgreSQL's `Query` tree in [`nodes`].
//! 5. [`exec::plan()`] makes a plan of it: operators on rows for point work, DataFusion's physical
//!    operators for big inputs. Plans are cached.
//! 6. [`exec::execute`] runs the plan on one snapshot. Rows are written through `exec::dml`, which
//!    locks rows, checks constraints and keeps indexes; DDL is `exec::ddl`.
//! 7. [`storage`] keeps a transaction's writes in memory until its commit, which one sequencer
//!    writes to RocksDB with one sync for all who wait.
//!
//! Beside the pipeline stand [`functions`] (every built-in function, once, on
//! [`types::Datum`]s), [`catalog`] (PostgreSQL's built-in rows, the users' objects, and the system
//! relations over both), [`error`] (what PostgreSQL's `ereport` carries) and [`counters`].
//!
//! # Layers
//!
//! A module uses only what stands below it; a test sees to it:
//! server → session → jobs → sql, exec → functions → catalog → storage → nodes → types → error.

// The documentation is built with private items: links to them are for the code's readers.
#![allow(rustdoc::private_intra_doc_links)]

pub mod config;
pub mod server;
pub mod session;

pub mod jobs;

pub mod exec;
pub mod sql;

pub mod functions;

pub mod catalog;

pub mod storage;

pub mod nodes;

pub mod types;

pub mod error;

pub mod counters;
