//! Snapshots that one transaction lends to others, on both servers. Each test has a database of its
//! own, since they share the one PostgreSQL.

use crate::harness::{Client, Kalam, Server, postgres};

fn on_both(database: &str, check: impl Fn(&dyn Server)) {
    let kalam = Kalam::start();
    for server in [postgres() as &dyn Server, &kalam] {
        for verb in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
            server.connect("postgres").run(&format!("{verb} {database}")).ok();
        }
        let mut session = server.connect(database);
        session.run("CREATE TABLE t (a int PRIMARY KEY, b int)").ok();
        session.run("INSERT INTO t SELECT g, g % 10 FROM generate_series(1, 100) g").ok();
        check(server);
    }
}

fn lend(session: &mut Client, level: &str) -> String {
    session.run(&format!("BEGIN ISOLATION LEVEL {level}")).ok();
    let name = session.run("SELECT pg_export_snapshot()").ok();
    name.text(0, 0).expect("a name").to_owned()
}

fn borrow(session: &mut Client, name: &str) -> Option<String> {
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ").ok();
    let outcome = session.run(&format!("SET TRANSACTION SNAPSHOT '{name}'"));
    outcome.sqlstate().map(str::to_owned)
}

#[track_caller]
fn assert_count(session: &mut Client, condition: &str, expected: &str) {
    let sql = format!("SELECT count(*) FROM t WHERE {condition}");
    assert_eq!(session.run(&sql).ok().text(0, 0), Some(expected), "{sql}");
}

#[test]
fn a_borrower_sees_what_the_lender_sees() {
    on_both("lent_seen", |server| {
        let [mut lender, mut writer, mut borrower] = [(); 3].map(|()| server.connect("lent_seen"));
        for level in ["READ COMMITTED", "REPEATABLE READ"] {
            let name = lend(&mut lender, level);
            writer.run("INSERT INTO t VALUES (1000, 3)").ok();
            writer.run("UPDATE t SET b = 20 WHERE a = 5").ok();
            writer.run("CREATE INDEX later ON t (b)").ok();
            assert_eq!(borrow(&mut borrower, &name), None);
            assert_count(&mut borrower, "true", "100");
            assert_count(&mut borrower, "b = 5", "10");
            assert_count(&mut borrower, "a = 1000", "0");
            lender.run("COMMIT").ok();
            assert_count(&mut borrower, "b = 3", "10");
            borrower.run("COMMIT").ok();
            assert_count(&mut borrower, "true", "101");
            writer.run("DROP INDEX later").ok();
            writer.run("DELETE FROM t WHERE a = 1000").ok();
            writer.run("UPDATE t SET b = 5 WHERE a = 5").ok();
        }
    });
}

#[test]
fn a_snapshot_is_lent_until_its_transaction_ends() {
    // After an error PostgreSQL still knows the name, and says that its transaction is over.
    for (end, codes) in [
        ("COMMIT", ["22023"].as_slice()),
        ("ROLLBACK", &["22023"]),
        ("SELECT 1 / 0", &["22023", "55000"]),
    ] {
        on_both("lent_ended", |server| {
            let [mut lender, mut borrower] = [(); 2].map(|()| server.connect("lent_ended"));
            let name = lend(&mut lender, "REPEATABLE READ");
            assert_eq!(borrow(&mut borrower, &name), None);
            borrower.run("ROLLBACK").ok();
            lender.run(end);
            let refused = borrow(&mut borrower, &name).expect("a refusal");
            assert!(codes.contains(&refused.as_str()), "after {end}: {refused}");
            borrower.run("ROLLBACK").ok();
        });
    }
}

#[test]
fn who_cannot_borrow_is_told_why() {
    on_both("lent_refused", |server| {
        let mut lender = server.connect("lent_refused");
        let name = lend(&mut lender, "REPEATABLE READ");
        let refused = |database: &str, begin: &str, code: &str| {
            let mut session = server.connect(database);
            session.simple(begin).expect("an answer");
            let outcome = session.run(&format!("SET TRANSACTION SNAPSHOT '{name}'"));
            assert_eq!(outcome.sqlstate(), Some(code), "{} {begin}", server.name());
        };
        refused("lent_refused", "BEGIN", "0A000");
        refused("lent_refused", "BEGIN ISOLATION LEVEL SERIALIZABLE", "0A000");
        refused("postgres", "BEGIN ISOLATION LEVEL REPEATABLE READ", "0A000");
        refused("lent_refused", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", "25001");
        refused("lent_refused", "BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT s", "25001");
        lender.run("SAVEPOINT s").ok();
        let nested = lender.run("SELECT pg_export_snapshot()");
        assert_eq!(nested.sqlstate(), Some("25001"));
    });
}
