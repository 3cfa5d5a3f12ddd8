"""Writes down what clients ask of the catalog: the statements in this folder's *.sql, from the log of a
PostgreSQL 15 that pgjdbc, SQLAlchemy and Django describe the benchmark's database on.

    bench/catalog/capture.py DATABASE_URL LOG_FILE

The server logs statements alone (log_statement = all, log_line_prefix = ''). Needs psycopg2, SQLAlchemy,
Django, and Debian's libpostgresql-jdbc-java. Tables' OIDs stand as names in braces, as no two servers have
the same, and parameters as literals.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
JAVA = """
import java.sql.*;
public class Describe {
    static void read(String name, ResultSet rows) throws SQLException { while (rows.next()) {} rows.close(); }
    public static void main(String[] a) throws Exception {
        Connection c = DriverManager.getConnection(a[0]);
        DatabaseMetaData m = c.getMetaData();
        for (String what : new String[] {"getTables", "getColumns", "getPrimaryKeys", "getIndexInfo", "getImportedKeys"}) {
            c.createStatement().execute("SELECT 'begin " + what + "'");
            switch (what) {
                case "getTables": read(what, m.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})); break;
                case "getColumns": read(what, m.getColumns(null, "public", "t_100", "%")); break;
                case "getPrimaryKeys": read(what, m.getPrimaryKeys(null, "public", "t_100")); break;
                case "getIndexInfo": read(what, m.getIndexInfo(null, "public", "t_100", false, false)); break;
                case "getImportedKeys": read(what, m.getImportedKeys(null, "public", "t_100")); break;
            }
            c.createStatement().execute("SELECT 'end'");
        }
    }
}
"""


def jdbc(url):
    parts = urllib.parse.urlsplit(url)
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / "Describe.java"
        source.write_text(JAVA)
        target = f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}?user={parts.username}"
        subprocess.run(["java", "-cp", "/usr/share/java/postgresql.jar", source, target], check=True)


def sqlalchemy(url):
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.connect() as connection:
        mark = lambda what: connection.execute(sqlalchemy.text(f"SELECT '{what}'"))
        inspector = lambda: sqlalchemy.inspect(connection)
        inspector()
        mark("begin SQLAlchemy table names")
        inspector().get_table_names("public")
        mark("end")
        mark("begin SQLAlchemy reflection of a table")
        sqlalchemy.Table("t_100", sqlalchemy.MetaData(), autoload_with=connection, resolve_fks=False)
        mark("end")
        mark("begin SQLAlchemy reflection of a schema")
        sqlalchemy.MetaData().reflect(connection)
        mark("end")


def django(url):
    from django.conf import settings

    parts = urllib.parse.urlsplit(url)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username, "HOST": parts.hostname, "PORT": parts.port}
    settings.configure(DATABASES={"default": database})
    from django.db import connection

    with connection.cursor() as cursor:
        about = connection.introspection
        cursor.execute("SELECT 'begin Django introspection of a table'")
        about.get_table_list(cursor)
        about.get_table_description(cursor, "t_100")
        about.get_relations(cursor, "t_100")
        about.get_constraints(cursor, "t_100")
        about.get_sequences(cursor, "t_100")
        cursor.execute("SELECT 'end'")


def main():
    url, log = sys.argv[1], pathlib.Path(sys.argv[2])
    start = log.stat().st_size
    for client in [jdbc, sqlalchemy, django]:
        client(url)
    text = log.read_bytes()[start:].decode()
    statements = re.findall(r"LOG:  (?:statement|execute [^:]*): (.*?)(?=\nLOG:  |\Z)", text, re.S)
    listing = subprocess.run(["psql", "-XAtqF ", url, "-c", "SELECT oid::oid, relname FROM pg_class WHERE relkind = 'r' AND oid >= 16384"], check=True, text=True, capture_output=True)
    tables = dict(line.split() for line in listing.stdout.splitlines())
    name, kept = None, {}
    for statement in statements:
        statement = re.sub(r"\n\t", "\n", statement).strip().rstrip(";")
        if mark := re.fullmatch(r"SELECT 'begin (.*)'", statement):
            name = mark.group(1)
            kept[name] = []
        elif statement == "SELECT 'end'":
            name = None
        elif name and not re.match(r"(BEGIN|COMMIT|ROLLBACK|SHOW|SET)\b", statement, re.I):
            kept[name].append(by_name(with_values(statement), tables))
    for name, statements in kept.items():
        file = HERE / (re.sub(r"\W+", "_", name.lower()) + ".sql")
        file.write_text(f"-- {name}\n" + ";\n\n".join(statements) + ";\n")
        print(f"{file.name:45} {len(statements)} statements")


def with_values(statement):
    """The statement with its parameters written in, which the log has below it."""
    statement, _, detail = statement.partition("\nDETAIL:  parameters: ")
    for number, value in re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", detail):
        statement = re.sub(rf"\${number}\b", lambda _: value, statement)
    return statement


def by_name(statement, tables):
    """Tables' OIDs as their names in braces, a list of them as {*}."""
    statement = re.sub(r"\b(?:\d{5}, ){9,}\d{5}\b", "{*}", statement)
    return re.sub(r"\b\d{5}\b", lambda oid: f"{{{tables[oid.group()]}}}" if oid.group() in tables else oid.group(), statement)


if __name__ == "__main__":
    main()
