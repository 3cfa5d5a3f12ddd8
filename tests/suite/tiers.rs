//! Tables in two tiers under load, what scans of segments skip, and what others read of them.

use crate::harness::mover::Mover;
use crate::harness::{Client, Kalam, Server};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rows that age into Parquet and come back, over and over, lose no change.
#[test]
fn pgbench_keeps_its_balances_while_rows_move() {
    let server = Kalam::start();
    pgbench(&server, &["-i", "-s", "1", "-q"]);
    let mover = Mover::start(&server);
    pgbench(&server, &["-n", "-c", "8", "-j", "2", "-T", "5", "-M", "prepared"]);
    drop(mover);
    let mut client = server.connect("postgres");
    let sums = client
        .run(
            "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history), \
             (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT sum(bbalance) FROM pgbench_branches), \
             (SELECT count(*) FROM pgbench_accounts), (SELECT count(*) > 100 FROM pgbench_history)",
        )
        .ok();
    let row: Vec<_> = (0..4).map(|column| sums.text(0, column)).collect();
    assert_eq!(row, [Some("t"), Some("t"), Some("100000"), Some("t")]);
}

fn pgbench(server: &Kalam, arguments: &[&str]) {
    let output = Command::new("pgbench")
        .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &server.port.to_string()])
        .args(arguments)
        .arg("postgres")
        .output()
        .expect("pgbench is installed (scripts/setup)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What a query did not read, by what told that it need not.
#[derive(Debug, PartialEq)]
struct Removed {
    row_groups: i64,
    by_statistics: i64,
    by_bloom_filter: i64,
}

/// Of a query over the one table `t`, which has as many segments as row groups.
fn removed(client: &mut Client, condition: &str) -> Removed {
    let text = explained(client, &format!("SELECT count(*) FROM t WHERE {condition}"));
    Removed {
        row_groups: figure(&text, "Row Groups"),
        by_statistics: figure(&text, "Row Groups Removed by Statistics"),
        by_bloom_filter: figure(&text, "Row Groups Removed by Bloom Filter"),
    }
}

/// What EXPLAIN ANALYZE says of a query that scans a segment.
fn explained(client: &mut Client, sql: &str) -> String {
    let plan = client.run(&format!("EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).ok();
    let text: String = (0..plan.rows.len()).filter_map(|row| plan.text(row, 0)).collect();
    assert!(text.contains("\"Row Groups\""), "no segment was scanned: {text}");
    text
}

/// A figure of the first scan that has it; 0 where none has.
fn figure(explained: &str, label: &str) -> i64 {
    let Some((_, rest)) = explained.split_once(&format!("\"{label}\":")) else { return 0 };
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// The rows of a page that may match are decoded, and no others.
#[test]
fn pages_are_ruled_out_by_their_index_and_by_joins() {
    let server = Kalam::start();
    let client = &mut server.connect("postgres");
    client.run("SET force_parallel_mode = on").ok();
    // Pages have 4,096 rows: five of them.
    client.run("CREATE TABLE t (a int PRIMARY KEY, b int)").ok();
    client.run("INSERT INTO t SELECT g, g * 2 FROM generate_series(0, 20000) g").ok();
    client.run("STORAGE FLUSH TABLE t").ok();
    for (condition, pages) in [
        ("b BETWEEN 10000 AND 10100", 4),
        ("a BETWEEN 4000 AND 4200", 3),
        ("b >= 0", 0),
        // Between the values of two pages.
        ("b > 8190 AND b < 8192", 5),
    ] {
        let text = explained(client, &format!("SELECT sum(a) FROM t WHERE {condition}"));
        assert_eq!(figure(&text, "Pages Removed by Index"), pages, "{condition}");
    }
    client.run("CREATE TABLE few (a int)").ok();
    client.run("INSERT INTO few VALUES (2), (4)").ok();
    client.run("ANALYZE").ok();
    let text = explained(client, "SELECT sum(t.a) FROM few JOIN t ON t.b = few.a");
    assert_eq!(figure(&text, "Pages Removed by Dynamic Filter"), 4, "{text}");
}

#[test]
fn statistics_and_bloom_filters_spare_row_groups() {
    let server = Kalam::start();
    let mut client = server.connect("postgres");
    client.run("SET force_parallel_mode = on").ok();
    client.run("CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))").ok();
    // Four segments; the values of b are apart, their ranges are nearly the same.
    for n in 0..4 {
        let rows = "generate_series(1, 10) a, generate_series(0, 999) g";
        client.run(&format!("INSERT INTO t SELECT a, g * 4 + {n} FROM {rows}")).ok();
        client.run("STORAGE FLUSH TABLE t").ok();
    }
    let all = Removed { row_groups: 4, by_statistics: 0, by_bloom_filter: 0 };
    assert_eq!(removed(&mut client, "a + b > 0"), all);
    let found = removed(&mut client, "b = 2002");
    assert_eq!((found.row_groups, found.by_statistics), (4, 0));
    // One in a hundred lookups of an absent value is let through.
    assert!(found.by_bloom_filter >= 2, "{found:?}");
    let none = Removed { by_statistics: 4, ..all };
    assert_eq!(removed(&mut client, "b = 5000"), none);
    assert_eq!(removed(&mut client, "a BETWEEN 100 AND 200"), none);

    // Each segment has rows of one commit.
    let moments = client.run("SELECT DISTINCT _updated::text FROM t ORDER BY 1").ok();
    let third = moments.text(2, 0).expect("four commits").to_owned();
    let found = removed(&mut client, &format!("_updated >= '{third}'"));
    assert_eq!((found.by_statistics, found.by_bloom_filter), (2, 0));
    // And now one has rows of two, and nothing between.
    client.run("TRUNCATE t").ok();
    client.run("INSERT INTO t VALUES (1, 1)").ok();
    client.run("INSERT INTO t VALUES (1, 2)").ok();
    client.run("STORAGE FLUSH TABLE t").ok();
    let between = "_updated = (SELECT min(_updated) FROM t) + interval '1 microsecond'";
    let between = client.run(&format!("SELECT x::text FROM (SELECT {}) s(x)", &between[11..])).ok();
    let between = between.text(0, 0).expect("a moment").to_owned();
    let found = removed(&mut client, &format!("_updated = '{between}'"));
    assert_eq!((found.by_statistics, found.by_bloom_filter), (0, 1));
}

/// Segments are Parquet: DuckDB reads what we wrote, types and all.
#[test]
fn duckdb_reads_segments() {
    let server = Kalam::start();
    let mut client = server.connect("postgres");
    client
        .run(
            "CREATE TABLE kinds (id int PRIMARY KEY, n numeric(10, 2), wide numeric, t text, b boolean, \
             d date, moment timestamptz, j jsonb, list int[], u uuid)",
        )
        .ok();
    client
        .run(
            "INSERT INTO kinds VALUES (1, 1.50, 1e-20, 'grün', true, '2024-02-29', \
             '2024-02-29 12:00:00+00', '{\"a\": 1}', '{1,2}', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'), \
             (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        )
        .ok();
    client.run("STORAGE FLUSH TABLE kinds").ok();
    let path = client.run("SELECT path FROM system.segments").ok();
    let path = server.data().join("cold").join(path.text(0, 0).expect("a segment"));
    let sql = format!(
        "SELECT id, typeof(n), n, wide, t, b, d, epoch(moment), j, list FROM '{}' ORDER BY id",
        path.display()
    );
    let script = format!(
        "import duckdb\nfor row in duckdb.sql(\"\"\"{sql}\"\"\").fetchall(): print(*row, sep='|')"
    );
    let output = Command::new(python()).args(["-c", &script]).output().expect("scripts/setup");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "1|DECIMAL(10,2)|1.50|0.00000000000000000001|grün|True|2024-02-29|1709208000.0|{\"a\": 1}|{1,2}",
            "2|DECIMAL(10,2)|None|None|None|None|None|None|None|None",
        ],
        "{error}"
    );
}

/// The Python with DuckDB that `scripts/setup` installs beside the build.
fn python() -> PathBuf {
    let release = Path::new(env!("CARGO_BIN_EXE_kalamdb")).parent().expect("a directory");
    release.parent().expect("the target directory").join("tools/python/bin/python")
}
