"""Checks written as functions: `@check` names one, `run()` makes the transcript of all in order.

A check prints its result; an exception that leaves it is its failure. A check that does not end
fails after a while, so that it costs its own result only.
"""

import asyncio
import inspect
import signal
import sys
from pathlib import Path

TIMEOUT_S = 20
#: After so many checks that did not end, the rest would not either.
OVERDUE_MAX = 5
CHECKS = {}


def check(function):
    """Registers a function as the check that its name, underscores for spaces, says."""
    add(function.__name__.replace("_", " "), function)
    return function


def add(name, function, *arguments):
    assert name not in CHECKS, name
    CHECKS[name] = (function, arguments)


def types():
    """The rows of types.tsv with a name for each: (name, type, literal)."""
    rows = [line.split("\t") for line in (Path(__file__).parents[1] / "types.tsv").read_text().splitlines()]
    return [(f"{type} {literal}", type, literal) for type, literal in rows]


def run(timeout_s=TIMEOUT_S):
    """Runs all checks; none may take longer than `timeout_s`."""
    signal.signal(signal.SIGALRM, overdue)
    overdue_count = 0
    for name, (function, arguments) in CHECKS.items():
        print("==", name, flush=True)
        signal.alarm(timeout_s)
        try:
            result = function(*arguments)
            if inspect.isawaitable(result):
                asyncio.run(as_coroutine(result))
        except Exception as error:
            print("!!", type(error).__name__, " ".join(str(error).split()))
            overdue_count += isinstance(error, TimeoutError)
        finally:
            signal.alarm(0)
        sys.stdout.flush()
        if overdue_count == OVERDUE_MAX:
            print(f"!! gave up after {OVERDUE_MAX} checks that did not end")
            break


async def as_coroutine(awaitable):
    return await awaitable


def overdue(*_):
    # Once more, lest the clean-up of what is interrupted here waits in turn.
    signal.alarm(2)
    raise TimeoutError("not done in time")


def fails(classes, function, *arguments, **named):
    """Calls what must fail; prints how it failed."""
    try:
        function(*arguments, **named)
    except classes as error:
        print(describe(error))
    else:
        raise AssertionError("nothing failed")


def describe(error):
    """An error of a driver: its class, and what of the server's fields it kept."""
    fields = getattr(error, "diag", None)
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    text = str(error).splitlines()[0] if str(error) else ""
    if fields is None:
        return f"{type(error).__name__} {state} {text}"
    names = ["severity", "message_primary", "message_detail", "message_hint", "statement_position"]
    names += ["schema_name", "table_name", "column_name", "datatype_name", "constraint_name"]
    kept = {name: value for name in names if (value := getattr(fields, name))}
    return f"{type(error).__name__} {state} {kept}"
