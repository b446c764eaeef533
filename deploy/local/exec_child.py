"""Become another program that ends with its parent: `exec_child.py PARENT PIPE SIGNAL UID GID COMMAND...`.

On Linux the kernel sends SIGNAL when the parent dies, so that even `kill -9` leaves nothing behind; it forgets the
request when the user changes, hence the order here. Elsewhere a watcher process waits for the end of PIPE, which the
parent holds open. A program of its own, because subprocess' preexec_fn is unsafe beside threads.
"""

import ctypes
import os
import select
import shutil
import signal
import sys
from contextlib import suppress

NO_PIPE = -1  # ask the kernel instead
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>
_LOOK_S = 1.0


def become(parent: int, pipe: int, on_death: int, uid: int, gid: int, command: list[str]) -> None:
    """Does not return. The program starts with default signal handling, as from a shell."""
    program = shutil.which(command[0]) or sys.exit(f"{command[0]} is not on this machine")
    library = ctypes.CDLL(None)
    if uid != os.geteuid():  # from here on import nothing: that user may not be able to read Python's files
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if pipe == NO_PIPE:
        library.prctl(_SET_PARENT_DEATH_SIGNAL, on_death)
    else:
        _start_watcher(pipe, on_death)
    if os.getppid() != parent:
        sys.exit("the parent died meanwhile")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and programs inherit that
    os.execv(program, command)  # noqa: S606 - no shell is wanted


def _start_watcher(pipe: int, on_death: int) -> None:
    """Start a process that sends `on_death` to this one when `pipe` ends; no child of it, as programs reap theirs."""
    program = os.getpid()
    if child := os.fork():
        os.close(pipe)
        os.waitpid(child, 0)
        return
    if os.fork():
        os._exit(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # whoever reads the program's output waits for its end
        os.dup2(nowhere, stream)
    while not select.select([pipe], [], [], _LOOK_S)[0]:
        if not _runs(program):
            os._exit(0)
    with suppress(ProcessLookupError):
        if _runs(program):
            os.kill(program, on_death)
    os._exit(0)


def _runs(program: int) -> bool:
    with suppress(ProcessLookupError):
        return os.getpgid(program) == os.getpgrp()  # a reused number belongs to another group
    return False


if __name__ == "__main__":
    _parent, _pipe, _on_death, _uid, _gid = map(int, sys.argv[1:6])
    become(_parent, _pipe, _on_death, _uid, _gid, sys.argv[6:])
