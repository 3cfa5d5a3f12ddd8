"""Django's own tests of what touches the database: each test is a check.

python/django_suite.py DIRECTORY      Django's tests/, from its source release
"""

import os
import subprocess
import sys
import unittest
from pathlib import Path

LABELS = ["basic", "queries", "aggregation", "expressions", "transactions", "migrations", "schema", "introspection"]

DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ["PGDATABASE"],
    "USER": os.environ["PGUSER"],
    "PASSWORD": os.environ["PGPASSWORD"],
    "HOST": os.environ["PGHOST"],
    "PORT": os.environ["PGPORT"],
}
# What Django's runner reads: this file is the module of settings that it is given.
DATABASES = {"default": DATABASE, "other": DATABASE | {"NAME": "other", "TEST": {"NAME": "test_other"}}}
SECRET_KEY = "compat"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
TEST_RUNNER = "django_suite.Runner"


class Transcript(unittest.TestResult):
    """Says of each test, as it ends, whether it passed."""

    def __init__(self, *_, **__):
        super().__init__()
        self.said = set()

    def say(self, test, outcome):
        """The first outcome of a test is the one that counts: of its subtests, of its end."""
        name = getattr(test, "test_case", test).id()
        if name not in self.said:
            self.said.add(name)
            print("==", name, file=sys.__stdout__)
            print(outcome, file=sys.__stdout__, flush=True)

    def addSuccess(self, test):
        self.say(test, "passed")

    def addError(self, test, error):
        super().addError(test, error)
        self.say(test, failure(error))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.say(test, failure(error))

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.say(subtest, failure(error))

    def addSkip(self, test, reason):
        self.say(test, f"skipped: {reason}")

    def addExpectedFailure(self, test, error):
        self.say(test, "failed as expected")

    def addUnexpectedSuccess(self, test):
        self.say(test, "!! passed unexpectedly")


def failure(error):
    return f"!! {error[0].__name__} {' '.join(str(error[1]).split())}"


def main():
    tests = Path(sys.argv[1])
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "RUNTESTS_DIR": str(tests)}
    options = ["--settings=django_suite", "--parallel=1", "--noinput", "--verbosity=0"]
    # One by one: a label whose tables cannot be made takes no other with it.
    for label in LABELS:
        subprocess.run([sys.executable, tests / "runtests.py", *options, label], env=environment, cwd=tests)


if __name__ == "__main__":
    main()
else:
    from django.test.runner import DiscoverRunner

    class Runner(DiscoverRunner):
        def get_resultclass(self):
            return Transcript
