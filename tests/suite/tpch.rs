//! TPC-H at scale factor 0.1: loaded by COPY into both servers, all 22 queries give the same rows.

use crate::harness::{Client, Kalam, Outcome, Server, postgres, script};
use std::fmt::{Display, Write as _};
use tpchgen::generators as tables;

const SCALE_FACTOR: f64 = 0.1;

const QUERIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tpch");

#[test]
fn tpch_queries_agree_with_postgresql() {
    let kalam = Kalam::start();
    let servers: [&dyn Server; 2] = [postgres(), &kalam];
    let [mut theirs, mut ours] = servers.map(load);
    let mut failures = String::new();
    for number in 1..=22 {
        let path = format!("{QUERIES}/q{number:02}.sql");
        let sql = std::fs::read_to_string(path).expect("a query");
        let expected = theirs.run(&sql).ok();
        let found = ours.run(&sql);
        if found != expected {
            let _ = writeln!(failures, "query {number}: {}", show(&expected, &found));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// A session in a fresh database that holds the tables.
fn load(server: &dyn Server) -> Client {
    let mut client = server.connect("postgres");
    client.run("DROP DATABASE IF EXISTS tpch").ok();
    client.run("CREATE DATABASE tpch").ok();
    let mut client = server.connect("tpch");
    let schema = std::fs::read_to_string(format!("{QUERIES}/schema.sql")).expect("the schema");
    for statement in script::split(&schema) {
        client.run(&statement.sql).ok();
    }
    copy(&mut client, "region", tables::RegionGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "nation", tables::NationGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "supplier", tables::SupplierGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "customer", tables::CustomerGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "part", tables::PartGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "partsupp", tables::PartSuppGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "orders", tables::OrderGenerator::new(SCALE_FACTOR, 1, 1).iter());
    copy(&mut client, "lineitem", tables::LineItemGenerator::new(SCALE_FACTOR, 1, 1).iter());
    client.run("ANALYZE").ok();
    client
}

/// Rows print as `a|b|c|`; COPY's text format wants no last separator.
fn copy(client: &mut Client, table: &str, rows: impl Iterator<Item = impl Display>) {
    let mut data = String::new();
    for row in rows {
        let _ = write!(data, "{row}");
        assert_eq!(data.pop(), Some('|'), "rows end with a separator");
        data.push('\n');
    }
    let count = data.lines().count();
    let sql = format!("COPY {table} FROM STDIN (DELIMITER '|')");
    let outcome = client.copy_in(&sql, data.as_bytes()).expect("the server answers").ok();
    assert_eq!(outcome.tag, format!("COPY {count}"));
}

/// The first row that differs, or the error.
fn show(expected: &Outcome, found: &Outcome) -> String {
    if let Some(error) = &found.error {
        return format!("{error:?}");
    }
    let text = |rows: &[Vec<Option<Vec<u8>>>], i: usize| {
        let cell = |v: &Option<Vec<u8>>| {
            v.as_deref().map_or("NULL".into(), |b| String::from_utf8_lossy(b).into_owned())
        };
        rows.get(i).map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|"))
    };
    let rows = expected.rows.len().max(found.rows.len());
    let first = (0..rows).find(|&i| expected.rows.get(i) != found.rows.get(i)).unwrap_or(0);
    format!(
        "{} and {} rows; row {first}: {:?} and {:?}; columns {:?} and {:?}",
        expected.rows.len(),
        found.rows.len(),
        text(&expected.rows, first),
        text(&found.rows, first),
        expected.columns,
        found.columns
    )
}
