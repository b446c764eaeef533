"""Redis without an installation: one folder, one server on 127.0.0.1 with a password.

It never evicts, as the broker demands, and keeps what it has been told unless it is for tests.
"""

import contextlib
import secrets
import signal
import socket
from pathlib import Path

from deploy.local import ports, redis_programs
from deploy.local.process import Process, end_orphan

_ANSWER_S = 1.0


class Redis(Process):
    """The server over the folder `root`; when not `durable`, a restart finds nothing: for tests."""

    def __init__(self, root: Path, *, durable: bool = True, program: Path | None = None) -> None:
        self._root = root
        self._durable = durable
        self._program = program
        self._password = secrets.token_urlsafe(18)
        self.port = ports.free()
        super().__init__("redis", [], folder=root, output=root / "redis.log")

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{ports.LOCAL}:{self.port}/0"

    def start(self) -> None:
        """Start, or start again after a crash: the same data, port and password."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        program = self._program or redis_programs.choose()
        end_orphan(self._root / "redis.pid", program.name, signal.SIGTERM)
        self.command = [program, self._write_settings()]
        super().start()

    def ready(self) -> bool:
        """Whether it answers a PING; while it still loads its data it does not."""
        with contextlib.suppress(OSError), socket.create_connection((ports.LOCAL, self.port), _ANSWER_S) as connection:
            connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
            answers = connection.makefile("rb")
            return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")
        return False

    def _write_settings(self) -> Path:
        """A file, so that the password is not among the arguments, which every user of the machine can see."""
        path = self._root / "redis.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"bind {ports.LOCAL}\nport {self.port}\nrequirepass {self._password}\n"
            f'dir "{self._root}"\npidfile "{self._root}/redis.pid"\ndaemonize no\n'
            f'save ""\nappendonly {"yes" if self._durable else "no"}\nmaxmemory 128mb\nmaxmemory-policy noeviction\n'
        )
        return path
