//! The catalog snapshot: everything there is, at one version, seen from one database.
//!
//! A snapshot never changes. Its maps are shared by `Arc`, so cloning it costs four reference
//! counts, and a changed copy ([`Catalog::apply`]) copies only the maps that change. A statement
//! keeps the snapshot it began with; a transaction that runs DDL makes its own
//! ([`super::CatalogChanges`]).
//!
//! Invariant: `local` is the space of `database`, and every index over a space (names, row types,
//! constraints, references) says what its `relations` say; [`Space::put`] and [`Space::remove`]
//! are the only writers.

use super::builtin::{self, Proc};
use super::type_space::TypeSpace;
use super::{Change, ObjectKey, system, system_schema};
use super::{
    ColdStorage, Constraint, ConstraintKind, Database, DefaultAcl, EnumLabel, Extension, Function,
    Namespace, Policy, Relation, Role, Rule, SchemaVersion, UserCast, UserCollation, UserOperator,
    UserType,
};
use crate::types::Oid;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first OID that users' objects get; below are PostgreSQL's own.
pub const FIRST_USER_OID: Oid = 16384;

/// An immutable catalog snapshot.
#[derive(Clone, Debug)]
pub struct Catalog {
    version: u64,
    database: Oid,
    shared: Arc<Shared>,
    spaces: Arc<BTreeMap<Oid, Arc<Space>>>,
    local: Arc<Space>,
    /// In a transaction's own catalog: what others see of the database.
    published: Option<Arc<Space>>,
}

/// What all databases share.
#[derive(Clone, Debug, Default)]
struct Shared {
    databases: BTreeMap<Oid, Arc<Database>>,
    roles: BTreeMap<Oid, Arc<Role>>,
    storages: BTreeMap<Oid, Arc<ColdStorage>>,
}

/// What belongs to one database.
#[derive(Clone, Debug, Default)]
struct Space {
    namespaces: BTreeMap<Oid, Arc<Namespace>>,
    relations: BTreeMap<Oid, Arc<Relation>>,
    types: TypeSpace,
    default_acls: BTreeMap<Oid, Arc<DefaultAcl>>,
    extensions: BTreeMap<Oid, Arc<Extension>>,
    functions: BTreeMap<Oid, Arc<Function>>,
    /// Name to functions, in OID order.
    function_names: HashMap<String, Vec<Oid>>,
    casts: BTreeMap<Oid, Arc<UserCast>>,
    operators: BTreeMap<Oid, Arc<UserOperator>>,
    collations: BTreeMap<Oid, Arc<UserCollation>>,
    /// Namespace, then name.
    names: HashMap<Oid, HashMap<String, Oid>>,
    /// Row type (its array type is the next OID) to relation.
    row_types: HashMap<Oid, Oid>,
    /// Constraint to its table.
    constraints: HashMap<Oid, Oid>,
    /// Policy or rule to its table.
    parts: HashMap<Oid, Oid>,
    /// Table to the tables with foreign keys on it, in OID order.
    referencing: HashMap<Oid, Vec<Oid>>,
    /// Table to its indexes, in OID order.
    indexes: HashMap<Oid, Vec<Oid>>,
    /// Table or index to those that inherit from it, in OID order.
    children: HashMap<Oid, Vec<Oid>>,
    /// Table to the sequences owned by its columns, in OID order.
    owned_sequences: HashMap<Oid, Vec<Oid>>,
    /// Table to its versions, oldest first.
    history: HashMap<Oid, Arc<Vec<Arc<SchemaVersion>>>>,
}

/// Versions are unique in the process, over published and transactions' own snapshots, so that a
/// cache keyed by version never confuses two.
static LAST_VERSION: AtomicU64 = AtomicU64::new(0);

impl Catalog {
    /// A catalog without anything; [`super::bootstrap`] fills it.
    pub fn empty() -> Catalog {
        Catalog {
            version: next_version(),
            database: 0,
            shared: Arc::default(),
            spaces: Arc::default(),
            local: Arc::default(),
            published: None,
        }
    }

    /// Identifies the snapshot's contents, together with [`Catalog::database_oid`].
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The database this snapshot is seen from.
    pub fn database_oid(&self) -> Oid {
        self.database
    }

    /// The same snapshot seen from another database.
    pub fn for_database(&self, database: Oid) -> Catalog {
        let local = self.spaces.get(&database).cloned().unwrap_or_default();
        Catalog { database, local, ..self.clone() }
    }

    pub fn database(&self, oid: Oid) -> Option<&Arc<Database>> {
        self.shared.databases.get(&oid)
    }

    pub fn database_named(&self, name: &str) -> Option<&Arc<Database>> {
        self.databases().find(|d| d.name == name)
    }

    pub fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.shared.databases.values()
    }

    pub fn role(&self, oid: Oid) -> Option<&Arc<Role>> {
        self.shared.roles.get(&oid)
    }

    pub fn role_named(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles().find(|r| r.name == name)
    }

    pub fn roles(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.shared.roles.values()
    }

    pub fn storage(&self, oid: Oid) -> Option<&Arc<ColdStorage>> {
        self.shared.storages.get(&oid)
    }

    pub fn storage_named(&self, name: &str) -> Option<&Arc<ColdStorage>> {
        self.storages().find(|s| s.name == name)
    }

    /// All storages but the data directory, in OID order.
    pub fn storages(&self) -> impl Iterator<Item = &Arc<ColdStorage>> {
        self.shared.storages.values()
    }

    /// The schema with this OID, system schemas included.
    pub fn namespace(&self, oid: Oid) -> Option<&Arc<Namespace>> {
        match oid {
            builtin::oid::SYSTEM => Some(system_schema::namespace()),
            _ => self.local.namespaces.get(&oid),
        }
    }

    pub fn namespace_named(&self, name: &str) -> Option<&Arc<Namespace>> {
        let own = || Some(system_schema::namespace()).filter(|own| own.name == name);
        self.namespaces().find(|n| n.name == name).or_else(own)
    }

    /// All schemas of the database, in OID order, but `system` ([`system_schema`]).
    pub fn namespaces(&self) -> impl Iterator<Item = &Arc<Namespace>> {
        self.local.namespaces.values()
    }

    /// The relation with this OID: table, index, sequence, view, or one of pg_catalog and
    /// information_schema ([`Catalog::is_system`]).
    pub fn relation(&self, oid: Oid) -> Option<&Arc<Relation>> {
        if Catalog::is_system(oid) { system::relation(oid) } else { self.local.relations.get(&oid) }
    }

    /// The relation of this name in a schema.
    pub fn relation_named(&self, namespace: Oid, name: &str) -> Option<&Arc<Relation>> {
        if let Some(system) = builtin::system_relation_named(namespace, name) {
            return system::relation(system.oid);
        }
        let oid = self.local.names.get(&namespace)?.get(name)?;
        self.local.relations.get(oid)
    }

    /// The first relation of this name in a list of schemas.
    pub fn relation_in_path(&self, path: &[Oid], name: &str) -> Option<&Arc<Relation>> {
        path.iter().find_map(|namespace| self.relation_named(*namespace, name))
    }

    /// The user's relations, in OID order.
    pub fn relations(&self) -> impl Iterator<Item = &Arc<Relation>> {
        self.local.relations.values()
    }

    /// How many relations of users there are.
    pub fn relation_count(&self) -> usize {
        self.local.relations.len()
    }

    /// Whether an OID names an object that the program brings along: one of PostgreSQL's own, or of an
    /// extension, installed or not.
    pub fn is_system(oid: Oid) -> bool {
        oid < FIRST_USER_OID || builtin::is_member(oid)
    }

    /// The table that has this constraint, and the constraint.
    pub fn constraint(&self, oid: Oid) -> Option<(&Arc<Relation>, &Constraint)> {
        let table = self.relation(*self.local.constraints.get(&oid)?)?;
        Some((table, table.constraints.iter().find(|c| c.oid == oid)?))
    }

    /// The table that has this policy, and the policy.
    pub fn policy(&self, oid: Oid) -> Option<(&Arc<Relation>, &Policy)> {
        let table = self.relation(*self.local.parts.get(&oid)?)?;
        Some((table, table.row_security.policies.iter().find(|policy| policy.oid == oid)?))
    }

    /// The table or view that has this rule, and the rule; not a view's own.
    pub fn rule(&self, oid: Oid) -> Option<(&Arc<Relation>, &Rule)> {
        let table = self.relation(*self.local.parts.get(&oid)?)?;
        Some((table, table.rules.iter().find(|rule| rule.oid == oid)?))
    }

    /// Foreign keys of other tables, and of the table itself, on this table.
    pub fn foreign_keys_on(&self, table: Oid) -> Vec<(&Arc<Relation>, &Constraint)> {
        let referencing = self.local.referencing.get(&table).into_iter().flatten();
        let tables = referencing.filter_map(|oid| self.relation(*oid));
        tables
            .flat_map(|t| t.constraints.iter().map(move |c| (t, c)))
            .filter(
                |(_, c)| matches!(&c.kind, ConstraintKind::ForeignKey(f) if f.references == table),
            )
            .collect()
    }

    /// A table's indexes, in OID order.
    pub fn indexes_of(&self, table: &Relation) -> impl Iterator<Item = &Arc<Relation>> {
        table.indexes.iter().filter_map(|oid| self.relation(*oid))
    }

    /// The tables or indexes that have this one as a parent, in OID order.
    pub fn children(&self, oid: Oid) -> &[Oid] {
        self.local.children.get(&oid).map_or(&[], Vec::as_slice)
    }

    /// The sequences that belong to a table's columns (serial and identity), in OID order.
    pub fn sequences_owned_by(&self, table: Oid) -> impl Iterator<Item = &Arc<Relation>> {
        let owned = self.local.owned_sequences.get(&table).into_iter().flatten();
        owned.filter_map(|oid| self.relation(*oid))
    }

    /// The sequence of an identity column.
    pub fn identity_sequence(&self, table: Oid, attno: i16) -> Option<&Arc<Relation>> {
        self.sequences_owned_by(table).find(|s| {
            let info = s.sequence.as_ref();
            info.is_some_and(|i| i.internal && i.owned_by == Some((table, attno)))
        })
    }

    /// The versions that a table has had, oldest first.
    pub fn history(&self, table: Oid) -> &[Arc<SchemaVersion>] {
        self.local.history.get(&table).map_or(&[], |versions| versions.as_slice())
    }

    /// The relation whose row type this is, system relations included.
    pub fn row_type_relation(&self, type_oid: Oid) -> Option<&Arc<Relation>> {
        match builtin::type_(type_oid) {
            Some(found) => system::relation(found.relation),
            None => self.relation(*self.local.row_types.get(&type_oid)?),
        }
    }

    /// The enum, domain or range with this OID.
    pub fn user_type(&self, oid: Oid) -> Option<&Arc<UserType>> {
        self.local.types.get(oid)
    }

    /// The enum, domain or range that an array type is over.
    pub fn array_of_user_type(&self, array: Oid) -> Option<&Arc<UserType>> {
        self.local.types.element(array)
    }

    /// The OID of the enum or domain, or array over one, of this name in a schema.
    pub fn user_type_named(&self, namespace: Oid, name: &str) -> Option<Oid> {
        self.local.types.named(namespace, name)
    }

    /// All enums, domains and ranges of the database, in OID order.
    pub fn user_types(&self) -> impl Iterator<Item = &Arc<UserType>> {
        self.local.types.all()
    }

    /// What ALTER DEFAULT PRIVILEGES has said, in OID order.
    pub fn default_acls(&self) -> impl Iterator<Item = &Arc<DefaultAcl>> {
        self.local.default_acls.values()
    }

    /// All that are installed in the database, in OID order; `plpgsql`, which always is, not among them.
    pub fn extensions(&self) -> impl Iterator<Item = &Arc<Extension>> {
        self.local.extensions.values()
    }

    /// The user's function or procedure with this OID.
    pub fn function(&self, oid: Oid) -> Option<&Arc<Function>> {
        self.local.functions.get(&oid)
    }

    /// All that users have made, in OID order.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.local.functions.values()
    }

    /// The pg_proc row with this OID, built-in, an installed extension's or the user's.
    pub fn proc(&self, oid: Oid) -> Option<&Proc> {
        match Catalog::is_system(oid) {
            true => builtin::proc(oid).filter(|_| self.is_there(oid)),
            false => self.function(oid).map(|function| &function.proc),
        }
    }

    /// All of this name, in any schema.
    pub fn procs_named<'c>(&'c self, name: &str) -> impl Iterator<Item = &'c Proc> + use<'c> {
        let made = self.local.function_names.get(name).into_iter().flatten();
        let made = made.filter_map(|oid| self.local.functions.get(oid)).map(|f| &f.proc);
        let mut found: Vec<&Proc> = builtin::procs_named(name).collect();
        for extension in self.extensions() {
            found.extend(builtin::member_procs_named(extension.facts(), name));
        }
        found.into_iter().chain(made)
    }

    /// The user's cast with this OID.
    pub fn cast_with_oid(&self, oid: Oid) -> Option<&Arc<UserCast>> {
        self.local.casts.get(&oid)
    }

    /// The user's cast from one type to another.
    pub fn user_cast(&self, source: Oid, target: Oid) -> Option<&Arc<UserCast>> {
        self.user_casts().find(|made| (made.cast.source, made.cast.target) == (source, target))
    }

    /// All casts that users have made, in OID order.
    pub fn user_casts(&self) -> impl Iterator<Item = &Arc<UserCast>> {
        self.local.casts.values()
    }

    /// The user's operator with this OID.
    pub fn user_operator(&self, oid: Oid) -> Option<&Arc<UserOperator>> {
        self.local.operators.get(&oid)
    }

    /// All operators that users have made, in OID order.
    pub fn user_operators(&self) -> impl Iterator<Item = &Arc<UserOperator>> {
        self.local.operators.values()
    }

    /// The user's collation with this OID.
    pub fn user_collation(&self, oid: Oid) -> Option<&Arc<UserCollation>> {
        self.local.collations.get(&oid)
    }

    /// All collations that users have made, in OID order.
    pub fn user_collations(&self) -> impl Iterator<Item = &Arc<UserCollation>> {
        self.local.collations.values()
    }

    /// Whether a label of an enum was added by the transaction whose catalog this is.
    pub fn is_uncommitted(&self, type_oid: Oid, label: &EnumLabel) -> bool {
        let Some(published) = self.published.as_ref().filter(|_| label.is_added) else {
            return false;
        };
        let known = published.types.get(type_oid).and_then(|t| t.labels());
        !known.is_some_and(|labels| labels.iter().any(|known| known.oid == label.oid))
    }

    /// This snapshot with changes made. A removed database takes its objects with it.
    pub fn apply(&self, changes: &[Change]) -> Catalog {
        let mut next = self.clone();
        // The space is shared with `spaces`; let go of it, so that only a real reader causes a copy.
        next.local = Arc::default();
        for change in changes {
            next.apply_one(change);
        }
        next.version = next_version();
        next.local = next.spaces.get(&next.database).cloned().unwrap_or_default();
        next
    }

    /// This published snapshot with a transaction's own changes.
    pub fn with_own(&self, changes: &[Change]) -> Catalog {
        Catalog { published: Some(self.local.clone()), ..self.apply(changes) }
    }

    fn apply_one(&mut self, change: &Change) {
        match change {
            Change::PutDatabase(d) => {
                Arc::make_mut(&mut self.shared).databases.insert(d.oid, d.clone());
            }
            Change::PutRole(r) => {
                Arc::make_mut(&mut self.shared).roles.insert(r.oid, r.clone());
            }
            Change::PutStorage(s) => {
                Arc::make_mut(&mut self.shared).storages.insert(s.oid, s.clone());
            }
            Change::PutNamespace(database, n) => {
                self.space(*database).namespaces.insert(n.oid, n.clone());
            }
            Change::PutRelation(database, r) => self.space(*database).put(r.clone()),
            Change::PutType(database, t) => self.space(*database).types.put(t.clone()),
            Change::PutDefaultAcl(database, d) => {
                self.space(*database).default_acls.insert(d.oid, d.clone());
            }
            Change::PutFunction(database, f) => self.space(*database).put_function(f.clone()),
            Change::PutExtension(database, e) => {
                self.space(*database).extensions.insert(e.oid, e.clone());
            }
            Change::PutCast(database, c) => {
                self.space(*database).casts.insert(c.cast.oid, c.clone());
            }
            Change::PutOperator(database, o) => {
                self.space(*database).operators.insert(o.operator.oid, o.clone());
            }
            Change::PutCollation(database, c) => {
                self.space(*database).collations.insert(c.collation.oid, c.clone());
            }
            Change::PutVersion(database, v) => self.space(*database).put_version(v.clone()),
            Change::Remove(key) => self.remove(key),
        }
    }

    fn remove(&mut self, key: &ObjectKey) {
        match key {
            ObjectKey::Database(oid) => {
                Arc::make_mut(&mut self.shared).databases.remove(oid);
                Arc::make_mut(&mut self.spaces).remove(oid);
            }
            ObjectKey::Role(oid) => {
                Arc::make_mut(&mut self.shared).roles.remove(oid);
            }
            ObjectKey::Storage(oid) => {
                Arc::make_mut(&mut self.shared).storages.remove(oid);
            }
            ObjectKey::Namespace(database, oid) => {
                self.space(*database).namespaces.remove(oid);
            }
            ObjectKey::Relation(database, oid) => {
                let space = self.space(*database);
                space.remove(*oid);
                space.history.remove(oid);
            }
            ObjectKey::Type(database, oid) => self.space(*database).types.remove(*oid),
            ObjectKey::DefaultAcl(database, oid) => {
                self.space(*database).default_acls.remove(oid);
            }
            ObjectKey::Function(database, oid) => self.space(*database).remove_function(*oid),
            ObjectKey::Extension(database, oid) => {
                self.space(*database).extensions.remove(oid);
            }
            ObjectKey::Cast(database, oid) => {
                self.space(*database).casts.remove(oid);
            }
            ObjectKey::Operator(database, oid) => {
                self.space(*database).operators.remove(oid);
            }
            ObjectKey::Collation(database, oid) => {
                self.space(*database).collations.remove(oid);
            }
            // Versions go with their table.
            ObjectKey::Version(..) => {}
        }
    }

    fn space(&mut self, database: Oid) -> &mut Space {
        Arc::make_mut(Arc::make_mut(&mut self.spaces).entry(database).or_default())
    }
}

fn next_version() -> u64 {
    LAST_VERSION.fetch_add(1, Ordering::Relaxed) + 1
}

impl Space {
    /// Adds or replaces a relation, and what other entries say about it.
    fn put(&mut self, relation: Arc<Relation>) {
        self.remove(relation.oid);
        let names = self.names.entry(relation.namespace).or_default();
        names.insert(relation.name.clone(), relation.oid);
        if relation.row_type != 0 {
            self.row_types.insert(relation.row_type, relation.oid);
        }
        for constraint in &relation.constraints {
            self.constraints.insert(constraint.oid, relation.oid);
            if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                link(&mut self.referencing, key.references, relation.oid);
            }
        }
        self.parts.extend(parts(&relation).map(|part| (part, relation.oid)));
        if let Some((table, _)) = relation.sequence.as_ref().and_then(|s| s.owned_by) {
            link(&mut self.owned_sequences, table, relation.oid);
        }
        for parent in &relation.lineage.parents {
            link(&mut self.children, *parent, relation.oid);
        }
        if let Some(index) = &relation.index {
            link(&mut self.indexes, index.table, relation.oid);
            self.refresh_indexes(index.table);
        }
        let relation = self.with_indexes(relation);
        self.relations.insert(relation.oid, relation);
    }

    fn put_function(&mut self, function: Arc<Function>) {
        let oid = function.proc.oid;
        self.remove_function(oid);
        let same = self.function_names.entry(function.proc.name.to_string()).or_default();
        if let Err(at) = same.binary_search(&oid) {
            same.insert(at, oid);
        }
        self.functions.insert(oid, function);
    }

    fn remove_function(&mut self, oid: Oid) {
        let Some(old) = self.functions.remove(&oid) else { return };
        if let Some(same) = self.function_names.get_mut(&*old.proc.name) {
            same.retain(|other| *other != oid);
        }
    }

    /// Adds a version of a table; records come in the order of their numbers.
    fn put_version(&mut self, version: Arc<SchemaVersion>) {
        let versions = Arc::make_mut(self.history.entry(version.table).or_default());
        versions.retain(|known| known.version != version.version);
        versions.push(version);
    }

    fn remove(&mut self, oid: Oid) {
        let Some(old) = self.relations.remove(&oid) else { return };
        if let Some(names) = self.names.get_mut(&old.namespace)
            && names.get(&old.name) == Some(&oid)
        {
            names.remove(&old.name);
        }
        self.row_types.remove(&old.row_type);
        for constraint in &old.constraints {
            self.constraints.remove(&constraint.oid);
            if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                unlink(&mut self.referencing, key.references, oid);
            }
        }
        for part in parts(&old) {
            self.parts.remove(&part);
        }
        if let Some((table, _)) = old.sequence.as_ref().and_then(|s| s.owned_by) {
            unlink(&mut self.owned_sequences, table, oid);
        }
        for parent in &old.lineage.parents {
            unlink(&mut self.children, *parent, oid);
        }
        if let Some(index) = &old.index {
            unlink(&mut self.indexes, index.table, oid);
            self.refresh_indexes(index.table);
        }
    }

    /// A table's list of indexes is derived from the indexes, because two transactions may create
    /// indexes on one table at the same time (SHARE locks do not conflict).
    fn with_indexes(&self, relation: Arc<Relation>) -> Arc<Relation> {
        if !relation.kind.has_rows() {
            return relation;
        }
        let indexes = self.indexes.get(&relation.oid).map_or(&[][..], Vec::as_slice);
        if relation.indexes == indexes {
            return relation;
        }
        let indexes = indexes.to_vec();
        Arc::new(Relation { indexes, ..(*relation).clone() })
    }

    fn refresh_indexes(&mut self, table: Oid) {
        if let Some(relation) = self.relations.get(&table).cloned() {
            let relation = self.with_indexes(relation);
            self.relations.insert(table, relation);
        }
    }
}

/// The OIDs of a relation's policies and rules.
fn parts(relation: &Relation) -> impl Iterator<Item = Oid> {
    let policies = relation.row_security.policies.iter().map(|policy| policy.oid);
    policies.chain(relation.rules.iter().map(|rule| rule.oid))
}

fn link(map: &mut HashMap<Oid, Vec<Oid>>, key: Oid, oid: Oid) {
    let list = map.entry(key).or_default();
    if let Err(at) = list.binary_search(&oid) {
        list.insert(at, oid);
    }
}

fn unlink(map: &mut HashMap<Oid, Vec<Oid>>, key: Oid, oid: Oid) {
    if let Some(list) = map.get_mut(&key) {
        list.retain(|o| *o != oid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{CatalogChanges, bootstrap};

    fn catalog() -> Arc<Catalog> {
        Arc::new(bootstrap::catalog().for_database(bootstrap::POSTGRES))
    }

    /// Any relation will do as a pattern for a user's.
    fn table(oid: Oid, name: &str) -> Arc<Relation> {
        let pattern = catalog().relation_named(builtin::oid::PG_CATALOG, "pg_am").unwrap().clone();
        let namespace = builtin::oid::PUBLIC;
        Arc::new(Relation {
            oid,
            name: name.to_owned(),
            namespace,
            row_type: oid + 1,
            ..(*pattern).clone()
        })
    }

    #[test]
    fn a_new_catalog_has_postgres_databases_and_schemas() {
        let catalog = catalog();
        assert_eq!(catalog.databases().count(), 3);
        assert!(catalog.role_named("postgres").unwrap().superuser);
        assert!(catalog.namespace_named("public").is_some());
        assert!(catalog.relation_named(builtin::oid::PG_CATALOG, "pg_class").is_some());
    }

    #[test]
    fn changes_are_seen_by_their_log_only_and_roll_back() {
        let base = catalog();
        let mut changes = CatalogChanges::default();
        changes.push(Change::PutRelation(bootstrap::POSTGRES, table(20000, "a")));
        let mark = changes.mark();
        changes.push(Change::PutRelation(bootstrap::POSTGRES, table(20010, "b")));
        let find = |c: &Catalog, name| c.relation_named(builtin::oid::PUBLIC, name).map(|r| r.oid);
        let view = changes.view(&base);
        assert_eq!((find(&view, "a"), find(&view, "b")), (Some(20000), Some(20010)));
        assert_eq!(find(&base, "a"), None);
        changes.rollback_to(mark);
        let view = changes.view(&base);
        assert_eq!((find(&view, "a"), find(&view, "b")), (Some(20000), None));
        assert_ne!(view.version(), base.version());
    }

    #[test]
    fn a_renamed_relation_frees_its_name_and_keeps_its_row_type() {
        let put = |r| Change::PutRelation(bootstrap::POSTGRES, r);
        let catalog = catalog().apply(&[put(table(20000, "a")), put(table(20000, "b"))]);
        assert!(catalog.relation_named(builtin::oid::PUBLIC, "a").is_none());
        assert_eq!(catalog.row_type_relation(20001).unwrap().name, "b");
        assert_eq!(catalog.type_(20002).unwrap().name, "_b");
    }

    #[test]
    fn databases_do_not_see_each_other() {
        let put = Change::PutRelation(bootstrap::POSTGRES, table(20000, "a"));
        let catalog = catalog().apply(&[put]);
        assert!(catalog.relation(20000).is_some());
        assert!(catalog.for_database(bootstrap::TEMPLATE1).relation(20000).is_none());
    }
}
