//! `kill -9` under load, many times in a row: every commit that a client saw is there, none in part.
//!
//! The load is pgbench's TPC-B transaction, each marked in `history` with its client and number.
//! After each restart the checker compares the marks with what the clients were told, and the sums
//! over the three balance tables with the sum of the deltas: a transaction applied in part would
//! leave them apart. Each transaction deletes the mark of the one before from a table that keeps deleted
//! rows: living or dead, each mark must be there. Another load does nothing but DDL: after each restart every table has the rows
//! that its last whole transaction left, by scan and by index, and the store holds nothing of what was
//! dropped, emptied or rewritten. Two tests show that the checker can fail: one with the WAL's sync switched off,
//! one with commits torn in two, both by faults that the store injects when told to by
//! `KALAMDB_FAULT`.

use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server};
use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const KILLS: usize = 20;
const CLIENTS: usize = 8;
const ACCOUNTS: i32 = 1000;

/// Kills come after a random number of commits in this range.
const COMMITS_BEFORE_KILL: std::ops::Range<usize> = 50..400;

/// A transaction's mark in `history`: round, client, number.
pub type Mark = String;

#[test]
fn acknowledged_commits_survive_kill_9() {
    let data = Scratch::new("crash");
    create_tables(&Kalam::start_on(data.path(), &[]));
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        acknowledged.extend(load_and_kill(&mut Kalam::start_on(data.path(), &[]), round));
        let violations = check(&Kalam::start_on(data.path(), &[]), &acknowledged, round);
        assert!(violations.is_empty(), "after kill {}: {violations:?}", round + 1);
    }
}

#[test]
fn the_checker_notices_commits_that_were_not_synced() {
    assert_noticed("no-wal-sync");
}

#[test]
fn the_checker_notices_torn_commits() {
    assert_noticed("torn-commit");
}

/// With this fault, some kill leaves a state that the checker rejects.
#[track_caller]
fn assert_noticed(fault: &str) {
    let data = Scratch::new("crash");
    create_tables(&Kalam::start_on(data.path(), &[]));
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let mut server = Kalam::start_with_fault(data.path(), fault);
        acknowledged.extend(load_and_kill(&mut server, round));
        if !check(&Kalam::start_on(data.path(), &[]), &acknowledged, round).is_empty() {
            return;
        }
    }
    panic!("{fault}: {KILLS} kills went unnoticed");
}

pub fn create_tables(server: &Kalam) {
    let mut client = server.connect("postgres");
    for sql in [
        "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
        "CREATE TABLE tellers (id int PRIMARY KEY, balance int NOT NULL)",
        "CREATE TABLE branches (id int PRIMARY KEY, balance int NOT NULL)",
        "CREATE TABLE history (mark text PRIMARY KEY, delta int NOT NULL)",
        "CREATE TABLE kept (mark text PRIMARY KEY) WITH (retention = '1 day')",
        "INSERT INTO tellers SELECT g, 0 FROM generate_series(1, 10) g",
        "INSERT INTO branches VALUES (1, 0)",
    ] {
        client.run(sql).ok();
    }
    client
        .run(&format!("INSERT INTO accounts SELECT g, 0 FROM generate_series(1, {ACCOUNTS}) g"))
        .ok();
}

/// Runs the clients until enough has been committed, kills the server in the midst of it, and
/// returns what the clients were told is committed.
fn load_and_kill(server: &mut Kalam, round: usize) -> BTreeSet<Mark> {
    let acknowledged = Mutex::new(BTreeSet::new());
    let committed = AtomicUsize::new(0);
    let enough = rand::rng().random_range(COMMITS_BEFORE_KILL);
    let clients: Vec<_> = (0..CLIENTS).map(|_| server.connect("postgres")).collect();
    std::thread::scope(|scope| {
        for (number, mut client) in clients.into_iter().enumerate() {
            let (acknowledged, committed) = (&acknowledged, &committed);
            scope.spawn(move || {
                for n in 0.. {
                    let mark = format!("{round}-{number}-{n}");
                    // The kill ends the connection, and with it this client.
                    let Ok(outcomes) = client.simple(&transaction(&mark)) else { return };
                    if outcomes.last().is_some_and(|o| o.tag == "COMMIT") {
                        acknowledged.lock().expect("no client panics").insert(mark);
                        committed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        while committed.load(Ordering::Relaxed) < enough {
            std::thread::yield_now();
        }
        server.kill();
    });
    acknowledged.into_inner().expect("no client panics")
}

pub fn transaction(mark: &str) -> String {
    let mut random = rand::rng();
    let account = random.random_range(1..=ACCOUNTS);
    let teller = random.random_range(1..=10);
    let delta = random.random_range(-5000..5000);
    let (client, number) = mark.rsplit_once('-').expect("a mark ends with its number");
    let number: usize = number.parse().expect("a number");
    let before = format!("{client}-{}", number.saturating_sub(1));
    format!(
        "BEGIN; UPDATE accounts SET balance = balance + {delta} WHERE id = {account}; \
         UPDATE tellers SET balance = balance + {delta} WHERE id = {teller}; \
         UPDATE branches SET balance = balance + {delta} WHERE id = 1; \
         DELETE FROM kept WHERE mark = '{before}'; INSERT INTO kept VALUES ('{mark}'); \
         INSERT INTO history VALUES ('{mark}', {delta}); COMMIT"
    )
}

/// What is wrong with the state after a restart; nothing, if all is well.
pub fn check(server: &Kalam, acknowledged: &BTreeSet<Mark>, round: usize) -> Vec<String> {
    let mut client = server.connect("postgres");
    let mut violations = Vec::new();
    let history = client.run("SELECT mark FROM history").ok();
    let found: BTreeSet<Mark> =
        (0..history.rows.len()).filter_map(|i| history.text(i, 0).map(str::to_owned)).collect();
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    if !lost.is_empty() {
        violations.push(format!("{} acknowledged commits are lost: {lost:?}", lost.len()));
    }
    // Each client may have had one commit on its way whose answer it did not get.
    let unknown = found.difference(acknowledged).count();
    if unknown > CLIENTS * (round + 1) {
        violations.push(format!("{unknown} commits that nobody asked for"));
    }
    let mut sum = |table: &str, column: &str| {
        let sql = format!("SELECT coalesce(sum({column}), 0) FROM {table}");
        client.run(&sql).ok().text(0, 0).map(str::to_owned)
    };
    let deltas = sum("history", "delta");
    for table in ["accounts", "tellers", "branches"] {
        let balance = sum(table, "balance");
        if balance != deltas {
            violations.push(format!("{table} hold {balance:?}, history {deltas:?}"));
        }
    }
    let kept = "SELECT count(*) FROM history h FULL JOIN (SELECT mark, _deleted FROM kept) k \
                USING (mark) WHERE h.mark IS NULL OR k.mark IS NULL";
    let apart = client.run(kept).ok().text(0, 0).map(str::to_owned);
    if apart.as_deref() != Some("0") {
        violations.push(format!("{apart:?} marks in one of history and kept"));
    }
    violations
}

const DDL_KILLS: usize = 8;
const DDL_CLIENTS: usize = 4;
/// Kills come after a random number of DDL transactions in this range.
const DDL_BEFORE_KILL: std::ops::Range<usize> = 10..60;

#[test]
fn ddl_is_whole_after_kill_9() {
    let data = Scratch::new("crash-ddl");
    create_ddl_tables(&Kalam::start_on(data.path(), &[]));
    let mut steps = BTreeMap::new();
    for round in 0..DDL_KILLS {
        change_tables_and_kill(&mut Kalam::start_on(data.path(), &[]), &mut steps);
        let server = Kalam::start_on(data.path(), &[]);
        let violations = check_tables(&server, &steps);
        assert!(violations.is_empty(), "after kill {}: {violations:?}", round + 1);
        let used = used_storage(&server);
        assert!(server.terminate().success());
        let leftovers: BTreeSet<_> = &stored(data.path()) - &used;
        assert!(leftovers.is_empty(), "after kill {}: of no relation: {leftovers:?}", round + 1);
    }
}

fn create_ddl_tables(server: &Kalam) {
    let mut client = server.connect("postgres");
    client.run("CREATE TABLE state (client int PRIMARY KEY, step int, rows bigint)").ok();
    for n in 0..DDL_CLIENTS {
        client.run(&format!("CREATE TABLE t{n} (k serial PRIMARY KEY, v int)")).ok();
        client.run(&format!("INSERT INTO state VALUES ({n}, 0, 0)")).ok();
    }
}

/// One client's transaction of DDL; what it leaves is written down beside it.
fn ddl_transaction(client: usize, step: usize) -> String {
    let rows = rand::rng().random_range(1..200);
    let fill = format!("INSERT INTO t{client} (v) SELECT g FROM generate_series(1, {rows}) g");
    let change = match step % 6 {
        0 => format!(
            "DROP TABLE t{client}; CREATE TABLE t{client} (k serial PRIMARY KEY, v int); \
             CREATE INDEX ON t{client} (v); {fill}"
        ),
        1 => format!("TRUNCATE t{client} RESTART IDENTITY; {fill}"),
        2 => format!("ALTER TABLE t{client} ALTER v TYPE bigint; {fill}"),
        3 => format!(
            "ALTER TABLE t{client} ADD COLUMN w int DEFAULT 1; DELETE FROM t{client} WHERE k % 2 = 0"
        ),
        4 => format!("CREATE TABLE u{client}_{step} AS SELECT * FROM t{client}; {fill}"),
        _ => format!("SAVEPOINT a; DROP TABLE t{client}; ROLLBACK TO a; {fill}"),
    };
    format!(
        "BEGIN; {change}; UPDATE state SET step = {step}, \
         rows = (SELECT count(*) FROM t{client}) WHERE client = {client}; COMMIT"
    )
}

/// `steps`: the last step that each client was told is committed.
fn change_tables_and_kill(server: &mut Kalam, steps: &mut BTreeMap<usize, usize>) {
    let known = Mutex::new(std::mem::take(steps));
    let committed = AtomicUsize::new(0);
    let enough = rand::rng().random_range(DDL_BEFORE_KILL);
    let clients: Vec<_> = (0..DDL_CLIENTS).map(|_| server.connect("postgres")).collect();
    std::thread::scope(|scope| {
        for (number, mut client) in clients.into_iter().enumerate() {
            let (known, committed) = (&known, &committed);
            scope.spawn(move || {
                let next =
                    client.run(&format!("SELECT step + 1 FROM state WHERE client = {number}"));
                let next = next.ok().text(0, 0).and_then(|n| n.parse().ok()).expect("a step");
                for step in next.. {
                    let Ok(outcomes) = client.simple(&ddl_transaction(number, step)) else {
                        return;
                    };
                    let last = outcomes.last().expect("an answer");
                    assert_eq!(last.tag, "COMMIT", "{:?}", last.error);
                    known.lock().expect("no client panics").insert(number, step);
                    committed.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while committed.load(Ordering::Relaxed) < enough {
            std::thread::yield_now();
        }
        server.kill();
    });
    *steps = known.into_inner().expect("no client panics");
}

fn check_tables(server: &Kalam, steps: &BTreeMap<usize, usize>) -> Vec<String> {
    let mut client = server.connect("postgres");
    let mut violations = Vec::new();
    let number = |client: &mut Client, sql: &str| -> i64 {
        client.run(sql).ok().text(0, 0).and_then(|n| n.parse().ok()).expect("a number")
    };
    for (n, step) in steps {
        let state = format!("FROM state WHERE client = {n}");
        let found = number(&mut client, &format!("SELECT step {state}"));
        let expected = number(&mut client, &format!("SELECT rows {state}"));
        if found < i64::try_from(*step).expect("a small number") {
            violations.push(format!("client {n} is back at step {found}, not {step}"));
        }
        for counted in ["", " WHERE v BETWEEN 0 AND 1000000", " WHERE k > 0"] {
            let rows = number(&mut client, &format!("SELECT count(*) FROM t{n}{counted}"));
            if rows != expected {
                violations.push(format!("t{n}{counted} has {rows} rows, not {expected}"));
            }
        }
        client.run(&format!("INSERT INTO t{n} (v) VALUES (0)")).ok();
        client.run(&format!("DELETE FROM t{n} WHERE v = 0")).ok();
    }
    violations
}

/// The storage ids that the relations of all databases have.
fn used_storage(server: &Kalam) -> BTreeSet<u32> {
    let databases = server.connect("postgres").run("SELECT datname FROM pg_database").ok();
    let names = (0..databases.rows.len()).filter_map(|row| databases.text(row, 0));
    let mut used = BTreeSet::new();
    for name in names.filter(|name| *name != "template0") {
        let relations = server.connect(name).run("SELECT relfilenode FROM pg_class").ok();
        let ids = (0..relations.rows.len()).filter_map(|row| relations.text(row, 0));
        used.extend(ids.map(|id| id.parse::<u32>().expect("a relfilenode")));
    }
    used
}

/// The storage ids of all keys in a store that nobody has open.
fn stored(data: &Path) -> BTreeSet<u32> {
    let families = ["default", "rows", "index", "meta"];
    let options = rocksdb::Options::default();
    let store = rocksdb::DB::open_cf_for_read_only(&options, data.join("hot"), families, false);
    let store = store.expect("an intact store");
    let mut ids = BTreeSet::new();
    for name in ["rows", "index"] {
        let family = store.cf_handle(name).expect("a column family");
        let mut keys = store.raw_iterator_cf(family);
        keys.seek_to_first();
        while let Some(key) = keys.key() {
            let id = u32::from_be_bytes(key[..4].try_into().expect("a key begins with an id"));
            ids.insert(id);
            // On to the next relation.
            keys.seek((id + 1).to_be_bytes());
        }
    }
    ids
}

/// Values that a client was given are not given again, whatever became of their transactions.
#[test]
fn sequences_go_on_after_kill_9() {
    let data = Scratch::new("crash-sequence");
    Kalam::start_on(data.path(), &[]).connect("postgres").run("CREATE SEQUENCE s").ok();
    let mut given = BTreeSet::new();
    for _ in 0..6 {
        let mut server = Kalam::start_on(data.path(), &[]);
        let mut client = server.connect("postgres");
        for n in 0..rand::rng().random_range(1..100) {
            let sql = if n % 3 == 0 {
                "BEGIN; SELECT nextval('s'); ROLLBACK"
            } else {
                "SELECT nextval('s')"
            };
            let outcomes = client.simple(sql).expect("an answer");
            let rows = outcomes.iter().find(|o| !o.rows.is_empty()).expect("a row");
            let value = rows.text(0, 0).expect("a value").to_owned();
            assert!(given.insert(value.clone()), "{value} was given twice");
        }
        server.kill();
    }
}
