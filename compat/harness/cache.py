"""Where things lie: what is downloaded or built outside the clone, where the machine has a place for it;
what a run found in compat/out."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPAT = ROOT / "compat"
OUT = COMPAT / "out"
SHARED_TARGET = Path("/var/cache/kalamdb/target")


def target():
    """Cargo's target directory, as the Makefile chooses it."""
    if "CARGO_TARGET_DIR" in os.environ:
        return Path(os.environ["CARGO_TARGET_DIR"])
    return SHARED_TARGET if SHARED_TARGET.exists() else ROOT / "target"


def directory(*parts):
    """A directory of the cache, made if missing."""
    path = target().joinpath("compat", *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path
