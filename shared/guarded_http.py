"""HTTP requests to addresses that callers name, guarded against server-side request forgery.

    parse -> resolve -> vet every address -> connect to a vetted one -> send -> read

There is one parser, `Target.parse`, stricter than any client's, and requests are built from its parts. The connection
goes to the very address that was vetted, so DNS rebinding changes nothing; TLS still checks the name. Proxy settings
and credentials of the environment are ignored, connections are not reused, and everything ends at one deadline.
"""

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from urllib.parse import urljoin

from shared import errors, ip_guard
from shared.ip_guard import Network

Resolve = Callable[[str, int], Iterable[str]]

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
# Visible ASCII only: refuses everything that clients interpret differently (backslashes, user names before an @,
# control characters, digits of other scripts).
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<host>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>[/?][!-\[\]-~]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL. `host` is a name, or an IP address in its canonical form; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises UrlNotAllowed for everything but a plain http or https URL."""
        found = _URL.fullmatch(url.partition("#")[0])
        if not found:
            raise errors.UrlNotAllowed
        scheme, host = found["scheme"].lower(), (found["six"] or found["host"]).lower()
        literal = ip_guard.parsed(host)
        if literal is None and (found["six"] or not _NAME.fullmatch(host)):
            raise errors.UrlNotAllowed
        path = found["path"] or "/"
        port = int(found["port"] or _PORTS[scheme])
        return cls(scheme, host, port, path if path.startswith("/") else f"/{path}")

    @property
    def authority(self) -> str:
        """For the Host header, and for resolving relative redirects."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def next(self, location: str) -> "Target":
        return Target.parse(urljoin(f"{self.scheme}://{self.authority}{self.path}", location))

    def request(self, method: str, headers: Iterable[str], body: bytes = b"") -> bytes:
        """The bytes of a request; `headers` are whole lines."""
        lines = (f"{method} {self.path} HTTP/1.1", f"Host: {self.authority}", "Connection: close", *headers)
        return "\r\n".join((*lines, "", "")).encode("ascii") + body


class Deadline:
    """One deadline for all steps of an exchange."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def remaining_s(self) -> float:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


def system_resolver(host: str, port: int) -> Iterable[str]:
    """The addresses the system's resolver finds; the final dot stops it from trying local search domains."""
    return [str(found[4][0]) for found in socket.getaddrinfo(f"{host}.", port, type=socket.SOCK_STREAM)]


class GuardedClient:
    """Sends requests to public addresses on the default ports, and to `allowed` ones and `ports` besides."""

    def __init__(
        self,
        concurrent: int,
        resolve: Resolve = system_resolver,
        *,
        allowed: Collection[Network] = (),
        ports: Collection[int] = (),
        trusted: str | None = None,
    ) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._ports = ports
        self._trusted = trusted
        self._resolvers = ThreadPoolExecutor(concurrent, thread_name_prefix="resolve")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._trusted)

    @contextmanager
    def exchange(self, target: Target, request: bytes, deadline: Deadline) -> Iterator[http.client.HTTPResponse]:
        """The response, with its body unread. Raises UrlNotAllowed, OSError, HTTPException or ValueError."""
        with self._connect(target, self._vet(target, deadline), deadline) as connection:
            connection.settimeout(deadline.remaining_s())
            connection.sendall(request)
            method = request.split(b" ", 1)[0].decode()
            answer = http.client.HTTPResponse(_SocketReader(connection, deadline), method=method)  # type: ignore[arg-type]
            with answer:
                answer.begin()
                yield answer

    def check(self, target: Target) -> None:
        """Raises UrlNotAllowed for what would be refused without asking any name server."""
        if target.port not in _PORTS.values() and target.port not in self._ports:
            raise errors.UrlNotAllowed("Only the default ports of http and https are allowed.")
        if ip_guard.parsed(target.host) and not self._is_allowed(target.host):
            raise errors.UrlNotAllowed

    def _vet(self, target: Target, deadline: Deadline) -> list[str]:
        """The addresses of the host; UrlNotAllowed unless every one of them is allowed."""
        self.check(target)
        found = [target.host] if ip_guard.parsed(target.host) else self._resolve_host(target, deadline)
        if not found or not all(map(self._is_allowed, found)):
            raise errors.UrlNotAllowed
        return found

    def _resolve_host(self, target: Target, deadline: Deadline) -> list[str]:
        """Resolves in another thread, because a DNS look-up takes no deadline."""
        lookup = self._resolvers.submit(self._resolve, target.host, target.port)
        try:
            return list(lookup.result(deadline.remaining_s()))
        finally:
            lookup.cancel()

    def _is_allowed(self, text: str) -> bool:
        address = ip_guard.parsed(text)
        return address is not None and (ip_guard.public(address) or ip_guard.within(address, self._allowed))

    def _connect(self, target: Target, vetted: list[str], deadline: Deadline) -> socket.socket:
        connection = _open_socket(vetted, target.port, deadline)
        if target.scheme == "http":
            return connection
        try:
            connection.settimeout(deadline.remaining_s())
            return self._tls.wrap_socket(connection, server_hostname=target.host)
        except OSError:
            connection.close()
            raise


class _SocketReader(io.RawIOBase):
    """A socket for http.client whose reads all end at the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - http.client passes it by name
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.remaining_s())
        return self._connection.recv_into(buffer)


def _open_socket(vetted: list[str], port: int, deadline: Deadline) -> socket.socket:
    *others, last = vetted
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), deadline.remaining_s() / 2)  # half for the other addresses
    return socket.create_connection((last, port), deadline.remaining_s())
