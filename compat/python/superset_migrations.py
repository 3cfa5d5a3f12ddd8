"""The migrations of Superset's own tables, up and down, and what is in them before anybody comes."""

import psycopg2
from superset.extensions import appbuilder, security_manager

import superset_site as site
from checks import add, check

REVISIONS = site.revisions()
#: Makes a function in PL/pgSQL for one ALTER TABLE, `metric currency should be JSON`.
IN_PLPGSQL = "f1edd4a4d4f2"
IN_SQL = "ALTER TABLE sql_metrics ALTER COLUMN currency TYPE jsonb USING currency::jsonb"
#: How many are taken back and done again.
DOWN = 30

COLUMNS = """
    SELECT table_name, column_name, udt_name, character_maximum_length, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
SEQUENCES = """
    SELECT c.relname, d.refobjid::regclass::text, d.refobjsubid > 0
    FROM pg_class c LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'a'
    WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace ORDER BY 1"""
PERMISSIONS = """
    SELECT r.name, p.name, v.name
    FROM ab_role r
    JOIN ab_permission_view_role pvr ON pvr.role_id = r.id
    JOIN ab_permission_view pv ON pv.id = pvr.permission_view_id
    JOIN ab_permission p ON p.id = pv.permission_id
    JOIN ab_view_menu v ON v.id = pv.view_menu_id
    ORDER BY 1, 2, 3"""


def rows(statement):
    with psycopg2.connect("") as c, c.cursor() as cursor:
        cursor.execute(statement)
        for row in cursor:
            print(row)


def migrate(step, revision):
    step(revision)
    rows("SELECT version_num FROM alembic_version")
    rows("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")


def add_migrations():
    before = REVISIONS.index(IN_PLPGSQL)
    # All at once, as they are for a new installation: some look at tables from a second session, which would wait
    # for the first if it had not made them itself.
    add(f"migrations 1 to {before}", migrate, site.upgrade, REVISIONS[before - 1])
    for title, statement in [("columns", COLUMNS), ("constraints", CONSTRAINTS), ("indexes", INDEXES)]:
        add(f"{title} after migrations", rows, statement)
    add(f"migrations {before} to {before - DOWN}, down", migrate, site.downgrade, REVISIONS[before - DOWN - 1])
    add("columns after migrations, down", rows, COLUMNS)
    add("constraints after migrations, down", rows, CONSTRAINTS)
    add(f"migrations {before - DOWN + 1} to {before}, again", migrate, site.upgrade, REVISIONS[before - 1])
    add(f"migration {before + 1}, in PL/pgSQL", migrate, site.upgrade, IN_PLPGSQL)
    add(f"migrations {before + 2} to {len(REVISIONS)}", migrate_rest)
    add(f"migrations {len(REVISIONS)} to {before + 2}, down", migrate, site.downgrade, IN_PLPGSQL)
    add(f"migrations {before + 2} to {len(REVISIONS)}, again", migrate, site.upgrade, "heads")
    for title, statement in [
        ("columns", COLUMNS),
        ("constraints", CONSTRAINTS),
        ("indexes", INDEXES),
        ("sequences", SEQUENCES),
    ]:
        add(f"{title} after all migrations", rows, statement)


def migrate_rest():
    """Where the migration in PL/pgSQL failed, what it does is done in SQL, as a user would."""
    with psycopg2.connect("") as c, c.cursor() as cursor:
        cursor.execute("SELECT version_num FROM alembic_version")
        if cursor.fetchone()[0] != IN_PLPGSQL:
            cursor.execute(IN_SQL)
            cursor.execute("UPDATE alembic_version SET version_num = %s", [IN_PLPGSQL])
    migrate(site.upgrade, "heads")


add_migrations()


@check
def roles_and_permissions():
    with site.application.app_context():
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
    rows(PERMISSIONS)


@check
def roles_and_permissions_again():
    with site.application.app_context():
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
    rows("SELECT count(*) FROM ab_permission_view_role")


@check
def administrator():
    with site.application.app_context():
        role = security_manager.find_role("Admin")
        user = security_manager.add_user(
            site.ADMIN, "Ada", "Lovelace", "ada@x.org", role, password=site.ADMINS_PASSWORD
        )
        print(user, user.roles)
