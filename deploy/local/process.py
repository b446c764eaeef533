"""A child process: started in a group of its own, stopped for certain, never outliving us.

A session of its own keeps the terminal's Ctrl-C away from it: the order of stopping is ours. Start from the main
thread only, as the kernel takes the end of the starting thread for the end of the parent.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import become

Output = Path | Callable[[str], None]  # a file to write to, or who is told each line
KILLED_S = 5.0  # for the kernel to end what was SIGKILLed


@dataclass(frozen=True, slots=True)
class User:
    """Whom a process runs as."""

    uid: int
    gid: int


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
        self._user = user or User(os.geteuid(), os.getegid())
        self._stop_signal = stop_signal
        self._stop_s = stop_s
        self._running: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    def ready(self) -> bool:
        """Whether it does its work."""
        return self.exit_code() is None

    def start(self) -> None:
        wishes = (os.getpid(), self._stop_signal.value, self._user.uid, self._user.gid)
        command = [sys.executable, "-I", "-S", become.__file__, *map(str, (*wishes, *self.command))]
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(self._output.open("ab")) if isinstance(self._output, Path) else None
            self._running = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._environment,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        if not isinstance(self._output, Path):
            self._reader = threading.Thread(target=_read, args=(self._running, self._output), daemon=True)
            self._reader.start()

    def exit_code(self) -> int | None:
        """None while it runs, and before the first start."""
        return self._running.poll() if self._running else None

    def last_words(self) -> str:
        """The end of its log file; empty where each line was told to somebody."""
        if not isinstance(self._output, Path) or not self._output.exists():
            return ""
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-5:])

    def stop(self) -> None:
        """Ask it to stop, then make it. Safe to repeat, and for one that never started."""
        if self._running and self._running.poll() is None:
            self._running.send_signal(self._stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.wait(self._stop_s)
        self.kill()

    def kill(self) -> None:
        """End the whole group at once; also what a dead master left of it, which would keep its port."""
        if self._running is None:
            return
        self.signal(signal.SIGKILL)
        self._running.wait(KILLED_S)
        if self._reader:
            self._reader.join(KILLED_S)  # its last words are worth most
        self._running = self._reader = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group: SIGSTOP and SIGCONT make it look stuck, and well again."""
        if self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, number)


def _read(running: subprocess.Popen[str], tell: Callable[[str], None]) -> None:
    assert running.stdout
    with running.stdout as lines:
        for line in lines:
            tell(line.rstrip("\n"))


def end_orphan(pid_file: Path, program: str, number: signal.Signals, within_s: float = 10.0) -> None:
    """Stop what a killed run left behind: the process whose number the file holds, if it is still `program`."""
    try:
        pid = int(pid_file.read_text().split()[0])
        name = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]  # servers may have added words to it
        orphan = os.pidfd_open(pid)  # from here on the number cannot come to mean somebody else
    except (OSError, ValueError, IndexError):
        return
    try:
        if program.encode() in name:
            signal.pidfd_send_signal(orphan, number)
            if not select.select([orphan], [], [], within_s)[0]:
                signal.pidfd_send_signal(orphan, signal.SIGKILL)
                select.select([orphan], [], [], KILLED_S)
    except ProcessLookupError:
        pass
    finally:
        os.close(orphan)
