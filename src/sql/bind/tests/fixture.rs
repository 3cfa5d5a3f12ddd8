//! The tables that the transcripts use, and an environment without a session.

use crate::catalog::{
    Catalog, Change, Column, Constraint, ConstraintKind, Database, Identity, IndexColumn,
    IndexInfo, Namespace, OnCommit, Persistence, Relation, RelationKind, SequenceInfo, builtin,
};
use crate::functions::{Env, SessionFunctions};
use crate::nodes::AttrNumber;
use crate::types::{Datum, Format, Oid, oids};
use std::collections::BTreeMap;
use std::sync::Arc;

const DATABASE: Oid = 5;
const PUBLIC: Oid = 2200;

pub struct TestEnv {
    pub catalog: Catalog,
    format: Format,
}

impl Env for TestEnv {
    fn format(&self) -> &Format {
        &self.format
    }
    fn transaction_time(&self) -> i64 {
        0
    }
    fn statement_time(&self) -> i64 {
        0
    }
    fn setting(&self, _name: &str) -> Option<String> {
        None
    }
    fn catalog(&self) -> &Catalog {
        &self.catalog
    }
    fn database(&self) -> Oid {
        DATABASE
    }
    fn current_role(&self) -> Oid {
        10
    }
    fn session_role(&self) -> Oid {
        10
    }
    fn search_path(&self) -> &[Oid] {
        &[builtin::oid::PG_CATALOG, PUBLIC]
    }
    fn acting(&self, _role: Oid, _path: Option<Vec<Oid>>) -> std::sync::Arc<dyn Env> {
        unimplemented!("unit tests of this kind have one role")
    }
    fn session(&self) -> &dyn SessionFunctions {
        unimplemented!("binding asks nothing of the session")
    }
}

fn column(name: &str, type_oid: Oid, typmod: i32) -> Column {
    Column {
        attno: 0,
        name: name.to_owned(),
        type_oid,
        typmod,
        collation: builtin::type_(type_oid).map_or(0, |t| t.collation),
        not_null: false,
        default: None,
        missing_value: None,
        past_types: Vec::new(),
        identity: None,
        generated: false,
        dropped: false,
        comment: None,
        statistics_target: -1,
        storage: b'p',
        acl: None,
        origin: Default::default(),
    }
}

fn relation(oid: Oid, name: &str, kind: RelationKind, columns: Vec<Column>) -> Relation {
    let number = |(at, column): (usize, Column)| {
        let attno = AttrNumber::try_from(at + 1).expect("few columns");
        Column { attno, ..column }
    };
    Relation {
        oid,
        name: name.to_owned(),
        namespace: PUBLIC,
        owner: 10,
        kind,
        persistence: Persistence::Permanent,
        on_commit: OnCommit::PreserveRows,
        version: 1,
        columns: columns.into_iter().enumerate().map(number).collect(),
        storage: oid,
        row_type: if kind == RelationKind::Table { oid + 1 } else { 0 },
        options: BTreeMap::new(),
        comment: None,
        acl: None,
        indexes: Vec::new(),
        constraints: Vec::new(),
        index: None,
        sequence: None,
        view: None,
        materialized: None,
        row_security: Default::default(),
        rules: Vec::new(),
        lineage: Default::default(),
    }
}

/// A unique index on the first `count` columns, all int4.
fn unique(oid: Oid, name: &str, table: Oid, count: i16, primary: bool) -> Relation {
    let key = |attno| IndexColumn {
        attno,
        expr: None,
        type_oid: oids::INT4,
        collation: 0,
        opclass: 1978,
        descending: false,
        nulls_first: false,
    };
    let mut index = relation(oid, name, RelationKind::Index, Vec::new());
    index.index = Some(IndexInfo {
        table,
        columns: (1..=count).map(key).collect(),
        key_count: count as usize,
        unique: true,
        nulls_not_distinct: false,
        primary,
        immediate: true,
        predicate: None,
        access_method: builtin::oid::BTREE,
        collation_versions: Default::default(),
    });
    index
}

fn identity_sequence(oid: Oid, table: Oid, attno: AttrNumber) -> Relation {
    let mut sequence = relation(oid, &format!("seq{oid}"), RelationKind::Sequence, Vec::new());
    sequence.sequence = Some(SequenceInfo {
        type_oid: oids::INT4,
        start: 1,
        increment: 1,
        min: 1,
        max: i64::from(i32::MAX),
        cache: 1,
        cycle: false,
        owned_by: Some((table, attno)),
        internal: true,
    });
    sequence
}

/// `t`, `u`, `w`, `g` and `arr`.
fn relations() -> Vec<Relation> {
    let table = |oid, name, columns| relation(oid, name, RelationKind::Table, columns);
    let mut t = table(
        16400,
        "t",
        vec![
            column("a", oids::INT4, -1),
            column("b", oids::TEXT, -1),
            column("c", oids::NUMERIC, 655366),
            column("d", oids::VARCHAR, 9),
            column("e", oids::TIMESTAMPTZ, -1),
        ],
    );
    t.columns[0].not_null = true;
    t.constraints.push(Constraint {
        oid: 16450,
        name: "t_pkey".into(),
        kind: ConstraintKind::PrimaryKey { index: 16440, columns: vec![1] },
        deferrable: false,
        initially_deferred: false,
        validated: true,
        no_inherit: false,
        origin: Default::default(),
        comment: None,
    });
    let u = table(
        16404,
        "u",
        vec![
            column("id", oids::INT8, -1),
            column("t_a", oids::INT4, -1),
            column("v", oids::FLOAT8, -1),
            column("j", oids::JSONB, -1),
            column("n", oids::NAME, -1),
        ],
    );
    let w = table(
        16408,
        "w",
        vec![
            column("x", oids::INT4, -1),
            column("y", oids::INT4, -1),
            column("z", oids::BPCHAR, 7),
        ],
    );
    let mut g = table(
        16412,
        "g",
        vec![
            column("id", oids::INT4, -1),
            column("i2", oids::INT4, -1),
            column("s", oids::INT4, -1),
            column("gen", oids::INT4, -1),
        ],
    );
    g.columns[0].identity = Some(Identity::Always);
    g.columns[1].identity = Some(Identity::ByDefault);
    g.columns[2].default = Some(crate::nodes::Expr::constant(Datum::Int4(5), oids::INT4));
    g.columns[3].generated = true;
    let arr = table(
        16416,
        "arr",
        vec![column("i", 1007, -1), column("tx", 1009, -1), column("k", oids::INT4, -1)],
    );
    vec![
        t,
        u,
        w,
        g,
        arr,
        unique(16440, "t_pkey", 16400, 1, true),
        unique(16441, "w_x_y_key", 16408, 2, false),
        identity_sequence(16442, 16412, 1),
        identity_sequence(16443, 16412, 2),
    ]
}

/// The environment over a catalog with the tables.
pub fn env() -> TestEnv {
    let database = Database {
        oid: DATABASE,
        name: "x_bind".into(),
        owner: 10,
        allow_connections: true,
        connection_limit: -1,
        is_template: false,
        settings: BTreeMap::new(),
        comment: None,
        acl: None,
    };
    let namespace = |oid, name: &str| {
        let namespace = Namespace { oid, name: name.into(), owner: 10, comment: None, acl: None };
        Change::PutNamespace(DATABASE, Arc::new(namespace))
    };
    let mut changes = vec![
        Change::PutDatabase(Arc::new(database)),
        namespace(builtin::oid::PG_CATALOG, "pg_catalog"),
        namespace(PUBLIC, "public"),
    ];
    let put = |r| Change::PutRelation(DATABASE, Arc::new(r));
    changes.extend(relations().into_iter().map(put));
    let catalog = Catalog::empty().apply(&changes).for_database(DATABASE);
    TestEnv { catalog, format: Format::default() }
}
