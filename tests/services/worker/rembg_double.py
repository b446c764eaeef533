"""A stand-in for the rembg service: another process's server, which here can be told to say no in every way."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

from tests.services import pictures

FACTS = {
    "X-Model": "compact",
    "X-Model-Digest": "d1",
    "X-Model-Precision": "float",
    "X-Method": "network",
    "X-Uncertainty": "0.0",
}

ABOUT = {"model": "X-Model", "digest": "X-Model-Digest", "precision": "X-Model-Precision"}  # what GET / tells of them


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    picture: bytes


@dataclass(slots=True)
class Answer:
    """What is sent: at once, after `wait_s`, only `share` of it, or a byte every `pause_s`."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: FACTS)
    body: bytes = b""
    wait_s: float = 0
    share: float = 1
    pause_s: float = 0


def cut_out(width: int = 40, height: int = 30, headers: Mapping[str, str] = MappingProxyType({}), **how: Any) -> Answer:
    """A cut-out of that size; `headers` differ from, or add to, the usual ones, and remove those that are empty."""
    sent = {name: value for name, value in {**FACTS, **headers}.items() if value}
    return Answer(headers=sent, body=pictures.cutout(width, height), **how)


def refusal(status: int, code: str, words: str = "No.") -> Answer:
    return Answer(status, {}, json.dumps({"error": {"code": code, "message": words}}).encode())


class Double:
    """Answers every POST as `answer` says; `meanwhile` is called first, `asked` keeps what came.

    A GET is answered with `about`, which names the network.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.answer = cut_out()
        self.meanwhile: Callable[[], object] = lambda: None
        self.asked: list[Asked] = []
        self.about: dict[str, str] = {"model": "compact", "digest": "d1", "precision": "float"}
        self.looked_up = 0
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self.url = f"http://{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                double.looked_up += 1
                _send(self, Answer(200, {}, json.dumps(double.about).encode()))

            def do_POST(self) -> None:
                picture = self.rfile.read(int(self.headers["Content-Length"]))
                double.asked.append(Asked(self.path, dict(self.headers), picture))
                double.meanwhile()
                try:
                    _send(self, double.answer)
                except OSError:
                    self.close_connection = True  # the client has given up

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    time.sleep(answer.wait_s)
    handler.send_response(answer.status)
    for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    body = answer.body[: int(len(answer.body) * answer.share)]
    for at in range(len(body)) if answer.pause_s else ():
        handler.wfile.write(body[at : at + 1])
        time.sleep(answer.pause_s)
    if not answer.pause_s:
        handler.wfile.write(body)
    handler.close_connection = answer.share < 1
