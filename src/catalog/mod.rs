//! The catalog: built-in facts, the user's objects, pg_catalog over both.
//!
//! - [`builtin`]: PostgreSQL's own types, functions, operators, … as static rows.
//! - [`objects`](Relation): databases, roles, schemas, relations that users make.
//! - [`Catalog`]: an immutable snapshot of all objects, seen from one database.
//! - [`CatalogChanges`]: a transaction's DDL, a log applied to the latest snapshot.
//!
//! ```text
//! CREATE TABLE t (…)      log: PutRelation(t), PutRelation(t_pkey)
//!   the transaction sees  latest.apply(log)
//! COMMIT                  one batch: the log's records; then latest = latest.apply(log)
//! ROLLBACK                the log is dropped
//! ```

pub mod acl;
mod aggregate;
pub mod bootstrap;
pub mod builtin;
mod changes;
mod default_acl;
pub mod depend;
mod extension;
mod function;
mod history;
mod information_schema;
mod lineage;
mod mentions;
mod objects;
pub mod partition;
pub mod pg_catalog;
mod policy;
mod records;
pub mod rule;
pub mod schema;
mod snapshot;
mod space;
mod store;
mod system;
pub mod system_schema;
pub mod table_options;
mod type_facts;
mod type_space;
mod user_cast;
mod user_collation;
mod user_operator;
pub mod user_type;
pub mod verifier;
pub mod view_update;

pub use aggregate::{AggregateInfo, AggregateSteps};
pub use changes::{CatalogChanges, Change, ObjectKey};
pub use default_acl::{DefaultAcl, DefaultAclKind};
pub use extension::Extension;
pub use function::{Function, FunctionBody};
pub use history::SchemaVersion;
pub use lineage::{
    ColumnMap, Lineage, Origin, PartitionBound, PartitionColumn, PartitionKey, RangeEdge, Strategy,
};
pub use objects::*;
pub use policy::{Policy, PolicyCommand, RowSecurity};
pub use rule::{Rule, RuleEvent};
pub use snapshot::{Catalog, FIRST_USER_OID};
pub use store::{CatalogStore, TxnCatalog, is_index_shown, is_temporary};
pub use table_options::{DEFAULT_STORAGE, TableKind, TableOptions};
pub use user_cast::UserCast;
pub use user_collation::UserCollation;
pub use user_operator::UserOperator;
pub use user_type::{Domain, DomainCheck, EnumLabel, RangeType, UserType, UserTypeKind};
