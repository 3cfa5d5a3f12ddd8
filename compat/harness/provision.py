"""Brings clients from their registries at pinned versions: PyPI, npm, crates.io, Debian."""

import hashlib
import json
import os
import shutil
import subprocess
import tomllib

from . import cache


def debian(*packages):
    """Installs what is missing; the version of the first package."""
    missing = [package for package in packages if not version_of_package(package)]
    if missing:
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=True)
        subprocess.run(
            [*sudo, "apt-get", "install", "-y", "-qq", *missing], check=True, env=quiet, stdout=subprocess.DEVNULL
        )
    return version_of_package(packages[0])


def version_of_package(package):
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${source:Upstream-Version}", package]
    status, _, version = subprocess.run(query, text=True, capture_output=True).stdout.partition(" ")
    return version if status == "installed" else None


def python(requirements):
    """The interpreter of a virtual environment with what a file of requirements pins."""
    return made("python", [requirements], lambda directory: install_python(requirements, directory)) / "bin" / "python"


def install_python(requirements, directory):
    subprocess.run(["python3", "-m", "venv", directory], check=True)
    subprocess.run([directory / "bin" / "pip", "install", "-q", "-r", requirements], check=True)


def sdist(package, version):
    """The unpacked source of a release on PyPI, which has the tests that its wheel leaves out."""
    directory = cache.directory("sdist")
    unpacked = directory / f"{package}-{version}"
    if not unpacked.exists():
        pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "--no-binary", package]
        subprocess.run([*pip, "-d", directory, f"{package}=={version}"], check=True)
        shutil.unpack_archive(directory / f"{package}-{version}.tar.gz", directory, filter="data")
    return unpacked


def pinned_in_requirements(requirements, package):
    for line in requirements.read_text().splitlines():
        name, _, version = line.partition("==")
        if name.partition("[")[0] == package:
            return version
    raise SystemExit(f"{requirements.name} does not pin {package}")


def java(sources, classpath):
    """The directory of the classes of a directory of sources."""
    files = sorted(sources.glob("*.java"))
    javac = ["javac", "-cp", classpath]
    return made("java", files, lambda directory: subprocess.run([*javac, "-d", directory, *files], check=True))


def go(sources):
    """The program of a directory of Go, from nothing but the packages of Debian."""
    debian_path = {"GOPATH": "/usr/share/gocode", "GO111MODULE": "off", "GOCACHE": str(cache.directory("go-build"))}

    def build(directory):
        command = ["go", "build", "-o", directory / "program", "."]
        subprocess.run(command, check=True, cwd=sources, env=os.environ | debian_path)

    return made("go", sorted(sources.glob("*.go")), build) / "program"


def rust(manifest, binary):
    """A binary of a Cargo project. Cargo itself knows what has to be built again; its directory is
    not that of the server, whose profile is another."""
    target = cache.directory("rust")
    build = ["cargo", "build", "--quiet", "--locked", "--bin", binary]
    subprocess.run([*build, "--manifest-path", manifest, "--target-dir", target], check=True)
    return target / "debug" / binary


def locked_in_cargo(manifest, package):
    """The version of a crate in Cargo.lock."""
    lock = tomllib.loads(manifest.with_suffix(".lock").read_text())
    return next(crate["version"] for crate in lock["package"] if crate["name"] == package)


def node(manifest):
    """The directory whose node_modules has what a package.json pins."""
    debian_unless_there("npm", "nodejs", "npm")
    return made("node", [manifest], lambda directory: install_node(manifest, directory))


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


def made(kind, sources, make):
    """A directory of the cache that `make` fills from some files; another one when they change."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    directory = cache.directory(f"{kind}-{digest}")
    stamp = directory / "complete"
    if not stamp.exists():
        make(directory)
        stamp.touch()
    return directory
