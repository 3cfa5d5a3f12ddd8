//! Starting, and what a server does at its limits: directories, configuration, passwords, TLS, a full
//! disk, many connections, messages that are too much.

use crate::harness::disk::SmallDisk;
use crate::harness::server::Scratch;
use crate::harness::{Client, Kalam, Server};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

/// Every file below a directory with its bytes, but for RocksDB's own log, in which it notes even
/// that it could not open a database.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("LOG")) {
            files.insert(path.clone(), fs::read(&path).expect("a readable file"));
        }
    }
    files
}

/// A data directory that a server has used and left.
fn used_directory() -> Scratch {
    let data = Scratch::new("used");
    let server = Kalam::start_on(data.path(), &[]);
    server.connect("postgres").run("CREATE TABLE t AS SELECT 1 AS a").ok();
    assert!(server.terminate().success());
    data
}

/// A directory is refused with these words and keeps every byte.
#[track_caller]
fn assert_refused_untouched(data: &Path, words: &str) {
    let before = contents(data);
    let said = Kalam::refusal(Kalam::command(data));
    assert!(said.contains(words), "{said}");
    let after = contents(data);
    let changed: Vec<_> =
        before.keys().chain(after.keys()).filter(|p| before.get(*p) != after.get(*p)).collect();
    assert!(changed.is_empty(), "these files were changed: {changed:?}");
}

#[test]
fn one_directory_has_one_server() {
    let data = Scratch::new("shared");
    let first = Kalam::start_on(data.path(), &[]);
    let said = Kalam::refusal(Kalam::command(data.path()));
    assert!(said.contains("is in use by another server"), "{said}");
    assert_eq!(first.connect("postgres").run("SELECT 1").ok().text(0, 0), Some("1"));
}

#[test]
fn foreign_directories_are_refused() {
    let data = Scratch::new("foreign");
    fs::write(data.path().join("PG_VERSION"), "15\n").expect("a written file");
    assert_refused_untouched(data.path(), "it is not KalamDB's");
}

#[test]
fn newer_formats_are_refused() {
    let data = used_directory();
    let format = data.path().join("FORMAT");
    let text = fs::read_to_string(&format).expect("a readable FORMAT");
    let newer = "kalamdb data directory\n1000000\n";
    fs::write(&format, newer).expect("a written FORMAT");
    assert_refused_untouched(data.path(), "it has format 1000000");
    fs::write(&format, text).expect("a written FORMAT");
    let server = Kalam::start_on(data.path(), &[]);
    assert_eq!(server.connect("postgres").run("SELECT a FROM t").ok().text(0, 0), Some("1"));
}

#[test]
fn damaged_directories_are_refused() {
    let data = used_directory();
    fs::write(data.path().join("FORMAT"), "kalamdb data directory\n?\n").expect("a written file");
    assert_refused_untouched(data.path(), "its FORMAT file is damaged");
    let data = used_directory();
    fs::remove_file(data.path().join("hot/CURRENT")).expect("a removed file");
    assert_refused_untouched(data.path(), "missing or damaged");
    let data = used_directory();
    let is_manifest = |path: &&PathBuf| path.to_string_lossy().contains("MANIFEST-");
    let files = contents(data.path());
    let (manifest, bytes) =
        files.iter().find(|(path, _)| is_manifest(path)).expect("RocksDB has a manifest");
    let damaged = bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>();
    fs::write(manifest, damaged).expect("a written file");
    assert_refused_untouched(data.path(), "damaged");
    // The log of commits: damage in its midst is refused, a record cut off at its end is not, since
    // nobody was told that it is committed.
    let data = used_directory();
    let is_log = |path: &&PathBuf| path.extension().is_some_and(|e| e == "log");
    let files = contents(data.path());
    let logs = files.iter().filter(|(path, _)| is_log(path));
    let (log, bytes) = logs.max_by_key(|(_, bytes)| bytes.len()).expect("RocksDB has a log");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 0x55;
    fs::write(log, damaged).expect("a written file");
    assert_refused_untouched(data.path(), "damaged");
    fs::write(log, &bytes[..bytes.len() - 3]).expect("a written file");
    let server = Kalam::start_on(data.path(), &[]);
    server.connect("postgres").run("SELECT 1").ok();
}

#[test]
fn configurations_that_mean_nothing_are_refused() {
    let data = Scratch::new("config");
    let file = data.path().join("kalamdb.toml");
    fs::write(&file, "lisen = \"127.0.0.1:1\"\n").expect("a written file");
    let mut command = Kalam::command(&data.path().join("data"));
    command.arg("--config").arg(&file);
    let said = Kalam::refusal(command);
    assert!(said.contains("unknown field `lisen`"), "{said}");
    let mut command = Kalam::command(&data.path().join("data"));
    command.env("KALAMDB_FAULT", "no-such-fault");
    let said = Kalam::refusal(command);
    assert!(said.contains("no-such-fault"), "{said}");
    assert!(!data.path().join("data").exists(), "a refused start made a directory");
}

/// psql as this user over TCP.
fn psql(port: u16, password: &str, options: &str, sql: &str) -> Output {
    let connection = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres {options}");
    Command::new("psql")
        .args([&connection, "--no-psqlrc", "--no-align", "--tuples-only", "--command", sql])
        .env("PGPASSWORD", password)
        .output()
        .expect("psql starts")
}

#[test]
fn passwords_are_proved_by_scram() {
    let data = Scratch::new("password");
    let mut command = Kalam::command(data.path());
    command.env("KALAMDB_PASSWORD", "correct horse");
    let server = Kalam::launch(command);
    let right = psql(server.port, "correct horse", "", "SELECT 'in'");
    assert_eq!(String::from_utf8_lossy(&right.stdout), "in\n", "{right:?}");
    let wrong = psql(server.port, "battery staple", "", "SELECT 'in'");
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("password authentication failed for user \"postgres\""), "{said}");
    server.terminate();
    // The password is kept: a start without it still asks.
    let server = Kalam::launch(Kalam::command(data.path()));
    assert!(!psql(server.port, "", "", "SELECT 'in'").status.success());
    let right = psql(server.port, "correct horse", "", "SELECT 'in'");
    assert_eq!(String::from_utf8_lossy(&right.stdout), "in\n", "{right:?}");
}

#[test]
fn strangers_are_not_let_in_without_a_password() {
    let data = Scratch::new("open");
    let mut command = Kalam::command(data.path());
    command.args(["--listen", "0.0.0.0:0"]);
    let said = Kalam::refusal(command);
    assert!(said.contains("without a password"), "{said}");
}

/// A server with a certificate of its own, which is returned as a PEM file and as DER.
fn tls_server(data: &Path, password: Option<&str>) -> (Kalam, PathBuf, CertificateDer<'static>) {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let (certificate, key) = (data.join("cert.pem"), data.join("key.pem"));
    fs::write(&certificate, made.cert.pem()).expect("a written file");
    fs::write(&key, made.signing_key.serialize_pem()).expect("a written file");
    let mut command = Kalam::command(&data.join("data"));
    command.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key);
    if let Some(password) = password {
        command.env("KALAMDB_PASSWORD", password);
    }
    (Kalam::launch(command), certificate, made.cert.der().clone())
}

#[test]
fn passwords_are_bound_to_the_certificate_where_the_client_asks() {
    let data = Scratch::new("binding");
    let (server, _, _) = tls_server(data.path(), Some("correct horse"));
    let how = "SELECT ssl, version, cipher, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for options in [
        "sslmode=require channel_binding=require",
        "sslmode=require channel_binding=disable",
        "sslmode=require channel_binding=require ssl_max_protocol_version=TLSv1.2",
    ] {
        let let_in = psql(server.port, "correct horse", options, how);
        let said = String::from_utf8_lossy(&let_in.stdout);
        assert!(let_in.status.success(), "{options}: {let_in:?}");
        let (version, suite) = match options.contains("TLSv1.2") {
            true => ("t|TLSv1.2|", "ECDHE-ECDSA-AES256-GCM-SHA384|256\n"),
            false => ("t|TLSv1.3|", "TLS_AES_256_GCM_SHA384|256\n"),
        };
        assert_eq!(said, format!("{version}{suite}"), "{options}");
        assert!(!psql(server.port, "battery staple", options, how).status.success());
    }
    let plain = psql(server.port, "correct horse", "sslmode=disable", how);
    assert_eq!(String::from_utf8_lossy(&plain.stdout), "f|||\n");
    let insists = "sslmode=disable channel_binding=require";
    assert!(!psql(server.port, "correct horse", insists, how).status.success());
}

/// libpq reports an error where the socket closes without TLS's closing message.
#[test]
fn cancel_requests_over_tls_are_answered_by_an_orderly_end() {
    let data = Scratch::new("cancel-tls");
    let (server, _, certificate) = tls_server(data.path(), None);
    let session = server.connect("postgres");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("a name");
    let mut tls = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut socket = TcpStream::connect(("127.0.0.1", server.port)).expect("a socket");
    let words = |words: &[i32]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<u8>>();
    socket.write_all(&words(&[8, 80_877_103])).expect("a written request");
    let mut answer = [0];
    socket.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"S");
    let mut stream = Stream::new(&mut tls, &mut socket);
    stream.write_all(&words(&[16, 80_877_102, session.pid, session.secret])).expect("written");
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("TLS's closing message");
    assert!(said.is_empty());
}

#[test]
fn tls_is_spoken_where_a_certificate_is_given() {
    let data = Scratch::new("tls");
    let (server, certificate, _) = tls_server(data.path(), None);
    let encrypted = psql(server.port, "", "sslmode=require", "\\conninfo");
    let said = String::from_utf8_lossy(&encrypted.stdout);
    assert!(said.contains("SSL connection"), "{encrypted:?}");
    let verified = format!("sslmode=verify-ca sslrootcert={}", certificate.display());
    let outcome = psql(server.port, "", &verified, "SELECT 'in'");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "in\n", "{outcome:?}");
    let plain = Kalam::start();
    assert!(!psql(plain.port, "", "sslmode=require", "SELECT 1").status.success());
}

/// Bytes of memory that are a process's own.
fn memory_bytes(pid: u32) -> usize {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("Linux's /proc");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a Pss line");
    let kib: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1024
}

#[test]
fn idle_connections_cost_little_memory() {
    const CONNECTIONS: usize = 1000;
    const BYTES_EACH_MAX: usize = 100 * 1024;
    let data = Scratch::new("idle");
    let server = Kalam::start_on(data.path(), &["--max-connections", "1100"]);
    let open = || {
        let mut client = server.connect("postgres");
        client.run("SELECT relname FROM pg_class WHERE oid = 1259").ok();
        client
    };
    drop((0..20).map(|_| open()).collect::<Vec<_>>());
    let before = memory_bytes(server.pid());
    let clients: Vec<Client> = (0..CONNECTIONS).map(|_| open()).collect();
    let each = memory_bytes(server.pid()).saturating_sub(before) / clients.len();
    println!("{each} bytes per idle connection");
    assert!(each <= BYTES_EACH_MAX, "{each} bytes per idle connection");
}

#[test]
fn connections_beyond_the_limit_are_told() {
    let data = Scratch::new("limit");
    let server = Kalam::start_on(data.path(), &["--max-connections", "2"]);
    let (_one, _two) = (server.connect("postgres"), server.connect("postgres"));
    let refused = server.try_connect("postgres").err().expect("a refusal").to_string();
    assert!(refused.contains("53300"), "{refused}");
}

#[test]
fn the_last_connections_are_the_superusers() {
    let data = Scratch::new("reserved");
    let server = Kalam::start_on(data.path(), &["--max-connections", "5"]);
    let mut first = server.connect("postgres");
    first.run("CREATE ROLE someone LOGIN").ok();
    let someone = || Client::tcp(server.port, "someone", "postgres");
    let _second = someone().expect("a slot that is not reserved");
    let refused = someone().err().expect("a refusal").to_string();
    assert!(refused.contains("53300") && refused.contains("reserved"), "{refused}");
    let (_third, _fourth) = (server.connect("postgres"), server.connect("postgres"));
    assert_eq!(first.run("SELECT 1").ok().text(0, 0), Some("1"));
}

/// A message as the client reads it, from the bytes of a socket.
fn message(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).ok()?;
    Some((head[0], body))
}

/// Who does not prove a password is let go after `authentication_timeout`, and gets no memory for
/// what he claims to send meanwhile.
#[test]
fn strangers_cannot_hold_a_connection() {
    let data = Scratch::new("strangers");
    let mut command = Kalam::command(data.path());
    command.env("KALAMDB_PASSWORD", "secret");
    command.args(["--authentication-timeout-s", "1", "--max-connections", "3"]);
    let server = Kalam::launch(command);
    let startup = b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0";
    let silent: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("a socket");
            stream.write_all(startup).expect("the server reads");
            assert_eq!(message(&mut stream).expect("an answer").0, b'R');
            stream
        })
        .collect();
    for mut stream in silent {
        let (kind, body) = message(&mut stream).expect("the end of the server's patience");
        let said = String::from_utf8_lossy(&body);
        assert_eq!(kind, b'E');
        assert!(said.contains("canceling authentication due to timeout"), "{said}");
        assert!(message(&mut stream).is_none());
    }
    let mut greedy = TcpStream::connect(("127.0.0.1", server.port)).expect("a socket");
    greedy.write_all(startup).expect("the server reads");
    message(&mut greedy).expect("an answer");
    greedy.write_all(b"p\x3f\xff\xff\xff").expect("the server reads");
    let said = message(&mut greedy).expect("a refusal").1;
    assert!(String::from_utf8_lossy(&said).contains("invalid message length"));
    let right = psql(server.port, "secret", "", "SELECT 'in'");
    assert_eq!(String::from_utf8_lossy(&right.stdout), "in\n", "{right:?}");
}

/// The session ends, its transaction rolls back, and whoever waited for it goes on.
#[test]
fn idle_transactions_are_ended_in_time() {
    let server = Kalam::start();
    let (mut idle, mut waiting) = (server.connect("postgres"), server.connect("postgres"));
    idle.run("CREATE TABLE t AS SELECT 1 AS a").ok();
    idle.run("SET idle_in_transaction_session_timeout = '300ms'").ok();
    idle.run("SELECT 1").ok();
    idle.run("BEGIN").ok();
    idle.run("UPDATE t SET a = 2").ok();
    assert_eq!(waiting.run("UPDATE t SET a = a + 10 RETURNING a").ok().text(0, 0), Some("11"));
    let last = idle.collect().expect("a last word").pop().expect("an error");
    assert_eq!(last.sqlstate(), Some("25P03"));
    assert!(idle.receive().is_err());
}

/// In the order of the commits, whatever the order of the NOTIFYs; nothing of what rolled back.
#[test]
fn notifications_come_in_the_order_of_commits() {
    let server = Kalam::start();
    let mut listener = server.connect("postgres");
    let mut senders: Vec<_> = (0..3).map(|_| server.connect("postgres")).collect();
    listener.run("LISTEN news").ok();
    for (n, sender) in senders.iter_mut().enumerate() {
        sender.run("BEGIN").ok();
        sender.run(&format!("NOTIFY news, 'first of {n}'")).ok();
        sender.run("SAVEPOINT a").ok();
        sender.run("NOTIFY news, 'undone'").ok();
        sender.run("ROLLBACK TO a").ok();
        sender.run(&format!("NOTIFY news, 'second of {n}'")).ok();
        sender.run(&format!("NOTIFY news, 'first of {n}'")).ok();
    }
    for (n, end) in [(2, "COMMIT"), (0, "ROLLBACK"), (1, "COMMIT")] {
        senders[n].run(end).ok();
    }
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let (kind, body) = listener.receive().expect("a notification");
        assert_eq!(kind, b'A');
        heard.push(String::from_utf8_lossy(&body[9..body.len() - 1]).into_owned());
    }
    assert_eq!(heard, ["first of 2", "second of 2", "first of 1", "second of 1"]);
    assert!(listener.run("SELECT 1").ok().error.is_none() && listener.notifications.is_empty());
}

/// RocksDB looks every five seconds whether a full disk has room again.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let place = Scratch::new("readonly");
    let disk = SmallDisk::mount(place.path(), "64m");
    let data = place.path().join("data");
    let server = disk.server(&data);
    server.connect("postgres").run("CREATE TABLE t AS SELECT 1 AS a").ok();
    assert!(server.terminate().success());
    disk.run(&format!("mount -o remount,ro '{}'", place.path().display()));
    let mut command = disk.enter();
    command.arg(env!("CARGO_BIN_EXE_kalamdb")).args(["server", "--data-dir"]).arg(&data);
    command.args(["--listen", "127.0.0.1:0"]);
    let said = Kalam::refusal(command);
    assert!(said.contains("Read-only file system"), "{said}");
    disk.run(&format!("mount -o remount,rw '{}'", place.path().display()));
    let server = disk.server(&data);
    assert_eq!(server.connect("postgres").run("SELECT a FROM t").ok().text(0, 0), Some("1"));
}

/// What was committed before the disk was full is there afterwards, nothing that was refused is.
#[test]
fn a_full_disk_is_an_error_and_not_a_loss() {
    let place = Scratch::new("disk");
    let disk = SmallDisk::mount(place.path(), "128m");
    let data = place.path().join("data");
    let ballast = place.path().join("ballast").display().to_string();
    disk.run(&format!("head -c 80M /dev/zero > '{ballast}'"));
    let server = disk.server(&data);
    let mut client = server.connect("postgres");
    client.run("CREATE TABLE t (n int PRIMARY KEY, filler text)").ok();
    let insert = |n: usize| {
        format!(
            "INSERT INTO t SELECT {n}, string_agg(md5(({n} * 100000 + g)::text), '') \
             FROM generate_series(1, 16384) g"
        )
    };
    let (mut committed, mut failed) = (0, None);
    while failed.is_none() {
        let outcome = client.run(&insert(committed));
        match outcome.sqlstate() {
            None => committed += 1,
            Some(code) => failed = Some(code.to_owned()),
        }
        assert!(committed < 1000, "the disk does not fill up");
    }
    assert_eq!(failed.as_deref(), Some("53100"));
    let count = "SELECT count(*) FROM t";
    let expected = committed.to_string();
    assert_eq!(client.run(count).ok().text(0, 0), Some(expected.as_str()));
    // With room again the same server goes on, and so does the next.
    disk.run(&format!("rm '{ballast}'"));
    let mut client = server.connect("postgres");
    let deadline = Instant::now() + RECOVERY_TIMEOUT;
    while client.run(&insert(committed)).sqlstate() == Some("53100") {
        assert!(Instant::now() < deadline, "the server does not notice the room");
    }
    client.run(&format!("DELETE FROM t WHERE n = {committed}")).ok();
    drop(server);
    let server = disk.server(&data);
    let mut client = server.connect("postgres");
    assert_eq!(client.run(count).ok().text(0, 0), Some(expected.as_str()));
    client.run(&insert(committed)).ok();
}

#[test]
fn deep_nesting_and_long_queries_get_an_answer() {
    let server = Kalam::start();
    let mut client = server.connect("postgres");
    for depth in [100, 1_900, 10_000, 100_000] {
        let nested = format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
        client.run(&nested);
        let sum = format!("SELECT {}1", "1 + ".repeat(depth));
        client.run(&sum);
        let not = format!("SELECT {}true", "NOT ".repeat(depth));
        client.run(&not);
        let nested = format!("SELECT {}1{}", "abs(".repeat(depth), ")".repeat(depth));
        client.run(&nested);
        let nested = format!("SELECT {}1{}", "(SELECT ".repeat(depth), ")".repeat(depth));
        client.run(&nested);
        let pattern = format!("SELECT 'a' ~ '{}a{}'", "(".repeat(depth), ")".repeat(depth));
        client.run(&pattern);
        let unions = format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(depth));
        client.run(&unions);
    }
    let long = format!("SELECT length('{}')", "x".repeat(64 << 20));
    assert_eq!(client.run(&long).ok().text(0, 0), Some("67108864"));
    // PostgreSQL's limit is a gigabyte less one byte: the connection ends, the server goes on.
    client.raw(b"Q\x7f\xff\xff\xff").expect("the server reads");
    let last = client.collect().unwrap_or_default().pop();
    assert!(last.is_none_or(|outcome| outcome.sqlstate() == Some("08P01")));
    assert_eq!(server.connect("postgres").run("SELECT 1").ok().text(0, 0), Some("1"));
}
