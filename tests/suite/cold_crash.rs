//! `kill -9` at each named step of flush, compaction and DDL, under load.
//!
//! In each round the store kills itself when it comes to a step for the n-th time
//! (`KALAMDB_FAULT=crash-at:STEP:N`), while clients run TPC-B transactions, insert and delete events,
//! and another flushes, compacts and alters the tables without end. After each restart:
//!
//! - every acknowledged commit is there, none in part ([`crate::crash::check`]);
//! - an event that was deleted stays deleted, one that was not is there once: by the table's scan, by
//!   its primary key, by an index, and by DataFusion's scan;
//! - the files on disk are those of the manifest, once what the crash left has been swept.

use crate::crash::{self, Mark};
use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server};
use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const ROUNDS: usize = 50;
const CLIENTS: usize = 4;
/// Events that a client keeps.
const EVENTS_KEPT: i64 = 20;

/// The steps of `CrashPoint`, each with how often it may be passed before the crash.
const STEPS: [(&str, u32); 12] = [
    ("file-announced", 8),
    ("file-written", 8),
    ("file-placed", 8),
    ("flush-step", 8),
    ("flush-step-done", 8),
    ("compact-step", 3),
    ("compact-step-done", 3),
    ("retire", 2),
    ("retired", 2),
    ("file-deleted", 1),
    ("catalog-commit", 4),
    ("catalog-committed", 4),
];

/// What no crash may keep a round from reaching.
const ROUND_LIMIT: Duration = Duration::from_secs(60);
/// Within this time after a start what a crash left is removed.
const SWEEP_LIMIT: Duration = Duration::from_secs(60);

/// What clients were told.
#[derive(Default)]
struct Known {
    marks: BTreeSet<Mark>,
    /// The newest event of each client.
    events: BTreeMap<usize, i64>,
}

#[test]
fn cold_rows_survive_kill_9_at_every_step() {
    let data = Scratch::new("cold-crash");
    {
        let server = Kalam::start_on(data.path(), &[]);
        crash::create_tables(&server);
        create_events(&server);
    }
    let known = Mutex::new(Known::default());
    for round in 0..ROUNDS {
        let (step, times_max) = STEPS[round % STEPS.len()];
        let times = rand::rng().random_range(1..=times_max);
        let fault = format!("crash-at:{step}:{times}");
        let mut server = Kalam::start_with_fault(data.path(), &fault);
        load_until_it_dies(&mut server, round, &known);
        let server = Kalam::start_on(data.path(), &[]);
        let known = known.lock().expect("no client panics");
        let mut violations = crash::check(&server, &known.marks, round);
        violations.extend(check_events(&server, &known.events));
        violations.extend(check_files(&server, data.path()));
        assert!(violations.is_empty(), "round {round}, {fault}: {violations:#?}");
    }
}

fn create_events(server: &Kalam) {
    let mut client = server.connect("postgres");
    client.run("CREATE TABLE events (client int, n bigint, t text, PRIMARY KEY (client, n))").ok();
    client.run("CREATE INDEX events_t ON events (t)").ok();
}

/// Runs the load until the server has killed itself.
fn load_until_it_dies(server: &mut Kalam, round: usize, known: &Mutex<Known>) {
    let deadline = Instant::now() + ROUND_LIMIT;
    let connected = |_| server.try_connect("postgres").ok();
    let clients: Vec<_> = (0..CLIENTS).filter_map(connected).collect();
    let movers: Vec<_> = (0..2).filter_map(connected).collect();
    std::thread::scope(|scope| {
        for (number, client) in clients.into_iter().enumerate() {
            scope.spawn(move || work(client, round, number, known, deadline));
        }
        for (number, client) in movers.into_iter().enumerate() {
            scope.spawn(move || match number {
                0 => move_rows(client, deadline),
                _ => alter(client, deadline),
            });
        }
    });
    server.kill();
}

fn work(mut client: Client, round: usize, number: usize, known: &Mutex<Known>, deadline: Instant) {
    let mut event = known.lock().expect("no client panics").events.get(&number).copied();
    for n in 0.. {
        if Instant::now() > deadline {
            return;
        }
        let mark = format!("{round}-{number}-{n}");
        let Ok(outcomes) = client.simple(&crash::transaction(&mark)) else { return };
        if outcomes.last().is_some_and(|o| o.tag == "COMMIT") {
            known.lock().expect("no client panics").marks.insert(mark);
        }
        // The event that the last crash cut off may be there or not.
        let next = event.map_or(0, |event| event + 1);
        let sql = format!(
            "BEGIN; INSERT INTO events VALUES ({number}, {next}, 'e{next}') ON CONFLICT DO NOTHING; \
             DELETE FROM events WHERE client = {number} AND n <= {next} - {EVENTS_KEPT}; COMMIT"
        );
        let Ok(outcomes) = client.simple(&sql) else { return };
        if outcomes.last().is_some_and(|o| o.tag == "COMMIT") {
            event = Some(next);
            known.lock().expect("no client panics").events.insert(number, next);
        }
    }
}

/// Flushes and compacts, until the connection ends.
fn move_rows(mut client: Client, deadline: Instant) {
    while Instant::now() < deadline {
        for sql in ["STORAGE FLUSH ALL", "STORAGE FLUSH ALL", "STORAGE COMPACT ALL"] {
            if client.simple(sql).is_err() {
                return;
            }
        }
    }
}

fn alter(mut client: Client, deadline: Instant) {
    while Instant::now() < deadline {
        for sql in [
            "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS extra int DEFAULT 7",
            "ALTER TABLE events ADD COLUMN IF NOT EXISTS extra text DEFAULT 'x'",
            "ALTER TABLE accounts DROP COLUMN IF EXISTS extra",
            "ALTER TABLE events DROP COLUMN IF EXISTS extra",
        ] {
            if client.simple(sql).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Each client's events are its newest ones, whatever they are found by. The newest may be one that
/// it was not told of.
fn check_events(server: &Kalam, events: &BTreeMap<usize, i64>) -> Vec<String> {
    let mut client = server.connect("postgres");
    let mut violations = Vec::new();
    for (number, newest) in events {
        let mut found = Vec::new();
        for (set, condition) in [
            ("SET force_parallel_mode = off", format!("client + 0 = {number}")),
            ("SET force_parallel_mode = on", format!("client + 0 = {number}")),
            ("SET force_parallel_mode = off", format!("client = {number}")),
            ("SET force_parallel_mode = off", format!("client = {number} AND t >= 'e'")),
        ] {
            client.run(set).ok();
            let rows =
                client.run(&format!("SELECT n FROM events WHERE {condition} ORDER BY n")).ok();
            let n = |i| rows.text(i, 0).and_then(|n| n.parse::<i64>().ok());
            found.push((0..rows.rows.len()).filter_map(n).collect::<Vec<_>>());
        }
        let kept = |newest: i64| ((newest - EVENTS_KEPT + 1).max(0)..=newest).collect::<Vec<_>>();
        let expected = [kept(*newest), kept(newest + 1)];
        if !expected.contains(&found[0]) || found.iter().any(|f| *f != found[0]) {
            violations.push(format!("client {number}'s events up to {newest} are {found:?}"));
        }
    }
    violations
}

/// Files and manifest agree, after a sweep.
fn check_files(server: &Kalam, data: &Path) -> Vec<String> {
    let mut client = server.connect("postgres");
    let deadline = Instant::now() + SWEEP_LIMIT;
    loop {
        let mut names = || -> BTreeSet<String> {
            let rows = client.run("SELECT path FROM system.segments").ok();
            (0..rows.rows.len()).filter_map(|i| rows.text(i, 0).map(str::to_owned)).collect()
        };
        let named = names();
        let found = files(&data.join("cold"));
        // A compaction may have replaced segments meanwhile.
        let still_named = names();
        let missing: Vec<_> =
            named.difference(&found).filter(|f| still_named.contains(*f)).collect();
        if !missing.is_empty() {
            return vec![format!("files are missing: {missing:?}")];
        }
        if named == found {
            return Vec::new();
        }
        if Instant::now() > deadline {
            let extra: Vec<_> = found.difference(&named).collect();
            return vec![format!("files that nobody names: {extra:?}")];
        }
        // It sweeps, too: waiting for the next sweep would take a minute.
        client.run("STORAGE COMPACT ALL").ok();
    }
}

/// Paths below a directory, relative to it.
fn files(root: &Path) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![root.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path => {
                    let relative = path.strip_prefix(root).expect("it lies below");
                    found.insert(relative.to_string_lossy().into_owned());
                }
            }
        }
    }
    found
}
