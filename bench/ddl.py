"""Data definition: what its statements cost, and whether they cost more where there are many tables.

Called by compare.py; gives what `ddl_table` makes README's table of.
"""

import statistics
import time

import compare
import introspection

FEW, MANY = introspection.TABLES, introspection.MANY
ROUNDS = 40

# In this order, one after the other, each time.
STATEMENTS = {
    "CREATE TABLE": "CREATE TABLE made (id serial PRIMARY KEY, a int NOT NULL DEFAULT 0, b text UNIQUE, c timestamptz DEFAULT now(), CHECK (a >= 0))",
    "CREATE INDEX": "CREATE INDEX made_by_a ON made (a)",
    "ALTER TABLE ADD COLUMN": "ALTER TABLE made ADD COLUMN d int DEFAULT 5",
    "CREATE VIEW": "CREATE VIEW shown AS SELECT id, a FROM made WHERE a > 1",
    "COMMENT": "COMMENT ON TABLE made IS 'a comment'",
    "DROP VIEW": "DROP VIEW shown",
    "DROP TABLE": "DROP TABLE made",
}
DROP_MANY = "DROP SCHEMA of 1,000 tables CASCADE"


def timed(session, statement):
    start = time.perf_counter()
    compare.query(session, statement)
    return (time.perf_counter() - start) * 1e3


def many_in_a_schema():
    """A thousand tables in a schema of their own, a hundred in a transaction."""
    made = [f"CREATE TABLE many.t_{n} (id serial PRIMARY KEY, a int DEFAULT 0, b text UNIQUE, CHECK (a >= 0));" for n in range(1000)]
    parts = [made[n : n + 100] for n in range(0, 1000, 100)]
    return "CREATE SCHEMA many;" + "".join(f"BEGIN;{''.join(part)}COMMIT;" for part in parts)


def ddl(_both, _seconds):
    """Milliseconds of each statement: of both servers with few tables, then with many."""
    starts = {f"{name}_{count}": start for count in [FEW, MANY] for name, start in [("postgresql", compare.start_postgres), ("kalamdb", compare.start_kalamdb)]}
    with compare.running(**starts) as servers:
        for server, count in zip(servers, [FEW, FEW, MANY, MANY]):
            server.psql(input=introspection.schema(count) + "ANALYZE;")
        sessions = [compare.connect(server) for server in servers]
        times = {name: [[] for _ in sessions] for name in STATEMENTS}
        for _ in range(ROUNDS):
            for name, statement in STATEMENTS.items():
                for session, found in zip(sessions, times[name]):
                    found.append(timed(session, statement))
        found = {name: [statistics.median(each) for each in all] for name, all in times.items()}
        for server, session in zip(servers, sessions):
            server.psql(input=many_in_a_schema())
            compare.query(session, "SET client_min_messages = error")
        return found | {DROP_MANY: [timed(session, "DROP SCHEMA many CASCADE") for session in sessions]}


def ddl_table(found):
    about = f"In a database of {FEW} tables of 20 columns, each statement in a transaction of its own: the median; and how much longer it takes with {MANY:,} tables."
    lines = [about, "", "| | PostgreSQL 15, ms | KalamDB, ms | ratio | PostgreSQL grows | KalamDB grows |", "|---|---:|---:|---:|---:|---:|"]
    for name, (theirs, ours, theirs_many, ours_many) in found.items():
        lines.append(f"| {name} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.2f} | {theirs_many / theirs:.1f} × | {ours_many / ours:.1f} × |")
    return "\n".join(lines)
