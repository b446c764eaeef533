"""Fetching a picture from a caller's URL, guarded against server-side request forgery.

    parse -> resolve -> vet every address -> connect to a vetted one -> read, counting     and again for a redirect

There is one parser, `Target.parse`, stricter than any client's, and the request is built from its parts. The connection
goes to the very address that was vetted, so DNS rebinding changes nothing; TLS still checks the name. Proxy settings
and credentials of the environment are ignored, connections are not reused, and everything ends at one deadline.
"""

import http.client
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from urllib.parse import urljoin

from services.api.middleware import ip_guard
from services.api.middleware.ip_guard import Network
from shared import errors, timeouts
from shared.images import MAX_BYTES

Resolve = Callable[[str, int], Iterable[str]]

CONCURRENT = 8  # of 32 threads, so that slow sources cannot occupy them all
_MAX_REDIRECTS = 3
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_STEP = 64 * 1024
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


def system_resolver(host: str, port: int) -> Iterable[str]:
    """The addresses the system's resolver finds; the final dot stops it from trying local search domains."""
    return [str(found[4][0]) for found in socket.getaddrinfo(f"{host}.", port, type=socket.SOCK_STREAM)]


class UrlFetcher:
    """The arguments are for tests: no setting reaches them, so none can open the internal network by mistake."""

    def __init__(
        self,
        resolve: Resolve = system_resolver,
        *,
        allowed: Collection[Network] = (),
        ports: Collection[int] = (),
        trusted: str | None = None,
        deadline_s: float = timeouts.FETCH_S,
    ) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._ports = {*_PORTS.values(), *ports}
        self._deadline_s = deadline_s
        self._trusted = trusted
        self._slots = threading.BoundedSemaphore(CONCURRENT)
        self._resolvers = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="resolve")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._trusted)

    def fetch(self, url: str) -> bytes:
        """At most 20 MB. Raises UrlNotAllowed, SourceUnreachable, BodyTooLarge, or Busy."""
        if not self._slots.acquire(blocking=False):
            raise errors.Busy("Too many pictures are being fetched; try again in a moment.", retry_after_s=2)
        try:
            return self._follow(Target.parse(url), _Deadline(self._deadline_s))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise errors.SourceUnreachable from error
        finally:
            self._slots.release()

    def _follow(self, target: Target, deadline: "_Deadline") -> bytes:
        for _ in range(1 + _MAX_REDIRECTS):
            with self._get(target, deadline) as answer:
                if answer.status not in _REDIRECT_STATUSES:
                    return _body(answer)
                target = target.next(answer.headers.get("Location", ""))
        raise errors.SourceUnreachable("The URL redirects too often.")

    @contextmanager
    def _get(self, target: Target, deadline: "_Deadline") -> Iterator[http.client.HTTPResponse]:
        with self._connect(target, self._vet(target, deadline), deadline) as connection:
            connection.settimeout(deadline.remaining_s())
            connection.sendall(_request(target))
            answer = http.client.HTTPResponse(_SocketReader(connection, deadline), method="GET")  # type: ignore[arg-type]
            with answer:
                answer.begin()
                yield answer

    def _vet(self, target: Target, deadline: "_Deadline") -> list[str]:
        """The addresses of the host; UrlNotAllowed unless every one of them is allowed."""
        if target.port not in self._ports:
            raise errors.UrlNotAllowed("Only the default ports of http and https are allowed.")
        found = [target.host] if ip_guard.parsed(target.host) else self._resolve_host(target, deadline)
        if not found or not all(map(self._is_allowed, found)):
            raise errors.UrlNotAllowed
        return found

    def _resolve_host(self, target: Target, deadline: "_Deadline") -> list[str]:
        """Resolves in another thread, because a DNS look-up takes no deadline."""
        lookup = self._resolvers.submit(self._resolve, target.host, target.port)
        try:
            return list(lookup.result(deadline.remaining_s()))
        finally:
            lookup.cancel()

    def _is_allowed(self, text: str) -> bool:
        address = ip_guard.parsed(text)
        return address is not None and (ip_guard.public(address) or ip_guard.within(address, self._allowed))

    def _connect(self, target: Target, vetted: list[str], deadline: "_Deadline") -> socket.socket:
        connection = _open_socket(vetted, target.port, deadline)
        if target.scheme == "http":
            return connection
        try:
            connection.settimeout(deadline.remaining_s())
            return self._tls.wrap_socket(connection, server_hostname=target.host)
        except OSError:
            connection.close()
            raise


class _Deadline:
    """One deadline for all steps of a fetch."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def remaining_s(self) -> float:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


class _SocketReader(io.RawIOBase):
    """A socket for http.client whose reads all end at the deadline."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - http.client passes it by name
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.remaining_s())
        return self._connection.recv_into(buffer)


def _open_socket(vetted: list[str], port: int, deadline: _Deadline) -> socket.socket:
    *others, last = vetted
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), deadline.remaining_s() / 2)  # half for the other addresses
    return socket.create_connection((last, port), deadline.remaining_s())


def _request(target: Target) -> bytes:
    lines = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        "Accept: image/jpeg, image/png, image/webp, image/*;q=0.8",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: stolentee",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The whole body. Refuses compression, which pictures do not need and bombs do."""
    if answer.status != http.client.OK:
        raise errors.SourceUnreachable("The URL did not return a picture.", details={"status": answer.status})
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise errors.SourceUnreachable("The URL returned a compressed response.")
    if (answer.length or 0) > MAX_BYTES:
        raise errors.BodyTooLarge
    data = bytearray()
    while part := answer.read(_STEP):
        data += part
        if len(data) > MAX_BYTES:
            raise errors.BodyTooLarge
    if answer.length:
        raise errors.SourceUnreachable("The URL returned less than its Content-Length.")
    return bytes(data)
