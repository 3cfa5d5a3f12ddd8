"""asyncpg: the extended protocol in binary throughout, types introspected from the catalogs."""

import asyncio
import datetime
import io
import json
import os
import ssl
from decimal import Decimal
from uuid import UUID

import asyncpg

from checks import add, check, run, types


async def connect(**options):
    return await asyncpg.connect(**options)


@check
async def connect_plain():
    c = await connect(ssl=False)
    print(c.get_server_version()[:2], c.get_settings().server_encoding, c.get_settings().TimeZone)
    await c.close()


@check
async def connect_TLS_verified():
    c = await connect(ssl=ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"]))
    print(await c.fetchval("SELECT 1"))
    await c.close()


@check
async def connect_with_wrong_password():
    await fails(connect(password="wrong"))


@check
async def connect_with_server_settings():
    c = await connect(server_settings={"search_path": "x, y", "application_name": "compat", "jit": "off"})
    print(
        await c.fetchrow(
            "SELECT current_setting('search_path'), current_setting('application_name'), current_setting('jit')"
        )
    )
    await c.close()


async def fails(awaitable):
    try:
        await awaitable
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fields = ["sqlstate", "message", "detail", "hint", "position", "table_name", "column_name", "constraint_name"]
        print(type(error).__name__, {f: v for f in fields if (v := getattr(error, f, None))} or str(error))
    else:
        raise AssertionError("nothing failed")


def shown(value):
    # Paths and polygons do not show what they are, but where they are in memory.
    return f"{value.__class__.__name__}{tuple(value)}" if isinstance(value, asyncpg.Path) else repr(value)


async def read_and_write_back(type, literal):
    c = await connect()
    statement = await c.prepare(f"SELECT $1::{type} AS v")
    print(statement.get_parameters(), statement.get_attributes())
    quoted = literal.replace("'", "''")
    value = await c.fetchval(f"SELECT '{quoted}'::{type}")
    print(shown(value))
    print(shown(await statement.fetchval(value)))
    print(await c.fetchval(f"SELECT ($1::{type})::text", value))
    await c.close()


for name, type_, literal in types():
    if not type_.endswith("[]"):
        add(f"type {name}", read_and_write_back, type_, literal)


async def array(type, literal):
    c = await connect()
    quoted = literal.replace("'", "''")
    value = await c.fetchval(f"SELECT '{quoted}'::{type}")
    print(repr(value), await c.fetchval(f"SELECT ($1::{type})::text", value))
    await c.close()


for name, type_, literal in types():
    if type_.endswith("[]"):
        add(f"array {name}", array, type_, literal)


@check
async def transactions_and_savepoints():
    c = await connect()
    await c.execute("CREATE TABLE tx (a int PRIMARY KEY)")
    async with c.transaction():
        await c.execute("INSERT INTO tx VALUES (1)")
        try:
            async with c.transaction():
                await c.execute("INSERT INTO tx VALUES (1)")
        except asyncpg.UniqueViolationError as error:
            print(error.constraint_name, error.detail)
    print(await c.fetch("SELECT * FROM tx"), c.is_in_transaction())
    for isolation in ("serializable", "repeatable_read", "read_uncommitted"):
        async with c.transaction(isolation=isolation, readonly=True):
            print(
                await c.fetchrow(
                    "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
                )
            )
    await c.close()


@check
async def errors_by_class():
    c = await connect()
    await c.execute("CREATE TABLE err (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0), c int REFERENCES err)")
    for statement in [
        "SELEC",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM err",
        "SELECT 1/0",
        "SELECT 'x'::int",
        "SELECT nothing(1)",
        "INSERT INTO err VALUES (1, NULL)",
        "INSERT INTO err VALUES (1, -1)",
        "INSERT INTO err VALUES (1, 1, 9)",
        "INSERT INTO err VALUES (1, 1), (1, 1)",
        "CREATE TABLE err (a int)",
        "SELECT $1",
        "SELECT 1; SELECT 2",
    ]:
        await fails(c.fetch(statement))
    await fails(c.fetch("SELECT $1::int"))
    await c.close()


@check
async def prepared_statements_and_their_invalidation():
    c = await connect()
    await c.execute("CREATE TABLE replan (a int); INSERT INTO replan VALUES (1)")
    statement = await c.prepare("SELECT * FROM replan WHERE a = $1")
    print(await statement.fetch(1), statement.get_attributes(), statement.get_statusmsg())
    await c.execute("ALTER TABLE replan ALTER COLUMN a TYPE bigint")
    await fails(statement.fetch(1))
    print(await c.fetch("SELECT * FROM replan WHERE a = $1", 1))
    await c.close()


@check
async def explain_of_prepared_statement():
    c = await connect()
    statement = await c.prepare("SELECT generate_series(1, $1::int)")
    plan = await statement.explain(3, analyze=True)
    print(type(plan).__name__, sorted(plan[0])[:2])
    await c.close()


@check
async def executemany():
    c = await connect()
    await c.execute("CREATE TABLE many (a int PRIMARY KEY, b text, c timestamptz, d numeric)")
    moment = datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)
    await c.executemany(
        "INSERT INTO many VALUES ($1, $2, $3, $4)", [(n, f"v{n}", moment, Decimal("1.5")) for n in range(500)]
    )
    print(await c.fetchrow("SELECT count(*), max(a), max(c), sum(d) FROM many"))
    await fails(c.executemany("INSERT INTO many (a) VALUES ($1)", [(1000,), (1,), (1001,)]))
    print(await c.fetchval("SELECT count(*) FROM many"))
    print(await c.fetchmany("INSERT INTO many (a) VALUES ($1) RETURNING a", [(2000,), (2001,)]))
    await c.close()


@check
async def cursors():
    c = await connect()
    async with c.transaction():
        print([row[0] async for row in c.cursor("SELECT generate_series(1, 120)", prefetch=50)][-1])
        cursor = await c.cursor("SELECT generate_series(1, $1::int)", 10)
        print(await cursor.fetch(3), await cursor.forward(2), await cursor.fetchrow(), len(await cursor.fetch(100)))
    await c.close()


@check
async def copy_records_in_binary():
    c = await connect()
    await c.execute(
        "CREATE TABLE copied (a int, b text, c uuid, d jsonb, e int[], f numeric, g date, h bool, i interval)"
    )
    rows = [
        (
            n,
            f"t\t{n}",
            UUID(int=n),
            '{"n": 1}',
            [n, None],
            Decimal("1.50"),
            datetime.date(2024, 2, 29),
            True,
            datetime.timedelta(1),
        )
        for n in range(3)
    ]
    print(await c.copy_records_to_table("copied", records=rows + [(None,) * 9]))
    for row in await c.fetch("SELECT * FROM copied ORDER BY a"):
        print(tuple(row))
    await c.close()


@check
async def copy_from_query_and_to_table():
    c = await connect()
    await c.execute("CREATE TABLE target (a int, b text)")
    data = []

    async def take(chunk):
        data.append(chunk)

    print(await c.copy_from_query("SELECT $1::int, 'it''s'", 5, output=take, format="csv", header=True), data)
    data.clear()
    print(await c.copy_from_query("SELECT 1, 'x'::text", output=take, format="binary"))
    print(await c.copy_to_table("target", source=io.BytesIO(b"".join(data)), format="binary"))
    print(await c.copy_from_table("target", output=take, columns=["b"]), data[-1])
    await fails(c.copy_to_table("target", source=io.BytesIO(b"1\n2\n")))
    await c.close()


@check
async def cancel_by_timeout():
    c = await connect()
    try:
        await c.fetch("SELECT pg_sleep(15)", timeout=0.3)
    except asyncio.TimeoutError:
        print("timed out", await c.fetchval("SELECT 'alive'"))
    await c.close()


@check
async def cancel_of_a_task():
    c = await connect()
    task = asyncio.ensure_future(c.fetch("SELECT pg_sleep(15)"))
    await asyncio.sleep(0.3)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", await c.fetchval("SELECT 'alive'"))
    await c.close()


@check
async def notifications():
    a, b = await connect(), await connect()
    heard = asyncio.Queue()
    await a.add_listener("news", lambda *event: heard.put_nowait(event[1:]))
    await b.execute("NOTIFY news, 'hello'")
    pid, channel, payload = await asyncio.wait_for(heard.get(), 5)
    print(pid == b.get_server_pid(), channel, payload)
    await a.close()
    await b.close()


@check
async def notices():
    c = await connect()
    c.add_log_listener(lambda _, message: print(message.severity, message.sqlstate, message.message))
    await c.execute("DROP TABLE IF EXISTS never_was")
    await c.close()


@check
async def pool_with_reset():
    async with asyncpg.create_pool(min_size=2, max_size=3) as pool:
        async with pool.acquire() as c:
            await c.execute(
                "SET work_mem = '7MB'; CREATE TEMP TABLE left_over (a int); LISTEN x; SELECT pg_advisory_lock(7)"
            )
        print(await asyncio.gather(*[pool.fetchval("SELECT current_setting('work_mem')") for _ in range(5)]))
        print(await pool.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))


@check
async def enum_composite_and_domain():
    c = await connect()
    await c.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')")
    await c.execute("CREATE TYPE pair AS (a int, b text, m mood[])")
    await c.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
    print(await c.fetchval("SELECT $1::mood", "sad"))
    print(await c.fetchval("SELECT $1::pair", (1, "x", ["happy"])))
    print(await c.fetchval("SELECT $1::positive", 5))
    print(await c.fetchval("SELECT ARRAY[(1, 'x', '{sad}')::pair]"))
    await fails(c.fetchval("SELECT $1::positive", -5))
    await fails(c.fetchval("SELECT $1::mood", "angry"))
    await c.close()


@check
async def type_codecs_set_by_name():
    c = await connect()
    await c.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    await c.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=float, format="text")
    print(await c.fetchrow("SELECT $1::jsonb, $2::numeric", {"a": [1]}, 1.25))
    await c.close()


@check
async def introspection_of_types():
    c = await connect()
    statement = await c.prepare("SELECT NULL::int[], NULL::text, $1::oidvector, $2::regclass[]")
    for attribute in statement.get_attributes():
        print(attribute.name, attribute.type.name, attribute.type.kind, attribute.type.schema)
    print([p.name for p in statement.get_parameters()])
    await c.close()


@check
async def records_and_rows():
    c = await connect()
    print(await c.fetchval("SELECT ROW(1, 'x', NULL)"), await c.fetchval("SELECT t FROM (SELECT 1 AS a, 'b' AS b) t"))
    await c.execute("CREATE TABLE whole (a int, b text); INSERT INTO whole VALUES (1, 'x')")
    print(await c.fetchval("SELECT w FROM whole w"), await c.fetchval("SELECT array_agg(w) FROM whole w"))
    await c.close()


if __name__ == "__main__":
    run()
