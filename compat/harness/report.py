"""What a run says: a line per client, differences on demand, and the table in README."""

import difflib
import re

from . import cache

README = cache.ROOT / "README.md"
MARKED = re.compile(r"(?<=<!-- compat -->\n).*?(?=<!-- /compat -->)", re.S)
HEAD = "| client | version | passed | of those that pass on PostgreSQL |\n|---|---|---:|---:|\n"


def show(result, expected, actual, lines_max):
    failed = result.failed()
    print(f"{result.client}: {len(result.checks) - len(failed)} of {len(result.checks)} checks", flush=True)
    for name in failed:
        print(f"  fails: {name}")
        if lines_max:
            difference = list(difflib.unified_diff(expected[name], actual.get(name, ["(no result)"]), lineterm="", n=1))
            for line in difference[2 : 2 + lines_max]:
                print(f"    {line}")
    own = [name for name in expected if name not in result.checks]
    if own:
        print(f"  not counted, fail on PostgreSQL: {', '.join(own)}")


def write_table(results, order):
    """Replaces the rows of the clients that ran; the others' stay."""
    text = README.read_text()
    rows = {row.split("|")[1].strip(): row for row in MARKED.search(text)[0].splitlines()[2:] if row.startswith("|")}
    for result in results:
        passed = len(result.checks) - len(result.failed())
        rows[result.client] = f"| {result.client} | {result.version} | {passed:,} | {len(result.checks):,} |"
    table = HEAD + "".join(rows[name] + "\n" for name in order if name in rows)
    README.write_text(MARKED.sub(lambda _: table, text))
