"""compat/KNOWN.md: the checks that fail, with reasons; a run holds itself against it.

Under a heading `## client` stand items `- check: reason`. Several checks with one reason may stand
as `- check` items under a paragraph; whatever the form, the check's name is between backquotes.
"""

import re

from . import cache

FILE = cache.COMPAT / "KNOWN.md"


def listed():
    """The known failures: client to names of checks."""
    known, client = {}, None
    for line in FILE.read_text().splitlines():
        if heading := re.match(r"## (\S+)$", line):
            client = heading[1]
        elif client and (item := re.match(r"- `(.*?)`(?=:|$)", line)):
            known.setdefault(client, set()).add(item[1])
    return known


def surprises(results):
    """Sentences on what a run found that KNOWN.md does not say, or says wrongly."""
    known = listed()
    for result in results:
        expected, failed = known.get(result.client, set()), set(result.failed())
        for check in sorted(failed - expected):
            yield f"{result.client}: `{check}` fails and is not in {FILE.name}"
        for check in sorted(expected - failed):
            yield f"{result.client}: `{check}` is in {FILE.name} and does not fail"
