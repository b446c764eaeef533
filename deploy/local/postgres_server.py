"""Postgres without an installation: one data folder, one server on 127.0.0.1, created when needed.

A password, no socket file. Postgres refuses to run as root, so for root the files and the process belong to an
unprivileged user. A data folder belongs to one major version.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from deploy.local import ports, postgres_programs
from deploy.local.errors import CommandError
from deploy.local.process import Process, User, end_orphan

_OPTIONS = {"listen_addresses": ports.LOCAL, "unix_socket_directories": "", "max_connections": "50"}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Postgres' own C.UTF-8, the same on every system; the C library's does not exist on every macOS.
_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")


class Postgres(Process):
    """The server over the folder `root`; when not `durable`, it is faster and power loss ruins it: for tests."""

    def __init__(self, root: Path, *, durable: bool = True, programs: Path | None = None) -> None:
        self._root = root
        self._data = root / "data"
        self._durable = durable
        self._programs = programs
        self.port = ports.free()
        super().__init__(
            "postgres",
            [],
            folder=root,
            output=root / "postgres.log",
            environment=os.environ | {"LC_ALL": "C"},  # any other starts a thread on macOS, which Postgres refuses
            user=unprivileged(),
            stop_signal=signal.SIGINT,  # fast: ends sessions and writes a checkpoint; SIGTERM would wait for clients
            stop_s=20,
        )

    @property
    def url(self) -> str:
        return _url(self._root, self.port)

    def start(self) -> None:
        """Start, or start again after a crash: the same data, port and password."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chown(self._root, self._user.uid, self._user.gid)
        end_orphan(self._data / "postmaster.pid", "postgres", signal.SIGINT)
        programs = self._programs or postgres_programs.choose(self._data)
        if not may_enter(programs, self._user):
            programs = postgres_programs.copied(programs, self._root, self._user)
        if not self._data.exists():
            self._create(programs)
        options = _OPTIONS | {"port": str(self.port)} | ({} if self._durable else _FORGETFUL)
        self.command = [programs / "postgres", "-D", self._data, *_flags(options)]
        super().start()

    def ready(self) -> bool:
        """Whether it takes connections.

        The status file of a crashed server goes on saying ready, so it counts only when it bears our child's number.
        """
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(self.pid)] and len(lines) > 7 and lines[7].strip() == "ready"

    def _create(self, programs: Path) -> None:
        """Make the data folder; under another name first, so that an interrupted run leaves none that looks whole."""
        part = self._root / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        password = _password(self._root)
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
        os.chown(password, self._user.uid, self._user.gid)
        flags = ["-U", "app", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", *_LOCALE]
        command: list[str | Path] = [programs / "initdb", "-D", part, *flags, *([] if self._durable else ["--no-sync"])]
        made = subprocess.run(
            command, cwd=self._root, capture_output=True, text=True, check=False, **_identity(self._user)
        )
        if made.returncode:
            raise CommandError(f"Postgres cannot make its data folder {self._data}: {made.stderr.strip()[-1000:]}")
        part.rename(self._data)


def running_url(root: Path) -> str:
    """The address of the server that another process runs over the folder. Raises CommandError while there is none."""
    try:
        port = int((root / "data" / "postmaster.pid").read_text().splitlines()[3])
        return _url(root, port)
    except (FileNotFoundError, IndexError, ValueError):  # the server writes its file line by line
        raise CommandError("Postgres is still starting; try again in a moment") from None


def _password(root: Path) -> Path:
    return root / "password"


def _url(root: Path, port: int) -> str:
    return f"postgresql://app:{_password(root).read_text()}@{ports.LOCAL}:{port}/postgres"


def unprivileged() -> User | None:
    """The user that runs Postgres for root; None for any other user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(entry.pw_uid, entry.pw_gid)
    return User(65534, 65534)  # the customary number of nobody


def may_enter(folder: Path, user: User | None) -> bool:
    """Whether the user can reach what is in the folder: a clone below /root is closed to others."""
    look: list[str | Path] = ["/bin/sh", "-c", 'cd "$0"', folder]
    return subprocess.run(look, cwd="/", capture_output=True, check=False, **_identity(user)).returncode == 0


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _identity(user: User | None) -> _Identity:
    """What subprocess needs to run something as the user; only root can and need say it."""
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user and os.geteuid() == 0 else {}


def _flags(options: Mapping[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
