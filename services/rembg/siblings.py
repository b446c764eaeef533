"""What the processes of one server share: a folder, with a locked file for each slot and the counts of each process.

gunicorn forks its processes before any of them is ours, so they find each other by their common parent: its id and
the moment it started name the folder. Locks are the kernel's and are gone with the process that held them, however it
ended.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = f"stolentee-rembg-{os.getuid()}-"


def folder() -> Path:
    """The folder of this process' server; those of servers that have ended are removed."""
    parent = os.getppid()
    place = Path(tempfile.gettempdir())
    for old in place.glob(f"{_PREFIX}*"):
        pid, _, began = old.name.removeprefix(_PREFIX).partition("-")
        if _began(pid) != began:
            shutil.rmtree(old, ignore_errors=True)
    own = place / f"{_PREFIX}{parent}-{_began(str(parent))}"
    own.mkdir(mode=0o700, exist_ok=True)
    return own


def _began(pid: str) -> str:
    """The clock tick at which a process started, which no other process of that id shares; empty without one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


class Seats:
    """Slots that all processes of a server hold together. Not safe to share between threads without a lock."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def take(self, count: int) -> int | None:
        """A handle of one of `count` seats, or None when all are taken."""
        for index in range(count):
            handle = os.open(self._place / f"slot-{index}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
            else:
                return handle
        return None

    def give(self, handle: int) -> None:
        os.close(handle)
