"""Measures what KalamDB's tables cost that have changed, or that many users share, and writes the table
into README.md. Each line compares two tables, or two servers, in the same run, alternating.

    bench/run tables             everything
    bench/run tables versions    some parts: versions, users, cache
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import compare

PARTS = ["versions", "users", "cache"]

# What ten versions of a table change, one after the other.
CHANGES = [
    "ALTER a TYPE int4",
    "ALTER b TYPE float8",
    "ALTER c TYPE varchar(16)",
    "ADD COLUMN d int2 DEFAULT 7",
    "ALTER n TYPE numeric(20, 2)",
    "ALTER a TYPE int8",
    "ADD COLUMN e text DEFAULT 'none'",
    "ALTER d TYPE int8",
    "ALTER c TYPE text",
]
VERSION_ROWS = 30_000
USER_ROWS = 100


@contextlib.contextmanager
def server(*arguments):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="kalamdb-bench-"))
    started = None
    try:
        started = compare.start_kalamdb(directory / "kalamdb", *arguments)
        yield started
    finally:
        if started:
            started.process.terminate()
            started.process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def alternating(first, second, rounds):
    """Median microseconds of two actions, which take turns."""
    times = ([], [])
    for n in range(rounds):
        for taken, action in zip(times, (first, second)):
            began = time.perf_counter()
            action(n)
            taken.append(time.perf_counter() - began)
    return [sorted(taken)[rounds // 2] * 1e6 for taken in times]


def versions():
    """A table with ten schema versions among its rows, and one of the same rows that never changed."""
    insert = "INSERT INTO {} (id, a, b, c, n) SELECT g, g % 30000, g / 2.0, 'v' || g % 100, g % 1000 / 4.0 FROM generate_series({}, {}) g"
    with server() as s:
        s.psql("-c", "CREATE TABLE changed (id int PRIMARY KEY, a int2, b float4, c varchar(8), n numeric(8, 2))")
        for version, change in enumerate([None, *CHANGES]):
            if change:
                s.psql("-c", f"ALTER TABLE changed {change}")
            s.psql("-c", insert.format("changed", version * VERSION_ROWS + 1, (version + 1) * VERSION_ROWS))
        s.psql("-c", "CREATE TABLE plain (id int PRIMARY KEY, a int8, b float8, c text, n numeric(20, 2), d int8, e text)")
        s.psql("-c", "INSERT INTO plain SELECT * FROM changed", "-c", "ANALYZE")
        session = compare.connect(s)
        rows = []
        for tier in ["hot", "cold"]:
            if tier == "cold":
                s.psql("-c", "SELECT storage_flush_all()")
            for what, sql, rounds in [
                ("aggregate", "SELECT count(*), sum(a), sum(b), max(c), sum(n), sum(d), max(e) FROM {}", 15),
                ("point read", "SELECT * FROM {} WHERE id = 12345", 2000),
            ]:
                run = lambda table: lambda n: compare.query(session, sql.format(table))
                plain, changed = alternating(run("plain"), run("changed"), rounds)
                rows.append((f"{what}, {tier}, ten schema versions against one", plain, changed))
        return rows


def users():
    """One user's query in a table of 10,000 users, and in one of 10."""
    with server() as s:
        roles = "".join(f"CREATE ROLE u{n};" for n in range(10_000))
        s.psql(input=f"BEGIN;{roles}COMMIT;")
        for table, count in [("few", 10), ("many", 10_000)]:
            s.psql("-c", f"CREATE TABLE {table} (id int PRIMARY KEY, n int, v text) WITH (kind = 'user')", "-c", f"GRANT ALL ON {table} TO PUBLIC")
            insert = f"INSERT INTO {table} SELECT g, g % 10, 'value ' || g FROM generate_series(1, {USER_ROWS}) g;"
            s.psql(input="BEGIN;" + "".join(f"SET ROLE u{n};{insert}" for n in range(count)) + "COMMIT;")
        session = compare.connect(s)
        compare.query(session, "SET ROLE u5")
        rows = []
        for what, sql in [
            ("a user's aggregate", "SELECT n, count(*), max(v) FROM {} GROUP BY n"),
            ("a user's point read", "SELECT v FROM {} WHERE id = 50"),
        ]:
            run = lambda table: lambda n: compare.query(session, sql.format(table))
            few, many = alternating(run("few"), run("many"), 1000)
            rows.append((f"{what}, 10,000 users against 10", few, many))
        return rows


def cache():
    """A statement that is planned anew, with the schema cache and without."""
    columns = ", ".join(f"c{n} int DEFAULT {n}" for n in range(200))
    with server() as cached, server("--schema-cache-entries", "0") as uncached:
        sessions = []
        for s in [cached, uncached]:
            s.psql("-c", f"CREATE TABLE wide (id int PRIMARY KEY, {columns})", "-c", "INSERT INTO wide VALUES (1)")
            sessions.append(compare.connect(s))
        # A name of its own for each text, so that no plan is found.
        run = lambda session: lambda n: compare.query(session, f"SELECT c7 AS x{n} FROM wide WHERE id = 1")
        without, with_cache = alternating(run(sessions[1]), run(sessions[0]), 2000)
    return [
        ("a new statement on 200 columns, with the schema cache against without", without, with_cache),
        ("a schema load alone, with the schema cache against without", *load_alone()),
    ]


def load_alone():
    """What the test that measures it prints, in nanoseconds."""
    command = ["cargo", "test", "--release", "--lib", "--", "--ignored", "--nocapture", "cost_of_a_load"]
    shown = subprocess.run(command, check=True, text=True, capture_output=True, cwd=compare.ROOT).stdout
    without, with_cache = re.search(r"nanoseconds: (\d+) (\d+)", shown).groups()
    return int(without) / 1e3, int(with_cache) / 1e3


def line(row):
    name, before, after = row
    shown = lambda us: f"{us:,.0f}" if us >= 10 else f"{us:.3f}"
    return f"| {name} | {shown(before)} | {shown(after)} | {after / before:.3f} |"


def main():
    # Every SET ROLE of a superuser is logged.
    os.environ.setdefault("KALAMDB_LOG", "warn")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    lines = [line(row) for part in parser.parse_args().parts or PARTS for row in globals()[part]()]
    print("\n".join(lines))
    readme = compare.ROOT / "README.md"
    begin, end = "<!-- bench tables -->\n", "<!-- /bench tables -->"
    head, rest = readme.read_text().split(begin, 1)
    old, tail = rest.split(end, 1)
    known = {text.split("|")[1].strip(): text for text in [*old.splitlines()[2:], *lines]}
    table = ["| median µs | without | with | ratio |", "|---|---:|---:|---:|", *known.values()]
    readme.write_text(head + begin + "\n".join(table) + "\n" + end + tail)


if __name__ == "__main__":
    main()
