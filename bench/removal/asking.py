"""Asking a server for cut-outs: one after another, or from several connections at once."""

import contextlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.removal.servers import Server
from deploy.local import ports

_ANSWER_S = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    seconds: float
    data: bytes


class Caller:
    """One connection, kept. Both servers are asked the same way: a form with a file."""

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._fields = {"model": model} if server.name == "peer" else {}
        self._field = "file" if server.name == "peer" else "image_file"
        self._connection = HTTPConnection(ports.LOCAL, server.port, timeout=_ANSWER_S)

    def ask(self, picture: bytes) -> Answer:
        body, content_type = form(self._field, picture, self._fields)
        began = time.perf_counter()
        self._connection.request("POST", self._server.path, body, {"Content-Type": content_type})
        answer = self._connection.getresponse()
        data = answer.read()
        return Answer(answer.status, time.perf_counter() - began, data)

    def close(self) -> None:
        self._connection.close()


def once(server: Server, model: str, picture: bytes) -> Answer:
    """On a connection of its own."""
    with contextlib.closing(Caller(server, model)) as caller:
        return caller.ask(picture)


def form(field: str, picture: bytes, fields: dict[str, str]) -> tuple[bytes, str]:
    mark = secrets.token_hex(8)
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="p"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    body = "".join(parts).encode() + head.encode() + picture + f"\r\n--{mark}--\r\n".encode()
    return body, f"multipart/form-data; boundary={mark}"


def rate(server: Server, model: str, pictures: Sequence[bytes], connections: int, seconds: float) -> tuple[float, int]:
    """Pictures a second of so many connections that never wait, each until its own last picture; and how many."""
    rates: list[float] = []
    counts: list[int] = []
    began = time.monotonic()

    def run(first: int) -> None:
        caller, at, last = Caller(server, model), first, began
        while time.monotonic() - began < seconds:
            answer = caller.ask(pictures[at % len(pictures)])
            if answer.status != 200:
                raise RuntimeError(f"{server.name} answered {answer.status}: {answer.data[:200]!r}")
            at, last = at + 1, time.monotonic()
        caller.close()
        rates.append((at - first) / (last - began))
        counts.append(at - first)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates), sum(counts)
