//! `kill -9` under load, many times in a row: every commit that a client saw is there, none in part.
//!
//! The load is pgbench's TPC-B transaction, each marked in `history` with its client and number.
//! After each restart the checker compares the marks with what the clients were told, and the sums
//! over the three balance tables with the sum of the deltas: a transaction applied in part would
//! leave them apart. Two tests show that the checker can fail: one with the WAL's sync switched off,
//! one with commits torn in two, both by faults that the store injects when told to by
//! `KALAMDB_FAULT`.

use crate::harness::server::Scratch;
use crate::harness::{Kalam, Server};
use rand::RngExt;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const KILLS: usize = 20;
const CLIENTS: usize = 8;
const ACCOUNTS: i32 = 1000;

/// Kills come after a random number of commits in this range.
const COMMITS_BEFORE_KILL: std::ops::Range<usize> = 50..400;

/// A transaction's mark in `history`: round, client, number.
type Mark = String;

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

fn create_tables(server: &Kalam) {
    let mut client = server.connect("postgres");
    for sql in [
        "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
        "CREATE TABLE tellers (id int PRIMARY KEY, balance int NOT NULL)",
        "CREATE TABLE branches (id int PRIMARY KEY, balance int NOT NULL)",
        "CREATE TABLE history (mark text PRIMARY KEY, delta int NOT NULL)",
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

fn transaction(mark: &str) -> String {
    let mut random = rand::rng();
    let account = random.random_range(1..=ACCOUNTS);
    let teller = random.random_range(1..=10);
    let delta = random.random_range(-5000..5000);
    format!(
        "BEGIN; UPDATE accounts SET balance = balance + {delta} WHERE id = {account}; \
         UPDATE tellers SET balance = balance + {delta} WHERE id = {teller}; \
         UPDATE branches SET balance = balance + {delta} WHERE id = 1; \
         INSERT INTO history VALUES ('{mark}', {delta}); COMMIT"
    )
}

/// What is wrong with the state after a restart; nothing, if all is well.
fn check(server: &Kalam, acknowledged: &BTreeSet<Mark>, round: usize) -> Vec<String> {
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
    violations
}
