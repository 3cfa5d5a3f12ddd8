"""psycopg 2: literals made by the client, named cursors, COPY, asynchronous use, two-phase commit."""

import io
import select
import threading
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import psycopg2
from psycopg2 import errorcodes, errors, extensions, extras, sql

from checks import add, check, fails, run, types


def connect(**options):
    return psycopg2.connect("", **options)


def one(connection, statement, parameters=None):
    cursor = connection.cursor()
    cursor.execute(statement, parameters)
    return cursor.fetchone()


@check
def connect_plain_and_TLS():
    for mode in ("disable", "require", "verify-full"):
        with connect(sslmode=mode) as c:
            print(mode, c.info.ssl_in_use, c.server_version, c.info.dbname)


@check
def connect_with_wrong_password():
    try:
        connect(password="wrong")
    except psycopg2.OperationalError as error:
        print("password authentication failed" in str(error))


def plain(value):
    """The text of a value, with bytes where the driver gives memory by its address."""
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return bytes(value) if isinstance(value, memoryview) else repr(value)


def read_and_write_back(type, literal):
    with connect(options="-c timezone=UTC") as c:
        cursor = c.cursor()
        try:
            cursor.execute(f"SELECT %s::{type} AS v", [literal])
            (value,) = cursor.fetchone()
            print(plain(value))
        except (psycopg2.InterfaceError, ValueError, OverflowError) as error:
            # Python has no such value: what the driver says of it is the result.
            print(error.__class__.__name__, error)
            value = literal
        print(cursor.description)
        if isinstance(value, dict):
            value = extras.Json(value)
        print(one(c, f"SELECT (%s::{type})::text", [value]))


for name, type_, literal in types():
    add(f"type {name}", read_and_write_back, type_, literal)


@check
def python_values_as_literals():
    values = [1, 2**70, 1.5, float("nan"), Decimal("1.50"), "it's \\ é", b"\x00\xff'", True, None, date(2024, 2, 29)]
    values += [
        datetime(2024, 2, 29, 12, tzinfo=timezone.utc),
        time(1, 2, 3),
        timedelta(days=-1, seconds=3),
        [1, None],
        [["a"], ["b"]],
    ]
    with connect() as c:
        for value in values:
            print(plain(one(c, "SELECT %s", [value])))
        print(one(c, "SELECT 1 IN %s", [(1, 2, 3)]))
        extras.register_uuid(conn_or_curs=c)
        print(one(c, "SELECT %s", [UUID(int=5)]))


@check
def transactions():
    c = connect()
    with c, c.cursor() as cursor:
        cursor.execute("CREATE TABLE tx (a int PRIMARY KEY)")
    try:
        with c, c.cursor() as cursor:
            cursor.execute("INSERT INTO tx VALUES (1), (1)")
    except errors.UniqueViolation as error:
        print(error.pgcode, error.diag.constraint_name, error.diag.table_name, error.diag.message_detail)
    print(c.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE, one(c, "SELECT count(*) FROM tx"))
    c.rollback()
    c.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
    print(one(c, "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"))
    c.close()


@check
def autocommit():
    c = connect()
    c.autocommit = True
    c.cursor().execute("CREATE TABLE auto (a int)")
    print(c.get_transaction_status(), one(c, "SELECT count(*) FROM auto"))
    c.close()


@check
def errors_by_class():
    c = connect()
    c.autocommit = True
    for statement in [
        "SELEC",
        "SELECT * FROM nowhere",
        "SELECT 1/0",
        "SELECT 'x'::int",
        "SELECT nothing(1)",
        "SET nothing_here TO 1",
        "SELECT 2147483647 + 1",
    ]:
        try:
            c.cursor().execute(statement)
        except psycopg2.Error as error:
            print(
                type(error).__name__,
                errorcodes.lookup(error.pgcode),
                error.diag.message_primary,
                error.diag.statement_position,
            )
    c.close()


@check
def two_phase_commit():
    c = connect()
    c.tpc_begin(c.xid(1, "g", "b"))
    c.cursor().execute("SELECT 1")
    fails(psycopg2.Error, c.tpc_prepare)
    c.close()


@check
def named_cursors():
    with connect() as c:
        cursor = c.cursor("plain")
        cursor.itersize = 3
        cursor.execute("SELECT generate_series(1, %s)", [7])
        print([row[0] for row in cursor], cursor.rowcount)
        cursor = c.cursor("scrolled", scrollable=True)
        cursor.execute("SELECT generate_series(1, 7)")
        cursor.scroll(3)
        print(cursor.fetchone())
        cursor.scroll(-2)
        print(cursor.fetchmany(2))
        held = c.cursor("held", withhold=True)
        held.execute("SELECT generate_series(1, 3)")
        c.commit()
        print(held.fetchall())
        held.close()


@check
def copy():
    with connect() as c, c.cursor() as cursor:
        cursor.execute("CREATE TABLE copied (a int, b text)")
        cursor.copy_from(io.StringIO("1\tone\n2\t\\N\n"), "copied")
        cursor.copy_expert("COPY copied FROM STDIN WITH (FORMAT csv, HEADER)", io.StringIO('a,b\n3,"x,y"\n4,\n'))
        out = io.StringIO()
        cursor.copy_to(out, "copied", null="nil")
        print(out.getvalue())
        out = io.BytesIO()
        cursor.copy_expert("COPY (SELECT * FROM copied ORDER BY a) TO STDOUT (FORMAT binary)", out)
        print(out.getvalue().hex(), cursor.rowcount)


@check
def copy_that_fails():
    with connect() as c, c.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copy_fail (a int)")
        fails(psycopg2.Error, cursor.copy_from, io.StringIO("1\nx\n"), "copy_fail")


@check
def execute_values_and_batch():
    with connect() as c, c.cursor() as cursor:
        cursor.execute("CREATE TABLE batch (a int, b text)")
        rows = extras.execute_values(
            cursor, "INSERT INTO batch VALUES %s RETURNING a", [(n, f"v{n}") for n in range(250)], fetch=True
        )
        print(len(rows))
        extras.execute_batch(cursor, "UPDATE batch SET b = %s WHERE a = %s", [(f"w{n}", n) for n in range(250)])
        cursor.executemany("DELETE FROM batch WHERE a = %s", [(n,) for n in range(200)])
        print(one(c, "SELECT count(*), min(b), max(b) FROM batch"))


@check
def cursors_that_make_rows():
    with connect() as c:
        for factory in (extras.DictCursor, extras.RealDictCursor, extras.NamedTupleCursor):
            cursor = c.cursor(cursor_factory=factory)
            cursor.execute("SELECT 1 AS a, 'x' AS b")
            print(cursor.fetchone())


@check
def several_statements_in_one():
    with connect() as c:
        print(one(c, "SELECT 1; SELECT 2; SELECT %s", [3]))


@check
def composite_and_range_and_enum():
    with connect() as c, c.cursor() as cursor:
        cursor.execute("CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('sad', 'happy')")
        extras.register_composite("pair", cursor)
        print(one(c, "SELECT ROW(1, 'x, y')::pair, 'sad'::mood"))
        print(one(c, "SELECT %s", [extras.NumericRange(1, 5)]))


@check
def hstore():
    with connect() as c, c.cursor() as cursor:
        cursor.execute("CREATE EXTENSION hstore")
        extras.register_hstore(c)
        print(one(c, "SELECT 'a=>1'::hstore, %s -> 'x'", [{"x": "y"}]))


@check
def cancel():
    with connect() as c:
        threading.Timer(0.3, c.cancel).start()
        fails(errors.QueryCanceled, c.cursor().execute, "SELECT pg_sleep(15)")


@check
def notifications():
    c = connect()
    c.autocommit = True
    c.cursor().execute("LISTEN news")
    c.cursor().execute("SELECT pg_notify('news', 'hello')")
    select.select([c], [], [], 5)
    c.poll()
    print([(n.channel, n.payload, n.pid == c.info.backend_pid) for n in c.notifies])
    c.close()


@check
def notices():
    with connect() as c:
        c.cursor().execute("DROP TABLE IF EXISTS never_was")
        print(c.notices)


@check
def asynchronous_connection():
    c = connect(async_=1)
    extras.wait_select(c)
    cursor = c.cursor()
    cursor.execute("SELECT %s + 1", [41])
    extras.wait_select(c)
    print(cursor.fetchone())
    c.close()


@check
def large_objects():
    with connect() as c:
        lobject = c.lobject(0, "wb")
        lobject.write(b"some data")
        lobject.close()
        print(c.lobject(lobject.oid, "rb").read())


@check
def sql_composition():
    with connect() as c:
        statement = sql.SQL("SELECT {} AS {}").format(sql.Literal("it's"), sql.Identifier('odd "name'))
        print(statement.as_string(c), one(c, statement))


@check
def encodings():
    for encoding in ("UTF8", "LATIN1", "WIN1252"):
        with connect() as c:
            c.set_client_encoding(encoding)
            print(encoding, one(c, "SELECT 'é'"), c.encoding)


if __name__ == "__main__":
    run()
