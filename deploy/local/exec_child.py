"""Become another program that ends with its parent: `exec_child.py PIPE SIGNAL UID GID COMMAND...`.

The parent holds the other end of PIPE open. When it dies, even of SIGKILL, a watcher sends SIGNAL to the program, and
SIGKILL to its whole process group KILL_AFTER_S later. Linux could signal the program itself (PR_SET_PDEATHSIG), but not
its children, nor twice. A program of its own, because subprocess' preexec_fn is unsafe beside threads.
"""

import os
import shutil
import signal
import sys

KILL_AFTER_S = 3
# A shell, which needs a tenth of Python's memory. While it lives, its group's number is given to no other process.
_WATCH = f'read -r _; kill -"$0" "$1"; sleep {KILL_AFTER_S}; kill -9 "-$1"'


def become(pipe: int, on_death: int, uid: int, gid: int, command: list[str]) -> None:
    """Does not return. The program starts with default signal handling, as from a shell."""
    program = shutil.which(command[0]) or sys.exit(f"{command[0]} is not on this machine")
    if uid != os.geteuid():  # from here on import nothing: that user may not be able to read Python's files
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    _start_watcher(pipe, on_death)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and programs inherit that
    os.execv(program, command)  # noqa: S606 - no shell is wanted


def _start_watcher(pipe: int, on_death: int) -> None:
    """Start it in this process group, but not as a child: the program would reap it, or wonder about it."""
    program = os.getpid()
    if child := os.fork():
        os.close(pipe)
        os.waitpid(child, 0)
        return
    if os.fork():
        os._exit(0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream, source in enumerate((pipe, nowhere, nowhere)):  # the reader of the program's output waits for its end
        os.dup2(source, stream)
    os.execv("/bin/sh", ["sh", "-c", _WATCH, str(on_death), str(program)])  # noqa: S606 - constant words and numbers


if __name__ == "__main__":
    _pipe, _on_death, _uid, _gid = map(int, sys.argv[1:5])
    become(_pipe, _on_death, _uid, _gid, sys.argv[5:])
