"""Transcripts of clients: how they are made, cut into checks, and compared.

    == insert and read back        opens a check
    (1, 'one')                     its result
    !! OperationalError: ...       it failed, whatever the other server says

A check counts if it passes on PostgreSQL. It passes on KalamDB if its lines are the same.
"""

import dataclasses
import os
import signal
import subprocess

from . import cache


@dataclasses.dataclass
class Result:
    """One client's run: for every check that counts, whether it passed on KalamDB."""

    client: str
    version: str
    checks: dict

    def failed(self):
        return [name for name, passed in self.checks.items() if not passed]


def record(client, program, server, reference):
    """Runs the client against a database of its own; its checks, name to lines."""
    server.create_database("compat")
    environment = os.environ | server.environment("compat") | program.environment
    environment["REFERENCE_PORT"] = str(reference.port)
    cache.OUT.mkdir(exist_ok=True)
    file = cache.OUT / f"{client.name}.{server.name.lower()}.txt"
    with open(file.with_suffix(".log"), "wb") as log:
        process = subprocess.Popen(
            program.command,
            env=environment,
            cwd=cache.COMPAT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=client.timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\n!! not done after {client.timeout_s} s\n".encode()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    text = output.decode(errors="backslashreplace")
    file.write_text(text)
    checks = parse(text)
    if not checks:
        raise SystemExit(f"{client.name} made no transcript; see {log.name}")
    return checks


def parse(text):
    """Cuts a transcript into checks; what stands before the first is the client's own noise."""
    checks, lines = {}, []
    for line in text.splitlines():
        if line.startswith("== "):
            name = line.removeprefix("== ").strip()
            if name in checks:
                raise SystemExit(f"two checks are named {name!r}")
            lines = checks[name] = []
        else:
            lines.append(line.rstrip())
    return checks


def compare(expected, actual):
    """For every check that passes on PostgreSQL, whether it passes on KalamDB."""
    return {name: actual.get(name) == lines for name, lines in expected.items() if passes(lines)}


def passes(lines):
    return not any(line.startswith("!! ") for line in lines)
