//! The catalog query cache gives an answer again only while it is right: seen through what it
//! answers, and through its counters in `system.stats`.

use crate::harness::{Client, Kalam, Outcome, Server};

const TABLES: &str =
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1";

#[test]
fn a_question_that_comes_again_is_answered_from_memory() {
    let kalam = Kalam::start();
    let (mut one, mut other) = (kalam.connect("postgres"), kalam.connect("postgres"));
    one.run("CREATE TABLE a (id int PRIMARY KEY)").ok();
    let first = one.run(TABLES).ok();
    let before = counter(&mut one, "hits");
    assert_eq!(other.run(TABLES).ok(), first);
    assert_eq!(other.run(&format!("{TABLES};")).ok(), first);
    assert_eq!(counter(&mut one, "hits"), before + 2);
}

#[test]
fn ddl_of_others_is_seen_at_once() {
    let kalam = Kalam::start();
    let (mut one, mut other) = (kalam.connect("postgres"), kalam.connect("postgres"));
    assert_eq!(tables(&mut one), "");
    other.run("CREATE TABLE a (id int)").ok();
    let before = counter(&mut one, "invalidations");
    assert_eq!(tables(&mut one), "a");
    assert_eq!(counter(&mut one, "invalidations"), before + 1);
    other.run("ALTER TABLE a RENAME TO b").ok();
    assert_eq!(tables(&mut one), "b");
    other.run("DROP TABLE b").ok();
    assert_eq!(tables(&mut one), "");
}

#[test]
fn a_transactions_own_ddl_is_its_own_until_it_commits() {
    let kalam = Kalam::start();
    let (mut one, mut other) = (kalam.connect("postgres"), kalam.connect("postgres"));
    assert_eq!(tables(&mut one), "");
    one.run("BEGIN").ok();
    one.run("CREATE TABLE a (id int)").ok();
    assert_eq!(tables(&mut one), "a");
    assert_eq!(tables(&mut one), "a");
    assert_eq!(tables(&mut other), "");
    one.run("ROLLBACK").ok();
    assert_eq!(tables(&mut one), "");
    assert_eq!(tables(&mut other), "");
    one.run("BEGIN").ok();
    one.run("CREATE TABLE a (id int)").ok();
    assert_eq!(tables(&mut other), "");
    one.run("COMMIT").ok();
    assert_eq!(tables(&mut other), "a");
}

#[test]
fn answers_depend_on_role_search_path_and_settings() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for sql in ["CREATE ROLE joe", "CREATE SCHEMA s", "CREATE TABLE s.t (id int)"] {
        client.run(sql).ok();
    }
    let visible = "SELECT pg_table_is_visible(oid), oid::regclass, has_table_privilege(oid, 'SELECT') \
                   FROM pg_class WHERE relname = 't'";
    let mut ask = |setting: &str| {
        client.run(setting).ok();
        let outcome = client.run(visible).ok();
        let value = |column| outcome.text(0, column).unwrap_or_default().to_owned();
        [value(0), value(1), value(2)].join(" ")
    };
    assert_eq!(ask("RESET search_path"), "f s.t t");
    assert_eq!(ask("SET search_path = s"), "t t t");
    assert_eq!(ask("SET ROLE joe"), "f s.t f");
    assert_eq!(ask("RESET ROLE"), "t t t");
    assert_eq!(ask("RESET search_path"), "f s.t t");
    let limit = "SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'joe'";
    client.run("ALTER ROLE joe VALID UNTIL '2030-01-02 00:00 UTC'").ok();
    for (style, expected) in
        [("ISO", "2030-01-02 00:00:00+00"), ("German", "02.01.2030 00:00:00 UTC")]
    {
        client.run(&format!("SET DateStyle = {style}")).ok();
        assert_eq!(client.run(limit).ok().text(0, 0), Some(expected));
    }
}

#[test]
fn grants_and_comments_are_seen_at_once() {
    let kalam = Kalam::start();
    let (mut one, mut other) = (kalam.connect("postgres"), kalam.connect("postgres"));
    for sql in ["CREATE ROLE joe", "CREATE TABLE t (id int)"] {
        one.run(sql).ok();
    }
    let about = "SELECT obj_description(oid, 'pg_class'), has_table_privilege('joe', oid, 'SELECT'), reltuples \
                 FROM pg_class WHERE oid = 't'::regclass";
    let mut ask = || {
        let outcome = one.run(about).ok();
        let value = |column| outcome.text(0, column).unwrap_or("NULL").to_owned();
        [value(0), value(1), value(2)].join(" ")
    };
    assert_eq!(ask(), "NULL f -1");
    other.run("COMMENT ON TABLE t IS 'ours'").ok();
    assert_eq!(ask(), "ours f -1");
    other.run("GRANT SELECT ON t TO joe").ok();
    assert_eq!(ask(), "ours t -1");
    other.run("INSERT INTO t VALUES (1), (2)").ok();
    other.run("ANALYZE t").ok();
    assert_eq!(ask(), "ours t 2");
}

#[test]
fn live_state_is_never_kept() {
    let kalam = Kalam::start();
    let (mut one, mut other) = (kalam.connect("postgres"), kalam.connect("postgres"));
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%marked%'";
    assert_eq!(one.run(sessions).ok().text(0, 0), Some("1"));
    other.run("SELECT 'marked'").ok();
    assert_eq!(one.run(sessions).ok().text(0, 0), Some("2"));
    let settings = "SELECT setting FROM pg_settings WHERE name = 'work_mem'";
    assert_eq!(one.run(settings).ok().text(0, 0), Some("4096"));
    one.run("SET work_mem = '8MB'").ok();
    assert_eq!(one.run(settings).ok().text(0, 0), Some("8192"));
    assert_eq!(other.run(settings).ok().text(0, 0), Some("4096"));
}

#[test]
fn parameters_are_part_of_the_question() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for name in ["a", "b"] {
        client.run(&format!("CREATE TABLE {name} (id int)")).ok();
    }
    let by_name = "SELECT relname FROM pg_class WHERE relname = $1";
    for name in ["a", "b", "a", "b", "c"] {
        let outcome = with_parameter(&mut client, by_name, name);
        let expected = (name != "c").then_some(name);
        assert_eq!(outcome.rows.first().and_then(|_| outcome.text(0, 0)), expected);
    }
}

#[test]
fn the_cache_is_bounded_and_can_be_turned_off() {
    let scratch = crate::harness::server::Scratch::new("answers");
    let kalam = Kalam::start_on(scratch.path(), &["--catalog-cache-mb", "0"]);
    let mut client = kalam.connect("postgres");
    tables(&mut client);
    tables(&mut client);
    assert_eq!(counter(&mut client, "hits"), 0);
    drop(kalam);
    let kalam = Kalam::start_on(scratch.path(), &["--catalog-cache-mb", "1"]);
    let mut client = kalam.connect("postgres");
    for n in 0..40 {
        client.run(&format!("SELECT {n}, p.* FROM pg_proc p WHERE proname < 'b'")).ok();
    }
    assert!(counter(&mut client, "bytes") <= 1 << 20);
}

/// Parse, Bind with one parameter, Execute, Sync.
fn with_parameter(client: &mut Client, sql: &str, value: &str) -> Outcome {
    client.send(b'P', format!("\0{sql}\0\0\0").as_bytes()).expect("Parse is sent");
    let mut bind = b"\0\0\0\0\0\x01".to_vec();
    bind.extend(u32::try_from(value.len()).expect("a short value").to_be_bytes());
    bind.extend(value.as_bytes());
    bind.extend([0, 0]);
    client.send(b'B', &bind).expect("Bind is sent");
    client.send(b'E', b"\0\0\0\0\0").expect("Execute is sent");
    client.send(b'S', b"").expect("Sync is sent");
    client.collect().expect("an answer").pop().expect("an outcome").ok()
}

fn tables(client: &mut Client) -> String {
    let outcome = client.run(TABLES).ok();
    let names = (0..outcome.rows.len()).filter_map(|row| outcome.text(row, 0));
    names.collect::<Vec<_>>().join(" ")
}

fn counter(client: &mut Client, name: &str) -> u64 {
    let sql = format!("SELECT value FROM system.stats WHERE name = 'catalog_cache_{name}'");
    let outcome = client.run(&sql).ok();
    outcome.text(0, 0).map_or(0, |value| value.parse().expect("a number"))
}
