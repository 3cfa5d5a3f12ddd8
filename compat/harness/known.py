"""compat/KNOWN.md: the checks that fail, by reason; a run holds itself against it.

## Reason
Words on why.
- client: `check`, `check`
"""

import re

from . import cache

FILE = cache.COMPAT / "KNOWN.md"


def listed():
    """The known failures: client to names of checks."""
    known = {}
    for line in FILE.read_text().splitlines():
        if item := re.match(r"- (\S+): (`.*`)$", line):
            known.setdefault(item[1], set()).update(re.findall(r"`` (.*?) ``|`([^`]+)`", item[2]))
    return {client: {spaced or plain for spaced, plain in names} for client, names in known.items()}


def surprises(results):
    """Sentences on what a run found that KNOWN.md does not say, or says wrongly."""
    known = listed()
    for result in results:
        expected, failed = known.get(result.client, set()), set(result.failed())
        for check in sorted(failed - expected):
            yield f"{result.client}: `{check}` fails and is not in {FILE.name}"
        for check in sorted(expected - failed):
            yield f"{result.client}: `{check}` is in {FILE.name} and does not fail"
