//! The same messages are sent to both servers, and every message that comes back must be the same:
//! kinds, order and bodies, but for error fields that name PostgreSQL's source.

use crate::harness::{Client, Kalam, Server, postgres};

/// Messages of the frontend, built by hand so that they can be wrong.
fn parse(name: &str, sql: &str, types: &[u32]) -> (u8, Vec<u8>) {
    let mut body = [name.as_bytes(), &[0], sql.as_bytes(), &[0]].concat();
    body.extend_from_slice(&u16::try_from(types.len()).expect("few types").to_be_bytes());
    types.iter().for_each(|t| body.extend_from_slice(&t.to_be_bytes()));
    (b'P', body)
}

fn count(n: usize) -> [u8; 2] {
    u16::try_from(n).expect("few").to_be_bytes()
}

/// Values with their formats, as Bind and FunctionCall have them.
fn put_values(body: &mut Vec<u8>, formats: &[i16], values: &[Option<&[u8]>]) {
    body.extend_from_slice(&count(formats.len()));
    formats.iter().for_each(|f| body.extend_from_slice(&f.to_be_bytes()));
    body.extend_from_slice(&count(values.len()));
    for value in values {
        let length = value.map_or(-1, |v| i32::try_from(v.len()).expect("short"));
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.unwrap_or_default());
    }
}

fn bind(
    portal: &str,
    statement: &str,
    formats: &[i16],
    values: &[Option<&[u8]>],
    results: &[i16],
) -> (u8, Vec<u8>) {
    let mut body = [portal.as_bytes(), &[0], statement.as_bytes(), &[0]].concat();
    put_values(&mut body, formats, values);
    body.extend_from_slice(&count(results.len()));
    results.iter().for_each(|f| body.extend_from_slice(&f.to_be_bytes()));
    (b'B', body)
}

fn describe(kind: u8, name: &str) -> (u8, Vec<u8>) {
    (b'D', [&[kind], name.as_bytes(), &[0]].concat())
}

fn close(kind: u8, name: &str) -> (u8, Vec<u8>) {
    (b'C', [&[kind], name.as_bytes(), &[0]].concat())
}

fn execute(portal: &str, rows_max: i32) -> (u8, Vec<u8>) {
    (b'E', [portal.as_bytes(), &[0], &rows_max.to_be_bytes()].concat())
}

fn query(sql: &str) -> (u8, Vec<u8>) {
    (b'Q', [sql.as_bytes(), &[0]].concat())
}

fn sync() -> (u8, Vec<u8>) {
    (b'S', Vec::new())
}

fn flush() -> (u8, Vec<u8>) {
    (b'H', Vec::new())
}

/// Sends everything, then reads until as many ReadyForQuery have come as were asked for.
fn exchange(client: &mut Client, messages: &[(u8, Vec<u8>)]) -> Vec<String> {
    let mut expected = 0;
    for (kind, body) in messages {
        client.send(*kind, body).expect("the server reads");
        expected += usize::from(matches!(kind, b'S' | b'Q' | b'F'));
    }
    let mut seen = Vec::new();
    while expected > 0 {
        let (kind, body) = client.receive().expect("the server answers");
        expected -= usize::from(kind == b'Z');
        seen.push(show(kind, &body));
    }
    seen
}

/// A message as text; of errors and notices only the fields a client acts on; of RowDescription not
/// the table's OID.
fn show(kind: u8, body: &[u8]) -> String {
    let text = match kind {
        b'E' | b'N' => body
            .split(|b| *b == 0)
            .filter(|f| f.first().is_some_and(|k| b"SCMDHPW".contains(k)))
            .map(|f| String::from_utf8_lossy(f).into_owned())
            .collect::<Vec<_>>()
            .join(" "),
        b'T' => without_table_oids(body),
        // But for the sender's process.
        b'A' => format!("{}", body[4..].escape_ascii()),
        _ => format!("{}", body.escape_ascii()),
    };
    format!("{} {text}", kind as char)
}

fn without_table_oids(body: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = &body[2..];
    while let Some(end) = rest.iter().position(|b| *b == 0) {
        text +=
            &format!("{} {} ", rest[..end].escape_ascii(), rest[end + 5..end + 19].escape_ascii());
        rest = &rest[end + 19..];
    }
    text
}

/// Both servers answer each batch of messages alike.
#[track_caller]
fn assert_alike(batches: &[&[(u8, Vec<u8>)]]) {
    let kalam = Kalam::start();
    let mut ours = kalam.connect("postgres");
    let mut theirs = postgres().connect("postgres");
    for batch in batches {
        let expected = exchange(&mut theirs, batch);
        assert_eq!(exchange(&mut ours, batch), expected, "after {batch:?}");
    }
}

/// asyncpg sends Parse, Describe, Flush and waits; the server kept the error until Sync, since
/// after an error it drops messages, Flush among them.
#[test]
fn errors_are_sent_at_once() {
    let kalam = Kalam::start();
    let mut ours = kalam.connect("postgres");
    let mut theirs = postgres().connect("postgres");
    let divide = parse("", "SELECT 1 / (g - $1::int) FROM generate_series(1, 1) g", &[]);
    let waits: [&[(u8, Vec<u8>)]; 3] = [
        &[parse("", "SELEKT 1", &[]), describe(b'S', ""), flush()],
        &[divide, bind("", "", &[], &[Some(b"1")], &[]), execute("", 0)],
        &[close(b'S', ""), bind("", "missing", &[], &[], &[]), flush()],
    ];
    for messages in waits {
        let until_error = |client: &mut Client| {
            for (kind, body) in messages {
                client.send(*kind, body).expect("the server reads");
            }
            let mut seen = Vec::new();
            while !seen.last().is_some_and(|message: &String| message.starts_with('E')) {
                let (kind, body) = client.receive().expect("the server answers");
                seen.push(show(kind, &body));
            }
            seen.extend(exchange(client, &[sync()]));
            seen
        };
        let expected = until_error(&mut theirs);
        assert_eq!(until_error(&mut ours), expected, "after {messages:?}");
    }
}

/// A notification was sent to a session that stopped listening in the same transaction, and not to one
/// that began to.
#[test]
fn notifications_go_by_what_their_transaction_listens_on() {
    assert_alike(&[
        &[query("BEGIN; NOTIFY a, 'heard'; LISTEN a; NOTIFY b, 'unheard'; COMMIT")],
        &[query("LISTEN b; NOTIFY b")],
        &[
            query("BEGIN"),
            query("UNLISTEN a"),
            query("NOTIFY a"),
            query("NOTIFY b"),
            query("COMMIT"),
        ],
        &[query("BEGIN; UNLISTEN *; NOTIFY b; ROLLBACK")],
        &[query("NOTIFY b, 'still heard'")],
    ]);
}

#[test]
fn binary_copy_names_the_column_that_it_cannot_read() {
    let header = [b"PGCOPY\n\xff\r\n\0".as_slice(), &[0; 8]].concat();
    let load = |row: &[u8]| {
        let data = [header.as_slice(), row].concat();
        [query("COPY narrow FROM STDIN BINARY"), (b'd', data), (b'c', Vec::new())]
    };
    assert_alike(&[
        &[query("CREATE TABLE narrow (a int, b int2)")],
        &load(&[0, 2, 255, 255, 255, 255, 0, 0, 0, 4, 0, 0, 0, 1]),
        &load(&[0, 2, 255, 255, 255, 255, 255, 255, 255, 254]),
        &load(&[0, 1, 255, 255, 255, 255]),
    ]);
}

/// sqlx explains every statement that it checks, by EXECUTE: those without a plan, too.
#[test]
fn what_has_no_plan_is_explained_in_every_format() {
    assert_alike(&[
        &[parse("show", "SHOW work_mem", &[]), sync()],
        &[query("EXPLAIN EXECUTE show")],
        &[query("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE show")],
        &[query("EXPLAIN (FORMAT XML) EXECUTE show")],
        &[query("EXPLAIN (FORMAT YAML) EXECUTE show")],
    ]);
}

/// psycopg 3 declares its cursors, and clients explain their queries, with the query's parameters.
#[test]
fn utility_statements_take_the_parameters_of_their_query() {
    let run = |sql: &str, value: &'static [u8]| {
        let bound = bind("", "", &[], &[Some(value)], &[]);
        vec![parse("", sql, &[]), describe(b'S', ""), bound, execute("", 0), sync()]
    };
    let explain = |sql: &str| {
        let bound = bind("", "", &[], &[Some(b"1")], &[]);
        vec![parse("", sql, &[]), describe(b'S', ""), bound, describe(b'P', ""), sync()]
    };
    let declare = run("DECLARE c SCROLL CURSOR FOR SELECT generate_series(1, $1)", b"3");
    let held = run("DECLARE h CURSOR WITH HOLD FOR SELECT $1::text || 'x'", b"y");
    assert_alike(&[
        &[query("BEGIN")],
        &declare,
        &[query("FETCH ALL FROM c")],
        &held,
        &[query("COMMIT")],
        &[query("FETCH ALL FROM h")],
        &explain("EXPLAIN SELECT $1::int"),
        &run("CREATE TABLE made AS SELECT $1::int + 1 AS a, $1 AS b", b"41"),
        &[query("SELECT * FROM made")],
        &run("SELECT $1::text AS a INTO into_made", b"x"),
        &[query("SELECT * FROM into_made")],
        &explain("EXPLAIN (ANALYZE, FORMAT JSON) INSERT INTO made VALUES ($1)"),
        &explain("EXPLAIN CREATE TABLE made_not AS SELECT $1::int"),
        &[query("CREATE PROCEDURE next(INOUT a int) LANGUAGE sql AS 'SELECT a + 1'")],
        &run("CALL next($1)", b"1"),
        &[query("DROP PROCEDURE next")],
        &run("CREATE VIEW v AS SELECT $1::int AS a", b"1"),
        &run("COPY (SELECT $1::int) TO STDOUT", b"1"),
        &run("CREATE TABLE plain (a int)", b"1"),
        &[parse("", "CREATE TABLE plain (a int)", &[0]), sync()],
        &[parse("", "EXPLAIN SELECT $1", &[]), describe(b'S', ""), sync()],
        &[parse("", "EXPLAIN SELECT $2::int", &[]), describe(b'S', ""), sync()],
        &run("DECLARE d CURSOR FOR SELECT nothing FROM made WHERE a = $1", b"1"),
        &[query("DROP TABLE made, into_made")],
    ]);
    // Plans are each server's own.
    let kalam = Kalam::start();
    let seen = exchange(
        &mut kalam.connect("postgres"),
        &run("EXPLAIN (ANALYZE, COSTS OFF) SELECT generate_series(1, $1)", b"3"),
    );
    assert!(seen.iter().any(|message| message.contains("rows=3")), "{seen:?}");
}

/// JDBC's `{? = call lower(?)}` has its result among the parameters, as void.
#[test]
fn void_parameters_are_no_arguments() {
    const VOID: u32 = 2278;
    const VARCHAR: u32 = 1043;
    let call = "select * from lower($1,$2) as result";
    assert_alike(&[
        &[
            parse("", call, &[VOID, VARCHAR]),
            bind("", "", &[], &[None, Some(b"AbC")], &[]),
            describe(b'P', ""),
            execute("", 0),
            sync(),
        ],
        &[parse("", "SELECT lower($1)", &[VOID]), sync()],
        &[parse("", "SELECT count($1)", &[VOID]), sync()],
    ]);
}

/// PDO shows the whole error, in which PostgreSQL says which parameter it is about.
#[test]
fn a_parameter_that_cannot_be_read_is_named() {
    let bad = |portal: &str, formats: &[i16], value: &[u8]| {
        bind(portal, "s", formats, &[None, Some(value)], &[])
    };
    let int = parse("s", "SELECT $1::text, $2::int4", &[]);
    assert_alike(&[
        &[int, sync()],
        &[bad("", &[], b"it's"), sync()],
        &[bad("p", &[], b"x"), sync()],
        &[bad("", &[], b"\xff"), sync()],
        &[bad("", &[1], b"abc"), sync()],
        &[query("SET log_parameter_max_length_on_error = 3")],
        &[bad("", &[], b"it's"), sync()],
        &[bad("", &[], b"x"), sync()],
        &[query("SET log_parameter_max_length_on_error = -1"), bad("", &[], b"it's"), sync()],
        &[close(b'S', "s"), parse("s", "SELECT $1::text, $2::json", &[]), sync()],
        &[bad("", &[], b"{\"a\": x}"), sync()],
    ]);
}

/// psqlODBC says what it was doing by the message that failed; PostgreSQL computes constants at Bind.
#[test]
fn constants_are_computed_at_bind() {
    assert_alike(&[
        &[parse("s", "SELECT 1 / 0 AS a, $1::text", &[]), describe(b'S', "s"), sync()],
        &[bind("", "s", &[], &[None], &[]), sync()],
        &[parse("", "INSERT INTO pg_temp.nothing VALUES (1 / 0)", &[]), sync()],
        &[parse("", "SELECT 'x'::int4, 1 / 0", &[]), sync()],
    ]);
}

/// Drivers read and write large objects so: one function by its OID, without a statement.
#[test]
fn functions_are_called_by_oid() {
    const ABS: u32 = 1397;
    const LO_FROM_BYTEA: u32 = 3457;
    const LO_GET: u32 = 3458;
    const GENERATE_SERIES: u32 = 1067;
    let call = |function: u32, formats: &[i16], values: &[Option<&[u8]>], result: i16| {
        let mut body = function.to_be_bytes().to_vec();
        put_values(&mut body, formats, values);
        body.extend_from_slice(&result.to_be_bytes());
        (b'F', body)
    };
    let oid: &[u8] = &410_001_u32.to_be_bytes();
    let make = || call(LO_FROM_BYTEA, &[1, 0], &[Some(oid), Some(b"\\x0102")], 1);
    assert_alike(&[
        &[call(ABS, &[], &[Some(b"-5")], 0)],
        &[call(ABS, &[1], &[Some(&(-5_i32).to_be_bytes())], 1)],
        &[call(ABS, &[], &[None], 0)],
        &[call(ABS, &[], &[], 0)],
        &[call(ABS, &[0, 0], &[Some(b"1")], 0)],
        &[call(4_000_000, &[], &[Some(b"x")], 0)],
        &[call(GENERATE_SERIES, &[], &[Some(b"1"), Some(b"2")], 0)],
        &[make(), call(LO_GET, &[1], &[Some(oid)], 0), call(LO_GET, &[1], &[Some(oid)], 1)],
        &[make()],
        &[query("SELECT lo_unlink(410001)")],
        &[query("BEGIN"), call(LO_GET, &[1], &[Some(oid)], 0), call(ABS, &[], &[Some(b"1")], 0)],
        &[query("ROLLBACK"), call(ABS, &[], &[Some(b"1")], 0)],
    ]);
}

/// A query as bytes, which need not be UTF-8.
fn raw_query(sql: &[u8]) -> (u8, Vec<u8>) {
    (b'Q', [sql, &[0]].concat())
}

#[test]
fn text_is_in_the_clients_encoding() {
    const TEXT_ARRAY: u32 = 1009;
    let array = b"\0\0\0\x01\0\0\0\0\0\0\0\x19\0\0\0\x01\0\0\0\x01\0\0\0\x02\xe9a";
    let both = |formats: &[i16], value: &[u8], results: &[i16]| {
        [bind("", "s", formats, &[Some(value)], results), execute("", 0), sync()]
    };
    let text = parse("s", "SELECT $1::text, octet_length($1::text), ROW($1::text)", &[]);
    let arrays = parse("s", "SELECT $1, octet_length($1[1]), ROW($1)", &[TEXT_ARRAY]);
    let json = parse("s", "SELECT $1::jsonb, octet_length($1::jsonb::text)", &[]);
    assert_alike(&[
        &[query("SET client_encoding = 'LATIN1'")],
        &[raw_query(b"SELECT '\xe9' AS \"\xfc\", octet_length('\xe9')")],
        &[raw_query(b"SELECT '\xe9', no_such_column")],
        &[raw_query(b"SELECT no_such_\xe9")],
        &[raw_query(b"SELECT 'ok' WHERE '\xe9' = chr(12354)")],
        &[query("SELECT chr(12354)")],
        &[text, sync()],
        &both(&[], b"\xe9", &[]),
        &both(&[1], b"\xe9", &[1]),
        &[close(b'S', "s"), arrays, sync()],
        &both(&[1], array, &[1]),
        &both(&[], b"{\xe9}", &[0]),
        &[close(b'S', "s"), json, sync()],
        &both(&[1], b"\x01[\"\xe9\"]", &[1]),
        &[raw_query(b"PREPARE \"\xe9\" AS SELECT 1"), raw_query(b"EXECUTE \"\xe9\"")],
        &[raw_query(b"SET application_name = '\xe9'")],
        &[raw_query(b"SELECT current_setting('\xe9')"), query("SHOW application_name")],
        &[query("CREATE TEMP TABLE encoded (a text, b text)")],
        &[
            query("COPY encoded FROM STDIN"),
            (b'd', b"\xe9\t1\nx".to_vec()),
            (b'd', b"\xfc\t2\n".to_vec()),
            (b'c', Vec::new()),
        ],
        &[
            query("COPY encoded FROM STDIN (ENCODING 'EUC_JP')"),
            (b'd', b"\xa4".to_vec()),
            (b'd', b"\xa2\t3\n".to_vec()),
            (b'c', Vec::new()),
        ],
        &[
            query("COPY encoded FROM STDIN (ENCODING 'EUC_JP')"),
            (b'd', b"a\t1\n\xa4\t3\n".to_vec()),
            (b'c', Vec::new()),
        ],
        &[query("SELECT b, octet_length(a) FROM encoded ORDER BY b")],
        &[query("COPY (SELECT * FROM encoded WHERE b < '3') TO STDOUT")],
        &[query(
            "COPY (SELECT * FROM encoded WHERE b < '3') TO STDOUT (FORMAT csv, ENCODING 'UTF8')",
        )],
        &[query("COPY (SELECT * FROM encoded WHERE b = '3') TO STDOUT (ENCODING 'SJIS')")],
        &[query("COPY (SELECT * FROM encoded WHERE b = '3') TO STDOUT")],
        &[query("SET client_encoding = 'EUC_JP'"), raw_query(b"SELECT '\xa4'")],
        &[raw_query(b"SELECT '\x8f\xa1\xa1'"), raw_query(b"SELECT '\xa4\xa2'")],
        &[query("BEGIN"), query("SET client_encoding = 'SJIS'"), query("SELECT chr(12354)")],
        &[query("ROLLBACK"), query("SELECT chr(12354)")],
    ]);
}

/// pgjdbc prepares again by itself where it sees which of PostgreSQL's functions complains.
#[test]
fn a_changed_result_type_names_its_routine() {
    let kalam = Kalam::start();
    for server in [postgres() as &dyn Server, &kalam] {
        let mut session = server.connect("postgres");
        session.run("DROP TABLE IF EXISTS retyped").ok();
        session.run("CREATE TABLE retyped (a int)").ok();
        exchange(&mut session, &[parse("s", "SELECT * FROM retyped", &[]), sync()]);
        server.connect("postgres").run("ALTER TABLE retyped ADD b int").ok();
        session.send(b'B', &bind("", "s", &[], &[], &[]).1).expect("the server reads");
        session.send(b'S', &[]).expect("the server reads");
        let outcomes = session.collect().expect("the server answers");
        let error = outcomes[0].error.as_ref().expect("an error");
        assert_eq!(
            (error[&'C'].as_str(), error[&'R'].as_str()),
            ("0A000", "RevalidateCachedQuery")
        );
    }
}

#[test]
fn statements_and_portals_live_as_long_as_in_postgresql() {
    assert_alike(&[
        &[parse("s", "SELECT $1::int + 1 AS r", &[]), describe(b'S', "s"), sync()],
        &[bind("", "s", &[], &[Some(b"41")], &[]), describe(b'P', ""), execute("", 0), sync()],
        &[bind("", "s", &[1], &[Some(&[0, 0, 0, 7])], &[1]), execute("", 0), sync()],
        &[parse("s", "SELECT 1", &[]), sync()],
        &[
            close(b'S', "s"),
            parse("s", "SELECT 2", &[]),
            bind("p", "s", &[], &[], &[]),
            execute("p", 0),
            sync(),
        ],
        &[execute("p", 0), sync()],
        &[bind("", "missing", &[], &[], &[]), sync()],
        &[execute("missing", 0), sync()],
        &[describe(b'S', "missing"), sync()],
        &[describe(b'P', "missing"), sync()],
        &[close(b'S', "missing"), close(b'P', "missing"), sync()],
        &[
            parse("", "", &[]),
            bind("", "", &[], &[], &[]),
            describe(b'P', ""),
            execute("", 0),
            sync(),
        ],
        &[parse("", "SELECT 1; SELECT 2", &[]), sync()],
        &[query("BEGIN")],
        &[parse("s2", "SELECT 3", &[]), bind("p2", "s2", &[], &[], &[]), sync()],
        &[execute("p2", 0), sync()],
        &[bind("p2", "s2", &[], &[], &[]), sync()],
        &[query("ROLLBACK")],
        &[bind("p3", "s2", &[], &[], &[]), execute("p3", 0), sync()],
        &[query("")],
        &[query(" ; ; ")],
    ]);
}

#[test]
fn row_limits_suspend_portals() {
    let rows = "SELECT g FROM generate_series(1, 5) g";
    assert_alike(&[
        &[
            query("BEGIN"),
            parse("", rows, &[]),
            bind("p", "", &[], &[], &[]),
            execute("p", 2),
            sync(),
        ],
        &[execute("p", 2), sync()],
        &[execute("p", 2), execute("p", 2), sync()],
        &[query("COMMIT")],
        &[
            parse("", rows, &[]),
            bind("", "", &[], &[], &[]),
            execute("", 2),
            execute("", 0),
            sync(),
        ],
        &[
            parse("", rows, &[]),
            bind("", "", &[], &[], &[]),
            execute("", 5),
            execute("", 1),
            sync(),
        ],
        &[query("CREATE TABLE limits (a int)")],
        &[
            parse("", "INSERT INTO limits SELECT generate_series(1, 3) RETURNING a", &[]),
            bind("", "", &[], &[], &[]),
            execute("", 1),
            execute("", 1),
            sync(),
        ],
        &[query("SELECT count(*) FROM limits"), query("DROP TABLE limits")],
    ]);
}

#[test]
fn errors_skip_to_sync() {
    assert_alike(&[
        &[
            // A sub-query, because PostgreSQL computes constants at Bind already.
            parse("", "SELECT 1 / (SELECT $1::int)", &[]),
            bind("", "", &[], &[Some(b"0")], &[]),
            execute("", 0),
            parse("", "SELECT 2", &[]),
            bind("", "", &[], &[], &[]),
            execute("", 0),
            sync(),
            query("SELECT 3"),
        ],
        &[parse("", "SELEC", &[]), flush(), execute("", 0), sync(), query("SELECT 5")],
        &[parse("", "SELECT $1::int", &[]), bind("", "", &[], &[Some(b"x")], &[]), sync()],
        &[parse("", "SELECT $1::int", &[]), bind("", "", &[], &[], &[]), sync()],
        &[parse("", "SELECT $1::int", &[]), bind("", "", &[1], &[Some(b"abc")], &[]), sync()],
        &[parse("", "SELECT $1::int", &[]), bind("", "", &[2], &[Some(b"1")], &[]), sync()],
        &[parse("", "SELECT $1::int", &[]), bind("", "", &[0, 0], &[Some(b"1")], &[]), sync()],
        &[parse("", "SELECT $1::int", &[]), bind("", "", &[], &[Some(b"1")], &[0, 0]), sync()],
        &[parse("", "SELECT $1", &[]), describe(b'S', ""), sync()],
        &[parse("", "SELECT $2::int", &[]), describe(b'S', ""), sync()],
        &[parse("", "SELECT $1 + $1::int, $2 || 'x'", &[0, 1043]), describe(b'S', ""), sync()],
        &[
            parse("", "SELECT $1::text", &[]),
            bind("", "", &[], &[Some(b"\xff")], &[]),
            execute("", 0),
            sync(),
        ],
        &[
            parse("", "SELECT $1::text", &[]),
            bind("", "", &[], &[Some(b"a\0b")], &[]),
            execute("", 0),
            sync(),
        ],
        &[
            query("BEGIN"),
            parse("", "SELECT 1 / (SELECT 0)", &[]),
            bind("", "", &[], &[], &[]),
            execute("", 0),
            sync(),
        ],
        &[parse("", "SELECT 1", &[]), sync()],
        &[parse("", "ROLLBACK", &[]), bind("", "", &[], &[], &[]), execute("", 0), sync()],
    ]);
}

#[test]
fn a_pipeline_is_one_implicit_transaction() {
    let run = |sql: &str| vec![parse("", sql, &[]), bind("", "", &[], &[], &[]), execute("", 0)];
    let batch = |statements: &[&str]| {
        let mut messages: Vec<_> = statements.iter().flat_map(|s| run(s)).collect();
        messages.push(sync());
        messages
    };
    assert_alike(&[
        &batch(&["CREATE TABLE pipeline (a int PRIMARY KEY)"]),
        &batch(&["INSERT INTO pipeline VALUES (1)", "INSERT INTO pipeline VALUES (1)"]),
        &batch(&["SELECT count(*) FROM pipeline"]),
        &[query("INSERT INTO pipeline VALUES (1); INSERT INTO pipeline VALUES (2)")],
        &[query("INSERT INTO pipeline VALUES (3); SELECT 1/0; INSERT INTO pipeline VALUES (4)")],
        &[query("SELECT a FROM pipeline ORDER BY a")],
        &[query(
            "INSERT INTO pipeline VALUES (5); BEGIN; INSERT INTO pipeline VALUES (6); ROLLBACK; INSERT INTO pipeline VALUES (7)",
        )],
        &[query("SELECT a FROM pipeline ORDER BY a")],
        &[query("BEGIN; INSERT INTO pipeline VALUES (8); COMMIT; SELECT 1/0")],
        &[query("SELECT a FROM pipeline ORDER BY a")],
        &batch(&[
            "BEGIN",
            "INSERT INTO pipeline VALUES (9)",
            "COMMIT",
            "SELECT count(*) FROM pipeline",
        ]),
        &[query("DROP TABLE pipeline")],
    ]);
}

#[test]
fn copy_is_ended_by_done_or_fail() {
    let data = |bytes: &[u8]| (b'd', bytes.to_vec());
    let done = || (b'c', Vec::new());
    assert_alike(&[
        &[query("CREATE TABLE copied (a int PRIMARY KEY, b text)")],
        &[query("COPY copied FROM STDIN"), data(b"1\tone\n2\t"), data(b"\\N\n"), done()],
        &[query("SELECT * FROM copied ORDER BY a")],
        &[query("COPY copied FROM STDIN"), data(b"3\tthree\n"), (b'f', b"stop\0".to_vec())],
        &[query("COPY copied FROM STDIN"), data(b"x\tthree\n"), done()],
        &[query("COPY copied FROM STDIN"), data(b"4\n"), done()],
        &[query("COPY copied FROM STDIN"), data(b"4\ta\tb\n"), done()],
        &[query("COPY copied FROM STDIN"), data(b"1\tdup\n"), done()],
        &[
            query("COPY copied FROM STDIN (FORMAT csv)"),
            data(b"5,\"a,\"\"b\"\n6,\n7,\"\"\n"),
            done(),
        ],
        &[query("COPY copied FROM STDIN (FORMAT csv, HEADER)"), data(b"a,b\n8,x\n"), done()],
        &[query("COPY copied FROM STDIN (FORMAT csv)"), data(b"9,\"open\n"), done()],
        &[
            query("COPY copied (b, a) FROM STDIN (DELIMITER '|', NULL 'nil')"),
            data(b"nil|10\nx\\|y|11\n"),
            done(),
        ],
        &[query("COPY copied FROM STDIN"), data(b"12\t\\x41\\101\\t\\\\\n\\.\n"), done()],
        &[
            query("COPY copied FROM STDIN (FORMAT binary)"),
            data(
                b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x04\0\0\0\x0d\0\0\0\x02hi\xff\xff",
            ),
            done(),
        ],
        &[query("COPY copied FROM STDIN (FORMAT binary)"), data(b"nonsense"), done()],
        &[query("SELECT * FROM copied ORDER BY a")],
        &[query("COPY copied TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (b))")],
        &[query("DROP TABLE copied")],
    ]);
}

/// COPY writes rows in batches: which of several errors is told, and about which line, as PostgreSQL
/// does.
#[test]
fn copy_tells_the_first_error_of_a_batch() {
    let copy = |sql: &str, lines: &str| {
        vec![query(sql), (b'd', lines.as_bytes().to_vec()), (b'c', Vec::new())]
    };
    let many = |numbers: std::ops::Range<u32>, end: &str| {
        let lines: String = numbers.map(|n| format!("{n}\tn{n}\n")).collect();
        lines + end
    };
    assert_alike(&[
        &[query("CREATE TABLE loaded (a int PRIMARY KEY, b text, CHECK (a > 0))")],
        &[query("CREATE TABLE keyed (a int PRIMARY KEY, b text UNIQUE, c int REFERENCES keyed)")],
        &[query("CREATE TABLE child (a int PRIMARY KEY, b int REFERENCES loaded)")],
        // A line that cannot be read is told before a key that is there twice.
        &copy("COPY loaded FROM STDIN", "1\ta\n1\tb\nx\tc\n"),
        &copy("COPY loaded FROM STDIN", "1\ta\n1\tb\n-1\tc\n"),
        &copy("COPY loaded FROM STDIN", "2\ta\n1\tb\n2\tc\n"),
        &copy("COPY loaded FROM STDIN", &many(1..1500, "7\ttwice\nx\ty\n")),
        &copy("COPY loaded FROM STDIN", &many(1..3000, "")),
        &copy("COPY loaded FROM STDIN", &many(4000..6500, "17\ttwice\n")),
        &copy("COPY loaded FROM STDIN", "3999\tbefore\n3500\tout of order\n7000\tafter\n"),
        &copy("COPY loaded FROM STDIN", "8000\ta\n7999\tb\n8000\tc\n"),
        &[query("SELECT count(*), sum(a), min(b), max(b) FROM loaded")],
        &copy("COPY keyed FROM STDIN", "1\tx\t2\n2\ty\t1\n3\tz\t\\N\n"),
        &copy("COPY keyed FROM STDIN", "4\tw\t1\n5\tx\t1\n4\tv\t1\n"),
        &copy("COPY keyed FROM STDIN", "4\tw\t9\n"),
        &[query("SELECT * FROM keyed ORDER BY a")],
        &copy("COPY child FROM STDIN", "1\t1\n2\t1\n3\t\\N\n"),
        &copy("COPY child FROM STDIN", "4\t1\n5\t9999999\n6\t1\n"),
        &copy("COPY child (b) FROM STDIN", "1\n"),
        &copy("COPY child FROM STDIN WHERE b = 2", "7\t1\n8\t2\n9\t3\n"),
        &[query("BEGIN"), query("DELETE FROM child WHERE a = 1")],
        &copy("COPY child FROM STDIN", "1\t2\n10\t2\n"),
        &copy("COPY child FROM STDIN", "11\t2\n12\t2\n"),
        &[query("UPDATE child SET b = 3 WHERE a = 11"), query("COMMIT")],
        &[query("SELECT * FROM child ORDER BY a")],
        &[query("DROP TABLE child, keyed, loaded")],
    ]);
}

/// Numbers in a text may be anything: repeated texts that differ in them mean what each of them says.
#[test]
fn texts_that_differ_in_numbers_keep_their_meaning() {
    let statements = |templates: &[&str], numbers: &[i64]| {
        let mut all = Vec::new();
        for template in templates {
            all.extend(numbers.iter().map(|n| query(&template.replace('#', &n.to_string()))));
        }
        all
    };
    assert_alike(&[
        &[query(
            "CREATE TABLE numbers (a int PRIMARY KEY, s smallint, n numeric(4, 1), b bigint, t text)",
        )],
        &statements(
            &[
                "INSERT INTO numbers VALUES (#, 1, 2, 3, '4')",
                "INSERT INTO numbers (a, b) VALUES (-#, -#)",
            ],
            &[1, 2, 3, 4],
        ),
        &statements(
            &[
                "SELECT # FROM numbers WHERE a = #",
                "SELECT a, b FROM numbers WHERE a = -#",
                "SELECT a, b FROM numbers WHERE a = # AND b = #;",
                "SELECT a + # AS sum FROM numbers WHERE a = 1",
                "SELECT a FROM numbers WHERE b = # OR a = #",
                "SELECT pg_typeof(#), #",
                "UPDATE numbers SET b = b + # WHERE a = 1",
                "UPDATE numbers SET b = b - -# WHERE a = 1 RETURNING b, #",
                "UPDATE numbers SET s = # WHERE a = 2",
                "UPDATE numbers SET n = # WHERE a = 2",
                "UPDATE numbers SET b = # WHERE a = 2",
                "UPDATE numbers SET t = # WHERE a = 2",
                "UPDATE numbers SET s = # WHERE a = 99",
                "DELETE FROM numbers WHERE a = #",
            ],
            &[1, 2, 3, 40_000, 70_000, 3_000_000_000],
        ),
        &statements(
            &[
                "SELECT a, b FROM numbers ORDER BY #",
                "SELECT a, b FROM numbers ORDER BY a LIMIT #",
                "SELECT count(*) FROM numbers GROUP BY a + # HAVING a + # > 0 ORDER BY 1",
                "SELECT a / # FROM numbers WHERE a = 99",
                "SELECT 1 / # FROM numbers WHERE a = 99",
                "SELECT 1 / # FROM numbers WHERE a = -1",
                "SELECT a FROM numbers WHERE a = 'x#'",
                "SELECT a AS c# FROM numbers WHERE a = -1",
                "SELECT # WHERE # = 1",
                "SELECT repeat('x', #)",
                "SELECT substr(t, #) FROM numbers WHERE a = 1",
                "SELECT a FROM numbers WHERE a IN (#, 3)",
                "SELECT a FROM numbers WHERE t = #",
            ],
            &[0, 1, 2, 3, 2],
        ),
        &[query("SELECT * FROM numbers ORDER BY a")],
        &[query("DROP TABLE numbers")],
    ]);
}

#[test]
fn a_cancel_request_stops_the_statement() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    client.send_query("SELECT pg_sleep(600)").expect("the server reads");
    let mut control = kalam.connect("postgres");
    let active =
        format!("SELECT 1 FROM pg_stat_activity WHERE pid = {} AND state = 'active'", client.pid);
    while control.run(&active).ok().rows.is_empty() {}
    Client::cancel(kalam.port, client.pid, client.secret).expect("the server listens");
    let outcome = client.collect().expect("the server answers").pop().expect("an outcome");
    assert_eq!(outcome.sqlstate(), Some("57014"));
    assert_eq!(client.run("SELECT 1").ok().text(0, 0), Some("1"));
}

#[test]
fn sigterm_lets_sessions_know_and_exits_with_0() {
    let kalam = Kalam::start();
    let mut client = kalam.connect("postgres");
    assert!(kalam.terminate().success());
    let outcome = client.collect().expect("a last message").pop().expect("an error");
    assert_eq!(outcome.sqlstate(), Some("57P01"));
}
