"""The two servers of a client's run: fresh data, TLS, and passwords by SCRAM, so that every client proves both."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PG_BIN = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "compat"
START_TIMEOUT_S = 60


class Server:
    """A running server and how clients reach it."""

    def __init__(self, name, port, certificate, process):
        self.name, self.port, self.process = name, port, process
        self.certificate = certificate

    def environment(self, database):
        """libpq's variables for a session of the superuser."""
        return {
            "PGHOST": "localhost",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": PASSWORD,
            "PGDATABASE": database,
            "PGSSLROOTCERT": str(self.certificate),
            "PGTZ": "UTC",
        }

    def create_database(self, name):
        """A fresh database, as the server would give it to an application."""
        environment = os.environ | self.environment("postgres")
        subprocess.run(["psql", "-Xqc", f"CREATE DATABASE {name}"], check=True, env=environment)


@contextlib.contextmanager
def both(binary):
    """PostgreSQL and KalamDB; they and their data are gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="kalamdb-compat-"))
    directory.chmod(0o755)
    started = []
    try:
        certificate = make_certificate(directory)
        started.append(start_postgres(directory, certificate))
        started.append(start_kalamdb(directory, certificate, binary))
        yield started
    finally:
        for server in started:
            # To PostgreSQL, SIGTERM would mean to wait for its clients.
            server.process.send_signal(signal.SIGINT)
            server.process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def make_certificate(directory):
    """A certificate for localhost; its key beside it ends in .key."""
    certificate, key = directory / "server.crt", directory / "server.key"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    # Rust's rustls takes no authority's certificate for a server's.
    kind = "basicConstraints=critical,CA:FALSE"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", names, "-addext", kind, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate


def start_postgres(directory, certificate):
    data, password, key = directory / "postgresql", directory / "password", directory / "postgresql.key"
    data.mkdir()
    password.write_text(PASSWORD)
    shutil.copy(certificate.with_suffix(".key"), key)
    key.chmod(0o600)
    if os.geteuid() == 0:
        for path in (data, password, key):
            shutil.chown(path, "postgres", "postgres")
    initdb = [PG_BIN / "initdb", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", password]
    initdb += ["--locale=C", "--encoding=UTF8", "-D", data]
    subprocess.run(as_postgres(initdb), check=True, capture_output=True, cwd="/")
    port = free_port()
    command = [PG_BIN / "postgres", "-D", data, "-p", port, "-k", "", "-c", "fsync=off", "-c", "ssl=on"]
    command += ["-c", f"ssl_cert_file={certificate}", "-c", f"ssl_key_file={key}", "-c", "timezone=UTC"]
    # Autovacuum would change what the catalogs say of a table's size between two looks.
    command += ["-c", "autovacuum=off"]
    process = subprocess.Popen(as_postgres(command), cwd="/", stderr=subprocess.DEVNULL)
    return ready(Server("PostgreSQL", port, certificate, process))


def start_kalamdb(directory, certificate, binary):
    port = free_port()
    command = [binary, "server", "--data-dir", directory / "kalamdb", "--listen", f"127.0.0.1:{port}"]
    command += ["--tls-cert", certificate, "--tls-key", certificate.with_suffix(".key")]
    environment = os.environ | {"KALAMDB_PASSWORD": PASSWORD, "KALAMDB_LOG": "warn"}
    log = open(directory / "kalamdb.log", "wb")
    process = subprocess.Popen([str(part) for part in command], env=environment, stdout=log, stderr=log)
    return ready(Server("KalamDB", port, certificate, process))


def ready(server):
    deadline = time.monotonic() + START_TIMEOUT_S
    while subprocess.run(["pg_isready", "-q", "-h", "localhost", "-p", str(server.port)]).returncode != 0:
        if time.monotonic() > deadline or server.process.poll() is not None:
            raise SystemExit(f"{server.name} did not start")
        time.sleep(0.05)
    return server


def as_postgres(command):
    """PostgreSQL's server programs refuse to run as root."""
    command = [str(part) for part in command]
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]
    return command


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
