"""Compares KalamDB with PostgreSQL 15 in the same run and writes the table into README.md.

Both servers run with their default durability (every commit synced) on the same disk, fresh for each
part, one at a time per measurement, alternating, so that neither profits from a quiet machine. Figures
are ratios: KalamDB / PostgreSQL.

    bench/run                  everything
    bench/run pgbench copy     some parts: pgbench, copy, idle, latency, tpch, tiers, introspection, ddl
    bench/run --seconds 5      shorter pgbench runs (default 20)
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "bench" / "out"
PG_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
# Of one task, by `medians`.
IN_A_ROW = 5
PARTS = ["pgbench", "copy", "idle", "latency", "tpch", "tiers", "introspection", "ddl"]


# What PostgreSQL's manual advises for a machine of its own with enough memory, and as much for cold rows.
KALAM_MEMORY = ["--column-cache-mb", "2048"]
PG_MEMORY = ["-c", "shared_buffers=2GB", "-c", "work_mem=256MB", "-c", "max_parallel_workers_per_gather=2", "-c", "max_wal_size=8GB"]


class Server:
    """A running server: where psql finds it, and its process."""

    def __init__(self, name, host, port, process):
        self.name, self.host, self.port, self.process = name, host, port, process

    def arguments(self):
        return ["-h", self.host, "-p", str(self.port), "-U", "postgres"]

    def psql(self, *arguments, **options):
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.arguments(), "-d", "postgres"]
        return subprocess.run([*command, *arguments], check=True, text=True, capture_output=True, **options).stdout

    def memory_kib(self):
        """Proportional set size of the server's processes, so that shared buffers count once."""
        pids = [self.process.pid, *descendants(self.process.pid)]
        return sum(pss_kib(pid) for pid in pids)


def descendants(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [d for child in children for d in (int(child), *descendants(int(child)))]


def pss_kib(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
    return 0


def as_postgres(command):
    """PostgreSQL's server programs refuse to run as root."""
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *map(str, command)]
    return [str(c) for c in command]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(**starts):
    """Servers, each on a fresh directory of its name."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="kalamdb-bench-"))
    directory.chmod(0o755)
    started = []
    try:
        for name, start in starts.items():
            started.append(start(directory / name))
        yield started
    finally:
        for server in started:
            server.process.send_signal(signal.SIGINT)  # PostgreSQL does not wait for sessions then
            server.process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def servers():
    """Both servers."""
    return running(postgresql=start_postgres, kalamdb=start_kalamdb)


def start_postgres(data):
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
    subprocess.run(as_postgres([PG_BIN / "initdb", "-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8", "-D", data]), check=True, capture_output=True, cwd="/")
    port = free_port()
    process = subprocess.Popen(as_postgres([PG_BIN / "postgres", "-D", data, "-p", port, "-k", "", "-c", "max_connections=1100", *PG_MEMORY]), cwd="/", stderr=subprocess.DEVNULL)
    return ready(Server("PostgreSQL", "127.0.0.1", port, process))


def start_kalamdb(data, *arguments):
    port = free_port()
    binary = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "kalamdb"
    process = subprocess.Popen([binary, "server", "--data-dir", data, "--listen", f"127.0.0.1:{port}", "--max-connections", "1100", *KALAM_MEMORY, *arguments])
    return ready(Server("KalamDB", "127.0.0.1", port, process))


def ready(server):
    deadline = time.monotonic() + 60
    while subprocess.run(["pg_isready", "-q", *server.arguments()]).returncode != 0:
        if time.monotonic() > deadline or server.process.poll() is not None:
            raise SystemExit(f"{server.name} did not start")
    return server


def pgbench(both, seconds):
    """TPS of the built-in scripts at scale 10."""
    for server in both:
        subprocess.run(["pgbench", *server.arguments(), "-i", "-s", "10", "-q", "postgres"], check=True, capture_output=True)
    rows = []
    for script in ["select-only", "simple-update", "tpcb-like"]:
        for protocol in ["simple", "extended", "prepared"]:
            for clients in [1, 16]:
                tps = [run_pgbench(s, script, protocol, clients, seconds) for s in both]
                rows.append((f"pgbench {script}, {protocol}, {clients} clients", "TPS", *tps, tps[1] / tps[0]))
    for server in both:
        check_balances(server)
    return rows


def run_pgbench(server, script, protocol, clients, seconds):
    command = ["pgbench", *server.arguments(), "-n", "-b", script, "-M", protocol, "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds), "postgres"]
    result = subprocess.run(command, text=True, capture_output=True)
    if result.returncode != 0:
        raise SystemExit(f"{server.name}: {' '.join(command)}\n{result.stderr}")
    return float(re.search(r"tps = ([\d.]+)", result.stdout).group(1))


def check_balances(server):
    """The three balances and the history of tpcb-like agree (simple-update leaves two alone)."""
    sums = server.psql("-c", "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history), (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT sum(bbalance) FROM pgbench_branches)")
    if sums.strip() != "t|t":
        raise SystemExit(f"{server.name}: balances disagree: {sums}")


def copy(both, _seconds):
    """COPY of TPC-H lineitem: into a table with its primary key, and with its foreign keys, too."""
    return [copy_alone(both), copy_referencing(both)]


def copy_alone(both):
    """Scale factor 1, primary key only."""
    [data] = tpch_files(1, ["lineitem"])
    create = re.search(r"CREATE TABLE lineitem.*?;", tpch_schema(), re.S).group(0)
    create = re.sub(r" REFERENCES orders|,\s*FOREIGN KEY.*?partsupp", "", create, flags=re.S)
    rates = []
    for server in both:
        server.psql("-c", create)
        rates.append(load(server, "lineitem", data))
        server.psql("-c", "DROP TABLE lineitem")
    return ("COPY lineitem, primary key", "rows/s", *rates, rates[1] / rates[0])


def copy_referencing(both):
    """Scale factor 0.1, after the tables that lineitem refers to."""
    tables = re.findall(r"CREATE TABLE (\w+)", tpch_schema())
    files = tpch_files(0.1, tables)
    rates = []
    for server in both:
        server.psql("-c", tpch_schema())
        # The last is lineitem's.
        rates.append([load(server, table, data) for table, data in zip(tables, files)][-1])
        server.psql("-c", f"DROP TABLE {', '.join(tables)}")
    return ("COPY lineitem, foreign keys", "rows/s", *rates, rates[1] / rates[0])


def tpch_schema():
    return (ROOT / "tests" / "tpch" / "schema.sql").read_text()


def tpch_files(scale, tables):
    """TPC-H tables as COPY reads them."""
    directory = OUT / f"tpch-{scale}"
    files = [directory / f"{table}.tbl" for table in tables]
    if not all(file.exists() for file in files):
        generator = OUT / "venv" / "bin" / "tpchgen-cli"
        subprocess.run([generator, "-s", str(scale), "-T", ",".join(tables), "-o", directory], check=True)
        # Rows end with a separator, which COPY would take for one more column.
        subprocess.run(["sed", "-i", "s/|$//", *files], check=True)
    return files


def load(server, table, data):
    """Rows a second of loading a file."""
    began = time.monotonic()
    server.psql("-c", rf"\copy {table} FROM '{data}' (DELIMITER '|')")
    took = time.monotonic() - began
    return int(server.psql("-c", f"SELECT count(*) FROM {table}")) / took


def idle(both, _seconds):
    """Memory of 1,000 idle sessions, each after one statement."""
    rows = []
    for server in both:
        before = server.memory_kib()
        sessions = [connect(server) for _ in range(1000)]
        for session in sessions:
            query(session, "SELECT 1")
        rows.append((server.memory_kib() - before) / 1000)
        for session in sessions:
            session.close()
    return [("memory of an idle session", "KiB", *rows, rows[1] / rows[0])]


def latency(both, _seconds, rounds=5000):
    """Median round trip of SELECT 1, simple protocol."""
    medians = []
    for server in both:
        session = connect(server)
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            query(session, "SELECT 1")
            times.append(time.perf_counter() - began)
        medians.append(sorted(times)[rounds // 2] * 1e6)
    return [("SELECT 1, median latency", "µs", *medians, medians[1] / medians[0])]


def connect(server):
    s = socket.create_connection((server.host, server.port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
    s.sendall(struct.pack("!i", len(body) + 4) + body)
    until_ready(s)
    return s


def query(session, sql):
    body = sql.encode() + b"\0"
    session.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
    until_ready(session)


def until_ready(session):
    """Reads up to ReadyForQuery, which is the last message of an answer: `Z`, length 5, a status."""
    seen = b""
    while seen[-6:-1] != b"Z\0\0\0\x05":
        received = session.recv(65536)
        if not received:
            raise SystemExit("the server closed a session")
        seen += received


def medians(tasks, rounds, seconds_max):
    """Median milliseconds of each task. Every round does all of them, so that a machine that is slow for a
    while is so for all; each a few times in a row, as the processor's caches are another's at first."""
    times, began = [[] for _ in tasks], time.monotonic()
    for _ in range(rounds):
        for task, found in zip(tasks, times):
            for _ in range(IN_A_ROW):
                start = time.perf_counter()
                task()
                found.append(time.perf_counter() - start)
        if time.monotonic() - began > seconds_max:
            break
    return [statistics.median(found) * 1e3 for found in times]


def line(row):
    name, unit, theirs, ours, ratio = row
    return f"| {name} | {unit} | {theirs:,.0f} | {ours:,.0f} | {ratio:.2f} |"


def table(lines):
    return "\n".join(["| | unit | PostgreSQL 15 | KalamDB | ratio |", "|---|---|---:|---:|---:|", *lines])


def write_readme(rows):
    """Writes the rows into README's table; the rows of parts that did not run stay."""
    old = section("bench")
    known = {text.split("|")[1].strip(): text for text in old.splitlines()[2:]}
    known |= {row[0]: line(row) for row in rows}
    write_section("bench", table(known.values()))


def section(name):
    """What README has between the marks of a name."""
    readme = (ROOT / "README.md").read_text()
    return readme.split(f"<!-- {name} -->\n", 1)[1].split(f"\n<!-- /{name} -->", 1)[0]


def write_section(name, text):
    path = ROOT / "README.md"
    old = f"<!-- {name} -->\n{section(name)}\n<!-- /{name} -->"
    path.write_text(path.read_text().replace(old, f"<!-- {name} -->\n{text}\n<!-- /{name} -->"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    # argparse holds an empty list against the choices.
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    parts = options.parts or PARTS
    OUT.mkdir(exist_ok=True)
    rows = []
    for part in parts:
        module = {"introspection": introspection, "ddl": ddl}.get(part, tiers)
        # These two start their own.
        with contextlib.nullcontext() if part in ["introspection", "ddl"] else servers() as both:
            if part in ["tpch", "tiers", "introspection", "ddl"]:
                found = getattr(module, part)(both, options.seconds)
                text = getattr(module, f"{part}_table")(found)
                print(text)
                write_section(part, text)
            else:
                rows += globals()[part](both, options.seconds)
    if rows:
        print(table(map(line, rows)))
        write_readme(rows)


if __name__ == "__main__":
    # The other files use what is here, under the name of this file.
    sys.modules["compare"] = sys.modules["__main__"]
    import ddl
    import introspection
    import tiers

    main()
