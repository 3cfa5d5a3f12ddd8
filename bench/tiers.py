"""Cold rows: TPC-H against PostgreSQL and DuckDB, and what moving and reading them costs.

Each function gives (rows for README's tables). Called by compare.py, which starts the servers.
"""

import contextlib
import math
import pathlib
import random
import re
import statistics
import subprocess
import threading
import time

from compare import OUT, ROOT, connect, load, query, run_pgbench, tpch_files, tpch_schema

TABLES = "region nation supplier customer part partsupp orders lineitem".split()
RUNS = 5
# Seconds of a run that is not repeated.
LONG_S = 5


def tpch(both, _seconds):
    """Seconds of each query at scale factor 1: PostgreSQL, DuckDB, KalamDB with all rows cold."""
    files = tpch_files(1, TABLES)
    duck = duckdb_with(files)
    postgres, kalam = both
    for server in both:
        server.psql("-c", primary_keys_only(tpch_schema()))
        for name, data in zip(TABLES, files):
            load(server, name, data)
    # Without them some queries take PostgreSQL an hour.
    for index in ["lineitem (l_partkey, l_suppkey)", "orders (o_custkey)", "partsupp (ps_suppkey)"]:
        postgres.psql("-c", f"CREATE INDEX ON {index}")
    for server in both:
        server.psql("-c", "ANALYZE")
    for statement in ["STORAGE FLUSH ALL", "STORAGE COMPACT ALL"]:
        kalam.psql("-c", statement)
    # So that no measurement has the end of a load or of a flush in it.
    for server in both:
        server.psql("-c", "VACUUM")
    sessions = [connect(server) for server in both]
    rows = []
    for number in range(1, 23):
        sql = (ROOT / "tests" / "tpch" / f"q{number:02}.sql").read_text()
        answers = [s.psql("-c", sql) for s in both]
        if answers[0] != answers[1]:
            raise SystemExit(f"query {number}: the answers differ")
        times = [timed(lambda s=s: query(s, sql))[1] for s in sessions]
        _, duck_time = timed(lambda: duck.execute(sql.strip().rstrip(";")).fetchall())
        rows.append((f"Q{number}", times[0], duck_time, times[1]))
    means = [geometric_mean(row[n] for row in rows) for n in (1, 2, 3)]
    return [*rows, ("geometric mean", *means)]


def timed(run):
    """What it gives, and the least of some times; of one where that is long."""
    best = math.inf
    for _ in range(RUNS):
        began = time.monotonic()
        answer = run()
        best = min(best, time.monotonic() - began)
        if best > LONG_S:
            break
    return answer, best


def primary_keys_only(schema):
    """The schema without foreign keys."""
    return re.sub(r",\s*FOREIGN KEY[^)]*\) REFERENCES \w+|\sREFERENCES \w+", "", schema)


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def duckdb_with(files):
    """DuckDB on a database file of its own, with two threads."""
    import duckdb

    path = OUT / "tpch.duckdb"
    path.unlink(missing_ok=True)
    database = duckdb.connect(str(path), config={"threads": 2})
    for statement in re.sub(r"--.*", "", primary_keys_only(tpch_schema())).split(";"):
        if statement.strip():
            database.execute(statement)
    for name, data in zip(TABLES, files):
        database.execute(f"COPY {name} FROM '{data}' (DELIMITER '|', HEADER false)")
    database.execute("CHECKPOINT")
    return database


def tpch_table(rows):
    about = "TPC-H at scale factor 1, 2 cores: PostgreSQL with 2 GB of shared buffers, parallel workers and indexes on the foreign keys of lineitem, orders and partsupp; DuckDB with two threads on its own database file; KalamDB with every row flushed and compacted, and 2 GB for decoded columns. The best of some runs each."
    lines = [about, "", "| | PostgreSQL 15, s | DuckDB, s | KalamDB, s | of DuckDB | faster than PostgreSQL |", "|---|---:|---:|---:|---:|---:|"]
    for name, postgres, duck, kalam in rows:
        lines.append(f"| {name} | {postgres:.3f} | {duck:.3f} | {kalam:.3f} | {kalam / duck:.2f} × | {postgres / kalam:.1f} × |")
    return "\n".join(lines)


def tiers(both, seconds):
    """Flushing lineitem, its size, and reading its rows from either tier."""
    [data] = tpch_files(1, ["lineitem"])
    create = re.search(r"CREATE TABLE lineitem.*?;", primary_keys_only(tpch_schema()), re.S).group(0)
    for server in both:
        server.psql("-c", create)
        load(server, "lineitem", data)
    kalam = both[1]
    size = "SELECT pg_total_relation_size('lineitem')"
    _, hot_read = point_reads(kalam)
    resting = resident_kib(kalam)
    with peak_memory(kalam) as peak:
        began = time.monotonic()
        rows = int(kalam.psql("-c", "SELECT storage_flush('lineitem')"))
        took = time.monotonic() - began
    for server in both:
        server.psql("-c", "VACUUM")
    sizes = [int(server.psql("-c", size)) for server in both]
    first_read, cold_read = point_reads(kalam)
    return [
        ("a flush alone", "rows/s", f"{rows / took:,.0f}", "≥ 200,000"),
        ("memory of a flush", "MiB", f"{(peak[0] - resting) / 1024:.0f}", "< 300"),
        ("lineitem on disk, of PostgreSQL's", "", f"{sizes[1] / sizes[0]:.2f}", "≤ 0.35"),
        ("point read of a cold row, of a hot one", "", f"{cold_read / hot_read:.2f}", "≤ 4"),
        ("the same, the first time in its block", "", f"{first_read / hot_read:.2f}", ""),
        ("pgbench beside a flush, of pgbench alone", "", f"{beside_a_flush(kalam, data, seconds):.2f}", "> 0.75"),
    ]


def point_reads(server):
    """Median seconds of reads by primary key, far from each other: of the first time, and of later."""
    session, chance = connect(server), random.Random(1)
    keys = server.psql("-c", "SELECT l_orderkey, l_linenumber FROM lineitem WHERE l_orderkey % 4999 = 0").split()
    medians = []
    for _ in range(2):
        chance.shuffle(keys)
        times = []
        for key in keys:
            order, number = key.split("|")
            began = time.perf_counter()
            query(session, f"SELECT * FROM lineitem WHERE l_orderkey = {order} AND l_linenumber = {number}")
            times.append(time.perf_counter() - began)
        medians.append(statistics.median(times))
    session.close()
    return medians


def resident_kib(server):
    """Anonymous memory of a server of one process; cheap to ask for, unlike shares of shared pages."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+)", status, re.M).group(1))


@contextlib.contextmanager
def peak_memory(server):
    """The most memory that a server had meanwhile, in KiB."""
    peak, over = [0], threading.Event()

    def watch():
        while not over.wait(0.2):
            peak[0] = max(peak[0], resident_kib(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def beside_a_flush(server, data, seconds):
    """TPS of pgbench while a table is flushed, as a share of its TPS alone."""
    subprocess.run(["pgbench", *server.arguments(), "-i", "-s", "10", "-q", "postgres"], check=True, capture_output=True)
    server.psql("-c", "CREATE TABLE copied (LIKE lineitem INCLUDING ALL)")
    server.psql("-c", rf"\copy copied FROM '{data}' (DELIMITER '|')")
    server.psql("-c", "VACUUM")
    alone = run_pgbench(server, "simple-update", "prepared", 16, seconds)
    flush = threading.Thread(target=lambda: server.psql("-c", "SELECT storage_flush('copied')"))
    flush.start()
    beside = run_pgbench(server, "simple-update", "prepared", 16, seconds)
    flush.join()
    return beside / alone


def tiers_table(rows):
    lines = ["What moving rows between the tiers costs, and reading them there:", "", "| | unit | measured | wanted |", "|---|---|---:|---:|"]
    return "\n".join(lines + [f"| {name} | {unit} | {value} | {wanted} |" for name, unit, value, wanted in rows])
