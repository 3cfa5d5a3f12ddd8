//! Facts taken from PostgreSQL 15.
