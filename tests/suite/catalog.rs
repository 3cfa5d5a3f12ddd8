//! The relations of pg_catalog and information_schema are PostgreSQL 15's: all of them, with its
//! columns, types and OIDs; each can be read; and in a new database most have the same rows.

use crate::harness::{Client, Kalam, Outcome, Server, postgres};
use std::collections::{BTreeMap, BTreeSet};

/// Every column of every relation, as pg_class and pg_attribute have them.
const SHAPES: &str = "
    SELECT n.nspname, c.relname, c.oid, c.relkind, a.attnum, a.attname, a.atttypid, a.atttypmod,
           a.attlen, a.attbyval, a.attalign, a.attnotnull, a.attcollation
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname IN ('pg_catalog', 'information_schema')";

/// The relations one can select from.
const RELATIONS: &str = "
    SELECT n.nspname || '.' || c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v')
    ORDER BY 1";

/// What initdb takes from the operating system, and what somebody's ANALYZE found.
const CLEAN: &str = "
    DELETE FROM pg_collation WHERE collprovider = 'c' AND collname NOT IN ('C', 'POSIX', 'ucs_basic');
    DELETE FROM pg_statistic;";

/// Relations whose rows differ in a new database, and why.
const DIFFERENT: &[(&str, &[&str])] = &[
    (
        "one server is not the other: its sessions, files, settings, names and extensions",
        &[
            "pg_catalog.pg_available_extension_versions",
            "pg_catalog.pg_available_extensions",
            "pg_catalog.pg_backend_memory_contexts",
            "pg_catalog.pg_config",
            "pg_catalog.pg_database",
            "pg_catalog.pg_file_settings",
            "pg_catalog.pg_hba_file_rules",
            "pg_catalog.pg_locks",
            "pg_catalog.pg_prepared_statements",
            "pg_catalog.pg_settings",
            "pg_catalog.pg_shmem_allocations",
            "pg_catalog.pg_stat_activity",
            "pg_catalog.pg_stat_gssapi",
            "pg_catalog.pg_stat_ssl",
            "pg_catalog.pg_timezone_abbrevs",
            "pg_catalog.pg_timezone_names",
        ],
    ),
    (
        "nothing counts them",
        &[
            "pg_catalog.pg_stat_all_indexes",
            "pg_catalog.pg_stat_all_tables",
            "pg_catalog.pg_stat_archiver",
            "pg_catalog.pg_stat_bgwriter",
            "pg_catalog.pg_stat_database",
            "pg_catalog.pg_stat_database_conflicts",
            "pg_catalog.pg_stat_recovery_prefetch",
            "pg_catalog.pg_stat_slru",
            "pg_catalog.pg_stat_sys_indexes",
            "pg_catalog.pg_stat_sys_tables",
            "pg_catalog.pg_stat_wal",
            "pg_catalog.pg_stat_xact_all_tables",
            "pg_catalog.pg_stat_xact_sys_tables",
            "pg_catalog.pg_statio_all_indexes",
            "pg_catalog.pg_statio_all_sequences",
            "pg_catalog.pg_statio_all_tables",
            "pg_catalog.pg_statio_sys_indexes",
            "pg_catalog.pg_statio_sys_tables",
        ],
    ),
    (
        "KalamDB has functions of its own",
        &[
            "information_schema.data_type_privileges",
            "information_schema.parameters",
            "information_schema.role_routine_grants",
            "information_schema.routine_privileges",
            "information_schema.routines",
        ],
    ),
    (
        "each server has its own form of expression trees, and rules are none here",
        &[
            "pg_catalog.pg_proc",
            "pg_catalog.pg_rewrite",
            "pg_catalog.pg_rules",
            "pg_catalog.pg_type",
        ],
    ),
    (
        "the checks of information_schema's domains are not known",
        &[
            "information_schema.check_constraints",
            "information_schema.domain_constraints",
            "pg_catalog.pg_constraint",
        ],
    ),
    (
        "system relations' indexes have no definitions, and some of their views no rules",
        &["information_schema.tables", "pg_catalog.pg_indexes"],
    ),
];

#[test]
fn system_relations_have_the_shapes_of_postgresql() {
    let kalam = Kalam::start();
    let expected = lines(&mut postgres().connect("postgres"), SHAPES);
    let found = lines(&mut kalam.connect("postgres"), SHAPES);
    assert!(expected.len() > 2000, "PostgreSQL's catalogs have more columns");
    let missing: Vec<_> = expected.difference(&found).collect();
    let invented: Vec<_> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "missing: {missing:#?}\nnot PostgreSQL's: {invented:#?}"
    );
}

#[test]
fn every_system_relation_can_be_read() {
    let kalam = Kalam::start();
    let (mut reference, mut client) = (postgres().connect("postgres"), kalam.connect("postgres"));
    let mut wrong = String::new();
    for relation in names(&mut reference) {
        let query = format!("SELECT * FROM {relation} LIMIT 3");
        let (expected, found) = (reference.run(&query).ok(), client.run(&query));
        if found.error.is_some() || found.columns != expected.columns {
            wrong += &format!("{relation}: {:?}\n{:?}\n", found.error, found.columns);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn system_relations_of_a_new_database_hold_what_postgresqls_do() {
    let kalam = Kalam::start();
    let servers: [&dyn Server; 2] = [postgres(), &kalam];
    let mut clients = servers.map(|server| {
        server.connect("postgres").run("DROP DATABASE IF EXISTS fresh").ok();
        server.connect("postgres").run("CREATE DATABASE fresh TEMPLATE template0").ok();
        server.connect("fresh")
    });
    clients[0].run(CLEAN).ok();
    let known: BTreeSet<&str> = DIFFERENT.iter().flat_map(|(_, names)| *names).copied().collect();
    let mut wrong = String::new();
    for relation in names(&mut clients[0]) {
        let rows = clients.each_mut().map(|client| contents(client, &relation));
        let (missing, more) = (surplus(&rows[0], &rows[1]), surplus(&rows[1], &rows[0]));
        let differs = !missing.is_empty() || !more.is_empty();
        if differs && !known.contains(relation.as_str()) {
            let (a, b) = (missing.len(), more.len());
            wrong += &format!("{relation}: {a} missing, {b} not PostgreSQL's\n");
            missing.iter().take(2).for_each(|row| wrong += &format!("  - {row}\n"));
            more.iter().take(2).for_each(|row| wrong += &format!("  + {row}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    for server in servers {
        server.connect("postgres").run("DROP DATABASE fresh");
    }
}

#[test]
fn what_statements_do_with_tables_is_counted() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for sql in [
        "CREATE TABLE t (id int PRIMARY KEY, v text)",
        "CREATE INDEX t_v ON t (v)",
        "INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 100) g",
        "UPDATE t SET v = 'x' WHERE id <= 10",
        "DELETE FROM t WHERE id > 95",
        "SELECT * FROM t WHERE id = 7",
    ] {
        client.run(sql).ok();
    }
    let counts = "SELECT n_tup_ins, n_tup_upd, n_tup_del, n_mod_since_analyze, last_analyze IS NULL \
                  FROM pg_stat_user_tables WHERE relname = 't'";
    assert_eq!(lines_of(&client.run(counts).ok()), ["100|10|5|115|t"]);
    client.run("ANALYZE t").ok();
    assert_eq!(lines_of(&client.run(counts).ok()), ["100|10|5|0|f"]);
    let scans = "SELECT indexrelname, idx_scan > 0 FROM pg_stat_user_indexes ORDER BY 1";
    assert_eq!(lines_of(&client.run(scans).ok()), ["t_pkey|t", "t_v|f"]);
    let live = "SELECT n_live_tup > 0, analyze_count FROM pg_stat_all_tables WHERE relname = 't'";
    assert_eq!(lines_of(&client.run(live).ok()), ["t|1"]);
}

fn names(client: &mut Client) -> Vec<String> {
    let outcome = client.run(RELATIONS).ok();
    (0..outcome.rows.len()).filter_map(|row| outcome.text(row, 0).map(str::to_owned)).collect()
}

/// A relation's rows as text, and how often each is there. KalamDB's own objects have OIDs that
/// PostgreSQL leaves to its developers; trees have each server's own form.
fn contents(client: &mut Client, relation: &str) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for row in lines_of(&client.run(&format!("SELECT * FROM {relation}"))) {
        *rows.entry(row).or_insert(0) += 1;
    }
    rows
}

fn surplus(of: &BTreeMap<String, usize>, over: &BTreeMap<String, usize>) -> Vec<String> {
    let more = |(row, count): &(&String, &usize)| over.get(*row).copied().unwrap_or(0) < **count;
    of.iter().filter(more).map(|(row, _)| row.clone()).collect()
}

fn lines(client: &mut Client, query: &str) -> BTreeSet<String> {
    lines_of(&client.run(query).ok()).into_iter().collect()
}

fn lines_of(outcome: &Outcome) -> Vec<String> {
    let value = |value: &Option<Vec<u8>>| match value {
        Some(text) => String::from_utf8_lossy(text).into_owned(),
        None => "NULL".to_owned(),
    };
    let line = |row: &Vec<Option<Vec<u8>>>| row.iter().map(value).collect::<Vec<_>>().join("|");
    outcome.rows.iter().map(line).collect()
}
