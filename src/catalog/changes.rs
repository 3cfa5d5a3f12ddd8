//! A transaction's DDL.
//!
//! DDL is a log of objects put and removed. The transaction sees the latest published snapshot with
//! its log applied ([`CatalogChanges::view`]), and at commit the same log is applied to whatever is
//! the latest then. That is right because statements lock what they change: nobody else's log has
//! the same objects. Rolling back to a savepoint truncates the log.

use super::{
    Catalog, ColdStorage, Database, DefaultAcl, Extension, Function, Namespace, Relation, Role,
    SchemaVersion, UserCast, UserCollation, UserOperator, UserType,
};
use crate::types::Oid;
use std::sync::Arc;

/// Names an object; namespaces, relations and types with their database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKey {
    Database(Oid),
    Role(Oid),
    Storage(Oid),
    Namespace(Oid, Oid),
    Relation(Oid, Oid),
    Type(Oid, Oid),
    DefaultAcl(Oid, Oid),
    Function(Oid, Oid),
    Extension(Oid, Oid),
    Cast(Oid, Oid),
    Operator(Oid, Oid),
    Collation(Oid, Oid),
    /// A version of a relation: database, relation, number.
    Version(Oid, Oid, u32),
}

/// One object put (added or replaced) or removed. What is of one database comes with it.
#[derive(Clone, Debug)]
pub enum Change {
    PutDatabase(Arc<Database>),
    PutRole(Arc<Role>),
    PutStorage(Arc<ColdStorage>),
    PutNamespace(Oid, Arc<Namespace>),
    PutRelation(Oid, Arc<Relation>),
    PutType(Oid, Arc<UserType>),
    PutDefaultAcl(Oid, Arc<DefaultAcl>),
    PutFunction(Oid, Arc<Function>),
    PutExtension(Oid, Arc<Extension>),
    PutCast(Oid, Arc<UserCast>),
    PutOperator(Oid, Arc<UserOperator>),
    PutCollation(Oid, Arc<UserCollation>),
    PutVersion(Oid, Arc<SchemaVersion>),
    Remove(ObjectKey),
}

impl Change {
    /// The object that changes.
    pub fn key(&self) -> ObjectKey {
        match self {
            Change::PutDatabase(d) => ObjectKey::Database(d.oid),
            Change::PutRole(r) => ObjectKey::Role(r.oid),
            Change::PutStorage(s) => ObjectKey::Storage(s.oid),
            Change::PutNamespace(database, n) => ObjectKey::Namespace(*database, n.oid),
            Change::PutRelation(database, r) => ObjectKey::Relation(*database, r.oid),
            Change::PutType(database, t) => ObjectKey::Type(*database, t.oid),
            Change::PutDefaultAcl(database, d) => ObjectKey::DefaultAcl(*database, d.oid),
            Change::PutFunction(database, f) => ObjectKey::Function(*database, f.proc.oid),
            Change::PutExtension(database, e) => ObjectKey::Extension(*database, e.oid),
            Change::PutOperator(database, o) => ObjectKey::Operator(*database, o.operator.oid),
            Change::PutCollation(database, c) => ObjectKey::Collation(*database, c.collation.oid),
            Change::PutCast(database, c) => ObjectKey::Cast(*database, c.cast.oid),
            Change::PutVersion(database, v) => ObjectKey::Version(*database, v.table, v.version),
            Change::Remove(key) => *key,
        }
    }
}

/// The log of one transaction.
#[derive(Clone, Debug, Default)]
pub struct CatalogChanges {
    log: Vec<Change>,
    /// The latest view: the base's version, how much of the log it has, and the snapshot.
    view: Option<(u64, usize, Arc<Catalog>)>,
}

impl CatalogChanges {
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// The changes in order.
    pub fn log(&self) -> &[Change] {
        &self.log
    }

    pub fn push(&mut self, change: Change) {
        self.log.push(change);
    }

    /// Where the log stands, for [`CatalogChanges::rollback_to`].
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// Forgets what came after a mark.
    pub fn rollback_to(&mut self, mark: usize) {
        self.log.truncate(mark);
        if self.view.as_ref().is_some_and(|(_, len, _)| *len > mark) {
            self.view = None;
        }
    }

    /// The published snapshot `base` with the log applied; `base` itself while the log is empty.
    pub fn view(&mut self, base: &Arc<Catalog>) -> Arc<Catalog> {
        if self.log.is_empty() {
            return base.clone();
        }
        let view = match self.view.take() {
            Some((version, len, view)) if version == base.version() => {
                if len == self.log.len() {
                    view
                } else {
                    Arc::new(view.apply(&self.log[len..]))
                }
            }
            _ => Arc::new(base.with_own(&self.log)),
        };
        self.view = Some((base.version(), self.log.len(), view.clone()));
        view
    }
}
