"""Superset: the server as the database that it keeps its own objects in, and as one that it queries.

One file for each part; they build on each other, in this order.
"""

import importlib

from checks import run

for part in ("migrations", "databases", "sql_lab", "charts", "objects"):
    importlib.import_module(f"superset_{part}")

if __name__ == "__main__":
    run(timeout_s=60)
