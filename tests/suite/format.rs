//! Stores that earlier builds have written, and that this one must open.
//!
//! `tests/formats/N.dump` holds every key and value of a small database in format N, a line each, with
//! the bytes that are not printable escaped: rows of every type, keys of every kind of index, catalog
//! records, counters, sequences, statistics; `N.cold` its segments. The test makes a data directory of
//! them and asks this server and a PostgreSQL that has run [`SETUP`] the same questions. Whoever
//! changes a format so that this fails gives it a new version, keeps reading this one, and adds a
//! fixture of the new one:
//!
//! ```sh
//! cargo test --release --test suite -- --ignored write_the_formats_fixture
//! ```

use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server, postgres};
use rocksdb::{DB, IteratorMode, Options};
use std::fmt::Write as _;
use std::path::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats");

/// A format of the data directory.
struct Format {
    version: u32,
    families: &'static [&'static str],
    /// What [`SETUP`] is followed by.
    then: &'static [&'static str],
}

const FIRST: Format =
    Format { version: 1, families: &["default", "rows", "index", "meta"], then: &[] };

/// With segments, some of whose rows are dead or of an older version of their table.
const SECOND: Format = Format {
    version: 2,
    families: &["default", "rows", "index", "meta", "locators", "deletes"],
    then: &[
        "STORAGE FLUSH ALL",
        "UPDATE kinds SET t = 'changed' WHERE id = 1",
        "DELETE FROM heap WHERE v = 'row 3'",
        "UPDATE parent SET v = v + 1 WHERE a = 7",
        "ALTER TABLE parent ADD COLUMN added int DEFAULT 5",
        "ALTER TABLE heap RENAME COLUMN added TO renamed",
    ],
};

/// With the numbers of transactions, of hot rows and of cold ones.
const THIRD: Format = Format {
    version: 3,
    families: SECOND.families,
    then: &[
        "UPDATE parent SET v = v RETURNING xmin",
        "STORAGE FLUSH ALL",
        "UPDATE kinds SET t = 'changed' WHERE id = 1 RETURNING xmin",
        "DELETE FROM heap WHERE v = 'row 3'",
        "INSERT INTO heap VALUES ('row 6') RETURNING xmin",
        "ALTER TABLE heap RENAME COLUMN added TO renamed",
    ],
};

/// What the fixture's database was made by; schema `fixture` is there and in the search path.
const SETUP: [&str; 24] = [
    "CREATE TABLE kinds (id int PRIMARY KEY, b bool, i2 int2, i8 int8, f4 float4, f8 float8, \
     n numeric, np numeric(12, 3), t text, vc varchar(10), bc char(5), nm name, c \"char\", \
     by bytea, d date, ti time, tt timetz, ts timestamp, tz timestamptz, iv interval, u uuid, \
     j json, jb jsonb, ia int[], ta text[], o oid)",
    "INSERT INTO kinds VALUES (1, true, -7, 1234567890123, 1.5, -2.25, 123456789.000100, 1.5, \
     'grün', 'abc', 'ab', 'name', 'x', '\\x00ff', '2024-02-29', '12:34:56.789', '01:02:03+04', \
     '2001-02-03 04:05:06', '2001-02-03 04:05:06+07', '1 year 2 days 3.5 seconds', \
     '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '{\"a\": [1, 2]}', '{\"b\": null, \"a\": [1.50]}', \
     '{1,NULL,3}', '{x,\"y z\",NULL}', 42)",
    "INSERT INTO kinds VALUES (-2147483648, false, 32767, -9223372036854775808, 'NaN', '-Infinity', \
     'NaN', -0.001, '', '', '', '', '', '', '-infinity', '24:00', '00:00-15:59', 'infinity', \
     '4000-01-01 00:00:00+00 BC', '-1 mon', '00000000-0000-0000-0000-000000000000', '[]', \
     '\"text\"', '{}', '[0:1]={a,b}', 4294967295)",
    "INSERT INTO kinds (id) VALUES (2147483647)",
    "CREATE TABLE parent (a int, b text, v int, PRIMARY KEY (a, b))",
    "INSERT INTO parent VALUES (1, 'x', 10), (1, 'y', 20), (-1, 'x', 30), (5, 'gone', 0)",
    "UPDATE parent SET v = v + 1 WHERE b = 'x'",
    "UPDATE parent SET a = 7 WHERE v = 20",
    "DELETE FROM parent WHERE b = 'gone'",
    "CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b text, \
     amount numeric(10, 2) NOT NULL DEFAULT 1 CHECK (amount > 0), \
     twice numeric GENERATED ALWAYS AS (amount * 2) STORED, u int UNIQUE, \
     FOREIGN KEY (a, b) REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE)",
    "INSERT INTO child (a, b, amount, u) VALUES (1, 'x', 9.99, 1), (7, 'y', 5, NULL), (NULL, NULL, 3, NULL)",
    "CREATE INDEX child_amount ON child (amount DESC NULLS LAST, lower(b))",
    "CREATE UNIQUE INDEX child_part ON child (a) INCLUDE (amount) WHERE a > 5",
    "CREATE TABLE heap (v text, w int)",
    "INSERT INTO heap SELECT 'row ' || g, g FROM generate_series(1, 5) g",
    "ALTER TABLE heap ADD COLUMN added date DEFAULT '2020-01-01'",
    "ALTER TABLE heap DROP COLUMN w",
    "INSERT INTO heap VALUES ('late', '2021-01-01')",
    "CREATE SEQUENCE numbers INCREMENT 5 MINVALUE -100 START -100 CYCLE",
    "SELECT nextval('numbers'), nextval('numbers')",
    "CREATE VIEW totals AS SELECT p.a, sum(c.amount) AS total FROM parent p LEFT JOIN child c \
     USING (a, b) GROUP BY p.a",
    "COMMENT ON TABLE parent IS 'has children'",
    "CREATE TABLE held (k int CONSTRAINT later UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    "INSERT INTO held VALUES (1), (2), (NULL)",
];

/// What both are asked; the last ones change something.
const QUESTIONS: [&str; 22] = [
    "SELECT * FROM kinds ORDER BY id",
    "SELECT * FROM kinds WHERE id = -2147483648",
    "SELECT * FROM parent ORDER BY a, b",
    "SELECT v FROM parent WHERE a = 7 AND b = 'y'",
    "SELECT v FROM parent WHERE a = 5 AND b = 'gone'",
    "SELECT * FROM child ORDER BY id",
    "SELECT id FROM child WHERE u = 1",
    "SELECT id FROM child ORDER BY amount DESC NULLS LAST LIMIT 2",
    "SELECT id FROM child WHERE a = 7",
    "SELECT * FROM heap ORDER BY v",
    "SELECT * FROM totals ORDER BY a",
    "SELECT * FROM held ORDER BY k",
    "SELECT pg_get_viewdef('totals'::regclass)",
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint \
     WHERE connamespace = 'fixture'::regnamespace ORDER BY conname",
    "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'fixture'::regnamespace \
     ORDER BY relname",
    "SELECT obj_description('parent'::regclass)",
    "INSERT INTO parent VALUES (7, 'y', 0)",
    "INSERT INTO child (u) VALUES (1)",
    "INSERT INTO child (a, b) VALUES (99, 'none')",
    "DELETE FROM parent WHERE a = 7",
    "UPDATE parent SET a = 2 WHERE a = 1 RETURNING *",
    "SELECT a, b, amount, twice, u FROM child ORDER BY id",
];

#[test]
fn stores_of_the_first_format_open() {
    opens(&FIRST);
}

#[test]
fn stores_of_the_second_format_open() {
    opens(&SECOND);
}

#[test]
fn stores_of_the_third_format_open() {
    opens(&THIRD);
}

fn opens(format: &Format) {
    let data = Scratch::new("format");
    restore(format, data.path());
    let server = Kalam::start_on(data.path(), &[]);
    let mut ours = server.connect("postgres");
    let schema = format!("fixture_{}", format.version);
    let mut theirs = postgres().connect("postgres");
    theirs.run(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).ok();
    set_up(&mut theirs, &schema, format);
    ours.run("SET search_path = fixture").ok();
    for question in QUESTIONS {
        let found = ours.run(question);
        let expected = theirs.run(&question.replace("'fixture'", &format!("'{schema}'")));
        assert_eq!(
            found.error.as_ref().map(|e| &e[&'M']),
            expected.error.as_ref().map(|e| &e[&'M'])
        );
        assert_eq!(found.rows, expected.rows, "{question}");
    }
    // A sequence goes on behind the values that were logged ahead.
    let next = ours.run("SELECT nextval('numbers') > -95").ok();
    assert_eq!(next.text(0, 0), Some("t"));
    let cold = ours.run("SELECT count(*) > 3 FROM system.segments").ok();
    assert_eq!(cold.text(0, 0), Some(if format.version > 1 { "t" } else { "f" }));
    theirs.run(&format!("DROP SCHEMA {schema} CASCADE")).ok();
}

#[test]
#[ignore = "writes the fixture of the newest format anew"]
fn write_the_formats_fixture() {
    let data = Scratch::new("format");
    let server = Kalam::start_on(data.path(), &[]);
    let mut client = server.connect("postgres");
    set_up(&mut client, "fixture", &THIRD);
    client.run("ANALYZE fixture.heap").ok();
    assert!(server.terminate().success());
    let fixture = Path::new(FIXTURES).join(THIRD.version.to_string());
    let dumped = dump(&THIRD, data.path());
    std::fs::write(fixture.with_extension("dump"), dumped).expect("a written fixture");
    let segments = fixture.with_extension("cold");
    let _ = std::fs::remove_dir_all(&segments);
    copy_files(&data.path().join("cold"), &segments);
}

fn set_up(client: &mut Client, schema: &str, format: &Format) {
    client.run(&format!("CREATE SCHEMA {schema}")).ok();
    client.run(&format!("SET search_path = {schema}")).ok();
    let is_ours = schema == "fixture";
    for sql in SETUP.iter().chain(format.then) {
        if is_ours || !sql.starts_with("STORAGE") {
            client.run(sql).ok();
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a new directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy_files(&path, &target),
            false => drop(std::fs::copy(&path, &target).expect("a copied file")),
        }
    }
}

/// All keys and values of a store that nobody has open.
fn dump(format: &Format, data: &Path) -> String {
    let (options, families) = (Options::default(), format.families);
    let store = DB::open_cf_for_read_only(&options, data.join("hot"), families, false);
    let store = store.expect("an intact store");
    let mut text = String::new();
    for name in families {
        let family = store.cf_handle(name).expect("a column family");
        for entry in store.iterator_cf(family, IteratorMode::Start) {
            let (key, value) = entry.expect("an intact entry");
            let (key, value) = (key.escape_ascii(), value.escape_ascii());
            // A blank is printable, so the key's are escaped by hand.
            let key = key.to_string().replace(' ', "\\x20");
            let _ = writeln!(text, "{name} {key} {value}");
        }
    }
    text
}

/// Makes a data directory of a fixture.
fn restore(format: &Format, data: &Path) {
    let fixture = Path::new(FIXTURES).join(format.version.to_string());
    let dump = std::fs::read_to_string(fixture.with_extension("dump")).expect("the fixture");
    if format.version > 1 {
        copy_files(&fixture.with_extension("cold"), &data.join("cold"));
    }
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    let store = DB::open_cf(&options, data.join("hot"), format.families).expect("a new store");
    for line in dump.lines() {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().expect("a family, a key and a value");
        let family = store.cf_handle(word()).expect("a column family");
        let (key, value) = (unescape(word()), unescape(word()));
        store.put_cf(family, key, value).expect("a written entry");
    }
    let marker = format!("kalamdb data directory\n{}\n", format.version);
    std::fs::write(data.join("FORMAT"), marker).expect("a written file");
}

/// The bytes that `escape_ascii` was given.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().expect("an escape") {
                b'x' => {
                    let digits = [rest.next(), rest.next()].map(|d| d.expect("two digits"));
                    let digits = std::str::from_utf8(&digits).expect("ASCII").to_owned();
                    u8::from_str_radix(&digits, 16).expect("a byte in hexadecimal")
                }
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                other => other,
            },
            byte => byte,
        });
    }
    bytes
}
