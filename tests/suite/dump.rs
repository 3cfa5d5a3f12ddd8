//! A plain dump that pg_dump 15 makes of a database with every kind of object restores with psql,
//! and reads back equal.

use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server, postgres, script};
use std::process::Command;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dump");

#[test]
fn a_dump_restores_with_psql_and_reads_back_equal() {
    let reference = postgres();
    reference.connect("postgres").run("DROP DATABASE IF EXISTS dumped").ok();
    reference.connect("postgres").run("CREATE DATABASE dumped").ok();
    let mut theirs = reference.connect("dumped");
    for statement in read("objects.sql") {
        theirs.run(&statement.sql).ok();
    }
    let scratch = Scratch::new("dump");
    let file = scratch.path().join("dump.sql");
    run(Command::new("pg_dump")
        .arg("--host")
        .arg(reference.socket_directory())
        .args(["--username=postgres", "--dbname=dumped", "--file"])
        .arg(&file));
    let kalam = Kalam::start();
    kalam.connect("postgres").run("CREATE DATABASE dumped").ok();
    run(Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1"])
        .arg(format!("--port={}", kalam.port))
        .args(["--username=postgres", "--dbname=dumped", "--file"])
        .arg(&file));
    let mut ours = kalam.connect("dumped");
    // The dump sets it to nothing for its own session only; both of these are fresh.
    let mut theirs = reference.connect("dumped");
    for statement in read("read_back.sql") {
        assert_same(&mut theirs, &mut ours, &statement.sql);
    }
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
