//! The two servers of a test run: KalamDB, started per test, and PostgreSQL 15, started once.

use super::Client;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A server that is not up after so long will not come up.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Something that speaks the protocol.
pub trait Server: Send + Sync {
    fn name(&self) -> &'static str;
    fn try_connect(&self, database: &str) -> std::io::Result<Client>;

    /// A session as the superuser.
    #[track_caller]
    fn connect(&self, database: &str) -> Client {
        self.try_connect(database).unwrap_or_else(|e| panic!("{}: {e}", self.name()))
    }
}

/// A directory of this test's own, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(what: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kalamdb-{what}-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a scratch directory");
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A KalamDB process on a data directory of its own.
pub struct Kalam {
    child: Child,
    pub port: u16,
    directory: Option<Scratch>,
}

impl Kalam {
    /// A fresh server.
    pub fn start() -> Kalam {
        let scratch = Scratch::new("data");
        let mut server = Kalam::start_on(scratch.path(), &[]);
        server.directory = Some(scratch);
        server
    }

    /// A server on this directory, with further arguments; waits until it accepts sessions.
    pub fn start_on(data: &Path, arguments: &[&str]) -> Kalam {
        Kalam::spawn(data, arguments, None)
    }

    /// A server whose store fails in the way named.
    pub fn start_with_fault(data: &Path, fault: &str) -> Kalam {
        Kalam::spawn(data, &[], Some(fault))
    }

    fn spawn(data: &Path, arguments: &[&str], fault: Option<&str>) -> Kalam {
        let mut command = Kalam::command(data);
        command.args(arguments).envs(fault.map(|fault| ("KALAMDB_FAULT", fault)));
        Kalam::launch(command)
    }

    /// The command line of a server on this directory, for tests that change it or wrap it.
    pub fn command(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kalamdb"));
        command.arg("server").arg("--data-dir").arg(data);
        command.env("KALAMDB_LOG", "warn").stdin(Stdio::null());
        command
    }

    /// Runs a command line of [`Kalam::command`] on a free port; waits until it listens.
    pub fn launch(mut command: Command) -> Kalam {
        let port = free_port();
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        let child = command.spawn().expect("the kalamdb binary starts");
        let mut server = Kalam { child, port, directory: None };
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait().expect("the child can be asked") {
                panic!("kalamdb ended at start: {status}");
            }
            assert!(Instant::now() < deadline, "kalamdb does not accept sessions");
            std::thread::yield_now();
        }
        server
    }

    /// Runs a command line that the server must refuse; what it said.
    #[track_caller]
    pub fn refusal(mut command: Command) -> String {
        let output = command.output().expect("the kalamdb binary starts");
        assert!(!output.status.success(), "it ran: {output:?}");
        String::from_utf8(output.stderr).expect("kalamdb writes UTF-8")
    }

    /// The data directory of a fresh server.
    pub fn data(&self) -> &Path {
        self.directory.as_ref().expect("a server of its own directory").path()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: what a crash test does to it.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process can be waited for");
    }

    /// SIGTERM; the exit status of an orderly stop.
    pub fn terminate(mut self) -> std::process::ExitStatus {
        let pid = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: kill(2) takes any pid; this one is our child, not yet waited for.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        self.child.wait().expect("the process can be waited for")
    }
}

impl Server for Kalam {
    fn name(&self) -> &'static str {
        "kalamdb"
    }

    fn try_connect(&self, database: &str) -> std::io::Result<Client> {
        Client::tcp(self.port, "postgres", database)
    }
}

impl Drop for Kalam {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port. No two servers of this process get the same one, and it lies below those that
/// outgoing connections take, so that it stays free until the server has it.
pub fn free_port() -> u16 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    loop {
        let offset = (std::process::id() % 200) * 100 + COUNT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(10_000 + offset % 20_000).expect("a port below 30,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The reference: a real PostgreSQL 15 on a Unix socket.
pub struct Postgres {
    socket: PathBuf,
}

/// The reference server of this test process, started on first use, ended with the process.
pub fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

/// Where Debian keeps the server programs.
const POSTGRES_PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

impl Postgres {
    fn start() -> Postgres {
        sweep_old_references();
        let directory =
            std::env::temp_dir().join(format!("{REFERENCE_PREFIX}{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a scratch directory");
        if is_root() {
            let status = Command::new("chown").arg("postgres").arg(&directory).status();
            assert!(status.expect("chown runs").success());
        }
        let data = directory.join("data");
        let output = program("initdb")
            .args(["-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8", "-D"])
            .arg(&data)
            .output()
            .expect("PostgreSQL 15 is installed");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        let mut command = program("postgres");
        command.arg("-D").arg(&data).arg("-k").arg(&directory);
        for setting in REFERENCE_SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // The parent-death signal follows the thread that spawned the process, not the test
        // process: so that thread stays as long as the server does.
        std::thread::spawn(move || {
            let mut server = command.spawn().expect("postgres starts");
            server.wait().expect("the child can be waited for");
        });
        let server = Postgres { socket: directory.join(".s.PGSQL.5432") };
        let deadline = Instant::now() + START_TIMEOUT;
        while server.try_connect("postgres").is_err() {
            assert!(Instant::now() < deadline, "PostgreSQL does not accept sessions");
            std::thread::yield_now();
        }
        server
    }
}

const REFERENCE_PREFIX: &str = "kalamdb-reference-";

/// A static is never dropped, so each run removes the directories of runs that have ended.
fn sweep_old_references() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.strip_prefix(REFERENCE_PREFIX)) else {
            continue;
        };
        if !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Nothing here survives the run, so nothing is synced; deadlocks are found soon.
const REFERENCE_SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    // Its locks would show as waits that no transcript has.
    "autovacuum=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_connections=200",
    "log_min_messages=fatal",
];

/// A server program of PostgreSQL that ends when we do; as user postgres where we are root, which
/// it refuses.
fn program(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.arg("--").arg(format!("{POSTGRES_PROGRAMS}/{name}")).current_dir("/");
    command
}

fn is_root() -> bool {
    // SAFETY: geteuid(2) has no preconditions.
    unsafe { libc::geteuid() == 0 }
}

impl Postgres {
    /// For programs of PostgreSQL's that connect on their own.
    pub fn socket_directory(&self) -> &Path {
        self.socket.parent().expect("the socket lies in a directory")
    }
}

impl Server for Postgres {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn try_connect(&self, database: &str) -> std::io::Result<Client> {
        Client::unix(&self.socket, "postgres", database)
    }
}
