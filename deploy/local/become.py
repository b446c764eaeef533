"""Become another program, one that ends with its parent: `become.py PARENT SIGNAL UID GID COMMAND...`.

The kernel sends SIGNAL when the parent dies, so that even `kill -9` leaves nothing behind. It forgets the wish at a
change of user, hence the order here. A program of its own rather than subprocess' preexec_fn, which is unsafe beside
threads.
"""

import ctypes
import os
import shutil
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>


def become(parent: int, on_death: int, uid: int, gid: int, command: list[str]) -> None:
    """Does not return. The program starts with default signal handling, as from a shell."""
    program = shutil.which(command[0]) or sys.exit(f"{command[0]} is not on this machine")
    library = ctypes.CDLL(None)
    if uid != os.geteuid():  # from here on nothing may be imported: that user need not be able to read Python's files
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    library.prctl(_SET_PARENT_DEATH_SIGNAL, on_death)
    if os.getppid() != parent:
        sys.exit("the parent died meanwhile")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and programs inherit that
    os.execv(program, command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    _parent, _on_death, _uid, _gid = map(int, sys.argv[1:5])
    become(_parent, _on_death, _uid, _gid, sys.argv[5:])
