//! Tables of each kind where a transcript cannot show it: loads, and rows that go in the background.

use crate::harness::{Client, Kalam, Server};
use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A job that takes so long does not come.
const JOB_TIMEOUT: Duration = Duration::from_secs(60);

fn one(client: &mut Client, sql: &str) -> String {
    client.run(sql).ok().text(0, 0).unwrap_or("NULL").to_owned()
}

/// Asks until the answer is this.
#[track_caller]
fn until(client: &mut Client, sql: &str, wanted: &str) {
    let deadline = Instant::now() + JOB_TIMEOUT;
    loop {
        let found = one(client, sql);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{sql}: {found}, not {wanted}");
        std::thread::yield_now();
    }
}

#[test]
fn a_load_fills_the_table_of_who_loads() {
    let kalam = Kalam::start();
    let mut postgres = kalam.connect("postgres");
    for sql in [
        "CREATE ROLE alice LOGIN",
        "CREATE ROLE bob LOGIN",
        "CREATE TABLE t (id int PRIMARY KEY, v text UNIQUE, p int REFERENCES t) WITH (kind = 'user')",
        "CREATE TABLE heap (v text) WITH (kind = 'user')",
        "GRANT ALL ON t, heap TO PUBLIC",
    ] {
        postgres.run(sql).ok();
    }
    let connect = |role| Client::tcp(kalam.port, role, "postgres").expect("a session");
    let (mut alice, mut bob) = (connect("alice"), connect("bob"));
    let rows: String = (1..=1500).map(|n| format!("{n}\tv{n}\t{}\n", n / 2 + 1)).collect();
    for client in [&mut alice, &mut bob] {
        client.copy_in("COPY t FROM STDIN", rows.as_bytes()).expect("a load").ok();
        client.copy_in("COPY heap FROM STDIN", b"a\nb\n").expect("a load").ok();
    }
    alice.run("DELETE FROM t WHERE id > 1490").ok();
    let twice =
        alice.copy_in("COPY t FROM STDIN", b"1491\tv3000\t1\n2\tx\t1\n").expect("an answer");
    assert_eq!(twice.sqlstate(), Some("23505"));
    let orphan = alice.copy_in("COPY t FROM STDIN", b"1491\tv1491\t1500\n").expect("an answer");
    assert_eq!(orphan.sqlstate(), Some("23503"));
    for (client, rows, lines) in [(&mut alice, "1490", 1490), (&mut bob, "1500", 1500)] {
        assert_eq!(one(client, "SELECT count(*) FROM t"), rows);
        let copied = client.run("COPY (SELECT v FROM t) TO STDOUT").ok().copied;
        assert_eq!(copied.iter().filter(|byte| **byte == b'\n').count(), lines);
        assert_eq!(one(client, "SELECT string_agg(v, ',' ORDER BY v) FROM heap"), "a,b");
    }
    assert_eq!(one(&mut postgres, "SELECT count(*) FROM t"), "0");
    assert_eq!(one(&mut bob, "SELECT v FROM t WHERE id = 1500"), "v1500");
}

#[test]
fn rows_of_streams_go_in_the_background() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for sql in [
        "CREATE TABLE old (id int PRIMARY KEY, v text) WITH (kind = 'stream', ttl = '1 microsecond')",
        "CREATE UNIQUE INDEX ON old (lower(v)) WHERE v <> ''",
        "INSERT INTO old SELECT g, 'V' || g FROM generate_series(1, 25000) g",
        "CREATE TABLE few (id int, v text) WITH (kind = 'stream', ttl = '1 day', max_buffer = 3)",
    ] {
        client.run(sql).ok();
    }
    for n in 1..=5 {
        client.run(&format!("INSERT INTO few VALUES ({n}, 'few')")).ok();
    }
    let removed =
        "SELECT sum(rows) FROM system.jobs WHERE type = 'expire' AND \"table\" LIKE '%old'";
    until(&mut client, removed, "25000");
    until(&mut client, "SELECT string_agg(id::text, ',' ORDER BY id) FROM few", "3,4,5");
    client.copy_in("COPY old FROM STDIN", b"1\tv1\n2\tv2\n").expect("a load").ok();
    client.run("ALTER TABLE old SET (ttl = '1 day')").ok();
    client.run("INSERT INTO old VALUES (3, 'v3')").ok();
    assert_eq!(client.run("INSERT INTO old VALUES (4, 'V3')").sqlstate(), Some("23505"));
}

#[test]
fn deleted_rows_go_when_their_time_is_over() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for sql in [
        "CREATE ROLE alice LOGIN",
        "CREATE TABLE old (id int PRIMARY KEY, v text) WITH (retention = '1 microsecond')",
        "CREATE TABLE kept (id int PRIMARY KEY) WITH (retention = '1 day')",
        "CREATE USER TABLE own (id int PRIMARY KEY) WITH (retention = '1 day')",
        "GRANT ALL ON own TO PUBLIC",
        "INSERT INTO old SELECT g, 'v' || g FROM generate_series(1, 25000) g",
        "INSERT INTO kept VALUES (1), (2)",
        "INSERT INTO own VALUES (1), (2), (3)",
        "DELETE FROM kept WHERE id = 1",
        "DELETE FROM own WHERE id > 1",
        "DELETE FROM old WHERE id > 1000",
    ] {
        client.run(sql).ok();
    }
    let mut alice = Client::tcp(kalam.port, "alice", "postgres").expect("a session");
    alice.run("INSERT INTO own VALUES (1)").ok();
    alice.run("DELETE FROM own").ok();
    let removed = |table| {
        format!(
            "SELECT sum(rows) FROM system.jobs WHERE type = 'retention' AND \"table\" LIKE '%{table}'"
        )
    };
    until(&mut client, &removed("old"), "24000");
    assert_eq!(one(&mut client, "SELECT count(*) FROM old"), "1000");
    let dead = "SELECT string_agg(id::text, ',' ORDER BY id) FROM own WHERE _deleted";
    assert_eq!(one(&mut client, dead), "2,3");
    assert_eq!(one(&mut alice, dead), "1");
    // Where none are kept any more, those of every role go.
    client.run("ALTER TABLE own RESET (retention)").ok();
    until(&mut client, &removed("own"), "3");
    client.run("ALTER TABLE own SET (retention = '1 day')").ok();
    assert_eq!(one(&mut client, dead), "NULL");
    assert_eq!(one(&mut client, "SELECT id FROM kept WHERE _deleted"), "1");
    assert_eq!(one(&mut client, &removed("kept")), "NULL");
}

/// A copy that is told only what changed since it last asked stays equal to the table, whatever tier
/// rows are in, and however often keys are given up, taken again and swapped between two questions.
#[test]
fn a_copy_follows_by_what_changed() {
    const KEYS: i32 = 12;
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    client.run("CREATE TABLE t (id int PRIMARY KEY, v int) WITH (retention = '1 day')").ok();
    let (mut copy, mut seen) = (BTreeMap::new(), "0".to_owned());
    let (mut done, mut random) = (Vec::new(), rand::rng());
    for n in 0..600 {
        let (a, b) = (random.random_range(0..KEYS), random.random_range(0..KEYS));
        let sql = match random.random_range(0..20) {
            0..=5 => {
                format!("INSERT INTO t VALUES ({a}, {n}) ON CONFLICT (id) DO UPDATE SET v = {n}")
            }
            6..=8 => format!("UPDATE t SET v = {n} WHERE id = {a}"),
            9..=12 => format!("DELETE FROM t WHERE id = {a}"),
            13 => format!("UPDATE t SET id = {b} WHERE id = {a}"),
            14 => format!(
                "UPDATE t SET id = 100 WHERE id = {a}; UPDATE t SET id = {a} WHERE id = {b}; \
                 UPDATE t SET id = {b} WHERE id = 100"
            ),
            15 => format!("DELETE FROM t WHERE id = {a}; INSERT INTO t VALUES ({a}, {n})"),
            16 => format!(
                "BEGIN; DELETE FROM t WHERE id < {a}; SAVEPOINT s; DELETE FROM t; \
                 ROLLBACK TO s; UPDATE t SET v = {n} WHERE id = {b}; COMMIT"
            ),
            17 => "STORAGE FLUSH TABLE t".to_owned(),
            18 => "STORAGE COMPACT TABLE t".to_owned(),
            _ => {
                let changed = format!("SELECT id, v, _deleted, _seq FROM t WHERE _seq > {seen}");
                let changed = client.run(&changed).ok();
                let mut ids = BTreeSet::new();
                for row in 0..changed.rows.len() {
                    let field = |at| changed.text(row, at).expect("a value").to_owned();
                    assert!(ids.insert(field(0)), "{} twice: {done:#?}", field(0));
                    match field(2).as_str() {
                        "t" => drop(copy.remove(&field(0))),
                        _ => drop(copy.insert(field(0), field(1))),
                    }
                    let seq: u64 = field(3).parse().expect("a number");
                    seen = seq.max(seen.parse().expect("a number")).to_string();
                }
                let table = client.run("SELECT id, v FROM t").ok();
                let field = |row, at| table.text(row, at).expect("a value").to_owned();
                let table: BTreeMap<_, _> =
                    (0..table.rows.len()).map(|row| (field(row, 0), field(row, 1))).collect();
                assert_eq!(copy, table, "after {done:#?}");
                continue;
            }
        };
        // A key may be taken; then nothing has happened.
        let outcomes = client.simple(&sql).expect("an answer");
        if outcomes.iter().any(|outcome| outcome.error.is_some()) {
            client.simple("ROLLBACK").expect("an answer");
        }
        done.push(sql);
    }
}
