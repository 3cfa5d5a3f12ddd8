//! What PostgreSQL has and KalamDB lacks says so: 0A000 with the feature's name, never something
//! else, and the session goes on.

use crate::harness::{Kalam, Server};

const STATEMENTS: &[(&str, &str)] = &[
    ("CREATE EXTENSION postgis", "postgis"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN END'", "plpgsql"),
    ("DO $$ BEGIN END $$", "DO"),
    ("SELECT oid FROM pg_class TABLESAMPLE SYSTEM (1)", "TABLESAMPLE"),
    ("CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&))", "EXCLUDE"),
    ("SELECT ts_headline('a', 'a')", "ts_headline"),
    ("SELECT xpath('/a', '<a/>')", "xpath"),
    ("CREATE TYPE t (INPUT = int4in, OUTPUT = int4out)", "base type"),
];

#[test]
fn missing_features_are_named() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for (sql, feature) in STATEMENTS {
        let outcome = client.run(sql);
        let error = outcome.error.expect(sql);
        assert_eq!(error.get(&'C').map(String::as_str), Some("0A000"), "{sql}: {error:?}");
        assert!(error.get(&'M').is_some_and(|m| m.contains(feature)), "{sql}: {error:?}");
    }
    assert_eq!(client.run("SELECT 1").tag, "SELECT 1");
}
