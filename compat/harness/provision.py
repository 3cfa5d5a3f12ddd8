"""Brings clients from their registries at pinned versions: PyPI, npm, Debian."""

import hashlib
import json
import os
import shutil
import subprocess

from . import cache


def debian(*packages):
    """Installs what is missing; the version of the first package."""
    missing = [package for package in packages if not version_of_package(package)]
    if missing:
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=True)
        subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", *missing], check=True, env=quiet, stdout=subprocess.DEVNULL)
    return version_of_package(packages[0])


def version_of_package(package):
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${source:Upstream-Version}", package]
    status, _, version = subprocess.run(query, text=True, capture_output=True).stdout.partition(" ")
    return version if status == "installed" else None


def python(requirements):
    """The interpreter of a virtual environment with what a file of requirements pins."""
    directory = made("python", requirements, install_python)
    return directory / "bin" / "python"


def install_python(requirements, directory):
    subprocess.run(["python3", "-m", "venv", directory], check=True)
    subprocess.run([directory / "bin" / "pip", "install", "-q", "-r", requirements], check=True)


def pinned_in_requirements(requirements, package):
    for line in requirements.read_text().splitlines():
        name, _, version = line.partition("==")
        if name.partition("[")[0] == package:
            return version
    raise SystemExit(f"{requirements.name} does not pin {package}")


def java(sources, classpath):
    """The directory of the classes of a directory of sources."""
    directory = cache.directory("java")
    files = sorted(sources.glob("*.java"))
    subprocess.run(["javac", "-cp", classpath, "-d", directory, *files], check=True)
    return directory


def go(sources):
    """The program of a directory of Go, from nothing but the packages of Debian."""
    program = cache.directory("go") / sources.name
    debian_path = os.environ | {"GOPATH": "/usr/share/gocode", "GO111MODULE": "off", "GOCACHE": str(cache.directory("go-build"))}
    subprocess.run(["go", "build", "-o", program, "."], check=True, cwd=sources, env=debian_path)
    return program


def node(manifest):
    """The directory whose node_modules has what a package.json pins."""
    debian_unless_there("npm", "nodejs", "npm")
    return made("node", manifest, install_node)


def install_node(manifest, directory):
    shutil.copy(manifest, directory / "package.json")
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(npm, check=True, cwd=directory)


def pinned_in_manifest(manifest, package):
    return json.loads(manifest.read_text())["dependencies"][package]


def debian_unless_there(command, *packages):
    """A machine may have a newer one than Debian's, from elsewhere."""
    if not shutil.which(command):
        debian(*packages)


def made(kind, source, make):
    """A directory of the cache that `make` fills from a file; made anew when the file changes."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    directory = cache.directory(f"{kind}-{digest}")
    stamp = directory / "complete"
    if not stamp.exists():
        make(source, directory)
        stamp.touch()
    return directory
