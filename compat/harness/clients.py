"""The clients: how each is brought and what runs its checks."""

import dataclasses
import sys
from collections.abc import Callable

from . import cache, provision

REQUIREMENTS = cache.COMPAT / "python" / "requirements.txt"
OF_DBT = cache.COMPAT / "python" / "requirements-dbt.txt"
OF_SUPERSET = cache.COMPAT / "python" / "requirements-superset.txt"
MANIFEST = cache.COMPAT / "node" / "package.json"
CRATES = cache.COMPAT / "rust" / "Cargo.toml"


@dataclasses.dataclass
class Program:
    """A client that is ready to run, from the directory compat/."""

    version: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Client:
    name: str
    what: str
    set_up: Callable[[], Program]
    timeout_s: int = 600
    #: Runs only when it is named: it takes long.
    on_demand: bool = False


def choose(names):
    """The clients named; without names, all that do not wait to be named."""
    if unknown := set(names) - {client.name for client in ALL}:
        raise SystemExit(f"no such client: {', '.join(sorted(unknown))} (see --list)")
    return [client for client in ALL if (client.name in names if names else not client.on_demand)]


def of_debian(script, *packages, by=sys.executable):
    """A script with a client of Debian's packages, the first of which is the client."""

    def set_up():
        return Program(provision.debian(*packages), [by, script])

    return set_up


def of_pypi(package, script, requirements=REQUIREMENTS):
    """A script in the environment of a file of requirements; Python's sets have one order in all runs."""

    def set_up():
        version = provision.pinned_in_requirements(requirements, package)
        return Program(version, [provision.python(requirements), script], {"PYTHONHASHSEED": "0"})

    return set_up


def of_npm(package, script):
    """A script with the packages of node/package.json."""

    def set_up():
        modules = provision.node(MANIFEST) / "node_modules"
        return Program(provision.pinned_in_manifest(MANIFEST, package), ["node", script], {"NODE_PATH": str(modules)})

    return set_up


def of_crates(package):
    """The binary of rust/ that is named for its client."""

    def set_up():
        return Program(provision.locked_in_cargo(CRATES, package), [provision.rust(CRATES, package)])

    return set_up


def tools():
    """No client of a registry: psycopg carries the questions."""
    return Program("SQL", [provision.python(REQUIREMENTS), "python/tools_checks.py"])


def pgjdbc():
    """The classes of java/, compiled against Debian's driver."""
    version = provision.debian("libpostgresql-jdbc-java")
    provision.debian_unless_there("javac", "openjdk-17-jdk-headless")
    driver = "/usr/share/java/postgresql.jar"
    classes = provision.java(cache.COMPAT / "java", driver)
    return Program(version, ["java", "-cp", f"{classes}:{driver}", "Checks"])


def django_suite():
    version = provision.pinned_in_requirements(REQUIREMENTS, "django")
    tests = provision.sdist("django", version) / "tests"
    return Program(version, [provision.python(REQUIREMENTS), "python/django_suite.py", tests])


def sqlalchemy_suite():
    version = provision.pinned_in_requirements(REQUIREMENTS, "sqlalchemy")
    source = provision.sdist("sqlalchemy", version)
    # Without -s, its conftest would take the library from the source, where nothing is compiled.
    return Program(version, [provision.python(REQUIREMENTS), "-s", "python/sqlalchemy_suite.py", source])


def lib_pq():
    """The program of debian/go, built against Debian's source of lib/pq."""
    version = provision.debian("golang-github-lib-pq-dev", "golang-go")
    program = provision.go(cache.COMPAT / "debian" / "go")
    return Program(version, [program])


ALL = [
    Client(
        "psql",
        "psql 15: what it describes, its session, its ways to connect",
        of_debian("psql/run.py", "postgresql-client-15"),
    ),
    Client("pg_dump", "pg_dump, pg_restore, pg_dumpall 15", of_debian("psql/dump.py", "postgresql-client-15")),
    Client("psycopg", "psycopg 3", of_pypi("psycopg", "python/psycopg3_checks.py")),
    Client("psycopg2", "psycopg 2", of_pypi("psycopg2-binary", "python/psycopg2_checks.py")),
    Client("asyncpg", "asyncpg", of_pypi("asyncpg", "python/asyncpg_checks.py")),
    Client("sqlalchemy", "SQLAlchemy 2: core, ORM, reflection", of_pypi("sqlalchemy", "python/sqlalchemy_checks.py")),
    Client("alembic", "Alembic: migrations, autogenerate", of_pypi("alembic", "python/alembic_checks.py")),
    Client("django", "Django 5: migrations, ORM, introspection, contrib", of_pypi("django", "python/django_checks.py")),
    Client("pgcli", "pgcli: completion and commands", of_pypi("pgcli", "python/pgcli_checks.py")),
    Client("pandas", "pandas: to_sql, read_sql", of_pypi("pandas", "python/pandas_checks.py")),
    Client(
        "dbt", "dbt: seeds, models, snapshots, tests, docs", of_pypi("dbt-postgres", "python/checks_dbt.py", OF_DBT)
    ),
    Client(
        "superset",
        "Apache Superset: migrations, REST API, SQL Lab, charts' queries",
        of_pypi("apache-superset", "python/superset_checks.py", OF_SUPERSET),
        timeout_s=900,
    ),
    Client("pgjdbc", "pgjdbc: types, statements, result sets, COPY, DatabaseMetaData", pgjdbc),
    Client(
        "tools",
        "the SQL of DBeaver, pgAdmin, DataGrip, Metabase, Npgsql and Power BI, Tableau, Superset, Grafana, PostgREST,"
        " Hasura, Supabase, diesel, sea-orm",
        tools,
    ),
    Client("pg", "node-postgres with its cursors and streams", of_npm("pg", "node/pg.js")),
    Client("postgres.js", "postgres.js", of_npm("postgres", "node/postgresjs.js")),
    Client("knex", "Knex: builders, migrations", of_npm("knex", "node/knex.js")),
    Client("sequelize", "Sequelize: models, introspection", of_npm("sequelize", "node/sequelize.js")),
    Client("typeorm", "TypeORM: entities, introspection, migrations", of_npm("typeorm", "node/typeorm.js")),
    Client("drizzle", "Drizzle with drizzle-kit's push, pull and migrations", of_npm("drizzle-orm", "node/drizzle.js")),
    Client("prisma", "Prisma's client over its adapter for pg", of_npm("prisma", "node/prisma.js")),
    Client("odbc", "psqlODBC through isql", of_debian("debian/isql.py", "odbc-postgresql", "unixodbc")),
    Client("ruby-pg", "Ruby's pg", of_debian("debian/pg.rb", "ruby-pg", by="ruby")),
    Client(
        "activerecord",
        "ActiveRecord: migrations, models, schema",
        of_debian("debian/activerecord.rb", "ruby-activerecord", "ruby-pg", by="ruby"),
    ),
    Client("php", "PHP's PDO and pgsql", of_debian("debian/pdo.php", "php8.2-pgsql", "php8.2-cli", by="php")),
    Client("perl", "Perl's DBD::Pg", of_debian("debian/dbd_pg.pl", "libdbd-pg-perl", by="perl")),
    Client("lib-pq", "Go's lib/pq", lib_pq),
    Client("tokio-postgres", "Rust's tokio-postgres", of_crates("tokio-postgres")),
    Client("sqlx", "Rust's sqlx: pools, types, describe, migrations", of_crates("sqlx")),
    Client("django-suite", "Django's own tests (long: only when named)", django_suite, timeout_s=7200, on_demand=True),
    Client(
        "sqlalchemy-suite",
        "SQLAlchemy's dialect suite over psycopg 3 (long: only when named)",
        sqlalchemy_suite,
        timeout_s=3600,
        on_demand=True,
    ),
]
