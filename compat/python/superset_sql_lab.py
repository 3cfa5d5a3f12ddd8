"""SQL Lab: statements of every kind in the synchronous way, values of every type, costs, and cancelling."""

import threading

import psycopg2
from superset.models.sql_lab import Query

import superset_site as site
from checks import add, check, types
from superset_databases import ID, SITE, connect, of_database

NUMBER = iter(range(1, 10_000))


def execute(sql, **options):
    """Runs statements as the editor does and prints what it would show."""
    body = {"database_id": ID, "sql": sql, "client_id": f"q{next(NUMBER)}", "schema": "shop", "runAsync": False}
    response = SITE.call("POST", "sqllab/execute/", {**body, "queryLimit": 1000, **options})
    print(response.status_code)
    answer = response.json
    for shown in ("status", "columns", "data", "errors", "message"):
        if shown in answer:
            site.print_json(answer[shown])
    if query := answer.get("query"):
        print(query["rows"], query["limit"], query["limitingFactor"], query["executedSql"], query["errorMessage"])
    return body["client_id"]


STATEMENTS = {
    "select": "SELECT * FROM customer ORDER BY id",
    "limit of its own": "SELECT id FROM purchase ORDER BY id LIMIT 3",
    "names twice": "SELECT 1 AS a, 2 AS a, 'x' AS b",
    "no columns' names": "SELECT 1, 'x', now() IS NULL",
    "no rows": "SELECT id, at, amount FROM purchase WHERE false",
    "with": "WITH big AS (SELECT * FROM purchase WHERE amount > 240) SELECT customer, amount FROM big ORDER BY amount",
    "window": "SELECT id, sum(amount) OVER (PARTITION BY customer ORDER BY id) AS s FROM purchase ORDER BY id LIMIT 5",
    "join of views": "SELECT r.name, r.spent, c.mood FROM rich r JOIN customer c USING (id) ORDER BY 1",
    "set operation": "SELECT 1 AS n UNION ALL SELECT 2 ORDER BY n",
    "some statements": "SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c",
    "comments": "-- what\nSELECT /* it */ 1 AS a -- is",
    "percent and braces": "SELECT 'a%b' LIKE 'a\\%b' AS p, 10 % 3 AS r, '{' || '}' AS braces",
    "template": "SELECT {{ 1 + 1 }} AS two, '{{ current_username() }}' AS who",
    "template with a loop": "SELECT {% for n in [1, 2] %}{{ n }} AS c{{ n }}, {% endfor %}3 AS c3",
    "show": "SHOW server_version_num",
    "insert": "INSERT INTO customer (name) VALUES ('Alan') RETURNING name",
    "update": "UPDATE customer SET balance = 7 WHERE name = 'Alan'",
    "delete": "DELETE FROM customer WHERE name = 'Alan'",
    "create, fill and drop": "CREATE TABLE uploads.tmp (a int); INSERT INTO uploads.tmp VALUES (1), (2);"
    " SELECT * FROM uploads.tmp ORDER BY a; DROP TABLE uploads.tmp",
    "set search_path": "SET search_path = public; SELECT 1",
    "values": "VALUES (1, 'a'), (2, 'b')",
    "every type": "SELECT * FROM every_type",
    "system catalogs": "SELECT relname, relkind FROM pg_class WHERE relname LIKE 'pg_cl%' ORDER BY 1",
    "materialized view": "REFRESH MATERIALIZED VIEW monthly; SELECT count(*) AS n FROM monthly",
    "error: syntax": "SELEC 1",
    "error: syntax at the server": "SELECT 1 FROM customer WHERE id = = 1",
    "error: table": "SELECT * FROM nowhere",
    "error: column": "SELECT nothing FROM customer",
    "error: function": "SELECT no_such(1)",
    "error: division": "SELECT 1 / (id - id) AS x FROM customer",
    "error: cast": "SELECT 'x'::text::int AS i FROM customer",
    "error: in the second": "SELECT 1 AS a; SELECT * FROM nowhere",
    "error: constraint": "INSERT INTO customer (name) VALUES ('Ada')",
}
for name, sql in STATEMENTS.items():
    add(f"SQL Lab: {name}", execute, sql)
for name, type_name, literal in types():
    literal = literal.replace("'", "''")
    add(f"SQL Lab: type {name}", execute, f"SELECT '{literal}'::{type_name} AS value")


@check
def other_schema_by_default():
    execute(
        "SELECT current_schema() AS s, count(*) AS n FROM pg_views WHERE viewname = 'pg_views'", schema="pg_catalog"
    )
    execute("SELECT current_schema() AS s", schema="uploads")


@check
def limit_of_the_editor():
    execute("SELECT g FROM generate_series(1, 50) g", queryLimit=10)


@check
def create_table_as():
    execute("SELECT id, name FROM customer", select_as_cta=True, ctas_method="TABLE", tmp_table_name="as_table")
    execute("SELECT * FROM uploads.as_table ORDER BY id")
    execute("SELECT id, name FROM customer", select_as_cta=True, ctas_method="TABLE", tmp_table_name="as_table")


@check
def create_view_as():
    execute("SELECT id, name FROM customer", select_as_cta=True, ctas_method="VIEW", tmp_table_name="as_view")
    execute("SELECT * FROM uploads.as_view ORDER BY id")


@check
def export_as_csv():
    client = execute("SELECT id, name, born, balance FROM customer ORDER BY id")
    SITE.show("GET", f"sqllab/export/{client}/")


@check
def queries_that_ran():
    query = {
        "columns": ["sql", "status", "rows", "schema"],
        "order_column": "start_time",
        "order_direction": "asc",
        "page_size": 100,
    }
    response = SITE.call("GET", "query/", query=query)
    print(response.status_code, response.json["count"])
    site.print_json(response.json["result"])


@check
def estimated_cost():
    """That there is one; what plans cost is each server's own."""
    for sql in ("SELECT * FROM customer", "SELECT 1; SELECT count(*) FROM purchase", "SELECT * FROM nowhere"):
        response = SITE.call("POST", "sqllab/estimate/", {"database_id": ID, "sql": sql, "schema": "shop"})
        print(response.status_code, [sorted(cost) for cost in response.json.get("result", [])])
        if "errors" in response.json:
            site.print_json(response.json["errors"])


@check
def format_sql():
    SITE.show("POST", "sqllab/format_sql/", {"sql": "select a,b from t where c=1", "database_id": ID})


@check
def page_of_the_editor():
    response = SITE.call("GET", "sqllab/")
    print(response.status_code)
    site.print_json({k: v for k, v in response.json["result"].items() if k in ("databases", "active_tab", "queries")})


@check
def tabs_of_the_editor():
    state = {"dbId": ID, "schema": "shop", "sql": "SELECT 1", "title": "tab", "queryLimit": 10, "autorun": False}
    response = SITE.client.post("/tabstateview/", headers=SITE.headers, data={"queryEditor": site.json.dumps(state)})
    print(response.status_code, response.json)


@check
def cancel_by_the_engine_specification():
    """Superset keeps the backend's number of a running statement; to cancel it, it ends that backend."""

    def cancel(database):
        specification, query, other = database.db_engine_spec, Query(), connect()
        with other.cursor() as cursor:
            backend = specification.get_cancel_query_id(cursor, query)
            cursor.execute("SELECT pg_backend_pid()")
            print(str(cursor.fetchone()[0]) == str(backend))
        ended = []

        def wait():
            try:
                other.cursor().execute("SELECT pg_sleep(30)")
            except psycopg2.Error as error:
                ended.append((type(error).__name__, str(error).splitlines()[0]))

        waiting = threading.Thread(target=wait)
        waiting.start()
        # Not in a transaction, which would see the sessions as they were at its begin.
        with connect().cursor() as cursor:
            while not ended and waiting.is_alive():
                cursor.execute(
                    "SELECT state FROM pg_stat_activity WHERE pid = %s AND query LIKE '%%sleep%%'", [backend]
                )
                if cursor.fetchone() == ("active",):
                    print(specification.cancel_query(cursor, query, backend))
                    waiting.join()
            cursor.execute("SELECT pg_terminate_backend(0 + %s)", [backend])
            print(cursor.fetchall())
        print(ended)

    of_database(cancel)


@check
def stop_a_query():
    """By the button, while it runs. Whether it counts as stopped or as failed then is a race in Superset."""
    answers = []
    body = {"database_id": ID, "sql": "SELECT pg_sleep(40)", "client_id": "to stop", "runAsync": False}
    waiting = threading.Thread(target=lambda: answers.append(SITE.call("POST", "sqllab/execute/", body)))
    waiting.start()
    with connect().cursor() as cursor:
        running = None
        while not running and waiting.is_alive():
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE query ~ '^SELECT\\s+PG_SLEEP' AND state = 'active'")
            running = cursor.fetchone()
    SITE.show("POST", "query/stop", {"client_id": body["client_id"]})
    waiting.join()
    for answer in answers:
        print([error["message"] for error in answer.json["errors"]])
