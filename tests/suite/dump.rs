//! Dumps that pg_dump 15 makes of a database with every kind of object: PostgreSQL's restores here
//! and reads back equal, and a dump of this server is the same text as PostgreSQL's.

use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server, postgres, script};
use std::path::Path;
use std::process::Command;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dump");

#[test]
fn a_dump_restores_with_psql_and_reads_back_equal() {
    let reference = postgres();
    let mut theirs = filled(reference, "dumped");
    let scratch = Scratch::new("dump");
    let file = scratch.path().join("dump.sql");
    dump(&socket(reference.socket_directory()), "dumped", "plain", &file);
    let kalam = Kalam::start();
    kalam.connect("postgres").run("CREATE DATABASE dumped").ok();
    run(Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1"])
        .arg(format!("--port={}", kalam.port))
        .args(["--username=postgres", "--dbname=dumped", "--file"])
        .arg(&file));
    let mut ours = kalam.connect("dumped");
    for statement in read("read_back.sql") {
        assert_same(&mut theirs, &mut ours, &statement.sql);
    }
}

#[test]
fn the_same_database_dumps_the_same() {
    let reference = postgres();
    filled(reference, "dumped_too");
    let kalam = Kalam::start();
    filled(&kalam, "dumped_too");
    let (theirs, ours) = (socket(reference.socket_directory()), tcp(&kalam));
    let scratch = Scratch::new("dump");
    let text = |server: &[String], format: &str, database: &str| {
        let file = scratch.path().join(format!("{database}.{format}"));
        dump(server, database, format, &file);
        without_key(&std::fs::read_to_string(file).expect("a dump"))
    };
    let expected = text(&theirs, "plain", "dumped_too");
    assert_eq!(text(&ours, "plain", "dumped_too"), expected);
    // From here to PostgreSQL and back, as an archive.
    for (server, database) in [(&ours, "here"), (&theirs, "there")] {
        let archive = scratch.path().join("archive");
        dump(&ours, "dumped_too", "custom", &archive);
        if database == "here" {
            kalam.connect("postgres").run("CREATE DATABASE here").ok();
        } else {
            reference.connect("postgres").run("DROP DATABASE IF EXISTS there").ok();
            reference.connect("postgres").run("CREATE DATABASE there").ok();
        }
        run(Command::new("pg_restore")
            .args(server.iter())
            .args(["--exit-on-error", "--dbname", database])
            .arg(&archive));
        assert_eq!(text(server, "plain", database), expected, "restored {database}");
    }
}

/// Several jobs read by one snapshot: the leader lends its own.
#[test]
fn parallel_jobs_dump_and_restore() {
    let kalam = Kalam::start();
    filled(&kalam, "many");
    let server = tcp(&kalam);
    let scratch = Scratch::new("jobs");
    let directory = scratch.path().join("directory");
    run(Command::new("pg_dump")
        .args(&server)
        .args(["--dbname=many", "--format=directory", "--jobs=3", "--file"])
        .arg(&directory));
    kalam.connect("postgres").run("CREATE DATABASE restored").ok();
    run(Command::new("pg_restore")
        .args(&server)
        .args(["--exit-on-error", "--jobs=3", "--dbname=restored"])
        .arg(&directory));
    let text = |database: &str| {
        let file = scratch.path().join(format!("{database}.sql"));
        dump(&server, database, "plain", &file);
        without_key(&std::fs::read_to_string(file).expect("a dump"))
    };
    assert_eq!(text("restored"), text("many"));
}

/// A new database with the objects; the session's `search_path` is as it began.
fn filled(server: &dyn Server, database: &str) -> Client {
    server.connect("postgres").run(&format!("DROP DATABASE IF EXISTS {database}")).ok();
    server.connect("postgres").run(&format!("CREATE DATABASE {database}")).ok();
    let mut client = server.connect(database);
    for statement in read("objects.sql") {
        client.run(&statement.sql).ok();
    }
    server.connect(database)
}

fn socket(directory: &Path) -> Vec<String> {
    vec![format!("--host={}", directory.display()), "--username=postgres".to_owned()]
}

fn tcp(kalam: &Kalam) -> Vec<String> {
    let port = format!("--port={}", kalam.port);
    vec!["--host=127.0.0.1".to_owned(), port, "--username=postgres".to_owned()]
}

fn dump(server: &[String], database: &str, format: &str, file: &Path) {
    run(Command::new("pg_dump")
        .args(server)
        .args(["--dbname", database, "--format", format, "--file"])
        .arg(file));
}

/// pg_dump draws a key for psql's `\restrict`.
fn without_key(text: &str) -> String {
    let key = |line: &&str| line.starts_with("\\restrict") || line.starts_with("\\unrestrict");
    text.lines().filter(|line| !key(line)).map(|line| format!("{line}\n")).collect()
}

#[track_caller]
fn assert_same(theirs: &mut Client, ours: &mut Client, sql: &str) {
    let (expected, found) = (theirs.run(sql), ours.run(sql));
    assert_eq!(found.sqlstate(), expected.sqlstate(), "{sql}: {:?}", found.error);
    assert_eq!((found.rows, found.tag), (expected.rows, expected.tag), "{sql}");
}

fn read(name: &str) -> Vec<script::Statement> {
    script::split(&std::fs::read_to_string(format!("{FILES}/{name}")).expect("a script"))
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}
