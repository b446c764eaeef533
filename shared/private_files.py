"""Closes files and folders to everyone but their owner."""

import os
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS = 0o077  # permissions of the group and of everyone else


def tighten(path: Path) -> None:
    """Withdraw the permissions that earlier versions gave others for `path` and everything in it.

    A folder comes after its contents, so one that is closed is finished, and the next call takes no time. Symbolic
    links, other users' files and files that disappear meanwhile are left alone.
    """
    with suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if not mode & _OTHERS or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return
        if stat.S_ISDIR(mode):
            for entry in path.iterdir():
                tighten(entry)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            os.fchmod(descriptor, stat.S_IMODE(mode) & ~_OTHERS)
        finally:
            os.close(descriptor)
