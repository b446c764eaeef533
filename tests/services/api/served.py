"""The api behind its real server, for tests of HTTP itself."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

_ROOT = Path(__file__).parents[3]


class Served:
    """One gunicorn with the api, as deployed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections: list[http.client.HTTPConnection] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "services.api.wsgi:app"],
            cwd=_ROOT,
            env={**os.environ, "PORT": str(port), "BIND_HOST": "127.0.0.1"},
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while not _listens(port):
            assert self.process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)

    def connect(self) -> http.client.HTTPConnection:
        self.connections.append(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20))
        return self.connections[-1]

    def hang_up(self) -> None:
        while self.connections:
            self.connections.pop().close()

    def stop(self) -> None:
        self.hang_up()
        self.process.terminate()
        self.process.wait(30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
