"""A client of both servers: one request after another, or several connections at once."""

import contextlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.removal import servers
from bench.removal.servers import Server
from deploy.local import ports

_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    seconds: float
    data: bytes


class Client:
    """One persistent connection. Both servers get a form with a file."""

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._fields = {"model": model} if server.name == servers.REMBG_SERVER else {}
        self._field = "file" if server.name == servers.REMBG_SERVER else "image_file"
        self._connection = HTTPConnection(ports.LOCAL, server.port, timeout=_TIMEOUT_S)

    def post(self, picture: bytes) -> Response:
        body, content_type = form(self._field, picture, self._fields)
        began = time.perf_counter()
        self._connection.request("POST", self._server.path, body, {"Content-Type": content_type})
        response = self._connection.getresponse()
        data = response.read()
        return Response(response.status, time.perf_counter() - began, data)

    def close(self) -> None:
        self._connection.close()


def post_once(server: Server, model: str, picture: bytes) -> Response:
    """On a connection of its own."""
    with contextlib.closing(Client(server, model)) as client:
        return client.post(picture)


def form(field: str, picture: bytes, fields: dict[str, str]) -> tuple[bytes, str]:
    mark = secrets.token_hex(8)
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="p"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    body = "".join(parts).encode() + head.encode() + picture + f"\r\n--{mark}--\r\n".encode()
    return body, f"multipart/form-data; boundary={mark}"


def rate(server: Server, model: str, pictures: Sequence[bytes], connections: int, seconds: float) -> tuple[float, int]:
    """Pictures per second over connections that never pause, each until its own last picture; and how many."""
    rates: list[float] = []
    counts: list[int] = []
    began = time.monotonic()

    def run(first: int) -> None:
        client, at, last = Client(server, model), first, began
        while time.monotonic() - began < seconds:
            response = client.post(pictures[at % len(pictures)])
            if response.status != 200:
                raise RuntimeError(f"{server.name} answered {response.status}: {response.data[:200]!r}")
            at, last = at + 1, time.monotonic()
        client.close()
        rates.append((at - first) / (last - began))
        counts.append(at - first)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates), sum(counts)
