"""dbt: seeds, models of each kind, snapshots, tests, docs, and what is in the database after each step.

This file is not named as the others are: dbt takes modules named dbt_* for plugins of its own.
"""

import json
import shutil
import tempfile
from pathlib import Path

import psycopg2
from dbt.cli.main import dbtRunner

from checks import add, check, run

PROJECT = Path(tempfile.mkdtemp()) / "project"
shutil.copytree(Path(__file__).parent / "dbt", PROJECT)
RUNNER = dbtRunner()


def dbt(*words):
    """Runs a command of dbt; prints each node's outcome."""
    result = RUNNER.invoke([*words, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"])
    if result.exception:
        raise result.exception
    outcomes = getattr(result.result, "results", None) or []
    for node in sorted((r for r in outcomes if hasattr(r, "node")), key=lambda r: r.node.name):
        print(node.node.name, node.status, node.failures, node.message if node.status in ("error", "fail") else "")
    print(result.success)


def rows(statement):
    with psycopg2.connect("") as c, c.cursor() as cursor:
        cursor.execute(statement)
        for row in cursor:
            print(row)


def step(name, *words, shows=None):
    def function():
        dbt(*words)
        if shows:
            rows(shows)

    add(name, function)


step("debug", "debug")
step(
    "seed",
    "seed",
    shows="SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY 1, ordinal_position",
)
step("seed again", "seed", shows="SELECT * FROM shop.customers ORDER BY id")
step("seed, full refresh", "seed", "--full-refresh")
step("run view", "run", "--select", "of_customers", shows="SELECT * FROM shop.of_customers ORDER BY id")
step("run table with indexes", "run", "--select", "rich", shows="SELECT * FROM shop.rich ORDER BY id")
step(
    "run incremental",
    "run",
    "--select",
    "lines lines_deleted_and_inserted",
    shows="SELECT * FROM shop.lines ORDER BY id",
)
step(
    "run table by contract",
    "run",
    "--select",
    "contracted",
    shows="SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'shop.contracted'::regclass ORDER BY 1",
)
step("run materialized view", "run", "--select", "frozen", shows="SELECT * FROM shop.frozen")
step(
    "snapshot",
    "snapshot",
    shows="SELECT id, state, total, dbt_valid_to IS NULL FROM history.orders_over_time ORDER BY id",
)
step("test", "test")
step("change rows", "run-operation", "change", shows="SELECT id, state, total FROM shop.orders ORDER BY id")
step(
    "run incremental again",
    "run",
    "--select",
    "lines lines_deleted_and_inserted",
    shows="SELECT id, total, state FROM shop.lines ORDER BY id",
)
step(
    "run incremental with a new column",
    "run",
    "--select",
    "lines_deleted_and_inserted",
    "--vars",
    "{wide: true}",
    shows="SELECT * FROM shop.lines_deleted_and_inserted ORDER BY id",
)
step(
    "snapshot again",
    "snapshot",
    shows="SELECT id, state, total, dbt_valid_to IS NULL FROM history.orders_over_time ORDER BY id, 4",
)
step("run everything again", "run", "--exclude", "frozen")
step(
    "comments by persist_docs",
    "run",
    "--select",
    "of_customers",
    shows="SELECT obj_description('shop.of_customers'::regclass), col_description('shop.of_customers'::regclass, 1)",
)
step("build", "build", "--exclude", "frozen")
step("show", "show", "--inline", "select count(*) as n from {{ ref('orders') }}")


@check
def docs():
    dbt("docs", "generate")
    catalog = json.loads((PROJECT / "target" / "catalog.json").read_text())
    for name, node in sorted(catalog["nodes"].items()):
        if not name.endswith("frozen"):
            print(
                name,
                node["metadata"]["type"],
                node["metadata"]["comment"],
                [(c["name"], c["type"], c["comment"]) for c in node["columns"].values()],
            )


if __name__ == "__main__":
    run()
