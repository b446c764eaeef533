"""The data folder: everything that outlives a run. One run at a time locks it."""

import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import CommandError
from deploy.local.postgres_server import may_enter, unprivileged


def prepare(asked: Path, say: Callable[[str], None]) -> Path:
    """Create the folder and return it; for root another one, if Postgres' unprivileged user cannot reach it."""
    _make(asked)
    if may_enter(asked, unprivileged()):
        return asked
    folder = Path("/var/tmp") / f"stolentee-{hashlib.sha256(os.fsencode(asked)).hexdigest()[:12]}"  # noqa: S108 - see below
    _make(folder)
    found = folder.lstat()
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):  # any user may write to /var/tmp
        raise CommandError(f"{folder} belongs to another user; set DATA_DIR to a folder that all users may enter")
    say(f"Data is kept in {folder}: Postgres does not run as root, and {asked} is closed to other users.")
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the folder; the kernel unlocks it even when we are killed. Raises CommandError when another run has it."""
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CommandError(
                f"{folder} is in use by process {file.read() or '?'}; stop that one, or set another DATA_DIR and ports"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def secret_key(folder: Path) -> str:
    """The secret of this folder's object keys, created on first use."""
    path = folder / "secret_key"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_text(secrets.token_hex(32))
        part.rename(path)
    return path.read_text().strip()


def _make(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)  # for root, Postgres' user has to pass through
