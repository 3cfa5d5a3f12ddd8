"""psql as a client: every block of schema.sql and session.sql and every line of describe.psql is a check.

Each check is a psql of its own, so that none leaves settings to the next.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: Not the wrapper of Debian, which takes longer to start than psql to answer.
PSQL = "/usr/lib/postgresql/15/bin/psql"


def main():
    play_blocks("schema.sql")
    for line in (HERE / "describe.psql").read_text().splitlines():
        play(line, line)
    play_blocks("session.sql")
    connections()


def play_blocks(file):
    """Cuts a script at its `--== name` lines."""
    _, *parts = re.split(r"^--== (.*)\n", (HERE / file).read_text(), flags=re.M)
    for name, script in zip(parts[::2], parts[1::2]):
        play(f"{file.removesuffix('.sql')}: {name}", script)


def play(name, script):
    print("==", name)
    done = subprocess.run(
        [PSQL, "-X", "-P", "pager=off"], input=script + "\n", text=True, capture_output=True, timeout=60
    )
    print(normalised(done.stdout + done.stderr), flush=True)


def normalised(text):
    """Without what two servers never share: process ids, PostgreSQL's source lines, bytes on disk."""
    text = re.sub(r"with PID \d+", "with PID N", text)
    text = re.sub(r"^LOCATION: .*\n", "", text, flags=re.M)
    if re.search(r"\| +Size +\|", text):
        text = re.sub(r"\b\d+ (bytes|kB|MB)\b", "SIZE", text)
        text = re.sub(r"-{2,}", "--", re.sub(r" {2,}", " ", text))
    return text


def connections():
    """The ways to connect that psql's connection strings name."""
    info = "SELECT current_user, current_database(), ssl, version, client_dn IS NULL FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    ways = {
        "plain": "sslmode=disable",
        "TLS": "sslmode=require",
        "TLS, certificate and host name verified": "sslmode=verify-full",
        "TLS, version 1.2": "sslmode=require ssl_max_protocol_version=TLSv1.2",
        "channel binding": "sslmode=require channel_binding=require",
        "wrong password": "password=wrong",
        "no such role": "user=nobody_here",
        "no such database": "dbname=not_here",
        "settings in options": "options='-c work_mem=8MB -c search_path=x,y'",
        "unknown setting in options": "options='-c nonsense.setting=1 -c nonsense=1'",
    }
    for way, parameters in ways.items():
        print("== connect:", way)
        command = [PSQL, "-X", parameters, "-c", info, "-c", "SHOW work_mem", "-c", "SHOW search_path"]
        done = subprocess.run(command, text=True, capture_output=True, timeout=60)
        text = done.stdout + done.stderr
        print(re.sub(r"port \d+", "port N", text), flush=True)


if __name__ == "__main__":
    sys.exit(main())
