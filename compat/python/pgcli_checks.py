"""pgcli: what it asks of the catalogs for completion, its backslash commands, and its query runner."""

import os

from pgcli.main import PGCli
from pgcli.pgexecute import PGExecute

from checks import add, check, run


def execute():
    env = os.environ
    return PGExecute(env["PGDATABASE"], env["PGUSER"], env["PGPASSWORD"], env["PGHOST"], env["PGPORT"], None)


@check
def set_up():
    list(
        execute().run("""
        CREATE SCHEMA sales;
        CREATE TABLE sales.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'x', UNIQUE (name));
        CREATE TABLE sales.item (id serial PRIMARY KEY, customer bigint REFERENCES sales.customer);
        CREATE VIEW sales.names AS SELECT name FROM sales.customer;
        COMMENT ON TABLE sales.customer IS 'people'
    """)
    )


def metadata(method, *arguments):
    for row in sorted(map(str, getattr(execute(), method)(*arguments))):
        print(row)


for method in (
    "schemata",
    "tables",
    "views",
    "table_columns",
    "view_columns",
    "foreignkeys",
    "databases",
    "search_path",
    "full_databases",
    "casing",
    "datatypes",
):
    add(f"completion: {method}", metadata, method)


@check
def completion_functions():
    functions = [f for f in execute().functions() if f.schema_name == "pg_catalog"]
    print(len(functions))
    for f in sorted(functions, key=str)[:500]:
        print(
            f.func_name,
            f.arg_names,
            f.arg_types,
            f.arg_modes,
            f.return_type,
            f.is_aggregate,
            f.is_window,
            f.is_set_returning,
        )


@check
def view_definition():
    print(execute().view_definition("sales.names"))


SPECIALS = [
    r"\d",
    r"\d sales.customer",
    r"\d+ sales.item",
    r"\dt sales.*",
    r"\dv sales.*",
    r"\di sales.*",
    r"\ds sales.*",
    r"\dn",
    r"\dn+",
    r"\du",
    r"\l",
    r"\df abs",
    r"\dT integer",
    r"\dx",
    r"\dp sales.customer",
    r"\ddp",
    r"\db",
    r"\dF",
]


def special(line):
    executor = execute()
    cli = PGCli(pgexecute=executor)
    for title, rows, headers, status, *_ in executor.run(line, pgspecial=cli.pgspecial):
        print(title, headers, status)
        for row in rows or []:
            print(tuple(row))


for line in SPECIALS:
    add(f"special: {line}", special, line)


@check
def runs_statements_and_reports_errors():
    executor = execute()
    for title, rows, headers, status, _, success, _ in executor.run(
        "SELECT 1 AS a; SELECT 1/0; CREATE TABLE t (a int)", on_error_resume=True, exception_formatter=str
    ):
        print(title, list(rows or []), headers, status, success)
    print(executor.superuser, executor.server_version, executor.user)


if __name__ == "__main__":
    run()
