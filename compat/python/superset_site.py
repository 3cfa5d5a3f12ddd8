"""Superset in this process: its application over PGDATABASE, and its REST API through Flask's test client."""

import json
import logging
import os
import re
import warnings

import flask_migrate
from alembic.script import ScriptDirectory

warnings.filterwarnings("ignore")

from superset.app import create_app

# What Superset says of its own work goes to nobody; what fails is in its answers.
logging.disable(logging.CRITICAL)

ADMIN, ADMINS_PASSWORD = "admin", "compat"
#: What differs from run to run: moments, durations, and what Superset draws at random.
VOLATILE = re.compile(
    r"modified|changed_on.*|created_on.*|createdOn|dttm|.*_?uuid|key|.*[dD]ttm|.*_time|last_login|fail_login_count|loginCount|login_count|loginCount|.*_humanized"
    r"|cached_dttm|cache_key|extra_json|trackingUrl|timestamp|password|duration|.*thumbnail_url|thumbnail_digest"
    r"|last_saved_at|digest"
)
#: Lists that come in the order in which a server finds their rows, wherever they are.
UNORDERED = {"charts", "dashboards", "owners", "tags", "slices", "issue_codes", "editors", "roles", "permissions"}

application = create_app()
application.config["TESTING"] = True


class Site:
    """A session of the administrator."""

    def __init__(self):
        self.client, self.headers = application.test_client(), {}

    def log_in(self, username=ADMIN, password=ADMINS_PASSWORD):
        body = {"username": username, "password": password, "provider": "db", "refresh": True}
        response = self.client.post("/api/v1/security/login", json=body)
        token = (response.json or {}).get("access_token")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Some pages know no tokens, only the session's cookie.
        self.client.post("/login/", data={"username": username, "password": password})
        return response

    def call(self, method, path, body=None, query=None, **files):
        """An answer of the REST API; `query` is the argument that it takes in Rison."""
        parameters = {"q": json.dumps(query)} if query is not None else None
        sent = {"data": files} if files else {"json": body}
        if body is None and not files:
            sent = {}
        return self.client.open(f"/api/v1/{path}", method=method, headers=self.headers, query_string=parameters, **sent)

    def show(self, method, path, body=None, query=None, ordered=True, **files):
        """Calls, and prints what came; in an order of its own where Superset asks for none."""
        response = self.call(method, path, body, query, **files)
        print(response.status_code)
        if response.is_json:
            print_json(response.json, ordered)
        else:
            print(response.mimetype, response.get_data(as_text=True) if response.mimetype == "text/csv" else "")
        return response


def print_json(value, ordered=True):
    print(json.dumps(steady(value, ordered), indent=1, sort_keys=True, ensure_ascii=False, default=str))


def steady(value, ordered=True):
    """A JSON value without what differs from run to run."""
    if isinstance(value, dict):
        return {
            k: "…" if VOLATILE.fullmatch(k) and v is not None else steady(v, ordered and k not in UNORDERED)
            for k, v in value.items()
        }
    if isinstance(value, list):
        items = [steady(item, ordered) for item in value]
        return items if ordered else sorted(items, key=str)
    if isinstance(value, str):
        return steady_text(value)
    return "PORT" if str(value) == os.environ["PGPORT"] else value


def steady_text(text):
    """The same of a text, which may be JSON."""
    if text[:1] in ("{", "["):
        try:
            return steady(json.loads(text))
        except ValueError:
            pass
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "…", text)
    return text.replace(f":{os.environ['PGPORT']}", ":PORT").replace(f"port {os.environ['PGPORT']}", "port PORT")


def revisions():
    """Superset's migrations, each after those that it builds on."""
    with application.app_context():
        config = application.extensions["migrate"].migrate.get_config()
        scripts = ScriptDirectory.from_config(config)
        return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def upgrade(revision):
    with application.app_context():
        flask_migrate.upgrade(revision=revision)


def downgrade(revision):
    with application.app_context():
        flask_migrate.downgrade(revision=revision)
