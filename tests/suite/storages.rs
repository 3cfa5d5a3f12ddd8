//! Storages: directories and object stores that segments go to, their credentials and their failures.

use crate::harness::disk::SmallDisk;
use crate::harness::s3::{S3, SECRET_KEY};
use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server};
use crate::surface::wait_for;
use std::path::Path;

/// 32 bytes.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn start(data: &Path, key: Option<&str>) -> Kalam {
    let mut command = Kalam::command(data);
    command.envs(key.map(|key| ("KALAMDB_CREDENTIALS_KEY", key)));
    Kalam::launch(command)
}

#[track_caller]
fn fails(client: &mut Client, sql: &str, code: &str, words: &str) {
    let error = client.run(sql).error.unwrap_or_else(|| panic!("{sql} has run"));
    assert_eq!(error[&'C'], code, "{sql}: {error:?}");
    assert!(error[&'M'].contains(words), "{sql}: {error:?}");
}

#[test]
fn a_directory_takes_segments_until_it_is_dropped() {
    let (data, cold) = (Scratch::new("data"), Scratch::new("cold"));
    let kalam = start(data.path(), None);
    let mut client = kalam.connect("postgres");
    let url = cold.path().display();
    let create = format!(
        "CREATE STORAGE attic TYPE 'filesystem' WITH (url 'file://{url}', path_template 'x/{{table}}')"
    );
    client.run(&create).ok();
    fails(&mut client, &create, "42710", "storage \"attic\" already exists");
    let again = create.replace("STORAGE", "STORAGE IF NOT EXISTS");
    assert_eq!(client.run(&again).ok().notices[0].1, "storage \"attic\" already exists, skipping");
    client.run("CREATE TABLE \"a/../b\" (a int) WITH (storage = attic)").ok();
    client.run("INSERT INTO \"a/../b\" VALUES (1)").ok();
    client.run("STORAGE FLUSH TABLE \"a/../b\"").ok();
    assert!(cold.path().join("x/a%2F%2E%2E%2Fb").is_dir());
    let shown = client.run("SELECT storage, rows FROM system.segments").ok();
    assert_eq!((shown.text(0, 0), shown.text(0, 1)), (Some("attic"), Some("1")));
    // Nobody writes to a storage that is being changed.
    let mut other = kalam.connect("postgres");
    other.run("BEGIN").ok();
    other.run("ALTER STORAGE attic SET (path_template 'y/{table}')").ok();
    let flush = "STORAGE FLUSH TABLE \"a/../b\"";
    fails(&mut client, flush, "55P03", "storage \"attic\" is being changed");
    other.run("ROLLBACK").ok();
    client.run(flush).ok();
    assert!(!cold.path().join("y").exists());
    fails(&mut client, "DROP STORAGE attic", "2BP01", "in use");
    fails(
        &mut client,
        "ALTER STORAGE attic SET (url '/elsewhere')",
        "2BP01",
        "cannot change the url",
    );
    client.run("ALTER TABLE \"a/../b\" RESET (storage)").ok();
    fails(&mut client, "DROP STORAGE attic", "2BP01", "in use");
    // Another server finds it again.
    assert!(kalam.terminate().success());
    let kalam = start(data.path(), None);
    let mut client = kalam.connect("postgres");
    assert_eq!(client.run("SELECT a FROM \"a/../b\"").ok().text(0, 0), Some("1"));
    // What is defined in a transaction goes with it.
    client.run("BEGIN").ok();
    client.run("SAVEPOINT s").ok();
    client.run("DROP TABLE \"a/../b\"").ok();
    fails(&mut client, "DROP STORAGE attic", "2BP01", "in use");
    client.run("ROLLBACK TO s").ok();
    client.run(&create.replace("attic", "cellar")).ok();
    client.run("CREATE TABLE c (a int) WITH (storage = cellar)").ok();
    client.run("ROLLBACK").ok();
    fails(&mut client, "CREATE TABLE c (a int) WITH (storage = cellar)", "42704", "does not exist");
    // Files go before their storage, unless somebody may still read them.
    let mut other = kalam.connect("postgres");
    other.run("BEGIN ISOLATION LEVEL REPEATABLE READ").ok();
    assert_eq!(other.run("SELECT 1").text(0, 0), Some("1"));
    client.run("DROP TABLE \"a/../b\"").ok();
    fails(&mut client, "DROP STORAGE attic", "55006", "still to be deleted");
    other.run("ROLLBACK").ok();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while let Some(error) = client.run("DROP STORAGE attic").error {
        assert_eq!(error[&'C'], "55006", "{error:?}");
        assert!(std::time::Instant::now() < deadline, "{error:?}");
    }
    let left = std::fs::read_dir(cold.path().join("x/a%2F%2E%2E%2Fb")).expect("a directory");
    assert_eq!(left.count(), 0);
    fails(&mut client, "DROP STORAGE attic", "42704", "storage \"attic\" does not exist");
    let missing = client.run("DROP STORAGE IF EXISTS attic").ok();
    assert_eq!(missing.notices[0].1, "storage \"attic\" does not exist, skipping");
}

#[test]
fn wrong_definitions_are_refused() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    for (definition, code, words) in [
        ("s TYPE 'ftp'", "22023", "unknown storage type \"ftp\""),
        ("s TYPE 'filesystem'", "22023", "invalid value for option \"url\""),
        ("s TYPE 'filesystem' WITH (url 'here')", "22023", "invalid value for option \"url\""),
        ("s TYPE 'filesystem' WITH (url '/dev/null/x')", "58030", "cannot be used at /dev/null/x"),
        ("s TYPE 's3' WITH (bucket 'b')", "22023", "unrecognized option \"bucket\""),
        ("s TYPE 's3' WITH (url 's3://b', url 's3://c')", "42710", "more than once"),
        ("s TYPE 'filesystem' WITH (url '/x', path_template '../{table}')", "22023", "template"),
        ("s TYPE 'filesystem' WITH (url '/x', path_template '{db}')", "22023", "template"),
        ("default TYPE 'filesystem' WITH (url '/x')", "42939", "reserved"),
        (
            "s TYPE 's3' WITH (url 's3://b', access_key_id 'a', secret_access_key 'b')",
            "55000",
            "credentials cannot be kept without a key",
        ),
        (
            "s TYPE 's3' WITH (url 's3://b', endpoint 'http://127.0.0.1:1', allow_http 'true')",
            "58030",
            "storage \"s\" cannot be used at s3://b",
        ),
    ] {
        let sql = format!("CREATE STORAGE {definition}");
        fails(&mut client, &sql, code, words);
    }
    assert_eq!(client.run("SHOW STORAGES").ok().rows.len(), 1);
}

#[test]
fn segments_lie_in_s3_and_credentials_nowhere() {
    let (data, s3) = (Scratch::new("data"), S3::start());
    let kalam = start(data.path(), Some(KEY));
    let mut client = kalam.connect("postgres");
    let create = format!("CREATE STORAGE cloud TYPE 's3' WITH ({})", s3.options());
    client.run(&create).ok();
    assert_eq!(client.parameters.get("application_name").map(String::as_str), Some(""));
    client.run("CREATE TABLE t (a int PRIMARY KEY, b text) WITH (storage = 'cloud')").ok();
    client.run("INSERT INTO t SELECT g, 'row ' || g FROM generate_series(1, 5000) g").ok();
    client.run("STORAGE FLUSH TABLE t").ok();
    assert_eq!(s3.objects("cold/public/t").len(), 1);
    assert_eq!(client.run("SELECT sum(a) FROM t").ok().text(0, 0), Some("12502500"));
    assert_eq!(client.run("SELECT b FROM t WHERE a = 77").ok().text(0, 0), Some("row 77"));
    // Who looks sees names only.
    let shown = client.run("SELECT credentials FROM system.storages WHERE name = 'cloud'").ok();
    assert_eq!(shown.text(0, 0), Some("access_key_id=***, secret_access_key=***"));
    let mut other = kalam.connect("postgres");
    for looking in [create.as_str(), "PREPARE p AS SELECT 1"] {
        drop(client.run(looking));
        let seen = other.run("SELECT string_agg(query, '') FROM pg_stat_activity").ok();
        assert!(!seen.text(0, 0).unwrap_or_default().contains(SECRET_KEY));
    }
    // A name that is wrong is tried before it is kept.
    fails(
        &mut client,
        "ALTER STORAGE cloud SET (secret_access_key 'guess')",
        "58030",
        "storage \"cloud\" cannot be used",
    );
    client.run("ALTER STORAGE cloud SET (path_template 'v2/{namespace}/{table}')").ok();
    client.run("INSERT INTO t VALUES (0, 'new')").ok();
    client.run("STORAGE FLUSH TABLE t").ok();
    assert_eq!(s3.objects("cold/v2/public/t").len(), 1);
    assert!(kalam.terminate().success());
    assert!(!holds(data.path(), SECRET_KEY.as_bytes()), "the secret is in the data directory");
    // Without the key the server starts, and only these rows cannot be read.
    let kalam = start(data.path(), None);
    let mut client = kalam.connect("postgres");
    client.run("CREATE TABLE other AS SELECT 1 AS a").ok();
    fails(&mut client, "SELECT * FROM t", "58030", "storage");
    assert!(kalam.terminate().success());
    let kalam = start(data.path(), Some(KEY));
    assert_eq!(
        kalam.connect("postgres").run("SELECT count(*) FROM t").ok().text(0, 0),
        Some("5001")
    );
}

/// Whether any file below a directory has these bytes in it.
fn holds(directory: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(directory).expect("a readable directory").flatten().any(|entry| {
        match entry.path() {
            path if path.is_dir() => holds(&path, bytes),
            path => {
                let content = std::fs::read(path).expect("a readable file");
                content.windows(bytes.len()).any(|window| window == bytes)
            }
        }
    })
}

#[test]
fn a_storage_that_is_away_stops_nothing_but_its_flushes() {
    let (data, mut s3) = (Scratch::new("data"), S3::start());
    let kalam = start(data.path(), Some(KEY));
    let client = &mut kalam.connect("postgres");
    client.run(&format!("CREATE STORAGE cloud TYPE 's3' WITH ({})", s3.options())).ok();
    client.run("CREATE TABLE t (a int PRIMARY KEY) WITH (storage = 'cloud', flush_rows = 10)").ok();
    s3.stop();
    client.run("INSERT INTO t SELECT generate_series(1, 20)").ok();
    let status = "SELECT coalesce(max(status), '') FROM system.jobs WHERE type = 'flush'";
    wait_for(client, status, "retrying");
    let message = client.run("SELECT message FROM system.jobs WHERE type = 'flush'").ok();
    assert!(message.text(0, 0).is_some_and(|m| m.contains("next attempt in")), "{message:?}");
    fails(client, "STORAGE FLUSH TABLE t", "58030", "");
    let failed = client.run("SELECT max(job_id) FROM system.jobs WHERE status = 'failed'").ok();
    assert!(failed.text(0, 0).is_some());
    client.run("INSERT INTO t SELECT generate_series(21, 40)").ok();
    assert_eq!(client.run("SELECT count(*) FROM t").ok().text(0, 0), Some("40"));
    // One that is killed is not asked for again, until somebody does.
    client.run("CREATE TABLE u AS SELECT 1 AS a; ALTER TABLE u SET (storage = cloud)").ok();
    client.run("ALTER TABLE u SET (flush_rows = 1)").ok();
    let retrying = "SELECT max(job_id) FROM system.jobs \
        WHERE \"table\" = 'public.u' AND status = 'retrying'";
    wait_for(client, &format!("SELECT ({retrying}) IS NOT NULL"), "t");
    let id = client.run("SELECT max(job_id) FROM system.jobs WHERE \"table\" = 'public.u'").ok();
    let id = id.text(0, 0).expect("a number").to_owned();
    assert_eq!(client.run(&format!("KILL JOB '{id}'")).ok().tag, "KILL JOB");
    let status = format!("SELECT status FROM system.jobs WHERE job_id = {id}");
    wait_for(client, &status, "cancelled");
    fails(client, &format!("KILL JOB {id}"), "42704", "has ended");
    s3.resume();
    assert_eq!(client.run("SELECT storage_flush('u')").ok().text(0, 0), Some("1"));
    wait_for(client, "SELECT count(*) > 0 FROM system.segments", "t");
    wait_for(client, "SELECT hot_rows FROM system.tables WHERE name = 't'", "0");
    assert_eq!(client.run("SELECT count(*) FROM t").ok().text(0, 0), Some("40"));
    // A storage that will not come back is given up.
    s3.stop();
    client.run("DROP TABLE t, u").ok();
    fails(client, "DROP STORAGE cloud", "55006", "still to be deleted");
    client.run("DROP STORAGE cloud CASCADE").ok();
    assert_eq!(client.run("SELECT name FROM system.storages").ok().rows.len(), 1);
}

#[test]
fn a_storage_that_is_full_stops_nothing_but_its_flushes() {
    let (data, place) = (Scratch::new("data"), Scratch::new("small"));
    let disk = SmallDisk::mount(place.path(), "4m");
    let kalam = disk.server(data.path());
    let client = &mut kalam.connect("postgres");
    let url = place.path().display();
    client.run(&format!("CREATE STORAGE small TYPE 'filesystem' WITH (url '{url}/cold')")).ok();
    client.run("CREATE TABLE t (a int PRIMARY KEY, b text) WITH (storage = small)").ok();
    disk.run(&format!("head -c 3500K /dev/zero > '{url}/ballast'"));
    let rows = "SELECT g, md5(g::text) FROM generate_series(1, 50000) g";
    client.run(&format!("INSERT INTO t {rows}")).ok();
    fails(client, "STORAGE FLUSH TABLE t", "53100", "No space left");
    let job = client.run("SELECT status, message FROM system.jobs WHERE type = 'flush'").ok();
    assert_eq!(job.text(0, 0), Some("failed"));
    assert!(job.text(0, 1).is_some_and(|m| m.contains("No space left")), "{job:?}");
    client.run("UPDATE t SET b = 'new' WHERE a = 1").ok();
    client.run("CREATE TABLE other AS SELECT 1 AS a").ok();
    client.run("STORAGE FLUSH TABLE other").ok();
    let sum = "SELECT count(*), count(*) FILTER (WHERE b = 'new') FROM t";
    let found = client.run(sum).ok();
    assert_eq!((found.text(0, 0), found.text(0, 1)), (Some("50000"), Some("1")));
    disk.run(&format!("rm '{url}/ballast'"));
    client.run("STORAGE FLUSH TABLE t").ok();
    assert_eq!(
        client.run("SELECT hot_rows FROM system.tables WHERE name = 't'").text(0, 0),
        Some("0")
    );
    let found = client.run(sum).ok();
    assert_eq!((found.text(0, 0), found.text(0, 1)), (Some("50000"), Some("1")));
}
