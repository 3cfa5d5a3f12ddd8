"""pg_dump and pg_restore as clients: what they make of the schema that psql describes.

Each entry of the dump is a check. Then the whole is restored beside it, in every format, and on a
PostgreSQL and back, and dumped again: nothing may have changed.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path("/usr/lib/postgresql/15/bin")
#: What both servers must hold for a round trip to PostgreSQL and back to be asked at all.
SCHEMAS = ["sales", "archive", "typed", "code", "beyond"]


def main():
    fill()
    entries()
    with tempfile.TemporaryDirectory() as directory:
        for name, options in {
            "plain": ["--format=plain"],
            "custom": ["--format=custom"],
            "directory, two jobs": ["--format=directory", "--jobs=2"],
            "tar": ["--format=tar"],
            "inserts with columns": ["--column-inserts"],
            "clean, if exists": ["--clean", "--if-exists"],
        }.items():
            print("== round trip:", name)
            round_trip(Path(directory) / name.partition(",")[0], options)
        print("== round trip: to PostgreSQL and back")
        to_postgres_and_back()
        for name, options in {
            "schema only": ["--schema-only"],
            "data only": ["--data-only"],
            "one table": ["--table=sales.item"],
            "without one table": ["--schema=sales", "--exclude-table=sales.item"],
            "sections": ["--schema=sales", "--section=post-data"],
            "serializable, deferrable": ["--schema=sales", "--serializable-deferrable"],
        }.items():
            print("== options:", name)
            print(dump(*options))
        print("== pg_dumpall: globals")
        print(comparable(run("pg_dumpall", "--globals-only", "--no-role-passwords")))


def fill():
    script = (HERE / "schema.sql").read_text()
    subprocess.run([BIN / "psql", "-Xq"], input=script, text=True, capture_output=True)


def entries():
    """The dump of everything, cut at the comments that open its entries."""
    text = dump()
    _, *parts = re.split(r"^--\n-- (?:Data for )?(Name: .*?; Owner: .*)\n--\n", text, flags=re.M)
    for title, body in zip(parts[::2], parts[1::2]):
        print("== dump:", title)
        print(body.strip())


def round_trip(file, options):
    before = dump(*map("--schema={}".format, SCHEMAS))
    plain = not any(option.startswith("--format=") and "plain" not in option for option in options)
    run("pg_dump", *map("--schema={}".format, SCHEMAS), *options, "--file", file)
    with database("restored") as environment:
        if plain:
            run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", file, environment=environment)
        else:
            run("pg_restore", "--exit-on-error", "-d", environment["PGDATABASE"], file, environment=environment)
        print_changes(before, dump(environment=environment))


def to_postgres_and_back():
    before = dump(*map("--schema={}".format, SCHEMAS))
    reference = os.environ | {"PGPORT": os.environ["REFERENCE_PORT"], "PGDATABASE": "postgres"}
    with database("there", reference) as there, database("back") as back:
        run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", text=before, environment=there)
        run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", text=dump(environment=there), environment=back)
        print_changes(before, dump(environment=back))


def print_changes(before, after):
    before, after = before.splitlines(), after.splitlines()
    for line in sorted(set(before) ^ set(after)):
        print("changed:", line)
    print(len(before) == len(after), "as many lines")


@contextlib.contextmanager
def database(name, environment=os.environ):
    """An empty database; the environment that leads to it."""
    run("psql", "-Xq", "-c", f"CREATE DATABASE {name}", environment=environment)
    yield environment | {"PGDATABASE": name}
    run("psql", "-Xq", "-c", f"DROP DATABASE {name}", environment=environment)


def dump(*options, environment=os.environ):
    return comparable(run("pg_dump", *options, environment=environment))


def comparable(text):
    """A dump without what names the server and the moment."""
    return "\n".join(line for line in text.splitlines() if not re.match(r"-- Dumped |\\(un)?restrict ", line))


def run(program, *arguments, text=None, environment=os.environ):
    """Runs a program; what it complains of is part of the check."""
    done = subprocess.run([BIN / program, *arguments], input=text, text=True, capture_output=True, env=environment)
    print(done.stderr, end="", flush=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
