//! Runs the transcripts in `tests/isolation`: two or three sessions whose statements interleave as
//! written, on PostgreSQL 15 and on KalamDB, at each isolation level. Which steps wait, what each
//! returns, and when a waiting step goes on must be the same.
//!
//! A transcript:
//!
//! ```text
//! # What happens, and why it matters.
//! setup: CREATE TABLE t (k int PRIMARY KEY, v int)
//! s1: BEGIN ISOLATION LEVEL {level}
//! s1: UPDATE t SET v = 2 WHERE k = 1
//! s2: UPDATE t SET v = 3 WHERE k = 1
//! s1: COMMIT
//! ```
//!
//! Without `{level}` a transcript runs once. A session is waiting when `pg_blocking_pids` says so;
//! nothing here depends on time, but for deadlocks, which the servers find by their own timers: where
//! a session's next step comes while it waits, its wait must end without anybody's help.

use crate::harness::mover::Mover;
use crate::harness::{Client, Kalam, Outcome, Server, postgres};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A wait that takes so long does not end by itself.
const END_OF_WAIT: Duration = Duration::from_secs(20);

static ALONE: Mutex<()> = Mutex::new(());

const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

/// Where rows are when a step begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placement {
    Hot,
    /// All that no transaction has locked are cold.
    Flushed,
    /// Flushed before every other step.
    Mixed,
    /// Wherever a flush and a compaction take them that run in a loop beside the sessions.
    Moving,
}

#[test]
fn transcripts_agree_with_postgresql() {
    compare_transcripts(Placement::Hot);
}

#[test]
fn transcripts_agree_with_postgresql_on_flushed_rows() {
    compare_transcripts(Placement::Flushed);
}

#[test]
fn transcripts_agree_with_postgresql_on_rows_of_both_tiers() {
    compare_transcripts(Placement::Mixed);
}

#[test]
fn transcripts_agree_with_postgresql_while_rows_move() {
    compare_transcripts(Placement::Moving);
}

/// `ISOLATION=name` runs the transcripts whose name contains it.
fn compare_transcripts(placement: Placement) {
    // All of them use the same schema of the one PostgreSQL.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let filter = std::env::var("ISOLATION").unwrap_or_default();
    let kalam = Kalam::start();
    let _mover = (placement == Placement::Moving).then(|| Mover::start(&kalam));
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/isolation");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("the transcripts' directory")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.to_string_lossy().contains(&filter))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no transcript matches {filter:?}");
    let mut failures = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable transcript");
        let levels = if text.contains("{level}") { &LEVELS[..] } else { &LEVELS[..1] };
        for level in levels {
            let steps = parse(&text.replace("{level}", level));
            let expected = play(postgres(), &steps, Placement::Hot);
            let found = play(&kalam, &steps, placement);
            if expected != found {
                let name = path.file_stem().expect("a file name").to_string_lossy();
                let _ = writeln!(
                    failures,
                    "\n== {name} at {level}\n-- postgresql\n{expected}-- kalamdb\n{found}"
                );
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// One line: who does what.
struct Step {
    session: String,
    sql: String,
}

fn parse(text: &str) -> Vec<Step> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (session, sql) =
                line.split_once(": ").unwrap_or_else(|| panic!("no session: {line}"));
            Step { session: session.to_owned(), sql: sql.to_owned() }
        })
        .collect()
}

/// Plays the steps on one server and writes down what happened.
fn play(server: &dyn Server, steps: &[Step], placement: Placement) -> String {
    let mut control = server.connect("postgres");
    control.run("DROP SCHEMA IF EXISTS isolation CASCADE").ok();
    control.run("CREATE SCHEMA isolation").ok();
    control.run("SET search_path = isolation").ok();
    let mut sessions: BTreeMap<&str, Session> = BTreeMap::new();
    let mut transcript = String::new();
    for (n, step) in steps.iter().enumerate() {
        let flushes = placement == Placement::Mixed && n.is_multiple_of(2);
        if placement == Placement::Flushed || flushes {
            control.run("SELECT storage_flush_all()").ok();
        }
        if step.session == "setup" {
            control.run(&step.sql).ok();
            continue;
        }
        let session = sessions.entry(&step.session).or_insert_with(|| Session::start(server));
        if session.waiting {
            let Some(outcome) = session.outlast() else {
                let _ = writeln!(transcript, "  {} waits for ever", step.session);
                return transcript;
            };
            let _ = writeln!(transcript, "  {}: {outcome}", step.session);
            settle(&mut sessions, &mut control, &step.session, &mut transcript);
        }
        let session = sessions.get_mut(step.session.as_str()).expect("it has just been used");
        session.begin(&step.sql);
        let _ = writeln!(transcript, "{}: {}", step.session, step.sql);
        settle(&mut sessions, &mut control, &step.session, &mut transcript);
    }
    for (name, session) in &mut sessions {
        if session.waiting {
            let outcome = session.outlast();
            let _ = writeln!(transcript, "  {name} at last: {outcome:?}");
        }
    }
    transcript
}

/// Waits until every session is idle or blocked by another, and notes what changed: `acting`, whose
/// step it is, first, then whom it let go, by name. (Which of them answers first is chance.)
fn settle(
    sessions: &mut BTreeMap<&str, Session>,
    control: &mut Client,
    acting: &str,
    transcript: &mut String,
) {
    let mut notes: Vec<(String, String)> = Vec::new();
    // A session that finished may have unblocked one that was looked at before it.
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for (name, session) in sessions.iter_mut().filter(|(_, session)| session.busy) {
            match session.wait(control) {
                Progress::Done(outcome) => {
                    notes.push(((*name).to_owned(), format!("  {name}: {outcome}")));
                    changed = true;
                }
                Progress::Blocked if !session.waiting => {
                    notes.push(((*name).to_owned(), format!("  {name} waits")));
                    session.waiting = true;
                }
                Progress::Blocked => {}
            }
        }
    }
    notes.sort_by(|(a, _), (b, _)| (a != acting, a).cmp(&(b != acting, b)));
    notes.iter().for_each(|(_, note)| transcript.extend([note, "\n"]));
}

enum Progress {
    Done(String),
    Blocked,
}

/// A connection with a thread that runs its statements.
struct Session {
    pid: i32,
    statements: Sender<String>,
    results: Receiver<String>,
    /// A statement is under way.
    busy: bool,
    /// It is known to wait for another session.
    waiting: bool,
}

impl Session {
    fn start(server: &dyn Server) -> Session {
        let mut client = server.connect("postgres");
        client.run("SET search_path = isolation").ok();
        let pid = client.pid;
        let (statements, inbox) = channel::<String>();
        let (outbox, results) = channel();
        std::thread::spawn(move || {
            for sql in inbox {
                let outcome = client.simple(&sql).expect("the server answers");
                if outbox.send(outcome.iter().map(show).collect::<Vec<_>>().join("; ")).is_err() {
                    return;
                }
            }
        });
        Session { pid, statements, results, busy: false, waiting: false }
    }

    fn begin(&mut self, sql: &str) {
        self.statements.send(sql.to_owned()).expect("the session's thread lives");
        self.busy = true;
    }

    /// The outcome of a statement that waits for something that ends by itself.
    fn outlast(&mut self) -> Option<String> {
        let outcome = self.results.recv_timeout(END_OF_WAIT).ok()?;
        self.busy = false;
        self.waiting = false;
        Some(outcome)
    }

    /// Until the statement is done or blocked. Asking the server is a round trip, so this does not
    /// spin.
    fn wait(&mut self, control: &mut Client) -> Progress {
        loop {
            match self.results.try_recv() {
                Ok(outcome) => {
                    self.busy = false;
                    self.waiting = false;
                    return Progress::Done(outcome);
                }
                Err(TryRecvError::Disconnected) => panic!("the session's thread has died"),
                Err(TryRecvError::Empty) => {}
            }
            let sql = format!("SELECT cardinality(pg_blocking_pids({})) > 0", self.pid);
            if control.run(&sql).ok().text(0, 0) == Some("t") {
                return Progress::Blocked;
            }
        }
    }
}

/// An outcome as the transcript shows it. Process ids in deadlock reports differ, so of an error
/// only SQLSTATE and message are shown.
fn show(outcome: &Outcome) -> String {
    if let Some(error) = &outcome.error {
        return format!("ERROR {} {}", error[&'C'], error[&'M']);
    }
    let rows: Vec<String> = outcome
        .rows
        .iter()
        .map(|row| {
            let cell = |v: &Option<Vec<u8>>| match v {
                Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                None => "NULL".to_owned(),
            };
            format!("({})", row.iter().map(cell).collect::<Vec<_>>().join(","))
        })
        .collect();
    format!("{} {}", outcome.tag, rows.join(" ")).trim_end().to_owned()
}
