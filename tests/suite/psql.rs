//! psql 15 describes a database the same on KalamDB and on PostgreSQL.

use crate::harness::{Kalam, Server, postgres, script};
use std::process::Command;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dump");

#[test]
fn psql_describes_the_same() {
    let kalam = Kalam::start();
    let reference = postgres();
    let servers: [&dyn Server; 2] = [reference, &kalam];
    for server in servers {
        server.connect("postgres").run("DROP DATABASE IF EXISTS described").ok();
        server.connect("postgres").run("CREATE DATABASE described").ok();
        // Where other tests have granted and revoked, privileges are written out instead of left out.
        server.connect("postgres").run("GRANT CONNECT ON DATABASE postgres TO PUBLIC").ok();
        let mut client = server.connect("described");
        let objects = std::fs::read_to_string(format!("{FILES}/objects.sql")).expect("a script");
        for statement in script::split(&objects) {
            client.run(&statement.sql).ok();
        }
    }
    let socket = reference.socket_directory().to_string_lossy().into_owned();
    let port = kalam.port.to_string();
    let commands = std::fs::read_to_string(format!("{FILES}/describe.psql")).expect("a script");
    let mut failures = String::new();
    for command in commands.lines() {
        let expected = describe(&["--host", &socket], command);
        let found = describe(&["--host=127.0.0.1", "--port", &port], command);
        if found != expected {
            failures += &format!("\n== {command}\n-- postgresql\n{expected}-- kalamdb\n{found}");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What psql prints for a command. The reference keeps databases of other tests, so of `\l` only
/// the ones that every server has are shown.
fn describe(server: &[&str], command: &str) -> String {
    let output = Command::new("psql")
        .args(server)
        .args(["--no-psqlrc", "--username=postgres", "--dbname=described", "--command", command])
        .output()
        .expect("psql starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("psql writes UTF-8");
    if command != "\\l" {
        return text;
    }
    let known = ["template0", "template1", "postgres"];
    let kept = text.lines().filter(|l| known.iter().any(|k| l.trim_start().starts_with(k)));
    kept.map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}
