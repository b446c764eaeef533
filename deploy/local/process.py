"""A child process: started in a group of its own, stopped for certain, never outliving us.

A session of its own keeps the terminal's Ctrl-C away from it, so that we choose the order of stopping.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local import exec_child

Output = Path | Callable[[str], None]  # a file to write to, or a function that takes each line
KILLED_S = 5.0  # for the kernel to end what was SIGKILLed


@dataclass(frozen=True, slots=True)
class User:
    """The user that a process runs as."""

    uid: int
    gid: int


def current_user() -> User:
    return User(os.geteuid(), os.getegid())


class Process:
    """A program to run, now or again; servers derive from it and say when they are ready."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        output: Output,
        environment: Mapping[str, str] | None = None,
        user: User | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_s: float = 10.0,
    ) -> None:
        self.name = name
        self.command = command
        self._folder = folder
        self._output = output
        self._environment = environment
        self._user = user or current_user()
        self._stop_signal = stop_signal
        self._stop_s = stop_s
        self._running: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lifeline: int | None = None  # open as long as we live; see exec_child

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    def ready(self) -> bool:
        """Whether it does its work."""
        return self.exit_code() is None

    def start(self) -> None:
        with contextlib.ExitStack() as stack:
            watched = self._open_lifeline(stack)
            wishes = (watched, self._stop_signal.value, self._user.uid, self._user.gid)
            file = stack.enter_context(self._output.open("ab")) if isinstance(self._output, Path) else None
            self._running = subprocess.Popen(
                [sys.executable, "-I", "-S", exec_child.__file__, *map(str, (*wishes, *self.command))],
                stdin=subprocess.DEVNULL,
                stdout=file or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._environment,
                pass_fds=(watched,),
                text=True,
                errors="replace",
                start_new_session=True,
            )
        if not isinstance(self._output, Path):
            self._reader = threading.Thread(target=_read, args=(self._running, self._output), daemon=True)
            self._reader.start()

    def _open_lifeline(self, stack: contextlib.ExitStack) -> int:
        """Return the end of a new pipe for the child, which sees it end when this process does."""
        watched, self._lifeline = os.pipe()
        stack.callback(os.close, watched)
        return watched

    def exit_code(self) -> int | None:
        """None while it runs, and before the first start."""
        return self._running.poll() if self._running else None

    def log_tail(self) -> str:
        """The end of its log file; empty where its output goes to a function."""
        if not isinstance(self._output, Path) or not self._output.exists():
            return ""
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-5:])

    def stop(self) -> None:
        """Ask it to stop, then make it. Safe to repeat, and before the first start."""
        if self._running and self._running.poll() is None:
            self._running.send_signal(self._stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.wait(self._stop_s)
        self.kill()

    def kill(self) -> None:
        """End the whole group at once, with what a dead master left of it, which would keep its port."""
        if self._running is None:
            return
        self.signal(signal.SIGKILL)
        self._running.wait(KILLED_S)
        if self._reader:
            self._reader.join(KILLED_S)  # its last lines matter most
        if self._lifeline is not None:
            os.close(self._lifeline)
        self._running = self._reader = self._lifeline = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group: SIGSTOP and SIGCONT make it look stuck, and well again."""
        if self._running:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter where macOS finds only the dead
                os.killpg(self._running.pid, number)


def _read(running: subprocess.Popen[str], write: Callable[[str], None]) -> None:
    assert running.stdout
    with running.stdout as lines:
        for line in lines:
            write(line.rstrip("\n"))


def end_orphan(pid_file: Path, program: str, number: signal.Signals, within_s: float = 10.0) -> None:
    """Stop what a killed run left behind: the process whose number the file holds, if it is still `program`."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        orphan = psutil.Process(int(pid_file.read_text().split()[0]))
        if program not in orphan.cmdline()[0]:  # servers may have added words to it
            return
        orphan.send_signal(number)  # refuses a number that has come to mean another process
        try:
            orphan.wait(within_s)
        except psutil.TimeoutExpired:
            orphan.kill()
            orphan.wait(KILLED_S)
