//! Statements, options, jobs and views that PostgreSQL does not have, as a client sees them.

use crate::harness::client::Outcome;
use crate::harness::server::Scratch;
use crate::harness::{Client, Format, Kalam, Server};
use std::time::{Duration, Instant};

/// What a statement must come to.
enum Expected {
    /// Its tag.
    Tag(&'static str),
    /// Its columns' names, separated by blanks.
    Columns(&'static str),
    /// SQLSTATE, message, position (0: none).
    Error(&'static str, &'static str, usize),
}
use Expected::{Columns, Error, Tag};

/// Over the simple and the extended protocol.
#[track_caller]
fn expect(client: &mut Client, sql: &str, expected: &Expected) {
    let simple = client.run(sql);
    check(sql, &simple, expected);
    if !matches!(expected, Tag(_)) {
        let extended = client.extended(sql, Format::Text).expect("the server answers");
        check(sql, &extended, expected);
    }
}

#[track_caller]
fn check(sql: &str, outcome: &Outcome, expected: &Expected) {
    match expected {
        Tag(tag) => assert_eq!(outcome.clone().ok().tag, *tag, "{sql}"),
        Columns(names) => {
            let outcome = outcome.clone().ok();
            let found: Vec<_> = outcome.columns.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(found.join(" "), *names, "{sql}");
        }
        Error(code, message, position) => {
            let error = outcome.error.as_ref().unwrap_or_else(|| panic!("{sql}: {outcome:?}"));
            let field = |f: char| error.get(&f).map(String::as_str);
            assert_eq!((field('C'), field('M')), (Some(*code), Some(*message)), "{sql}");
            let found = field('P').map_or(0, |p| p.parse().expect("a number"));
            assert_eq!(found, *position, "position of {sql}");
        }
    }
}

/// Asks until the answer is the one expected.
#[track_caller]
pub fn wait_for(client: &mut Client, sql: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let outcome = client.run(sql).ok();
        let found = outcome.rows.first().and_then(|row| row[0].clone());
        let found = found.map(|v| String::from_utf8(v).expect("text"));
        if found.as_deref() == Some(expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{sql} stays {found:?}, not {expected}");
        std::thread::yield_now();
    }
}

#[test]
fn statements_have_tags_columns_and_errors() {
    let kalam = Kalam::start();
    let client = &mut kalam.connect("postgres");
    for (sql, expected) in [
        ("CREATE NAMESPACE shop", Tag("CREATE SCHEMA")),
        ("CREATE NAMESPACE shop", Error("42P06", "schema \"shop\" already exists", 0)),
        ("CREATE NAMESPACE IF NOT EXISTS shop", Tag("CREATE SCHEMA")),
        ("USE nowhere", Error("3F000", "schema \"nowhere\" does not exist", 0)),
        ("USE NAMESPACE shop", Tag("USE")),
        ("SHOW search_path", Columns("search_path")),
        ("CREATE SHARED TABLE t (id int PRIMARY KEY, \"Name\" text)", Tag("CREATE TABLE")),
        ("CREATE SHARED TABLE t (id int)", Error("42P07", "relation \"t\" already exists", 0)),
        ("CREATE SHARED TABLE u (id it)", Error("42704", "type \"it\" does not exist", 27)),
        ("CREATE SHARED TABLE (id int)", Error("42601", "syntax error at or near \"(\"", 21)),
        ("INSERT INTO t SELECT g, 'x' FROM generate_series(1, 10) g", Tag("INSERT 0 10")),
        ("STORAGE FLUSH TABLE t", Tag("STORAGE FLUSH")),
        ("STORAGE FLUSH TABLE shop.t", Tag("STORAGE FLUSH")),
        ("STORAGE FLUSH ALL", Tag("STORAGE FLUSH")),
        ("STORAGE COMPACT TABLE postgres.shop.t", Tag("STORAGE COMPACT")),
        ("STORAGE COMPACT ALL", Tag("STORAGE COMPACT")),
        ("STORAGE FLUSH TABLE x", Error("42P01", "relation \"x\" does not exist", 21)),
        ("STORAGE FLUSH TABLE pg_class", Error("42809", "\"pg_class\" has no cold rows", 21)),
        ("STORAGE FLUSH", Error("42601", "syntax error at end of input", 14)),
        ("STORAGE VACUUM ALL", Error("42601", "syntax error at or near \"VACUUM\"", 9)),
        ("storage flush table t, u", Error("42601", "syntax error at or near \",\"", 22)),
        ("DESCRIBE t", Columns("column_name data_type nullable default primary_key comment")),
        (
            "desc table shop.t",
            Columns("column_name data_type nullable default primary_key comment"),
        ),
        ("DESCRIBE t HISTORY", Columns("version created_at changes column_count")),
        ("DESCRIBE nothing", Error("42P01", "relation \"nothing\" does not exist", 10)),
        ("DESCRIBE", Error("42601", "syntax error at end of input", 9)),
        (
            "DESCRIBE system.jobs",
            Columns("column_name data_type nullable default primary_key comment"),
        ),
        ("SHOW STORAGES", Columns("name type url path_template credentials tables")),
        ("KILL JOB 12345", Error("42704", "job 12345 does not exist or has ended", 0)),
        ("KILL JOB 'one'", Error("22023", "invalid job id: \"one\"", 10)),
        ("KILL ALL", Error("42601", "syntax error at or near \"ALL\"", 6)),
        ("SHOW kalamdb.flush_rows", Columns("kalamdb.flush_rows")),
        (
            "SET kalamdb.flush_rows = 1",
            Error(
                "55P02",
                "parameter \"kalamdb.flush_rows\" cannot be changed without restarting the server",
                0,
            ),
        ),
        ("CREATE SCHEMA system", Error("42P06", "schema \"system\" already exists", 0)),
        (
            "DROP NAMESPACE shop",
            Error("2BP01", "cannot drop schema shop because other objects depend on it", 0),
        ),
        ("DROP NAMESPACE shop CASCADE", Tag("DROP SCHEMA")),
    ] {
        expect(client, sql, &expected);
    }
}

#[test]
fn strings_mix_statements_of_both_grammars() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    let outcomes = client
        .simple("CREATE TABLE t (a int); /* ; */ DESCRIBE t; SELECT ';' AS b; USE public")
        .expect("the server answers");
    let tags: Vec<_> = outcomes.iter().map(|o| o.tag.as_str()).collect();
    assert_eq!(tags, ["CREATE TABLE", "DESCRIBE", "SELECT 1", "USE"]);
    // A mistake anywhere, and nothing runs; its position is that in the whole.
    for (sql, position) in [
        ("CREATE TABLE u (a int); DESCRIBE; SELECT 1", "33"),
        ("CREATE TABLE u (a int); DESC t; SELEC 1", "33"),
        ("CREATE TABLE u (a int); DESC t; SELECT 'é', b", "45"),
    ] {
        let outcome = client.run(sql);
        let error = outcome.error.unwrap_or_else(|| panic!("{sql} has run"));
        assert_eq!(error[&'P'], position, "{sql}");
    }
    assert_eq!(client.run("SELECT to_regclass('u') IS NULL").text(0, 0), Some("t"));
    // What cannot be rolled back runs alone.
    let outcome = client.run("STORAGE FLUSH ALL; SELECT 1");
    assert_eq!(outcome.sqlstate(), Some("25001"));
    client.run("BEGIN").ok();
    assert_eq!(client.run("STORAGE COMPACT ALL").sqlstate(), Some("25001"));
    client.run("ROLLBACK").ok();
    client.run("BEGIN READ ONLY").ok();
    assert_eq!(client.run("CREATE NAMESPACE n").sqlstate(), Some("25006"));
    client.run("ROLLBACK").ok();
}

#[test]
fn functions_do_what_the_statements_do() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    client.run("CREATE TABLE t AS SELECT generate_series(1, 1000) AS a").ok();
    let value = |client: &mut Client, sql: &str| {
        client.run(sql).ok().text(0, 0).map(str::to_owned).expect("a value")
    };
    assert_eq!(value(&mut client, "SELECT storage_flush('t')"), "1000");
    assert_eq!(value(&mut client, "SELECT storage_flush('t'::regclass)"), "0");
    client.run("INSERT INTO t VALUES (1)").ok();
    assert_eq!(value(&mut client, "SELECT storage_flush_all()"), "1");
    assert_eq!(value(&mut client, "SELECT storage_compact('t')"), "1001");
    assert_eq!(value(&mut client, "SELECT storage_compact_all()"), "0");
    assert_eq!(value(&mut client, "SELECT sum(a) FROM t"), "500501");
    assert_eq!(value(&mut client, "SELECT count(*) FROM system.segments"), "1");
    let outcome = client.run("SELECT kill_job(99)").ok();
    assert_eq!(outcome.text(0, 0), Some("f"));
    assert_eq!(outcome.notices[0].1, "job 99 does not exist or has ended");
    client.run("BEGIN").ok();
    assert_eq!(value(&mut client, "SELECT storage_flush('t')"), "0");
    client.run("INSERT INTO t VALUES (2)").ok();
    assert_eq!(client.run("SELECT storage_flush('t')").sqlstate(), Some("25001"));
    client.run("ROLLBACK").ok();
}

#[test]
fn options_are_checked_and_shown() {
    let kalam = Kalam::start();
    let client = &mut kalam.connect("postgres");
    for (sql, expected) in [
        (
            "CREATE TABLE t (a int) WITH (kind = 'shared', flush_rows = 10, flush_interval = '5 min')",
            Tag("CREATE TABLE"),
        ),
        (
            "ALTER TABLE t SET (flush_policy = 'rows:5,interval:60', fillfactor = 50)",
            Tag("ALTER TABLE"),
        ),
        ("ALTER TABLE t RESET (flush_rows)", Tag("ALTER TABLE")),
        (
            "ALTER TABLE t SET (flush_rows = 'few')",
            Error("22023", "invalid value for option \"flush_rows\": \"few\"", 0),
        ),
        (
            "ALTER TABLE t SET (flush_policy = 'rows=5')",
            Error("22023", "invalid value for option \"flush_policy\": \"rows=5\"", 0),
        ),
        (
            "ALTER TABLE t SET (kind = 'user')",
            Error("0A000", "the kind of table \"t\" cannot be changed", 0),
        ),
        ("ALTER TABLE t SET (flush = 1)", Error("22023", "unrecognized parameter \"flush\"", 0)),
        (
            "ALTER TABLE t SET (storage = 'attic')",
            Error("42704", "storage \"attic\" does not exist", 0),
        ),
        (
            "CREATE STREAM TABLE s (a int)",
            Error("22023", "stream tables need the option \"ttl\"", 0),
        ),
        (
            "CREATE STREAM TABLE s (a int) WITH (kind = 'user', ttl = '1 h')",
            Error("22023", "a stream table cannot be of kind \"user\"", 0),
        ),
        (
            "CREATE TABLE s (a int) WITH (kind = 'private')",
            Error("22023", "invalid value for option \"kind\": \"private\"", 0),
        ),
        (
            "CREATE TEMP TABLE s (a int) WITH (flush_rows = 1)",
            Error("22023", "option \"flush_rows\" cannot be set for temporary tables", 0),
        ),
    ] {
        expect(client, sql, &expected);
    }
    let options = client.run("SELECT reloptions FROM pg_class WHERE relname = 't'").ok();
    assert_eq!(
        options.text(0, 0),
        Some(
            "{fillfactor=50,\"flush_interval=5 min\",\"flush_policy=rows:5,interval:60\",kind=shared}"
        )
    );
}

#[test]
fn policies_flush_and_compact() {
    let data = Scratch::new("policies");
    let kalam = Kalam::start_on(data.path(), &["--compact-segments", "3"]);
    let client = &mut kalam.connect("postgres");
    client.run("CREATE TABLE few (a int PRIMARY KEY) WITH (flush_rows = 100)").ok();
    client.run("CREATE TABLE old (a int) WITH (flush_interval = '1 s')").ok();
    client.run("CREATE TABLE kept (a int) WITH (flush_rows = 0)").ok();
    client.run("INSERT INTO kept SELECT generate_series(1, 1000)").ok();
    client.run("INSERT INTO old VALUES (1)").ok();
    let segments =
        |table: &str| format!("SELECT count(*) FROM system.segments WHERE \"table\" = '{table}'");
    wait_for(client, &segments("old"), "1");
    for n in 0..3 {
        let (from, to) = (n * 100 + 1, n * 100 + 100);
        client.run(&format!("INSERT INTO few SELECT generate_series({from}, {to})")).ok();
        let cold = "SELECT cold_rows FROM system.tables WHERE name = 'few'";
        wait_for(client, cold, &to.to_string());
    }
    wait_for(client, &segments("few"), "1");
    assert_eq!(client.run("SELECT count(*) FROM few").text(0, 0), Some("300"));
    assert_eq!(client.run(&segments("kept")).text(0, 0), Some("0"));
    let jobs = "FROM system.jobs WHERE \"table\" = 'public.few' AND status = 'completed'";
    // What a job does is seen before its record says so.
    wait_for(client, &format!("SELECT count(DISTINCT type) {jobs}"), "2");
    let jobs = client.run(&format!("SELECT DISTINCT type, requested_by {jobs} ORDER BY 1")).ok();
    assert_eq!((jobs.text(0, 0), jobs.text(1, 0)), (Some("compact"), Some("flush")));
    assert_eq!(jobs.text(0, 1), None);
}

#[test]
fn jobs_of_a_dead_server_have_failed() {
    let data = Scratch::new("dead");
    let kalam = Kalam::start_with_fault(data.path(), "crash-at:flush-step:1");
    let mut client = kalam.connect("postgres");
    client.run("CREATE TABLE t AS SELECT generate_series(1, 10) AS a").ok();
    // So that the job's record, which nobody waits for, is on disk.
    client.simple("STORAGE FLUSH TABLE t").expect_err("the server is gone");
    drop(kalam);
    let kalam = Kalam::start_on(data.path(), &[]);
    let client = &mut kalam.connect("postgres");
    let jobs = client.run("SELECT status, message FROM system.jobs WHERE type = 'flush'").ok();
    assert_eq!((jobs.text(0, 0), jobs.text(0, 1)), (Some("failed"), Some("the server stopped")));
    client.run("STORAGE FLUSH TABLE t").ok();
    assert_eq!(client.run("SELECT count(*) FROM t").text(0, 0), Some("10"));
    let id = "SELECT count(DISTINCT job_id) = count(*) FROM system.jobs";
    assert_eq!(client.run(id).text(0, 0), Some("t"));
}

#[test]
fn superusers_act_for_others() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    client.run("CREATE ROLE ann LOGIN; CREATE TABLE t (a int); GRANT INSERT ON t TO ann").ok();
    let who = "EXECUTE AS USER 'ann' (SELECT current_user, session_user)";
    for outcome in
        [client.run(who), client.extended(who, Format::Text).expect("the server answers")]
    {
        let outcome = outcome.ok();
        assert_eq!((outcome.text(0, 0), outcome.text(0, 1)), (Some("ann"), Some("postgres")));
    }
    let insert = "EXECUTE AS USER 'ann' (INSERT INTO t VALUES (1))";
    assert_eq!(client.run(insert).ok().tag, "INSERT 0 1");
    let extended = client.extended(insert, Format::Text).expect("the server answers");
    assert_eq!(extended.ok().tag, "INSERT 0 1");
    // The rows of a user table are the current role's.
    client.run("CREATE USER TABLE mine (a int PRIMARY KEY); GRANT ALL ON mine TO ann").ok();
    client.run("EXECUTE AS USER 'ann' (INSERT INTO mine VALUES (1), (2))").ok();
    for tier in ["STORAGE FLUSH TABLE mine", "SELECT 1"] {
        let count = "SELECT count(*) FROM mine";
        assert_eq!(client.run(count).ok().text(0, 0), Some("0"));
        let theirs = client.run(&format!("EXECUTE AS USER 'ann' ({count})")).ok();
        assert_eq!(theirs.text(0, 0), Some("2"));
        client.run(tier).ok();
    }
    let client = &mut client;
    for (sql, expected) in [
        (
            "EXECUTE AS USER 'ann' (SELECT a FROM t)",
            Error("42501", "permission denied for table t", 0),
        ),
        ("SELECT current_user", Columns("current_user")),
        ("EXECUTE AS USER 'bob' (SELECT 1)", Error("42704", "role \"bob\" does not exist", 0)),
        (
            "EXECUTE AS USER 'ann' (SELECT b FROM t)",
            Error("42703", "column \"b\" does not exist", 31),
        ),
        (
            "EXECUTE AS USER 'ann' (SELECT 1; SELECT 2)",
            Error("42601", "one statement is expected here", 42),
        ),
        (
            "EXECUTE AS USER 'ann' (DROP TABLE t)",
            Error("0A000", "EXECUTE AS USER of this statement is not supported", 0),
        ),
        ("EXECUTE AS USER 'ann' (SELECT 1", Error("42601", "syntax error at end of input", 32)),
        ("SET ROLE ann", Tag("SET")),
        (
            "EXECUTE AS USER 'ann' (SELECT 1)",
            Error("42501", "permission denied to execute as another user", 0),
        ),
        ("STORAGE FLUSH TABLE t", Error("42501", "must be owner of table t", 21)),
        ("STORAGE FLUSH ALL", Tag("STORAGE FLUSH")),
        (
            "CREATE STORAGE s TYPE 'filesystem' WITH (url '/x')",
            Error("42501", "permission denied to create storage", 0),
        ),
    ] {
        expect(client, sql, &expected);
    }
    assert_eq!(client.run("SELECT count(*) FROM system.tables").text(0, 0), Some("0"));
    assert_eq!(client.run("SELECT name FROM system.users").text(0, 0), Some("ann"));
    client.run("RESET ROLE").ok();
    assert_eq!(client.run("SELECT current_user").text(0, 0), Some("postgres"));
    assert_eq!(client.run("SELECT name FROM system.tables").text(0, 0), Some("t"));
}
