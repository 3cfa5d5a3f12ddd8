//! The catalog snapshot: everything there is, at one version, seen from one database.
//!
//! A snapshot never changes. It is shared by `Arc`, so cloning it costs four reference counts. A changed
//! copy ([`Catalog::apply`]) shares with the old one all that is the same: the maps of a [`Space`] are
//! persistent trees, of which a change copies the nodes on the way to an entry. So DDL costs the same
//! with ten thousand tables as with ten. A statement keeps the snapshot it began with; a transaction that
//! runs DDL makes its own ([`super::CatalogChanges`]).
//!
//! Invariant: `local` is the space of `database`.

use super::builtin::{self, Proc};
use super::depend::Object;
use super::space::{Space, linked};
use super::{Change, ObjectKey, system, system_schema};
use super::{
    ColdStorage, Constraint, ConstraintKind, Database, DefaultAcl, EnumLabel, Extension, Function,
    Namespace, Policy, Relation, RelationKind, Role, Rule, SchemaVersion, UserCast, UserCollation,
    UserOperator, UserType,
};
use crate::types::Oid;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first OID that users' objects get; below are PostgreSQL's own.
pub const FIRST_USER_OID: Oid = 16384;

/// An immutable catalog snapshot.
#[derive(Clone, Debug)]
pub struct Catalog {
    version: u64,
    names_version: u64,
    /// How many relations all databases had when `names_version` became what it is.
    names_relations: usize,
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

/// Versions are unique in the process, over published and transactions' own snapshots, so that a
/// cache keyed by version never confuses two.
static LAST_VERSION: AtomicU64 = AtomicU64::new(0);

impl Catalog {
    /// A catalog without anything; [`super::bootstrap`] fills it.
    pub fn empty() -> Catalog {
        Catalog {
            version: next_version(),
            names_version: next_version(),
            names_relations: 0,
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

    /// The snapshot in which the meaning of statements about nothing but system relations was last what it
    /// is here, and the best way to run them: most DDL makes tables, and none of these names one.
    pub fn names_version(&self) -> u64 {
        self.names_version
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
        let named = self.local.namespace_names.get(name);
        named.and_then(|oid| self.local.namespaces.get(oid)).or_else(own)
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
    pub fn relations(&self) -> impl DoubleEndedIterator<Item = &Arc<Relation>> {
        self.local.relations.values()
    }

    /// Those of a kind, in OID order.
    pub fn relations_of(&self, kind: RelationKind) -> impl Iterator<Item = &Arc<Relation>> {
        self.local.of_kind.range((kind, 0)..=(kind, Oid::MAX)).map(|(_, relation)| relation)
    }

    /// The user's relations of a schema, in OID order.
    pub fn relations_in(&self, namespace: Oid) -> impl Iterator<Item = &Arc<Relation>> {
        let found = self.mentioning(namespace).filter_map(|object| match object {
            Object::Relation(oid) => self.local.relations.get(&oid),
            _ => None,
        });
        found.filter(move |relation| relation.namespace == namespace)
    }

    /// The objects that mention an object, by its OID, and so may depend on it: each kind of objects in OID
    /// order. Of PostgreSQL's own objects only schemas are known.
    pub fn mentioning(&self, oid: Oid) -> impl Iterator<Item = Object> {
        self.local.mentions.of(oid)
    }

    #[cfg(test)]
    pub fn all_mentions(&self) -> Vec<(Oid, Object)> {
        self.local.mentions.all()
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

    /// The constraints of this name on the tables of a schema, with their tables, in OID order.
    pub fn constraints_named(
        &self,
        namespace: Oid,
        name: &str,
    ) -> impl Iterator<Item = (&Arc<Relation>, &Constraint)> {
        let name: Arc<str> = name.into();
        let named = self.local.constraint_names.range((namespace, name.clone(), 0)..);
        let named = named.take_while(move |(of, found, _)| *of == namespace && *found == name);
        named.filter_map(|(_, _, oid)| self.constraint(*oid))
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
        let tables = linked(&self.local.referencing, table).iter();
        let tables = tables.filter_map(|oid| self.relation(*oid));
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

    /// Whether rows are not in the table or index itself, but in its partitions.
    pub fn is_partitioned(&self, relation: &Relation) -> bool {
        match relation.index {
            Some(_) => self.local.partitioned_indexes.contains(&relation.oid),
            None => relation.is_partitioned(),
        }
    }

    /// The tables or indexes that have this one as a parent, in OID order.
    pub fn children(&self, oid: Oid) -> &[Oid] {
        linked(&self.local.children, oid)
    }

    /// The sequences that belong to a table's columns (serial and identity), in OID order.
    pub fn sequences_owned_by(&self, table: Oid) -> impl Iterator<Item = &Arc<Relation>> {
        let owned = linked(&self.local.owned_sequences, table);
        owned.iter().filter_map(|oid| self.relation(*oid))
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

    /// The domain that has this CHECK.
    pub(super) fn domain_of_check(&self, check: Oid) -> Option<&Arc<UserType>> {
        self.local.types.of_check(check)
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

    /// Those that users have made of this name, in any schema, in OID order.
    pub fn functions_named<'c>(
        &'c self,
        name: &str,
    ) -> impl Iterator<Item = &'c Arc<Function>> + use<'c> {
        let found = self.local.function_names.get(name).map_or(&[][..], |list| list.as_slice());
        found.iter().filter_map(|oid| self.local.functions.get(oid))
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
        let made = self.functions_named(name).map(|function| &function.proc);
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
        let mut renames = false;
        for change in changes {
            renames |= next.changes_system_names(change);
            next.apply_one(change);
        }
        next.version = next_version();
        next.local = next.spaces.get(&next.database).cloned().unwrap_or_default();
        // Of all databases: the published snapshot is seen from none.
        let count: usize = next.spaces.values().map(|space| space.relations.len()).sum();
        let known = next.names_relations;
        if renames || count > 2 * known + 64 || 2 * count + 64 < known {
            (next.names_version, next.names_relations) = (next.version, count);
        }
        next
    }

    /// This published snapshot with a transaction's own changes.
    pub fn with_own(&self, changes: &[Change]) -> Catalog {
        Catalog { published: Some(self.local.clone()), ..self.apply(changes) }
    }

    /// Whether a statement that names nothing but what PostgreSQL has may mean something else afterwards.
    fn changes_system_names(&self, change: &Change) -> bool {
        let known = |database, oid| self.spaces.get(database)?.relations.get(oid);
        let hides = |relation: &Arc<Relation>| builtin::is_name(&relation.name);
        match change {
            Change::PutRelation(database, relation) => {
                hides(relation) || known(database, &relation.oid).is_some_and(hides)
            }
            Change::Remove(ObjectKey::Relation(database, oid)) => {
                known(database, oid).is_some_and(hides)
            }
            Change::PutVersion(..) | Change::Remove(ObjectKey::Version(..)) => false,
            _ => true,
        }
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
            Change::PutNamespace(database, n) => self.space(*database).put_namespace(n.clone()),
            Change::PutRelation(database, r) => self.space(*database).put(r.clone()),
            Change::PutType(database, t) => self.space(*database).put_type(t.clone()),
            Change::PutDefaultAcl(database, d) => {
                self.space(*database).default_acls.insert(d.oid, d.clone());
            }
            Change::PutFunction(database, f) => self.space(*database).put_function(f.clone()),
            Change::PutExtension(database, e) => self.space(*database).put_extension(e.clone()),
            Change::PutCast(database, c) => self.space(*database).put_cast(c.clone()),
            Change::PutOperator(database, o) => self.space(*database).put_operator(o.clone()),
            Change::PutCollation(database, c) => self.space(*database).put_collation(c.clone()),
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
            ObjectKey::Namespace(database, oid) => self.space(*database).remove_namespace(*oid),
            ObjectKey::Relation(database, oid) => {
                let space = self.space(*database);
                space.remove(*oid);
                space.history.remove(oid);
            }
            ObjectKey::Type(database, oid) => self.space(*database).remove_type(*oid),
            ObjectKey::DefaultAcl(database, oid) => {
                self.space(*database).default_acls.remove(oid);
            }
            ObjectKey::Function(database, oid) => self.space(*database).remove_function(*oid),
            ObjectKey::Extension(database, oid) => self.space(*database).remove_extension(*oid),
            ObjectKey::Cast(database, oid) => self.space(*database).remove_cast(*oid),
            ObjectKey::Operator(database, oid) => self.space(*database).remove_operator(*oid),
            ObjectKey::Collation(database, oid) => self.space(*database).remove_collation(*oid),
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
    fn tables_leave_system_names_alone_unless_they_hide_one() {
        let put = |oid, name: &str| Change::PutRelation(bootstrap::POSTGRES, table(oid, name));
        let base = catalog();
        let more = base.apply(&[put(20000, "a")]);
        assert_eq!(more.names_version(), base.names_version());
        let fewer = more.apply(&[Change::Remove(ObjectKey::Relation(bootstrap::POSTGRES, 20000))]);
        assert_eq!(fewer.names_version(), base.names_version());
        for name in ["pg_class", "tables", "int4"] {
            let hidden = base.apply(&[put(20000, name)]);
            assert_ne!(hidden.names_version(), base.names_version(), "{name}");
            let renamed = hidden.apply(&[put(20000, "a")]);
            assert_ne!(renamed.names_version(), hidden.names_version(), "{name}");
        }
        // As it is published, seen from no database.
        let base = bootstrap::catalog();
        let many: Vec<Change> = (0..100).map(|n| put(20000 + 10 * n, &format!("a{n}"))).collect();
        assert_ne!(base.apply(&many).names_version(), base.names_version());
    }

    #[test]
    fn databases_do_not_see_each_other() {
        let put = Change::PutRelation(bootstrap::POSTGRES, table(20000, "a"));
        let catalog = catalog().apply(&[put]);
        assert!(catalog.relation(20000).is_some());
        assert!(catalog.for_database(bootstrap::TEMPLATE1).relation(20000).is_none());
    }
}
