"""ODBC: isql over psqlODBC, statements in batch, and the driver's catalog functions by its `help`."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

TYPES = Path(__file__).parents[1] / "types.tsv"


def main():
    with tempfile.TemporaryDirectory() as directory:
        environment = describe_sources(Path(directory))
        for source in ("plain", "tls"):
            show(f"connect: {source}", source, ["SELECT current_user, current_database()"], environment)
        show("connect: wrong password", "wrong", ["SELECT 1"], environment)
        for line in TYPES.read_text().splitlines():
            type, literal = line.split("\t")
            quoted = literal.replace("'", "''")
            show(f"type {type} {literal}", "plain", [f"SELECT '{quoted}'::{type} AS v"], environment)
        for name, statements in SESSIONS.items():
            show(name, "plain", statements, environment)


def describe_sources(directory):
    """odbc.ini and odbcinst.ini of this run."""
    common = f"Driver=PostgreSQL Unicode\nServername={os.environ['PGHOST']}\nPort={os.environ['PGPORT']}\nDatabase={os.environ['PGDATABASE']}\nUsername={os.environ['PGUSER']}\nUseDeclareFetch={{fetch}}\nFetch=3\n"
    password = os.environ["PGPASSWORD"]
    sources = {
        "plain": f"{common.format(fetch=0)}Sslmode=disable\nPassword={password}\n",
        "tls": f"{common.format(fetch=0)}Sslmode=verify-full\nPassword={password}\n",
        "cursors": f"{common.format(fetch=1)}Password={password}\n",
        "wrong": f"{common.format(fetch=0)}Password=wrong\n",
    }
    (directory / "odbc.ini").write_text("".join(f"[{name}]\n{text}\n" for name, text in sources.items()))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PGSSLROOTCERT"
    }
    return environment | {"ODBCINI": str(directory / "odbc.ini")}


SESSIONS = {
    "tables and rows": [
        "CREATE TABLE customer (id serial PRIMARY KEY, name varchar(40) NOT NULL, n numeric(5,2), at timestamp, flag boolean, raw bytea)",
        "INSERT INTO customer (name, n, at, flag, raw) VALUES ('Ada', 1.5, '2024-02-29 12:00', true, '\\x00ff'), ('Grace', NULL, NULL, false, NULL)",
        "SELECT * FROM customer ORDER BY id",
        "UPDATE customer SET n = 2 WHERE name = 'Grace'",
        "DELETE FROM customer WHERE name = 'Ada'",
        "SELECT count(*) FROM customer",
    ],
    "SQLTables": ["help"],
    "SQLColumns": ["help customer"],
    "errors": ["SELEC", "SELECT * FROM nowhere", "SELECT 1/0", "INSERT INTO customer (name) VALUES (NULL)"],
    "transactions": ["BEGIN", "DELETE FROM customer", "ROLLBACK", "SELECT count(*) FROM customer"],
    "escapes": ["SELECT {d '2024-02-29'}, {ts '2024-02-29 12:00:00'}, {fn UCASE('x')}, {fn LENGTH('abc')}"],
    "wide text": ["SELECT repeat('x', 1000), 'é ☃ 漢字'"],
    "many rows": ["SELECT g, g * 2 FROM generate_series(1, 300) g"],
}


def show(name, source, statements, environment):
    print("==", name)
    command = ["isql", "-b", "-v", "-d|", "-c", source]
    if source == "plain" and name == "many rows":
        command[-1] = "cursors"
    done = subprocess.run(
        command, input="\n".join(statements) + "\n", text=True, capture_output=True, env=environment, timeout=60
    )
    text = re.sub(r"port \d+", "port N", done.stdout + done.stderr)
    # The driver shows a table's OID among its columns.
    print(re.sub(r"\b16[34]\d\d\b", "OID", text), flush=True)


if __name__ == "__main__":
    main()
