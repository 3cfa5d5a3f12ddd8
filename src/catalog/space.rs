//! The objects of one database, and indexes over them.
//!
//! Invariant: every index over a space (kinds, names, row types, constraints, references, mentions) says what
//! its objects say; `put` and `remove`, and their like for what is no relation, are the only writers.

use super::depend::Object;
use super::mentions::{self, Mentions};
use super::type_space::TypeSpace;
use super::{
    Constraint, ConstraintKind, DefaultAcl, Extension, Function, Namespace, Relation, RelationKind,
    SchemaVersion, UserCast, UserCollation, UserOperator, UserType,
};
use crate::types::Oid;
use foldhash::quality::RandomState;
use imbl::shared_ptr::DefaultSharedPtr;
use imbl::{GenericHashMap, GenericHashSet, OrdMap, OrdSet};
use std::hash::Hash;
use std::sync::Arc;

/// What belongs to one database.
#[derive(Clone, Debug, Default)]
pub(super) struct Space {
    pub namespaces: OrdMap<Oid, Arc<Namespace>>,
    pub namespace_names: HashMap<Arc<str>, Oid>,
    pub relations: OrdMap<Oid, Arc<Relation>>,
    /// The same, those of a kind together: most questions are about one or two.
    pub of_kind: OrdMap<(RelationKind, Oid), Arc<Relation>>,
    pub types: TypeSpace,
    pub default_acls: OrdMap<Oid, Arc<DefaultAcl>>,
    pub extensions: OrdMap<Oid, Arc<Extension>>,
    pub functions: OrdMap<Oid, Arc<Function>>,
    /// Name to functions, in OID order.
    pub function_names: HashMap<Arc<str>, Arc<Vec<Oid>>>,
    pub casts: OrdMap<Oid, Arc<UserCast>>,
    pub operators: OrdMap<Oid, Arc<UserOperator>>,
    pub collations: OrdMap<Oid, Arc<UserCollation>>,
    /// Which of all these mention which.
    pub mentions: Mentions,
    /// Namespace, then name.
    pub names: HashMap<Oid, HashMap<Arc<str>, Oid>>,
    /// Row type (its array type is the next OID) to relation.
    pub row_types: HashMap<Oid, Oid>,
    /// Constraint to its table.
    pub constraints: HashMap<Oid, Oid>,
    /// Namespace of its table, name, constraint.
    pub constraint_names: OrdSet<(Oid, Arc<str>, Oid)>,
    /// Policy or rule to its table.
    pub parts: HashMap<Oid, Oid>,
    /// Table to the tables with foreign keys on it.
    pub referencing: Links,
    /// Table to its indexes.
    pub indexes: Links,
    /// Indexes of partitioned tables.
    pub partitioned_indexes: HashSet<Oid>,
    /// Table or index to those that inherit from it.
    pub children: Links,
    /// Table to the sequences owned by its columns.
    pub owned_sequences: Links,
    /// Table to its versions, oldest first.
    pub history: HashMap<Oid, Arc<Vec<Arc<SchemaVersion>>>>,
}

/// OIDs and names need no hash that withstands an attack: who may make many objects can do worse.
pub(super) type HashMap<K, V> = GenericHashMap<K, V, RandomState, DefaultSharedPtr>;
type HashSet<K> = GenericHashSet<K, RandomState, DefaultSharedPtr>;

/// A relation to others, in OID order.
pub(super) type Links = HashMap<Oid, Arc<Vec<Oid>>>;

impl Space {
    /// Adds or replaces a relation, and what other entries say about it.
    pub fn put(&mut self, relation: Arc<Relation>) {
        let old = self.take(relation.oid);
        let mentioned = old.map(|old| mentions::of_relation(&old)).unwrap_or_default();
        let object = Object::Relation(relation.oid);
        self.mentions.change(object, &mentioned, &mentions::of_relation(&relation));
        let names = self.names.entry(relation.namespace).or_default();
        names.insert(relation.name.as_str().into(), relation.oid);
        if relation.row_type != 0 {
            self.row_types.insert(relation.row_type, relation.oid);
        }
        for constraint in &relation.constraints {
            self.constraints.insert(constraint.oid, relation.oid);
            self.constraint_names.insert(constraint_name(&relation, constraint));
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
            if self.relations.get(&index.table).is_some_and(|table| table.is_partitioned()) {
                self.partitioned_indexes.insert(relation.oid);
            }
        }
        let relation = self.with_indexes(relation);
        if relation.is_partitioned() {
            self.partitioned_indexes.extend(relation.indexes.iter().copied());
        }
        self.store(relation);
    }

    fn store(&mut self, relation: Arc<Relation>) {
        self.of_kind.insert((relation.kind, relation.oid), relation.clone());
        self.relations.insert(relation.oid, relation);
    }

    pub fn remove(&mut self, oid: Oid) {
        let Some(old) = self.take(oid) else { return };
        self.mentions.remove(Object::Relation(oid), &mentions::of_relation(&old));
    }

    /// Takes a relation out, and what other entries say about it, but for what it mentions.
    fn take(&mut self, oid: Oid) -> Option<Arc<Relation>> {
        let old = self.relations.remove(&oid)?;
        self.of_kind.remove(&(old.kind, oid));
        if let Some(names) = self.names.get_mut(&old.namespace)
            && names.get(old.name.as_str()) == Some(&oid)
        {
            names.remove(old.name.as_str());
            if names.is_empty() {
                self.names.remove(&old.namespace);
            }
        }
        self.row_types.remove(&old.row_type);
        for constraint in &old.constraints {
            self.constraints.remove(&constraint.oid);
            self.constraint_names.remove(&constraint_name(&old, constraint));
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
            self.partitioned_indexes.remove(&oid);
        }
        Some(old)
    }

    pub fn put_namespace(&mut self, namespace: Arc<Namespace>) {
        self.remove_namespace(namespace.oid);
        self.namespace_names.insert(namespace.name.as_str().into(), namespace.oid);
        self.namespaces.insert(namespace.oid, namespace);
    }

    pub fn remove_namespace(&mut self, oid: Oid) {
        let Some(old) = self.namespaces.remove(&oid) else { return };
        if self.namespace_names.get(old.name.as_str()) == Some(&oid) {
            self.namespace_names.remove(old.name.as_str());
        }
    }

    pub fn put_function(&mut self, function: Arc<Function>) {
        let oid = function.proc.oid;
        self.remove_function(oid);
        self.mentions.put(Object::Function(oid), &mentions::of_function(&function));
        link(&mut self.function_names, Arc::from(&*function.proc.name), oid);
        self.functions.insert(oid, function);
    }

    pub fn remove_function(&mut self, oid: Oid) {
        let Some(old) = self.functions.remove(&oid) else { return };
        self.mentions.remove(Object::Function(oid), &mentions::of_function(&old));
        unlink(&mut self.function_names, Arc::from(&*old.proc.name), oid);
    }

    pub fn put_type(&mut self, found: Arc<UserType>) {
        self.remove_type(found.oid);
        self.mentions.put(Object::Type(found.oid), &mentions::of_type(&found));
        self.types.put(found);
    }

    pub fn remove_type(&mut self, oid: Oid) {
        if let Some(old) = self.types.remove(oid) {
            self.mentions.remove(Object::Type(oid), &mentions::of_type(&old));
        }
    }

    pub fn put_operator(&mut self, made: Arc<UserOperator>) {
        let oid = made.operator.oid;
        self.remove_operator(oid);
        self.mentions.put(Object::Operator(oid), &mentions::of_operator(&made));
        self.operators.insert(oid, made);
    }

    pub fn remove_operator(&mut self, oid: Oid) {
        if let Some(old) = self.operators.remove(&oid) {
            self.mentions.remove(Object::Operator(oid), &mentions::of_operator(&old));
        }
    }

    pub fn put_collation(&mut self, made: Arc<UserCollation>) {
        let oid = made.collation.oid;
        self.remove_collation(oid);
        self.mentions.put(Object::Collation(oid), &mentions::of_collation(&made));
        self.collations.insert(oid, made);
    }

    pub fn remove_collation(&mut self, oid: Oid) {
        if let Some(old) = self.collations.remove(&oid) {
            self.mentions.remove(Object::Collation(oid), &mentions::of_collation(&old));
        }
    }

    pub fn put_cast(&mut self, made: Arc<UserCast>) {
        let oid = made.cast.oid;
        self.remove_cast(oid);
        self.mentions.put(Object::Cast(oid), &mentions::of_cast(&made));
        self.casts.insert(oid, made);
    }

    pub fn remove_cast(&mut self, oid: Oid) {
        if let Some(old) = self.casts.remove(&oid) {
            self.mentions.remove(Object::Cast(oid), &mentions::of_cast(&old));
        }
    }

    pub fn put_extension(&mut self, extension: Arc<Extension>) {
        let oid = extension.oid;
        self.remove_extension(oid);
        self.mentions.put(Object::Extension(oid), &mentions::of_extension(&extension));
        self.extensions.insert(oid, extension);
    }

    pub fn remove_extension(&mut self, oid: Oid) {
        if let Some(old) = self.extensions.remove(&oid) {
            self.mentions.remove(Object::Extension(oid), &mentions::of_extension(&old));
        }
    }

    /// Adds a version of a table; records come in the order of their numbers.
    pub fn put_version(&mut self, version: Arc<SchemaVersion>) {
        let versions = Arc::make_mut(self.history.entry(version.table).or_default());
        versions.retain(|known| known.version != version.version);
        versions.push(version);
    }

    /// A table's list of indexes is derived from the indexes, because two transactions may create
    /// indexes on one table at the same time (SHARE locks do not conflict).
    fn with_indexes(&self, relation: Arc<Relation>) -> Arc<Relation> {
        if !relation.kind.has_rows() {
            return relation;
        }
        let indexes = linked(&self.indexes, relation.oid);
        if relation.indexes == indexes {
            return relation;
        }
        let indexes = indexes.to_vec();
        Arc::new(Relation { indexes, ..(*relation).clone() })
    }

    fn refresh_indexes(&mut self, table: Oid) {
        if let Some(relation) = self.relations.get(&table).cloned() {
            let relation = self.with_indexes(relation);
            self.store(relation);
        }
    }
}

/// The OIDs of a relation's policies and rules.
fn parts(relation: &Relation) -> impl Iterator<Item = Oid> {
    let policies = relation.row_security.policies.iter().map(|policy| policy.oid);
    policies.chain(relation.rules.iter().map(|rule| rule.oid))
}

/// A constraint's entry among the names.
fn constraint_name(table: &Relation, constraint: &Constraint) -> (Oid, Arc<str>, Oid) {
    (table.namespace, constraint.name.as_str().into(), constraint.oid)
}

pub(super) fn linked(links: &Links, key: Oid) -> &[Oid] {
    links.get(&key).map_or(&[], |list| list.as_slice())
}

fn link<K: Clone + Eq + Hash>(map: &mut HashMap<K, Arc<Vec<Oid>>>, key: K, oid: Oid) {
    let list = Arc::make_mut(map.entry(key).or_default());
    if let Err(at) = list.binary_search(&oid) {
        list.insert(at, oid);
    }
}

fn unlink<K: Clone + Eq + Hash>(map: &mut HashMap<K, Arc<Vec<Oid>>>, key: K, oid: Oid) {
    let Some(list) = map.get_mut(&key).map(Arc::make_mut) else { return };
    if let Ok(at) = list.binary_search(&oid) {
        list.remove(at);
    }
    if list.is_empty() {
        map.remove(&key);
    }
}
