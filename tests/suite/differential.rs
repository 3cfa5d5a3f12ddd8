//! Runs the scripts in `tests/differential` on KalamDB and on PostgreSQL 15 and compares, statement
//! by statement: rows, column names, type OIDs, typmods, command tags, error fields, notices.
//!
//! Each script runs in fresh schemas over the simple protocol, and over the extended protocol with
//! text and with binary results; and that with all rows hot, with all rows that no transaction is
//! changing flushed before each statement, with some of them, which leaves tables in both tiers, and
//! with a flush and a compaction beside; and with DataFusion running whatever it can. None of this must show. Rows without an ORDER BY are
//! compared as multisets. Expectations are never written down: PostgreSQL's answer of the same moment
//! is it.
//!
//! A script may open with `-- only: simple` where its statements are not fit for the extended
//! protocol.

use crate::harness::mover::Mover;
use crate::harness::{Client, Format, Kalam, Outcome, Server, postgres, script};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

static ALONE: Mutex<()> = Mutex::new(());

/// Differences shown per script before the rest is only counted.
const SHOWN_MAX: usize = 25;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Simple,
    Extended(Format),
}

const PROTOCOLS: [Protocol; 3] =
    [Protocol::Simple, Protocol::Extended(Format::Text), Protocol::Extended(Format::Binary)];

/// Where rows are when a statement runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placement {
    Hot,
    Flushed,
    /// Flushed before every other statement: what the others write is hot.
    Mixed,
    /// Wherever a flush and a compaction take them that run in a loop beside the scripts.
    Moving,
}

impl Placement {
    /// Whether rows are to be flushed before the n-th statement.
    fn flushes_before(self, n: usize) -> bool {
        match self {
            Placement::Hot | Placement::Moving => false,
            Placement::Flushed => true,
            Placement::Mixed => n.is_multiple_of(2),
        }
    }
}

#[test]
fn scripts_agree_with_postgresql() {
    compare_scripts(Placement::Hot, Engine::Chosen);
}

#[test]
fn scripts_agree_with_postgresql_on_flushed_rows() {
    compare_scripts(Placement::Flushed, Engine::Chosen);
}

#[test]
fn scripts_agree_with_postgresql_on_rows_of_both_tiers() {
    compare_scripts(Placement::Mixed, Engine::Chosen);
}

#[test]
fn scripts_agree_with_postgresql_while_rows_move() {
    compare_scripts(Placement::Moving, Engine::Chosen);
}

#[test]
fn scripts_agree_with_postgresql_on_datafusion() {
    compare_scripts(Placement::Hot, Engine::DataFusion);
}

#[test]
fn scripts_agree_with_postgresql_on_datafusion_and_rows_of_both_tiers() {
    compare_scripts(Placement::Mixed, Engine::DataFusion);
}

/// What runs queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    /// As it is: DataFusion runs big inputs only.
    Chosen,
    /// DataFusion runs whatever it can. It gives rows in another order: what depends on that without
    /// an ORDER BY is left out.
    DataFusion,
}

impl Engine {
    fn runs_script(self, name: &str) -> bool {
        self == Engine::Chosen || !["copy", "cursors", "session"].contains(&name)
    }

    fn runs(self, sql: &str) -> bool {
        const ORDERED: [&str; 5] = [
            "corr(",
            "array_agg(e)",
            "FROM t LIMIT 1",
            "GROUP BY nn HAVING",
            "UNION ALL (SELECT a FROM u ORDER BY a DESC LIMIT 1)",
        ];
        self == Engine::Chosen || !ORDERED.iter().any(|part| sql.contains(part))
    }

    fn protocols(self) -> &'static [Protocol] {
        match self {
            Engine::Chosen => &PROTOCOLS,
            Engine::DataFusion => &PROTOCOLS[..1],
        }
    }

    fn prepare(self, session: &mut Client) {
        if self == Engine::DataFusion {
            session.run("SET force_parallel_mode = on").ok();
        }
    }
}

/// All scripts on one server; `DIFFERENTIAL=name` runs those whose name contains it.
fn compare_scripts(placement: Placement, engine: Engine) {
    // All of them use the same schema of the one PostgreSQL.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let filter = std::env::var("DIFFERENTIAL").unwrap_or_default();
    let kalam = Kalam::start();
    let _mover = (placement == Placement::Moving).then(|| Mover::start(&kalam));
    let mut failures = String::new();
    let mut statements = 0;
    for path in scripts().into_iter().filter(|p| p.to_string_lossy().contains(&filter)) {
        let script = std::fs::read_to_string(&path).expect("a readable script");
        let name = path.file_stem().expect("a file name").to_string_lossy().into_owned();
        if !engine.runs_script(&name) {
            continue;
        }
        for &protocol in engine.protocols() {
            if script.starts_with("-- only: simple") && protocol != Protocol::Simple {
                continue;
            }
            let (count, differences) = compare_script(&kalam, &script, protocol, placement, engine);
            statements += count;
            if differences.is_empty() {
                continue;
            }
            let _ = writeln!(
                failures,
                "\n== {name} ({protocol:?}): {} of {count} differ",
                differences.len()
            );
            for difference in differences.iter().take(SHOWN_MAX) {
                let _ = writeln!(failures, "{difference}");
            }
        }
    }
    assert!(statements > 0, "no script matches {filter:?}");
    println!("{statements} statement runs compared");
    assert!(failures.is_empty(), "{failures}");
}

/// README's table of what is compared is made from the scripts, so that it is never out of date.
/// `README=write` writes it.
#[test]
fn readme_lists_what_is_compared() {
    const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    const BEGIN: &str = "<!-- compared -->\n";
    const END: &str = "<!-- /compared -->";
    let readme = std::fs::read_to_string(README).expect("README.md");
    let (head, rest) = readme.split_once(BEGIN).expect("the table's beginning");
    let (found, tail) = rest.split_once(END).expect("the table's end");
    let expected = table_of_scripts();
    if std::env::var("README").is_ok_and(|v| v == "write") {
        std::fs::write(README, format!("{head}{BEGIN}{expected}{END}{tail}")).expect("written");
    } else {
        assert_eq!(found, expected, "make it anew with README=write");
    }
}

/// A row per script: its opening comment, and how many statements it has.
fn table_of_scripts() -> String {
    let mut table = "| what | statements |\n|---|---:|\n".to_owned();
    let mut total = 0;
    for path in scripts() {
        let text = std::fs::read_to_string(path).expect("a readable script");
        let title = text.lines().next().and_then(|l| l.strip_prefix("-- ")).expect("a title");
        let count = script::split(&text).len();
        total += count;
        let _ = writeln!(table, "| {} | {count} |", title.trim_end_matches('.'));
    }
    let _ = writeln!(table, "| all | {total} |");
    table
}

fn scripts() -> Vec<PathBuf> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("the scripts' directory")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    paths.sort();
    paths
}

/// How many statements ran, and a description of each that differs.
fn compare_script(
    kalam: &Kalam,
    script: &str,
    protocol: Protocol,
    placement: Placement,
    engine: Engine,
) -> (usize, Vec<String>) {
    let mut ours = fresh_session(kalam);
    let mut flusher = kalam.connect("postgres");
    engine.prepare(&mut ours);
    let mut theirs = fresh_session(postgres());
    let (mut differences, mut flushed) = (Vec::new(), 0);
    let statements = script::split(script);
    for (n, statement) in statements.iter().enumerate() {
        let sql = &statement.sql;
        if placement.flushes_before(n) {
            let moved = flusher.run("SELECT storage_flush_all()").ok();
            flushed += moved.text(0, 0).and_then(|n| n.parse::<u64>().ok()).expect("a number");
        }
        let expected = run(&mut theirs, sql, protocol).expect("PostgreSQL answers");
        let found = match run(&mut ours, sql, protocol) {
            Ok(found) => found,
            Err(error) => {
                differences.push(format!("line {}: {sql}\n  connection: {error}", statement.line));
                break;
            }
        };
        let ordered = sql.to_ascii_lowercase().contains("order by");
        let difference = describe(&comparable(expected, ordered), &comparable(found, ordered));
        if let Some(difference) = difference.filter(|_| engine.runs(sql)) {
            differences.push(format!("line {}: {sql}\n{difference}", statement.line));
        }
    }
    let inserts = script.to_ascii_lowercase().contains("insert into");
    assert!(
        matches!(placement, Placement::Hot | Placement::Moving) || !inserts || flushed > 0,
        "no row was ever cold"
    );
    (statements.len(), differences)
}

/// A session in a schema of its own, so that scripts do not meet.
fn fresh_session(server: &dyn Server) -> Client {
    let mut client = server.connect("postgres");
    client.run("DROP SCHEMA IF EXISTS script CASCADE").ok();
    client.run("CREATE SCHEMA script").ok();
    client.run("SET search_path = script").ok();
    client
}

fn run(client: &mut Client, sql: &str, protocol: Protocol) -> std::io::Result<Vec<Outcome>> {
    match protocol {
        Protocol::Simple => client.simple(sql),
        Protocol::Extended(format) => Ok(vec![client.extended(sql, format)?]),
    }
}

/// The fields of ErrorResponse that must agree: all but source file, line and routine.
const COMPARED_FIELDS: &str = "SVCMDHPpqWstcdn";

/// Types of the user's own get their OIDs from a counter: that the type is one is compared.
const FIRST_USER_OID: u32 = 16384;

/// An outcome without what may differ: the OIDs of types made by the script, the order of unordered
/// rows, where in PostgreSQL's source an error was raised.
fn comparable(mut outcomes: Vec<Outcome>, ordered: bool) -> Vec<Outcome> {
    for outcome in &mut outcomes {
        for (at, column) in outcome.columns.iter_mut().enumerate() {
            column.type_oid = column.type_oid.min(FIRST_USER_OID);
            if column.type_oid == FIRST_USER_OID {
                outcome
                    .rows
                    .iter_mut()
                    .filter_map(|row| row[at].as_mut())
                    .for_each(|value| mask_element_type(value));
            }
        }
        if !ordered {
            outcome.rows.sort();
        }
        if let Some(error) = &mut outcome.error {
            error.retain(|field, _| COMPARED_FIELDS.contains(*field));
        }
    }
    outcomes
}

/// The binary form of an array begins with its dimensions, a flag and the OID of the elements' type.
fn mask_element_type(value: &mut [u8]) {
    let word = |at: usize| value.get(at..at + 4)?.first_chunk().map(|b| u32::from_be_bytes(*b));
    if let (Some(..=6), Some(0 | 1), Some(FIRST_USER_OID..)) = (word(0), word(4), word(8)) {
        value[8..12].copy_from_slice(&FIRST_USER_OID.to_be_bytes());
    }
}

/// `None` where both agree; else what PostgreSQL and we said.
fn describe(expected: &[Outcome], found: &[Outcome]) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut text = String::new();
    for (e, f) in expected.iter().zip(found) {
        difference(&mut text, "columns", &e.columns, &f.columns);
        difference(&mut text, "rows", &rows(e), &rows(f));
        difference(&mut text, "tag", &e.tag, &f.tag);
        difference(&mut text, "error", &e.error, &f.error);
        difference(&mut text, "notices", &e.notices, &f.notices);
        difference(&mut text, "copied", &lossy(&e.copied), &lossy(&f.copied));
    }
    difference(&mut text, "results", &expected.len(), &found.len());
    Some(text)
}

fn difference<T: PartialEq + std::fmt::Debug>(text: &mut String, what: &str, e: &T, f: &T) {
    if e != f {
        let _ = writeln!(text, "  {what}\n    postgresql {e:?}\n    kalamdb    {f:?}");
    }
}

fn rows(outcome: &Outcome) -> Vec<Vec<Option<String>>> {
    let row = |r: &Vec<Option<Vec<u8>>>| r.iter().map(|v| v.as_deref().map(lossy)).collect();
    outcome.rows.iter().map(row).collect()
}

fn lossy(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => format!("{bytes:02x?}"),
    }
}

/// Of an error's fields the comparison keeps those a client acts on.
#[test]
fn source_positions_are_not_compared() {
    let error = |routine: &str| {
        let fields = [('C', "22012".to_owned()), ('R', routine.to_owned())];
        let error = Some(BTreeMap::from(fields));
        vec![Outcome { error, ..Outcome::default() }]
    };
    assert_eq!(comparable(error("int4div"), true), comparable(error("elsewhere"), true));
}
