"""Ports of this machine."""

import errno
import socket

from deploy.local.errors import CommandError

LOCAL = "127.0.0.1"


def free() -> int:
    """A port that is free now; bind it soon."""
    with socket.socket() as listener:
        listener.bind((LOCAL, 0))
        return int(listener.getsockname()[1])


def require_free(setting: str, port: int) -> None:
    """Raise CommandError when the port that `setting` names is taken."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # recently closed connections do not count
        try:
            listener.bind((LOCAL, port))
        except OSError as error:
            raise CommandError(_reason(setting, port, error)) from None


def _reason(setting: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop what listens there, or choose another: make run {setting}={port + 10}"
    return f"port {port} cannot be used ({error.strerror}); choose another: make run {setting}={port + 8000}"
