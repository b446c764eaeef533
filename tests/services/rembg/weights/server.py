"""A local server of one file, which understands Range and can be told to misbehave."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Release:
    """What is served, and how badly."""

    content: bytes
    cut_after: list[int] = field(default_factory=list)  # bytes after which each of the next answers breaks off
    statuses: list[int] = field(default_factory=list)  # of the next answers, instead of the file
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)  # the Range header of each request
    url: str = ""


@contextmanager
def serving(release: Release) -> Iterator[Release]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            release.asked.append(asked)
            if release.statuses:
                self.send_error(release.statuses.pop(0))
                return
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and release.ranges else 0
            if start >= len(release.content):
                self.send_error(416)
                return
            rest = release.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: release.cut_after.pop(0)] if release.cut_after else rest)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        release.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield release
        finally:
            server.shutdown()
            thread.join()
