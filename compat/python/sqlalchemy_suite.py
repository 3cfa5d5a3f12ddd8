"""SQLAlchemy's dialect compliance suite over psycopg 3: each test is a check.

python/sqlalchemy_suite.py DIRECTORY      its source release
"""

import os
import re
import sys

import psycopg
import pytest


class Transcript:
    """Says of each test, as it ends, whether it passed."""

    def pytest_configure(self):
        from sqlalchemy.dialects.postgresql import provision

        # It makes citext and hstore for tests of the dialect that are not among these.
        provision._extensions.clear()

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            # Names of classes end in the driver and the server's version.
            print("==", re.sub(r"_postgresql[^:]*(?=::)", "", report.nodeid.partition("::")[2]), end="")
            print("" if report.when != "teardown" else " (teardown)")
            print(self.outcome(report), flush=True)

    def outcome(self, report):
        if report.outcome != "failed":
            return report.outcome
        crash = getattr(report.longrepr, "reprcrash", None)
        return "!! " + " ".join((crash.message if crash else str(report.longrepr)).split())[:500]


def main():
    with psycopg.connect("") as c:
        c.execute("CREATE SCHEMA test_schema; CREATE SCHEMA test_schema_2")
    os.chdir(sys.argv[1])
    arguments = ["test/dialect/test_suite.py", "--dburi", "postgresql+psycopg://", "-s", "-o", "addopts="]
    arguments += ["-p", "no:terminal", "-p", "no:cacheprovider"]
    pytest.main(arguments, plugins=[Transcript()])


if __name__ == "__main__":
    main()
