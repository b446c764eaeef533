"""Ports of this machine."""

import contextlib
import errno
import secrets
import socket
import time

from deploy.local.errors import CommandError

LOCAL = "127.0.0.1"
_LOOK_S = 0.1

# Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections, of which one could take a
# port between the moment it is found free and the moment a server binds it.
_CANDIDATES = range(20_000, 32_768)


def free() -> int:
    """A port that is free now; bind it soon."""
    for port in secrets.SystemRandom().sample(_CANDIDATES, 100):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind((LOCAL, port))
            return port
    raise CommandError("no port is free")


def require_free(setting: str, port: int, within_s: float = 0) -> None:
    """Raise CommandError when the port that `setting` names is still taken after `within_s`."""
    deadline = time.monotonic() + within_s
    while error := _bind_error(port):
        if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
            raise CommandError(_reason(setting, port, error))
        time.sleep(_LOOK_S)


def _bind_error(port: int) -> OSError | None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # recently closed connections do not count
        try:
            listener.bind((LOCAL, port))
        except OSError as error:
            return error
    return None


def _reason(setting: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop what listens there, or choose another: make run {setting}={port + 10}"
    return f"port {port} cannot be used ({error.strerror}); choose another: make run {setting}={port + 8000}"
