//! A bounded fuzz run: damaged wire messages, and SQL spliced from the differential scripts' tokens.
//!
//! Whatever is sent, the server answers with a PostgreSQL error or closes the connection as
//! PostgreSQL would; it never says XX000, never hangs (the client's read timeout), never dies, and
//! other sessions notice nothing. `FUZZ_SEED` repeats a run, `FUZZ_ROUNDS` lengthens it.

use crate::harness::{Client, Kalam, Server, script};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::BTreeMap;

const ROUNDS: usize = 2_000;

fn rounds() -> usize {
    std::env::var("FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS)
}

/// The run's random numbers; the seed is printed when the test fails.
fn random() -> StdRng {
    let given = std::env::var("FUZZ_SEED").ok().and_then(|n| n.parse().ok());
    let seed = given.unwrap_or_else(|| rand::rng().random());
    println!("FUZZ_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

#[test]
fn spliced_sql_gets_an_answer() {
    let mut random = random();
    let tokens = corpus();
    let kalam = Kalam::start();
    let mut bystander = kalam.connect("postgres");
    let mut client = kalam.connect("postgres");
    let mut bugs = BTreeMap::new();
    let mut ask = |sql: String| {
        let outcomes = client.simple(&sql).unwrap_or_else(|e| panic!("no answer ({e}) to: {sql}"));
        let errors = outcomes.into_iter().filter_map(|o| o.error);
        for error in errors.filter(|e| e[&'C'] == "XX000" && !is_postgresqls(&e[&'M'])) {
            bugs.entry(error[&'M'].clone()).or_insert(sql.clone());
        }
        if client.status != b'I' {
            client.run("ROLLBACK");
        }
    };
    // So that the tables are there that the splices name.
    for statement in &tokens {
        let sql = statement.concat();
        if !sql.to_lowercase().contains("drop ") {
            ask(sql);
        }
    }
    (0..rounds()).for_each(|_| ask(splice(&tokens, &mut random)));
    assert!(bugs.is_empty(), "XX000, each with a statement that gives it: {bugs:#?}");
    assert_eq!(bystander.run("SELECT 1").ok().text(0, 0), Some("1"));
}

/// Whether PostgreSQL 15 calls it an internal error, too: hstore's syntax, ICU's locales.
fn is_postgresqls(message: &str) -> bool {
    const BEGINNINGS: [&str; 2] = ["Syntax error near ", "could not open collator for locale "];
    message == "Unexpected end of string" || BEGINNINGS.iter().any(|b| message.starts_with(b))
}

/// The tokens of the differential scripts, a statement each. Statements that wait or end the session
/// on purpose stay out.
fn corpus() -> Vec<Vec<String>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential");
    let mut corpus = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the scripts' directory") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a script");
        for statement in script::split(&text) {
            let words = statement.sql.split_inclusive([' ', '(', ')', ',']);
            corpus.push(words.map(str::to_owned).collect());
        }
    }
    corpus.retain(|s: &Vec<String>| {
        let sql = s.concat().to_lowercase();
        !["pg_sleep", "pg_terminate", "copy", "advisory"].iter().any(|w| sql.contains(w))
    });
    corpus
}

/// A statement with some tokens dropped, doubled, or replaced by another statement's.
fn splice(corpus: &[Vec<String>], random: &mut impl Rng) -> String {
    let mut tokens = corpus.choose(random).expect("there are scripts").clone();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..tokens.len());
        let other = corpus.choose(random).expect("there are scripts");
        match random.random_range(0..4) {
            0 if tokens.len() > 1 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at].clone()),
            2 => tokens[at] = other.choose(random).expect("statements have tokens").clone(),
            _ => {
                tokens.truncate(at);
                tokens.extend_from_slice(&other[random.random_range(0..other.len())..]);
            }
        }
        if tokens.is_empty() {
            tokens.push(";".to_owned());
        }
    }
    tokens.concat()
}

#[test]
fn damaged_messages_close_or_err() {
    let mut random = random();
    let kalam = Kalam::start();
    let mut bystander = kalam.connect("postgres");
    for _ in 0..rounds() / 4 {
        let mut client = kalam.connect("postgres");
        let message = damaged(&mut random);
        // The server may close while we write.
        let _ = client.raw(&message);
        let _ = client.send(b'S', &[]);
        read_until_quiet(&mut client, &message);
    }
    assert_eq!(bystander.run("SELECT 1").ok().text(0, 0), Some("1"));
}

/// Valid messages of the extended protocol with a few bytes changed, cut or added, or plain noise.
fn damaged(random: &mut impl Rng) -> Vec<u8> {
    const VALID: [&[u8]; 6] = [
        b"Q\0\0\0\x0dSELECT 1\0",
        b"P\0\0\0\x12\0SELECT $1\0\0\0\0\0\0",
        b"B\0\0\0\x16\0\0\0\x01\0\0\0\x01\0\0\0\x01x\0\x01\0\x01",
        b"D\0\0\0\x06P\0",
        b"E\0\0\0\x09\0\0\0\0\0",
        b"C\0\0\0\x06S\0",
    ];
    let mut bytes = Vec::new();
    for _ in 0..random.random_range(1..5) {
        bytes.extend_from_slice(VALID.choose(random).expect("not empty"));
    }
    for _ in 0..random.random_range(0..4) {
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..3) {
            0 => bytes[at] = random.random(),
            1 => bytes.truncate(at + 1),
            _ => bytes.insert(at, random.random()),
        }
    }
    bytes
}

/// A damaged length may have the server wait for more bytes, so the connection is half-closed first.
fn read_until_quiet(client: &mut Client, sent: &[u8]) {
    let _ = client.finish_writing();
    while let Ok((kind, body)) = client.receive() {
        if kind == b'E' {
            let text = String::from_utf8_lossy(&body);
            assert!(!text.contains("XX000"), "{text} after {sent:?}");
        }
    }
}
