"""The data folder: everything that outlives a run, for its owner only, but for weights, which containers share.

One run at a time locks it.

Started by root, the folder itself can also be passed by the group of the user who runs Postgres, but not read.
"""

import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.errors import CommandError
from deploy.local.postgres_server import may_enter, unprivileged
from deploy.local.process import User
from shared import private_files

_PASS = 0o710  # root may do everything, the group may pass
_EARLIER = 0o711  # what earlier versions made for root
# What runs have made here, `redis` before Valkey; a folder that an operator names may hold other files as well.
_OURS = ("lock", "objects", "sample-cutout.png", "secret_key", "stripe-double.jsonl")
_SERVERS = ("postgres", "redis", "valkey")


def prepare(asked: Path, say: Callable[[str], None]) -> Path:
    """Create the folder and return it; for root another one, if Postgres' unprivileged user cannot reach it."""
    user = unprivileged()
    _make(asked, user)
    if may_enter(asked, user):
        return asked
    folder = _elsewhere(asked)
    _make(folder, user)
    if not _is_ours(folder):
        raise CommandError(f"{folder} belongs to another user; set DATA_DIR to a folder that all users may enter")
    say(f"Data is stored in {folder}: Postgres does not run as root, and {asked} is closed to other users.")
    return folder


def in_use(asked: Path) -> tuple[Path, int] | None:
    """The folder that a run uses for the one asked for, and that run's process id; None without a run."""
    for folder in (asked, _elsewhere(asked)):
        with suppress(FileNotFoundError, NotADirectoryError), (folder / "lock").open() as file:
            if folder != asked and not _is_ours(folder):
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return folder, int(file.read() or 0)
    return None


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


def tighten(folder: Path) -> None:
    """Close to others what earlier versions left open to them."""
    servers = (path for name in _SERVERS for path in (folder / name).glob("*"))  # themselves always closed
    for path in (*(folder / name for name in _OURS), *servers):
        private_files.tighten(path)


def _elsewhere(asked: Path) -> Path:
    """What root uses in place of a folder that is closed to the user who runs Postgres."""
    return Path("/var/tmp") / f"stolentee-{hashlib.sha256(os.fsencode(asked)).hexdigest()[:12]}"  # noqa: S108 - its owner is checked


def _is_ours(folder: Path) -> bool:
    """Any user may write to /var/tmp, and a link there may be anyone's."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _make(folder: Path, user: User | None) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user and _is_ours(folder) and (stat.S_IMODE(folder.lstat().st_mode) == _EARLIER or not may_enter(folder, user)):
        os.chown(folder, -1, user.gid)
        folder.chmod(_PASS)
