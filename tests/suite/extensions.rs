//! Extensions outlive the server as whatever DDL made, and their members are the same afterwards.

use crate::harness::server::Scratch;
use crate::harness::{Kalam, Server};

const INSTALLED: &str =
    "SELECT oid, extname, extnamespace::regnamespace::text FROM pg_extension ORDER BY 1";
const MEMBERS: &str =
    "SELECT oid, typname FROM pg_type WHERE typname IN ('hstore', 'citext') ORDER BY 1";
const ROWS: &str = "SELECT pairs -> 'a', name FROM held WHERE name = 'NAME' AND pairs ? 'a'";

#[test]
fn extensions_survive_a_kill_with_their_oids() {
    let data = Scratch::new("extensions");
    let mut server = Kalam::start_on(data.path(), &[]);
    let mut client = server.connect("postgres");
    for sql in [
        "CREATE SCHEMA other",
        "CREATE EXTENSION hstore",
        "CREATE EXTENSION citext SCHEMA other",
        "CREATE TABLE held (name other.citext PRIMARY KEY, pairs hstore)",
        "CREATE INDEX ON held USING gin (pairs)",
        "INSERT INTO held VALUES ('name', 'a=>1'), ('gone', '')",
        "SELECT storage_flush_all()",
        "UPDATE held SET pairs = pairs || 'a=>2' WHERE name = 'Name'",
        "SET search_path = public, other",
    ] {
        client.run(sql).ok();
    }
    let queries = [INSTALLED, MEMBERS, ROWS];
    let before = queries.map(|sql| client.run(sql).ok().rows);
    assert!(before.iter().all(|rows| !rows.is_empty()));
    client.run("BEGIN").ok();
    client.run("DROP EXTENSION hstore CASCADE").ok();
    server.kill();
    let server = Kalam::start_on(data.path(), &[]);
    let mut client = server.connect("postgres");
    client.run("SET search_path = public, other").ok();
    assert_eq!(queries.map(|sql| client.run(sql).ok().rows), before);
}

#[test]
fn one_database_has_what_another_has_not() {
    let kalam = Kalam::start();
    let mut here = kalam.connect("postgres");
    here.run("CREATE DATABASE elsewhere").ok();
    here.run("CREATE EXTENSION pgcrypto").ok();
    assert_eq!(here.run("SELECT length(digest('a', 'sha1'))").ok().text(0, 0), Some("20"));
    let error = kalam.connect("elsewhere").run("SELECT digest('a', 'sha1')").error;
    let error = error.expect("it is not installed there");
    assert_eq!(error.get(&'C').map(String::as_str), Some("42883"));
}
