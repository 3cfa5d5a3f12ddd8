"""What describing a database costs: psql, pgjdbc, SQLAlchemy and Django ask PostgreSQL and KalamDB about 200
tables of 20 columns, and about 2,000. KalamDB answers each question anew, and from its catalog query cache.

The statements are the clients' own: psql's as `psql -E` shows them, the others' as catalog/capture.py
wrote them down. Called by compare.py.
"""

import functools
import pathlib
import re
import statistics
import struct
import subprocess
import time

import compare

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ["int", "bigint", "text", "varchar(40)", "numeric(12,2)", "timestamptz", "boolean", "date", "uuid", "jsonb"]
TABLES = 200
MANY = 2000
# Whole-schema questions take PostgreSQL itself seconds with many tables.
ROUNDS, SECONDS_MAX = 20, 10.0
# ReadyForQuery, outside of a transaction, is the last message of an answer.
READY = b"Z\0\0\0\x05I"
# Of whose first statement the server's part is measured alone: it lists all tables.
FIRST_OF = r"psql \dt"


def schema(count):
    """Tables with a key, a unique constraint, an index and a foreign key each."""
    statements = []
    for t in range(count):
        columns = ", ".join(f"c{i} {TYPES[i % 10]}{' NOT NULL' if i % 3 == 0 else ''}{' DEFAULT 0' if i % 10 == 0 else ''}" for i in range(1, 19))
        references = f" REFERENCES t_{t - 1}" if t else ""
        statements.append(f"CREATE TABLE t_{t} (id serial PRIMARY KEY, {columns}, parent int{references}, UNIQUE (c1, c2)); CREATE INDEX t_{t}_by_c3 ON t_{t} (c3);")
    # Not too many in one transaction: PostgreSQL locks each of them.
    parts = [statements[n : n + 100] for n in range(0, count, 100)]
    return "".join(f"BEGIN;{''.join(part)}COMMIT;" for part in parts)


def psql_statements(server, command):
    shown = subprocess.run(["psql", "-XE", *server.arguments(), "-d", "postgres", "-c", command], check=True, text=True, capture_output=True).stdout
    return [s.strip().rstrip(";") for s in re.findall(r"\*{9} QUERY \*{10}\n(.*?)\n\*{26}", shown, re.S)]


def captured(server):
    """The statements of the other clients, by what they do, with this server's OIDs."""
    rows = server.psql("-c", "SELECT relname, oid::oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid").split()
    oids = dict(row.split("|") for row in rows)
    oid = lambda found: ", ".join(oids.values()) if found.group(1) == "*" else oids[found.group(1)]
    operations = {}
    for file in sorted((HERE / "catalog").glob("*.sql")):
        name, text = file.read_text().split("\n", 1)
        statements = [s.strip() for s in text.split(";\n")]
        operations[name.removeprefix("-- ")] = [re.sub(r"\{(\*|\w+)\}", oid, s) for s in statements if s]
    return operations


def operations(server):
    found = {f"psql {command}": psql_statements(server, command) for command in [r"\d", r"\d t_100", r"\dt"]}
    return found | captured(server)


def ask(session, statements):
    for statement in statements:
        compare.query(session, statement)


def alone(session, statement, count=200):
    """Milliseconds that the server takes for a statement: many are sent at once, so that the way to and
    from the client is not waited for."""
    body = statement.encode() + b"\0"
    message = b"Q" + struct.pack("!i", len(body) + 4) + body
    compare.query(session, statement)
    start = time.perf_counter()
    session.sendall(message * count)
    answered, rest = 0, b""
    while answered < count:
        received = rest + session.recv(1 << 20)
        if received == rest:
            raise SystemExit("the server closed a session")
        answered += received.count(READY)
        rest = received[1 - len(READY) :]
    return (time.perf_counter() - start) / count * 1e3


def all_servers():
    """PostgreSQL, KalamDB without its catalog query cache, and with it; the first two with many tables, too."""
    uncached = lambda data: compare.start_kalamdb(data, "--catalog-cache-mb", "0")
    return compare.running(
        postgresql=compare.start_postgres,
        uncached=uncached,
        cached=compare.start_kalamdb,
        many_postgresql=compare.start_postgres,
        many_uncached=uncached,
    )


def introspection(_both, _seconds):
    """Milliseconds of each operation on the five servers; what DDL adds; the server's part alone."""
    with all_servers() as servers:
        for server, count in zip(servers, [TABLES, TABLES, TABLES, MANY, MANY]):
            server.psql(input=schema(count) + "ANALYZE;")
        all_operations = [operations(server) for server in servers]
        sessions = [compare.connect(server) for server in servers]
        times = {}
        for name in all_operations[0]:
            asking = [functools.partial(ask, session, found[name]) for session, found in zip(sessions, all_operations)]
            times[name] = compare.medians(asking, ROUNDS, SECONDS_MAX)
        few = list(zip(sessions, all_operations))[:3]
        first = [after_ddl(session, found) for session, found in few]
        only = [alone(session, found[FIRST_OF][0]) for session, found in few[1:]]
        return times, first, only


def after_ddl(session, found):
    """The first description of a table after DDL, of a later one."""
    statements = found[r"psql \d t_100"]
    first, later = [], []
    for n in range(20):
        compare.query(session, f"CREATE TABLE made_{n} (id int)")
        for times in [first, *[later] * 3]:
            start = time.perf_counter()
            ask(session, statements)
            times.append(time.perf_counter() - start)
    return statistics.median(first) / statistics.median(later)


def introspection_table(found):
    times, first, only = found
    about = f"A database of {TABLES} tables of 20 columns: the median of each question, answered anew and from the catalog query cache; and how much longer it takes with {MANY:,} tables, answered anew."
    head = "| | PostgreSQL 15, ms | KalamDB, ms | ratio | cached, ms | ratio | PostgreSQL grows | KalamDB grows |"
    lines = [about, "", head, "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for name, (theirs, ours, cached, theirs_many, ours_many) in times.items():
        lines.append(f"| {name} | {theirs:.2f} | {ours:.2f} | {ours / theirs:.2f} | {cached:.2f} | {cached / theirs:.2f} | {theirs_many / theirs:.1f} × | {ours_many / ours:.1f} × |")
    lines += ["", f"The first `\\d t_100` after DDL takes {first[1]:.1f} times as long as a later one when answered anew, {first[0]:.1f} times in PostgreSQL."]
    lines += [f"The first statement of `{FIRST_OF}` alone, without the way to the client: {only[0]:.3f} ms anew, {only[1]:.4f} ms from the cache, {only[0] / only[1]:,.0f} times less."]
    return "\n".join(lines)
