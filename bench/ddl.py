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


def measured(server):
    """Milliseconds of each statement."""
    session = compare.connect(server)
    times = {name: [] for name in STATEMENTS}
    for _ in range(ROUNDS):
        for name, statement in STATEMENTS.items():
            times[name].append(timed(session, statement))
    server.psql(input=many_in_a_schema())
    compare.query(session, "SET client_min_messages = error")
    return {name: statistics.median(found) for name, found in times.items()} | {DROP_MANY: timed(session, "DROP SCHEMA many CASCADE")}


def ddl(_both, _seconds):
    found = []
    for count in [FEW, MANY]:
        with compare.servers() as servers:
            for server in servers:
                server.psql(input=introspection.schema(count) + "ANALYZE;")
            found.append([measured(server) for server in servers])
    return found


def ddl_table(found):
    (theirs, ours), (theirs_many, ours_many) = found
    about = f"In a database of {FEW} tables of 20 columns, each statement in a transaction of its own: the median; and how much longer it takes with {MANY:,} tables."
    lines = [about, "", "| | PostgreSQL 15, ms | KalamDB, ms | ratio | PostgreSQL grows | KalamDB grows |", "|---|---:|---:|---:|---:|---:|"]
    for name in theirs:
        grows = [many[name] / few[name] for few, many in [(theirs, theirs_many), (ours, ours_many)]]
        lines.append(f"| {name} | {theirs[name]:.1f} | {ours[name]:.1f} | {ours[name] / theirs[name]:.2f} | {grows[0]:.1f} × | {grows[1]:.1f} × |")
    return "\n".join(lines)
