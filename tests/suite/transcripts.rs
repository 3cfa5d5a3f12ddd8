//! What PostgreSQL lacks, as transcripts in `tests/transcripts`: statements of one or more users, and
//! what KalamDB answers.
//!
//! ```text
//! # What happens, and why it matters.
//! postgres: CREATE TABLE t (a int)
//!   CREATE TABLE
//! alice: SELECT a, NULL FROM t
//!   ! 42501 permission denied for table t
//! ```
//!
//! Each name is a session of that role. An answer is its notices (`~`), then its error (`!`) with
//! detail and hint, or its rows, columns separated by bars, or the command tag where it has none.
//! `TRANSCRIPTS=write` writes the answers down; they are to be read then.

use crate::harness::{Client, Kalam, Outcome, Server};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");

#[test]
fn transcripts_are_as_written() {
    let write = std::env::var("TRANSCRIPTS").is_ok_and(|v| v == "write");
    let mut failures = String::new();
    for path in transcripts() {
        let written = std::fs::read_to_string(&path).expect("a readable transcript");
        let found = play(&written);
        if write {
            std::fs::write(&path, &found).expect("a written transcript");
        } else if let Some(difference) = difference(&written, &found) {
            let _ = writeln!(failures, "\n== {}\n{difference}", name(&path));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn transcripts() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).expect("tests/transcripts");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().expect("a file name").to_string_lossy().into_owned()
}

/// Runs the statements of a transcript on a new server; gives it with the answers there are.
fn play(transcript: &str) -> String {
    let kalam = Kalam::start();
    let mut sessions: BTreeMap<String, Client> = BTreeMap::new();
    let mut played = String::new();
    for line in transcript.lines().filter(|line| !line.starts_with("  ")) {
        let _ = writeln!(played, "{line}");
        let Some((role, sql)) = line.split_once(": ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let session = sessions.entry(role.to_owned()).or_insert_with(|| connect(&kalam, role));
        played.push_str(&answer(&session.run(sql)));
    }
    played
}

fn connect(kalam: &Kalam, role: &str) -> Client {
    match role {
        "postgres" => kalam.connect("postgres"),
        role => Client::tcp(kalam.port, role, "postgres").expect("a session"),
    }
}

fn answer(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (code, notice) in &outcome.notices {
        let _ = writeln!(text, "  ~ {code} {notice}");
    }
    if let Some(error) = &outcome.error {
        let field = |key| error.get(&key).map_or("", String::as_str);
        let _ = writeln!(text, "  ! {} {}", field('C'), field('M'));
        for (key, what) in [('D', "detail"), ('H', "hint")] {
            if !field(key).is_empty() {
                let _ = writeln!(text, "  ! {what}: {}", field(key).replace('\n', "\n    "));
            }
        }
        return text;
    }
    for row in &outcome.rows {
        let shown: Vec<_> = row.iter().map(|field| shown(field.as_deref())).collect();
        let _ = writeln!(text, "  {}", shown.join(" | "));
    }
    if outcome.rows.is_empty() {
        let _ = writeln!(text, "  {}", outcome.tag);
    }
    text
}

fn shown(field: Option<&[u8]>) -> String {
    field.map_or("NULL".to_owned(), |bytes| {
        // Only statements begin at the margin.
        String::from_utf8_lossy(bytes).replace('\n', "\n    ")
    })
}

/// The first lines that differ.
fn difference(written: &str, found: &str) -> Option<String> {
    let (mut written, mut found) = (written.lines(), found.lines());
    let mut statement = "";
    loop {
        match (written.next(), found.next()) {
            (None, None) => return None,
            (a, b) if a == b => {
                statement = a.filter(|line| !line.starts_with("  ")).unwrap_or(statement);
            }
            (a, b) => {
                let (a, b) = (a.unwrap_or("(nothing)"), b.unwrap_or("(nothing)"));
                return Some(format!("{statement}\n- {a}\n+ {b}"));
            }
        }
    }
}
