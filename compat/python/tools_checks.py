"""The questions that BI tools and editors ask of the catalogs, as SQL: each block of tools/*.sql is a check.

They go by the extended protocol with binary results, as the tools' drivers do.
"""

import re
from pathlib import Path

import psycopg

from checks import add, run

TOOLS = Path(__file__).parents[1] / "tools"
FIRST_USER_OID = 16384
OID = 26


def ask(statement):
    with psycopg.connect("", autocommit=True) as c:
        cursor = c.cursor(binary=True).execute(statement, prepare=True)
        print(cursor.statusmessage)
        if cursor.description:
            print([(column.name, column.type_code) for column in cursor.description])
            oids = [column.type_code == OID for column in cursor.description]
            rows = [str([shown(value, oid) for value, oid in zip(row, oids)]) for row in cursor]
            print("\n".join(rows if "ORDER BY" in statement else sorted(rows)))


def shown(value, oid):
    """OIDs of what a user made are each server's own."""
    return "user's" if oid and value is not None and value >= FIRST_USER_OID else value


def set_up():
    with psycopg.connect("", autocommit=True) as c:
        c.execute((TOOLS / "schema.sql").read_text())


add("set up", set_up)
for file in sorted(TOOLS.glob("*.sql")):
    _, *parts = re.split(r"^--== (.*)\n", file.read_text(), flags=re.M)
    for name, statement in zip(parts[::2], parts[1::2]):
        add(f"{file.stem}: {name}", ask, statement.strip())


if __name__ == "__main__":
    run()
