"""psycopg 3: both formats, pipelines, COPY, cursors, two-phase commit, notifications, types by the catalog."""

import enum
import threading
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_interface
from uuid import UUID

import psycopg
from psycopg import errors, sql
from psycopg.rows import class_row, dict_row, namedtuple_row
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.hstore import register_hstore
from psycopg.types.json import Jsonb
from psycopg.types.multirange import MultirangeInfo
from psycopg.types.range import Range, RangeInfo, register_range

from checks import add, check, describe, fails, run, types


def connect(**options):
    return psycopg.connect("", **options)


@check
def connect_plain():
    with connect(sslmode="disable") as c:
        print(c.pgconn.used_password, c.info.server_version, c.info.dbname, c.info.user)


@check
def connect_TLS_verified():
    with connect(sslmode="verify-full") as c:
        print(c.pgconn.ssl_in_use, c.pgconn.used_password)


@check
def connect_with_channel_binding():
    with connect(sslmode="require", channel_binding="require") as c:
        print(c.execute("SELECT 1").fetchone())


@check
def connect_with_wrong_password():
    try:
        connect(password="wrong")
    except psycopg.OperationalError as error:
        print("password authentication failed" in str(error))


@check
def parameters_that_the_server_reports():
    with connect(application_name="compat", options="-c datestyle=german") as c:
        for name in ["server_encoding", "client_encoding", "application_name", "is_superuser", "session_authorization"]:
            print(name, c.info.parameter_status(name))
        for name in ["DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings"]:
            print(name, c.info.parameter_status(name))
        for name in ["in_hot_standby", "default_transaction_read_only"]:
            print(name, c.info.parameter_status(name))


def read_and_write_back(type, literal, binary):
    """A value of a type as the server gives it, then as a parameter, then as an element of COPY."""
    with connect(options="-c timezone=UTC") as c:
        cursor = c.cursor(binary=binary)
        quoted = sql.SQL("SELECT {}::" + type).format(literal)
        try:
            (value,) = cursor.execute(quoted).fetchone()
            print(repr(value))
            if isinstance(value, bytes) and type != "bytea":
                # A binary form that the driver does not know, and would send as bytea.
                value = literal
        except psycopg.DataError as error:
            # Python has no such value: what the driver says of it is the result.
            print(describe(error))
            value = literal
        result = cursor.description[0]
        print(result.type_code, result.internal_size, result.precision, result.scale)
        for placeholder in ("%b", "%t"):
            try:
                print(cursor.execute(f"SELECT ({placeholder}::{type})::text", [value]).fetchone())
            except (psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
                if error.sqlstate:
                    raise
                print(describe(error))


for name, type_, literal in types():
    add(f"text {name}", read_and_write_back, type_, literal, False)
    add(f"binary {name}", read_and_write_back, type_, literal, True)


def table_of_type(type, literal):
    """A column of the type: stored, read, compared and copied in both formats."""
    with connect() as c:
        c.execute(f"CREATE TEMP TABLE t (id int, v {type})")
        c.execute(f"INSERT INTO t VALUES (1, %t), (2, NULL)", [literal])
        print(c.execute("SELECT id, v::text FROM t ORDER BY id").fetchall())
        with c.cursor().copy("COPY t TO STDOUT (FORMAT binary)") as copy:
            data = b"".join(copy)
        print(bytes(data).hex())
        with c.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as copy:
            copy.write(data)
        print(c.execute("SELECT count(*), count(v) FROM t").fetchone())


for name, type_, literal in types():
    if not type_.startswith("reg"):
        add(f"column {name}", table_of_type, type_, literal)


@check
def transactions_and_savepoints():
    with connect() as c:
        c.execute("CREATE TABLE tx (a int PRIMARY KEY)")
        c.commit()
        with c.transaction():
            c.execute("INSERT INTO tx VALUES (1)")
            try:
                with c.transaction():
                    c.execute("INSERT INTO tx VALUES (1)")
            except errors.UniqueViolation as error:
                print(describe(error))
            with c.transaction(force_rollback=True):
                c.execute("INSERT INTO tx VALUES (2)")
            print(c.info.transaction_status.name)
        print(c.execute("SELECT * FROM tx").fetchall(), c.info.transaction_status.name)
        c.rollback()
        try:
            c.execute("SELECT 1/0")
        except errors.DivisionByZero:
            print(c.info.transaction_status.name)
        fails(errors.InFailedSqlTransaction, c.execute, "SELECT 1")


@check
def isolation_levels_and_modes():
    for level in psycopg.IsolationLevel:
        with connect() as c:
            c.isolation_level = level
            c.read_only = True
            c.deferrable = True
            print(
                level.name,
                c.execute(
                    "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('transaction_deferrable')"
                ).fetchone(),
            )
            fails(errors.ReadOnlySqlTransaction, c.execute, "CREATE TABLE no (a int)")


@check
def serialization_failure():
    with connect(autocommit=True) as a, connect() as b:
        a.execute("CREATE TABLE serial_test (a int, b int); INSERT INTO serial_test VALUES (1, 0)")
        b.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        b.execute("SELECT * FROM serial_test")
        a.execute("UPDATE serial_test SET b = 1")
        fails(errors.SerializationFailure, b.execute, "UPDATE serial_test SET b = 2")


@check
def two_phase_commit():
    c = connect()
    c.tpc_begin(c.xid(1, "gtrid", "bqual"))
    c.execute("SELECT 1")
    # PostgreSQL as installed has max_prepared_transactions = 0.
    fails(psycopg.Error, c.tpc_prepare)
    c.close()


SQLSTATES = {
    "syntax error": "SELEC 1",
    "undefined table": "SELECT * FROM nowhere",
    "undefined column": "SELECT nothing FROM pg_class",
    "undefined function": "SELECT nothing(1)",
    "undefined object": "SELECT 1::nothing",
    "ambiguous column": "SELECT oid FROM pg_class, pg_type",
    "grouping error": "SELECT relname, count(*) FROM pg_class",
    "datatype mismatch": "SELECT CASE WHEN 1 THEN 2 END",
    "division by zero": "SELECT 1/0",
    "numeric out of range": "SELECT 2147483647 + 1",
    "invalid text representation": "SELECT 'x'::int",
    "invalid datetime": "SELECT '2024-13-01'::date",
    "datetime overflow": "SELECT '2024-02-30'::date",
    "string too long": "INSERT INTO err(v) VALUES ('abcdef')",
    "not null": "INSERT INTO err(id, n) VALUES (1, NULL)",
    "unique": "INSERT INTO err(id) VALUES (10), (10)",
    "check": "INSERT INTO err(id, c) VALUES (2, -1)",
    "foreign key": "INSERT INTO err(id, f) VALUES (3, 99)",
    "exclusion by on conflict twice": "INSERT INTO err(id) VALUES (4), (4) ON CONFLICT (id) DO UPDATE SET v = 'x'",
    "cardinality": "SELECT (SELECT generate_series(1, 2))",
    "duplicate table": "CREATE TABLE err (a int)",
    "duplicate column": "ALTER TABLE err ADD COLUMN v int",
    "dependent objects": "DROP TABLE parent_of_err",
    "generated always": "INSERT INTO err(id, g) VALUES (5, 1)",
    "invalid regular expression": "SELECT 'a' ~ '('",
    "invalid escape": "SELECT 'a' LIKE 'a\\'",
    "array subscript": "SELECT ('{1,2'::int[])[1]",
    "invalid json": "SELECT '{'::json",
    "invalid parameter": "SELECT set_config('work_mem', 'x', false)",
    "undefined setting": "SHOW nothing_here",
    "no active transaction": "DECLARE c CURSOR FOR SELECT 1",
    "invalid cursor": "FETCH nothing",
    "invalid prepared statement": "EXECUTE nothing",
    "undefined schema": "CREATE TABLE nowhere.t (a int)",
    "insufficient privilege": "SET ROLE plain_role; SELECT * FROM err",
    "lock not available": "SELECT pg_advisory_lock(1); SET lock_timeout = '50ms'; SELECT pg_sleep(0)",
    "query cancelled by timeout": "SET statement_timeout = '50ms'; SELECT pg_sleep(5)",
    "wrong object type": "DROP VIEW err",
    "indeterminate datatype": "SELECT $1",
}


@check
def set_up_for_errors():
    with connect() as c:
        c.execute("CREATE TABLE parent_of_err (id int PRIMARY KEY)")
        c.execute(
            "CREATE TABLE err (id int PRIMARY KEY, v varchar(5), n int DEFAULT 1 NOT NULL, c int CHECK (c > 0),"
            " f int REFERENCES parent_of_err, g int GENERATED ALWAYS AS (id * 2) STORED)"
        )
        c.execute("CREATE ROLE plain_role")


def error_of(statement):
    with connect(autocommit=True) as c:
        try:
            c.execute(statement)
            print("no error")
        except psycopg.Error as error:
            print(describe(error))


for name, statement in SQLSTATES.items():
    add(f"error: {name}", error_of, statement)


@check
def errors_with_parameters():
    with connect(autocommit=True) as c:
        fails(psycopg.Error, c.execute, "SELECT %s::int", ["x"])
        fails(psycopg.Error, c.execute, "SELECT %s + %s", ["a", "b"])
        print(c.execute("SELECT %s", ["text"]).fetchone(), c.execute("SELECT pg_typeof(%s)", [1]).fetchone())
        for value in [
            1,
            2**40,
            2**80,
            1.5,
            "x",
            b"x",
            None,
            True,
            date(2024, 1, 1),
            Decimal("1.5"),
            timedelta(1),
            UUID(int=1),
            [1],
            ["a"],
            ip_interface("10.0.0.1/8"),
        ]:
            print(c.execute("SELECT %s", [value]).description[0].type_code)


@check
def prepared_statements():
    with connect(autocommit=True, prepare_threshold=1) as c:
        for n in range(4):
            print(c.execute("SELECT %s::int + 1, %s::text", [n, "x"]).fetchone())
        print(
            c.execute(
                "SELECT count(*), min(parameter_types::text) FROM pg_prepared_statements", prepare=False
            ).fetchone()
        )
        c.execute("CREATE TABLE replan (a int)")
        for n in range(3):
            c.execute("INSERT INTO replan VALUES (%s)", [n])
        c.execute("SELECT * FROM replan")
        c.execute("SELECT * FROM replan")
        with connect(autocommit=True) as other:
            other.execute("ALTER TABLE replan ADD COLUMN b text DEFAULT 'b'")
        fails(errors.FeatureNotSupported, c.execute, "SELECT * FROM replan")
        c.execute("DEALLOCATE ALL")


@check
def executemany_and_returning():
    with connect() as c:
        c.execute("CREATE TABLE many (id serial, v text)")
        cursor = c.cursor()
        cursor.executemany(
            "INSERT INTO many (v) VALUES (%s) RETURNING id, v", [(f"v{n}",) for n in range(5)], returning=True
        )
        print(cursor.rowcount)
        while True:
            print(cursor.fetchone())
            if not cursor.nextset():
                break


@check
def pipeline():
    with connect(autocommit=True) as c:
        c.execute("CREATE TABLE piped (a int PRIMARY KEY)")
        with c.pipeline() as p:
            cursors = [c.execute("INSERT INTO piped VALUES (%s) RETURNING a", [n]) for n in range(10)]
            p.sync()
            print([cursor.fetchone() for cursor in cursors])
        try:
            with c.pipeline() as p:
                c.execute("INSERT INTO piped VALUES (100)")
                c.execute("INSERT INTO piped VALUES (100)")
                c.execute("INSERT INTO piped VALUES (101)")
        except errors.UniqueViolation as error:
            print(describe(error))
        print(c.execute("SELECT count(*) FROM piped").fetchone())


@check
def pipeline_with_transactions_inside():
    with connect() as c, c.pipeline() as p:
        with c.transaction():
            c.execute("CREATE TABLE piped_tx (a int)")
            c.execute("INSERT INTO piped_tx VALUES (1)")
        p.sync()
        print(c.execute("SELECT * FROM piped_tx").fetchall(), c.info.transaction_status.name)


@check
def copy_in_rows_with_types():
    with connect() as c:
        c.execute("CREATE TABLE copied (id int, v text, at timestamptz, n numeric, j jsonb, a int[])")
        moment = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
        with c.cursor().copy("COPY copied FROM STDIN") as copy:
            for n in range(3):
                copy.write_row((n, f"tab\t{n}", moment, Decimal("1.50"), Jsonb({"n": n}), [n, None]))
        with c.cursor().copy("COPY copied (id, v, at, n) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "timestamptz", "numeric"])
            copy.write_row((9, None, moment, Decimal("-0.001")))
        for row in c.execute("SELECT * FROM copied ORDER BY id"):
            print(row)


@check
def copy_out_rows_with_types():
    with connect() as c:
        for format in ("text", "binary"):
            with c.cursor().copy(
                f"COPY (SELECT 1, 'x'::text, NULL::date, ARRAY[1.5]) TO STDOUT (FORMAT {format})"
            ) as copy:
                copy.set_types(["int4", "text", "date", "numeric[]"])
                print(list(copy.rows()))


@check
def copy_that_fails():
    with connect(autocommit=True) as c:
        c.execute("CREATE TABLE copy_fail (a int)")

        def write(data):
            with c.cursor().copy("COPY copy_fail FROM STDIN") as copy:
                copy.write(data)

        def give_up():
            with c.cursor().copy("COPY copy_fail FROM STDIN") as copy:
                copy.write("1\n")
                raise ValueError("changed my mind")

        fails(psycopg.Error, write, "1\nx\n")
        fails(psycopg.Error, write, "1\t2\n")
        fails(ValueError, give_up)
        print(c.execute("SELECT count(*) FROM copy_fail").fetchone())


@check
def server_side_cursors():
    with connect() as c:
        with c.cursor("plain") as cursor:
            cursor.itersize = 3
            cursor.execute("SELECT generate_series(1, 10)")
            print([row[0] for row in cursor])
        with c.cursor("scrolled", scrollable=True) as cursor:
            cursor.execute("SELECT generate_series(1, 10)")
            print(cursor.fetchmany(3))
            cursor.scroll(-2)
            print(cursor.fetchone())
            cursor.scroll(8, mode="absolute")
            print(cursor.fetchall())
        with c.cursor("with_parameters") as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relname = %s AND relkind = ANY (ARRAY[%s, 'v'])", ["pg_class", "r"])
            print(cursor.fetchall())
        held = c.cursor("held", withhold=True, binary=True)
        held.execute("SELECT 1.5::numeric AS n, 'x'::text AS t")
        c.commit()
        print(held.fetchall(), [column.name for column in held.description])
        held.close()


@check
def streaming_of_single_rows():
    with connect() as c:
        print(sum(row[0] for row in c.cursor().stream("SELECT generate_series(1, 1000)")))
        print(sum(row[0] for row in c.cursor(binary=True).stream("SELECT generate_series(1, 1000)", size=100)))


@check
def cancel():
    with connect(autocommit=True) as c:
        threading.Timer(0.3, c.cancel_safe).start()
        begun = time.monotonic()
        fails(errors.QueryCanceled, c.execute, "SELECT pg_sleep(15)")
        print(time.monotonic() - begun < 10, c.execute("SELECT 'alive'").fetchone())


@check
def cancel_and_terminate_by_function():
    with connect(autocommit=True) as a, connect(autocommit=True) as b:
        threading.Timer(0.3, lambda: a.execute("SELECT pg_cancel_backend(%s)", [b.info.backend_pid])).start()
        fails(errors.QueryCanceled, b.execute, "SELECT pg_sleep(15)")
        print(a.execute("SELECT pg_terminate_backend(%s)", [b.info.backend_pid]).fetchone())
        fails((errors.AdminShutdown, psycopg.OperationalError), b.execute, "SELECT 1")


@check
def notifications():
    with connect(autocommit=True) as a, connect(autocommit=True) as b:
        a.execute("LISTEN news")
        b.execute("SELECT pg_notify('news', 'one')")
        b.execute("NOTIFY news, 'two'")
        for notify in a.notifies(timeout=5, stop_after=2):
            print(notify.channel, notify.payload, notify.pid == b.info.backend_pid)


@check
def notices():
    with connect() as c:
        c.add_notice_handler(lambda diag: print(diag.severity, diag.sqlstate, diag.message_primary))
        c.execute("DROP TABLE IF EXISTS never_was")
        c.execute("CREATE TABLE IF NOT EXISTS err (a int)")


@check
def row_factories():
    class Point:
        def __init__(self, x, y):
            self.x, self.y = x, y

    with connect() as c:
        for factory in (dict_row, namedtuple_row):
            print(c.cursor(row_factory=factory).execute("SELECT 1 AS x, 2 AS y").fetchone())
        print(vars(c.cursor(row_factory=class_row(Point)).execute("SELECT 1 AS x, 2 AS y").fetchone()))


@check
def sql_composition():
    with connect() as c:
        c.execute(sql.SQL("CREATE TABLE {} ({} int)").format(sql.Identifier('odd "name'), sql.Identifier("select")))
        c.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier('odd "name'), 1))
        print(
            c.execute(
                sql.SQL("SELECT {} FROM {}").format(sql.Identifier("select"), sql.Identifier('odd "name'))
            ).fetchall()
        )
        print(sql.Literal("it's \\ x").as_string(c))


@check
def enum_by_the_catalog():
    with connect(autocommit=True) as c:
        c.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')")
        info = EnumInfo.fetch(c, "mood")
        print(info.name, info.labels)
        Mood = enum.Enum("Mood", {"sad": "sad", "happy": "happy"})
        register_enum(info, c, Mood)
        for binary in (False, True):
            print(c.cursor(binary=binary).execute("SELECT %s, ARRAY['sad'::mood]", [Mood.happy]).fetchone())
        fails(psycopg.Error, c.execute, "SELECT 'angry'::mood")


@check
def composite_by_the_catalog():
    with connect(autocommit=True) as c:
        c.execute("CREATE TYPE card AS (value int, suit text)")
        info = CompositeInfo.fetch(c, "card")
        print(info.name, info.field_names)
        register_composite(info, c)
        for binary in (False, True):
            print(
                c.cursor(binary=binary)
                .execute("SELECT %s, ROW(1, 'x,y')::card", [info.python_type(8, "hearts")])
                .fetchone()
            )


@check
def record_without_a_type():
    with connect() as c:
        for binary in (False, True):
            print(c.cursor(binary=binary).execute("SELECT ROW(1, 'x', NULL, 1.5)").fetchone())


@check
def range_by_the_catalog():
    with connect(autocommit=True) as c:
        print(RangeInfo.fetch(c, "int4range").subtype_oid, MultirangeInfo.fetch(c, "int4multirange").range_oid)
        c.execute("CREATE TYPE strrange AS RANGE (subtype = text)")
        register_range(RangeInfo.fetch(c, "strrange"), c)
        print(c.execute("SELECT '[a,b)'::strrange, %s::int4range", [Range(1, 5, "[]")]).fetchone())


@check
def hstore_by_the_catalog():
    with connect(autocommit=True) as c:
        c.execute("CREATE EXTENSION hstore")
        register_hstore(psycopg.types.TypeInfo.fetch(c, "hstore"), c)
        print(c.execute("SELECT 'a=>1,b=>NULL'::hstore, %s -> 'x'", [{"x": "y"}]).fetchone())


@check
def type_info_by_name_and_oid():
    with connect() as c:
        for name in ["int4", "text", "timestamptz", "pg_catalog.uuid", "_int4"]:
            info = psycopg.types.TypeInfo.fetch(c, name)
            print(info.name, info.oid, info.array_oid, info.regtype, info.delimiter)
        print(psycopg.types.TypeInfo.fetch(c, "nothing"))


@check
def asynchronous_connection():
    async def main():
        async with await psycopg.AsyncConnection.connect("") as c:
            async with c.cursor() as cursor:
                await cursor.execute("SELECT generate_series(1, 3)")
                print(await cursor.fetchall())
            async with c.pipeline():
                one = await c.execute("SELECT 1")
                two = await c.execute("SELECT 2")
                print(await one.fetchone(), await two.fetchone())

    return main()


@check
def client_side_binding_and_raw_queries():
    with connect() as c:
        print(psycopg.ClientCursor(c).execute("SELECT %s, %s; SELECT %s", [1, "it's", date(2024, 1, 1)]).fetchone())
        print(psycopg.RawCursor(c).execute("SELECT $1::int + $2", [1, 2]).fetchone())


@check
def large_objects():
    with connect() as c:
        (oid,) = c.execute("SELECT lo_from_bytea(0, %b)", [b"abc"]).fetchone()
        print(c.execute("SELECT lo_get(%s)", [oid]).fetchone())


@check
def client_encodings():
    for encoding in ("latin1", "win1252", "iso_8859_15", "euc_jp"):
        with connect(client_encoding=encoding) as c:
            print(encoding, c.execute("SELECT 'é'" if encoding != "euc_jp" else "SELECT 'あ'").fetchone())


@check
def description_of_columns():
    with connect() as c:
        c.execute(
            "CREATE TABLE described (a int2, b varchar(7), c char(3), d numeric(9,3), e timestamp(2), f time(0), g interval(1), h bit(5), i text[])"
        )
        for column in c.execute("SELECT * FROM described").description:
            print(
                column.name, column.type_code, column.display_size, column.internal_size, column.precision, column.scale
            )


if __name__ == "__main__":
    run()
