"""A database of the server as one that Superset queries: connecting to it, its schemas and tables, uploads."""

import io
import os
from pathlib import Path

import psycopg2
from superset import db
from superset.models.core import Database
from superset.sql.parse import Table

import superset_site as site
from checks import add, check
from superset_config import uri

NAME = "shop"
SITE = site.Site()
#: Its number among Superset's databases, the first.
ID = 1
TABLES = ["customer", "purchase", "visit", "visit_2024", "Mixed Case", "every_type", "rich", "monthly"]


def connect(database=NAME):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def address(**changes):
    return uri(NAME).set(**changes).render_as_string(hide_password=False)


def of_database(function):
    """Calls a function with Superset's object for the database, in the application's context."""
    with site.application.test_request_context():
        function(db.session.get(Database, ID))


@check
def database_to_query():
    connect(os.environ["PGDATABASE"]).cursor().execute(f"CREATE DATABASE {NAME}")
    connect().cursor().execute((Path(__file__).parent / "superset_shop.sql").read_text())


@check
def log_in():
    print(SITE.log_in(password="wrong").status_code)
    print(SITE.log_in(username="nobody").status_code)
    print(SITE.log_in().status_code)
    SITE.show("GET", "me/")
    roles = SITE.call("GET", "me/roles/").json["result"]["roles"]
    print({role: sorted(map(tuple, permissions)) for role, permissions in roles.items()})


def test(**changes):
    SITE.show("POST", "database/test_connection/", {"database_name": NAME, "sqlalchemy_uri": address(**changes)})


add("connection test", test)
for title, changes in {
    "database that is not there": {"database": "nowhere"},
    "password that is wrong": {"password": "wrong"},
    "user who is not there": {"username": "nobody"},
    "port that is closed": {"port": 1},
    "host that is not there": {"host": "nowhere.invalid"},
}.items():
    add(f"connection test: {title}", lambda changes=changes: test(**changes))


@check
def validate_parameters():
    url = uri(NAME)
    parameters = {"host": url.host, "port": url.port, "username": url.username, "password": url.password}
    body = {"engine": "postgresql", "configuration_method": "dynamic_form", "database_name": NAME}
    SITE.show("POST", "database/validate_parameters/", {**body, "parameters": {**parameters, "database": NAME}})
    SITE.show("POST", "database/validate_parameters/", {**body, "parameters": {**parameters, "database": "nowhere"}})


@check
def create_database():
    SITE.show(
        "POST",
        "database/",
        {
            "database_name": NAME,
            "sqlalchemy_uri": address(),
            "expose_in_sqllab": True,
            "allow_ctas": True,
            "allow_cvas": True,
            "allow_dml": True,
            "allow_file_upload": True,
            "force_ctas_schema": "uploads",
            "extra": '{"cost_estimate_enabled": true, "allow_multi_catalog": false}',
        },
    )
    SITE.show("POST", "database/", {"database_name": NAME, "sqlalchemy_uri": address()})
    SITE.show("GET", f"database/{ID}")
    SITE.show("GET", f"database/{ID}/connection")
    SITE.show("PUT", f"database/{ID}", {"cache_timeout": 60, "impersonate_user": False})
    SITE.show("GET", "database/", query={"filters": [{"col": "database_name", "opr": "ct", "value": "sho"}]})
    SITE.show("POST", f"database/{ID}/sync_permissions/")


@check
def catalogs_and_schemas():
    SITE.show("GET", f"database/{ID}/catalogs/", query={"force": True}, ordered=False)
    SITE.show("GET", f"database/{ID}/schemas/", query={"force": True}, ordered=False)


@check
def tables_and_views():
    for schema in ("shop", "public", "information_schema", "pg_catalog", "nowhere"):
        SITE.show("GET", f"database/{ID}/tables/", query={"schema_name": schema, "force": True})


def metadata(table):
    body = {"name": table, "schema": "shop"}
    for path in ("table_metadata/", "table_metadata/extra/"):
        response = SITE.client.get(f"/api/v1/database/{ID}/{path}", headers=SITE.headers, query_string=body)
        print(response.status_code)
        site.print_json(response.json)
    SITE.show("GET", f"database/{ID}/select_star/{table}/shop/")


for table in [*TABLES, "nowhere"]:
    add(f"metadata of {table}", metadata, table)


@check
def names_by_the_engine_specification():
    def show(database):
        with database.get_inspector() as inspector:
            specification = database.db_engine_spec
            print(sorted(specification.get_catalog_names(database, inspector)))
            print(sorted(specification.get_schema_names(inspector)))
            print(sorted(specification.get_table_names(database, inspector, "shop")))
            print(sorted(specification.get_view_names(database, inspector, "shop")))
            print(database.get_default_catalog(), database.get_default_schema(None))

    of_database(show)


def inspect(table):
    def show(database):
        with database.get_inspector() as inspector:
            specification, of = database.db_engine_spec, Table(table, "shop")
            for column in specification.get_columns(inspector, of):
                print(
                    column["column_name"],
                    repr(column["type"]),
                    column["nullable"],
                    column["default"],
                    column["comment"],
                )
                print(specification.get_column_spec(str(column["type"])))
            print(sorted(map(str, specification.get_indexes(database, inspector, of))))
            print(inspector.get_pk_constraint(table, "shop"), inspector.get_foreign_keys(table, "shop"))
            print(inspector.get_unique_constraints(table, "shop"), inspector.get_check_constraints(table, "shop"))
            print(specification.get_table_comment(inspector, of))

    of_database(show)


for table in TABLES:
    add(f"inspector: {table}", inspect, table)


@check
def view_definitions():
    def show(database):
        with database.get_inspector() as inspector:
            for view in ("rich", "monthly"):
                print(inspector.get_view_definition(view, "shop"))

    of_database(show)


@check
def function_names():
    response = SITE.call("GET", f"database/{ID}/function_names/")
    print(response.status_code, sorted(response.json["function_names"]))


@check
def available_engines():
    engines = SITE.call("GET", "database/available/").json["databases"]
    site.print_json([engine for engine in engines if engine["engine"] == "postgresql"])


def upload(table, text, **options):
    files = {
        "file": (io.BytesIO(text.encode()), f"{table}.csv"),
        "type": "csv",
        "table_name": table,
        "schema": "uploads",
    }
    SITE.show("POST", f"database/{ID}/upload/", **files, **options)
    with connect() as c, c.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'uploads' AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        print(cursor.fetchall())
        if cursor.rowcount:
            cursor.execute(f"SELECT * FROM uploads.{table}")
            for row in sorted(map(str, cursor)):
                print(row)


TEXT = "n,f,name,day,flag\n1,1.5,one,2024-02-29,True\n2,,two,2024-03-01,False\n3,-0.25,ʒ “q”,,True\n"
add("upload CSV", upload, "numbers", TEXT)
for title, options in {
    "to a table that is there": {"already_exists": "fail"},
    "to replace": {"already_exists": "replace", "column_dates": "day"},
    "to append": {"already_exists": "append", "column_dates": "day"},
}.items():
    add(f"upload CSV {title}", lambda options=options: upload("numbers", TEXT, **options))
add(
    "upload CSV with an index",
    lambda: upload("indexed", TEXT, dataframe_index="true", index_label="row", column_data_types='{"n": "Int64"}'),
)
add("upload CSV with columns that do not fit", lambda: upload("numbers", "other\n1\n", already_exists="append"))


@check
def upload_many_rows():
    upload("many", "a,b\n" + "".join(f"{n},x{n}\n" for n in range(2500)))
