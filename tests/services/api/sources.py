"""Local servers that callers could name in a URL: they count connections and record requests."""

import contextlib
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Say = Callable[[Callable[[bytes], Any]], None]
PAUSE_S = 0.02


class Source(socketserver.ThreadingTCPServer):
    """`pages` holds the response of each path; `host` may be any address of 127.0.0.0/8."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, pages: Mapping[str, bytes | Say], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__((host, 0), _Caller)
        self.pages = dict(pages)
        self.asked: list[str] = []
        self.hits = 0
        self.tls = tls

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def verify_request(self, *_: Any) -> bool:
        self.hits += 1
        return True

    def handle_error(self, *_: Any) -> None:
        """Callers that hang up are part of the tests."""


class _Caller(socketserver.StreamRequestHandler):
    server: Source

    def setup(self) -> None:
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        head = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
        self.server.asked.append(head)
        page = self.server.pages[head.split(" ")[1]]
        page(self.wfile.write) if callable(page) else self.wfile.write(page)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        if self.server.tls:
            self.request.close()


@contextlib.contextmanager
def serving(source: Source) -> Iterator[Source]:
    thread = threading.Thread(target=source.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield source
    finally:
        source.shutdown()
        thread.join()
        source.server_close()


def page(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    said = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def moved(to: str, status: str = "302 Found") -> bytes:
    return page(b"", status, Location=to)


def endless(before: bytes, drop: bytes, pause_s: float = PAUSE_S) -> Say:
    """First `before`, then one `drop` after another until the caller closes the connection."""

    def say(write: Callable[[bytes], Any]) -> None:
        write(before)
        with contextlib.suppress(OSError):
            for _ in range(10_000):
                write(drop)
                time.sleep(pause_s)

    return say
