"""A caller's receiver of webhooks, which can be told to refuse, to hang and to lead elsewhere."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, *secrets: bytes) -> Any:
        """What it says, once the public library has verified it with each of these secrets."""
        said = [Webhook(secret).verify(self.body, dict(self.headers)) for secret in secrets]
        assert all(one == said[0] for one in said)
        return said[0]


class Receiver(ThreadingHTTPServer):
    """Answers `status` with `headers` and `body`; requests for `/slow` only once `go` is set, the others at once."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.headers: dict[str, str] = {}
        self.body = b""
        self.received: list[Received] = []
        self.go = threading.Event()

    def url(self, path: str = "/hooks") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def ids(self, path: str = "/hooks") -> list[str]:
        return [one.id for one in self.received if one.path == path]

    def handle_error(self, *_: Any) -> None:
        """Callers that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.path, headers, body))
        if self.path == "/slow":
            self.server.go.wait(60)
        with suppress(ConnectionError):
            self.send_response(self.server.status)
            for name, value in self.server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass
