"""What Superset reads as its configuration: the database it is given, no cache, no workers, nothing random."""

import os
import tempfile

from sqlalchemy.engine import URL

SECRET_KEY = "compat" * 8


def uri(database):
    """A database of the server under test, as Superset would be told of it."""
    env = os.environ
    return URL.create("postgresql", env["PGUSER"], env["PGPASSWORD"], env["PGHOST"], int(env["PGPORT"]), database)


SQLALCHEMY_DATABASE_URI = uri(os.environ["PGDATABASE"]).render_as_string(hide_password=False)
DATA_DIR = tempfile.mkdtemp()
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
FEATURE_FLAGS = {"TAGGING_SYSTEM": True, "ESTIMATE_QUERY_COST": True, "ENABLE_TEMPLATE_PROCESSING": True}
FAB_ADD_SECURITY_API = True
#: Results of queries are to come from the server each time.
CACHE_CONFIG = DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
#: What is forbidden to users of SQL Lab by default is to reach the server here.
DISALLOWED_SQL_FUNCTIONS = {}
