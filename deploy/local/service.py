"""A service of ours as a process: configured by its environment, ready when it says so over HTTP."""

import contextlib
import http.client
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import ports
from deploy.local.process import Output, Process

_ANSWER_S = 1.0


class Service(Process):
    """A process whose `/health/ready` answers on `port`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        port: int,
        environment: Mapping[str, str],
        folder: Path,
        output: Output,
    ) -> None:
        super().__init__(name, command, folder=folder, output=output, environment=environment)
        self.port = port

    def ready(self) -> bool:
        return self.exit_code() is None and health(self.port, "/health/ready") == 200


def health(port: int, path: str = "/health/live") -> int | None:
    """The HTTP status answered on a port of this machine, or None without an HTTP answer."""
    connection = http.client.HTTPConnection(ports.LOCAL, port, timeout=_ANSWER_S)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status
    return None
