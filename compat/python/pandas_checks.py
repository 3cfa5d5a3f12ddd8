"""pandas: to_sql and read_sql through SQLAlchemy."""

import io

import pandas
import sqlalchemy as sa

from checks import check, run

ENGINE = sa.create_engine("postgresql+psycopg://", poolclass=sa.NullPool)
FRAME = pandas.DataFrame(
    {
        "id": [1, 2, 3],
        "name": ["a", "b", None],
        "value": [1.5, float("nan"), -2.0],
        "flag": [True, False, True],
        "at": pandas.to_datetime(["2024-02-29 12:00", "2000-01-01 00:00", None]),
        "zoned": pandas.to_datetime(["2024-02-29 12:00", "2000-01-01 00:00", "1970-01-01 00:00"], utc=True),
        "delta": [1, 2, 3],
    }
)


def show(frame):
    print(frame.dtypes)
    print(frame.to_string())


@check
def to_sql_and_back():
    print(FRAME.to_sql("frame", ENGINE, index=False))
    show(pandas.read_sql_table("frame", ENGINE))


@check
def to_sql_replace_append_and_fail():
    FRAME.to_sql("frame", ENGINE, if_exists="replace", index=True, index_label="row")
    FRAME.to_sql("frame", ENGINE, if_exists="append", index=True, index_label="row")
    try:
        FRAME.to_sql("frame", ENGINE, if_exists="fail")
    except ValueError as error:
        print(error)
    show(pandas.read_sql_query("SELECT * FROM frame ORDER BY row, id", ENGINE, index_col="row"))


@check
def to_sql_truncate():
    FRAME.to_sql("frame", ENGINE, if_exists="delete_rows", index=True, index_label="row")
    print(pandas.read_sql_query("SELECT count(*) FROM frame", ENGINE))


@check
def to_sql_multi_rows_with_types_and_schema():
    with ENGINE.begin() as c:
        c.execute(sa.text("CREATE SCHEMA lake"))
    FRAME.to_sql(
        "typed",
        ENGINE,
        schema="lake",
        method="multi",
        chunksize=2,
        index=False,
        dtype={"value": sa.Numeric(8, 3), "name": sa.String(5)},
    )
    show(pandas.read_sql_table("typed", ENGINE, schema="lake", columns=["id", "value", "name"]))


@check
def to_sql_by_copy():
    def copy(table, connection, keys, data):
        frame = pandas.DataFrame(data, columns=keys)
        with (
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({', '.join(keys)}) FROM STDIN WITH CSV") as target,
        ):
            target.write(frame.to_csv(index=False, header=False))

    FRAME[["id", "name"]].to_sql("by_copy", ENGINE, method=copy, index=False)
    show(pandas.read_sql("by_copy", ENGINE))


@check
def read_sql_in_chunks():
    with ENGINE.connect().execution_options(stream_results=True) as c:
        print([len(chunk) for chunk in pandas.read_sql_query("SELECT generate_series(1, 1000) AS g", c, chunksize=300)])


@check
def read_sql_of_many_types():
    query = "SELECT 1::int2 a, 2::int8 b, 1.5::float4 c, 2.5::numeric d, 'x'::text e, true f, date '2024-02-29' g, timestamptz '2024-02-29 12:00Z' h, interval '1 day' i, '{\"a\": 1}'::jsonb j, ARRAY[1, 2] k, NULL::int l"
    show(pandas.read_sql_query(query, ENGINE))


@check
def read_sql_with_parameters_and_dates():
    query = sa.text("SELECT g AS id, '2024-01-01'::date + g AS day FROM generate_series(1, :n) g")
    show(pandas.read_sql_query(query, ENGINE, params={"n": 3}, parse_dates=["day"]))


@check
def read_sql_of_pyarrow_like_dtypes():
    show(
        pandas.read_sql_query(
            "SELECT g AS id, nullif(g, 2) AS maybe, g || 'x' AS name FROM generate_series(1, 3) g",
            ENGINE,
            dtype_backend="numpy_nullable",
        )
    )


@check
def twenty_thousand_rows():
    frame = pandas.DataFrame({"a": range(20_000), "b": [f"v{n}" for n in range(20_000)]})
    frame.to_sql("many", ENGINE, index=False, method="multi", chunksize=1000)
    show(pandas.read_sql_query("SELECT count(*), sum(a), max(b) FROM many", ENGINE))
    print(pandas.read_sql_table("many", ENGINE).equals(frame))


@check
def group_and_pivot_of_a_query():
    frame = pandas.read_sql_query("SELECT mod(g, 3) AS k, mod(g, 2) AS j, g AS v FROM generate_series(1, 30) g", ENGINE)
    show(frame.pivot_table(index="k", columns="j", values="v", aggfunc="sum"))
    buffer = io.StringIO()
    frame.groupby("k").v.mean().to_csv(buffer)
    print(buffer.getvalue())


if __name__ == "__main__":
    run()
