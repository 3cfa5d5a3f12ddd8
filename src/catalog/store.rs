//! The published catalog, and how a transaction's DDL becomes it.
//!
//! [`CatalogStore`] holds the latest snapshot. [`TxnCatalog`] belongs to one transaction: its
//! statements push changes there and see them at once; [`TxnCatalog::prepare_commit`] writes their
//! records into the transaction and registers the publication, which runs inside the commit
//! sequencer: snapshots are published in commit order, and a record is durable before anyone else
//! sees its object.

use super::{
    Catalog, CatalogChanges, Change, Namespace, ObjectKey, Relation, SchemaVersion, bootstrap,
    records, schema,
};
use crate::error::Result;
use crate::storage::{
    Direction, IsolationLevel, KeyRange, Space, StorageId, Store, Txn, TxnOptions, now_us,
};
use crate::types::Oid;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;

/// The latest catalog of a running server.
pub struct CatalogStore {
    store: Arc<Store>,
    latest: RwLock<Arc<Catalog>>,
}

impl CatalogStore {
    /// Loads the catalog, or makes a new one in a new store, and clears away temporary objects of
    /// sessions that a crash ended.
    pub async fn open(store: Arc<Store>) -> Result<Arc<CatalogStore>> {
        let catalog = load(&store)?;
        let is_new = catalog.databases().next().is_none();
        let this = Arc::new(CatalogStore { store, latest: RwLock::new(Arc::new(catalog)) });
        let changes = if is_new { bootstrap::changes() } else { this.leftovers() };
        if !changes.is_empty() {
            this.commit_changes(changes).await?;
        }
        Ok(this)
    }

    /// The latest published snapshot; it is seen from no database ([`Catalog::for_database`]).
    pub fn latest(&self) -> Arc<Catalog> {
        self.latest.read().clone()
    }

    /// The store the catalog lives in.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    fn publish(&self, changes: &[Change]) {
        let mut latest = self.latest.write();
        let next = Arc::new(latest.apply(changes));
        let before = std::mem::replace(&mut *latest, next);
        drop(latest);
        for change in changes {
            let ObjectKey::Relation(database, oid) = change.key() else { continue };
            let before = before.for_database(database);
            if let Some(old) = before.relation(oid) {
                invalidate(&before, old);
                if matches!(change, Change::Remove(_)) {
                    schema::forget(old);
                }
            }
        }
    }

    /// Removals of temporary relations and schemas that no session owns: at start, all of them.
    fn leftovers(&self) -> Vec<Change> {
        let latest = self.latest();
        let mut changes = Vec::new();
        for database in latest.databases() {
            let local = latest.for_database(database.oid);
            let temporary = local.namespaces().filter(|n| is_temporary(n));
            for namespace in temporary {
                let inside = local.relations_in(namespace.oid);
                let key = |r: &Arc<Relation>| ObjectKey::Relation(database.oid, r.oid);
                changes.extend(inside.map(|r| Change::Remove(key(r))));
                let key = ObjectKey::Namespace(database.oid, namespace.oid);
                changes.push(Change::Remove(key));
            }
        }
        changes
    }

    /// Commits changes in a transaction of their own.
    async fn commit_changes(self: &Arc<Self>, changes: Vec<Change>) -> Result<()> {
        let isolation = IsolationLevel::ReadCommitted;
        let options = TxnOptions { session: 0, database: 0, isolation, read_only: false };
        let txn = self.store.begin(options);
        let catalog = TxnCatalog::new(self.clone(), 0);
        for change in changes {
            catalog.push(change, &txn);
        }
        catalog.prepare_commit(&txn)?;
        txn.commit(true).await?;
        Ok(())
    }
}

/// Drops what is derived from a definition that was changed, or from that of an index's table.
fn invalidate(before: &Catalog, old: &Relation) {
    schema::invalidate(old);
    if let Some(table) = old.index.as_ref().and_then(|index| before.relation(index.table)) {
        schema::invalidate(table);
    }
}

/// Whether a schema is a session's `pg_temp_n`.
pub fn is_temporary(namespace: &Namespace) -> bool {
    namespace.name.starts_with("pg_temp_")
}

/// Whether a transaction reads an index's entries as they are now: not where its snapshot is older
/// than the index. (PostgreSQL's `indcheckxmin`.) DDL is seen by every transaction at once, the
/// entries that it wrote only by younger snapshots.
pub fn is_index_shown(txn: &Txn, table: &Relation, index: &Relation) -> Result<bool> {
    if txn.has_created(table.storage) {
        return Ok(true);
    }
    let key = records::key(&ObjectKey::Relation(txn.database(), index.oid));
    match txn.snapshot_get(Space::Meta, &key)? {
        None => Ok(true),
        Some(None) => Ok(false),
        Some(Some(record)) => {
            let shown = records::read(&key, &record)?;
            Ok(matches!(shown, Change::PutRelation(_, r) if r.storage == index.storage))
        }
    }
}

/// The history's record of a definition that is a table's new version.
fn new_version(
    catalog: &Catalog,
    old: Option<&Arc<Relation>>,
    new: &Relation,
) -> Option<Arc<SchemaVersion>> {
    let is_new = old.is_none_or(|old| old.version != new.version);
    let wanted = new.kind.has_rows() && is_new;
    let old = old.map(|old| &**old);
    wanted.then(|| Arc::new(SchemaVersion::of(catalog, old, new, now_us())))
}

fn load(store: &Arc<Store>) -> Result<Catalog> {
    let view = store.begin(TxnOptions {
        database: 0,
        session: 0,
        isolation: IsolationLevel::ReadCommitted,
        read_only: true,
    });
    let mut records =
        view.read_view()?.scan(Space::Meta, KeyRange::prefix(records::PREFIX), Direction::Forward);
    let mut changes = Vec::new();
    while let Some((key, value)) = records.next()? {
        changes.push(records::read(key, value)?);
    }
    Ok(Catalog::empty().apply(&changes))
}

/// One transaction's catalog: the latest snapshot, seen from the session's database, with the
/// transaction's own DDL over it.
pub struct TxnCatalog {
    store: Arc<CatalogStore>,
    database: Oid,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    changes: CatalogChanges,
    /// The latest snapshot seen from `database`.
    base: Option<Arc<Catalog>>,
    /// The version that the transaction saw first.
    first_version: Option<u64>,
}

/// The version of no catalog.
const NO_VERSION: u64 = u64::MAX;

impl TxnCatalog {
    pub fn new(store: Arc<CatalogStore>, database: Oid) -> TxnCatalog {
        TxnCatalog { store, database, state: Mutex::default() }
    }

    /// The same, where `known` is what an earlier transaction saw from this database: it serves again
    /// as long as nothing changed.
    pub fn with_known(
        store: Arc<CatalogStore>,
        database: Oid,
        known: Option<Arc<Catalog>>,
    ) -> TxnCatalog {
        let known = known.filter(|known| known.database_oid() == database);
        let state = State { base: known, ..State::default() };
        TxnCatalog { store, database, state: Mutex::new(state) }
    }

    /// The catalog as the transaction sees it now. Statements take it once, DDL again after waiting
    /// for a lock: what it waited for may have changed the object.
    pub fn current(&self) -> Arc<Catalog> {
        let latest = self.store.latest();
        let mut state = self.state.lock();
        let base = match &state.base {
            Some(base) if base.version() == latest.version() => base.clone(),
            _ => Arc::new(latest.for_database(self.database)),
        };
        state.base = Some(base.clone());
        state.first_version.get_or_insert(base.version());
        state.changes.view(&base)
    }

    /// Whether nobody has changed the catalog since the transaction first looked at it.
    pub fn is_as_begun(&self) -> bool {
        let latest = self.store.latest().version();
        let state = self.state.lock();
        state.changes.is_empty() && state.first_version.is_none_or(|first| first == latest)
    }

    /// The transaction reads by a snapshot that may be older than what it sees of the catalog.
    pub fn is_younger_than_snapshot(&self) {
        self.state.lock().first_version = Some(NO_VERSION);
    }

    /// The database the transaction runs in.
    pub fn database(&self) -> Oid {
        self.database
    }

    /// A new OID for an object.
    pub fn new_oid(&self) -> Result<Oid> {
        Ok(self.store.store.allocate_oid()?)
    }

    /// A new storage id for a relation that this transaction makes or rewrites.
    pub fn new_storage(&self, txn: &Txn) -> Result<StorageId> {
        let id = self.store.store.allocate_storage_id()?;
        txn.created_storage(id);
        Ok(id)
    }

    /// Adds or replaces a relation of the session's database.
    pub fn put_relation(&self, relation: Relation, txn: &Txn) {
        self.push(Change::PutRelation(self.database, Arc::new(relation)), txn);
    }

    /// Adds or replaces a schema of the session's database.
    pub fn put_namespace(&self, namespace: Namespace, txn: &Txn) {
        self.push(Change::PutNamespace(self.database, Arc::new(namespace)), txn);
    }

    /// Removes a relation of the session's database, and its rows at commit.
    pub fn remove_relation(&self, relation: &Relation, txn: &Txn) {
        self.push(Change::Remove(ObjectKey::Relation(self.database, relation.oid)), txn);
    }

    /// Logs a change. A relation that goes away, or gets a new storage id, has its old rows deleted
    /// at commit. A table's new version joins its history; the history of one that goes away goes,
    /// too.
    pub fn push(&self, change: Change, txn: &Txn) {
        let mut with = Vec::new();
        if let ObjectKey::Relation(database, oid) = change.key() {
            let catalog = self.current().for_database(database);
            let old = catalog.relation(oid);
            let storage = old.map_or(0, |r| r.storage);
            let kept = matches!(&change, Change::PutRelation(_, r) if r.storage == storage);
            if storage != 0 && !kept {
                txn.drop_storage(storage);
            }
            match &change {
                Change::PutRelation(_, new) => {
                    with.extend(
                        new_version(&catalog, old, new).map(|v| Change::PutVersion(database, v)),
                    );
                }
                _ => with.extend(catalog.history(oid).iter().map(|version| {
                    Change::Remove(ObjectKey::Version(database, oid, version.version))
                })),
            }
        }
        let changes = &mut self.state.lock().changes;
        changes.push(change);
        with.into_iter().for_each(|change| changes.push(change));
    }

    /// Whether the transaction has DDL.
    pub fn is_empty(&self) -> bool {
        self.state.lock().changes.is_empty()
    }

    /// Where the log stands: taken with a savepoint.
    pub fn mark(&self) -> usize {
        self.state.lock().changes.mark()
    }

    /// Undoes the DDL since a mark: ROLLBACK TO, and a statement that failed.
    pub fn rollback_to(&self, mark: usize) {
        self.state.lock().changes.rollback_to(mark);
    }

    /// Called once, right before the transaction commits: writes the records and arranges the
    /// publication. Does nothing for a transaction without DDL.
    pub fn prepare_commit(&self, txn: &Txn) -> Result<()> {
        let log = self.state.lock().changes.log().to_vec();
        if log.is_empty() {
            return Ok(());
        }
        txn.begin_statement()?;
        for change in &log {
            let key = records::key(&change.key());
            match records::value(change)? {
                Some(value) => txn.put(Space::Meta, key, value)?,
                None => txn.delete(Space::Meta, key)?,
            }
        }
        txn.end_statement()?;
        let store = self.store.clone();
        txn.on_commit(move |_| store.publish(&log));
        Ok(())
    }
}
