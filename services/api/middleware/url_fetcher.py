"""Fetching a picture from an address that a stranger names, without becoming the stranger's way into our network.

    parse -> resolve -> vet every address -> connect to the vetted one -> read, counting     and again for a redirect

There is one parser, `Place.parse`, stricter than any client's, and the request is made from its parts. The connection
goes to the very address that was vetted, so a name that means something else a moment later changes nothing; TLS still
checks the name. Nothing is taken from the environment, nothing is kept, and everything ends at one deadline.
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
from services.api.middleware.request_body import MAX_BYTES
from shared import errors, timeouts

Resolve = Callable[[str, int], Iterable[str]]

AT_ONCE = 8  # of the 32 threads there are, so that slow sources cannot take them all
_REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)
_STEP = 64 * 1024
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
# Visible ASCII only: what browsers and clients disagree about (backslashes, names before an @, control characters,
# digits of other scripts) is no address to us.
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<host>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][!-\[\]-~]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies on the web. `host` is a name, or a literal address in its usual form."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises UrlNotAllowed for whatever is no plain address of the web."""
        found = _URL.fullmatch(url.partition("#")[0])
        if not found:
            raise errors.UrlNotAllowed
        scheme, host = found["scheme"].lower(), (found["six"] or found["host"]).lower()
        literal = ip_guard.parsed(host)
        if literal is None and (found["six"] or not _NAME.fullmatch(host)):
            raise errors.UrlNotAllowed
        target = found["target"] or "/"
        port = int(found["port"] or _PORTS[scheme])
        return cls(scheme, host, port, target if target.startswith("/") else f"/{target}")

    @property
    def authority(self) -> str:
        """For the Host header and for redirects that only name a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def next(self, location: str) -> "Place":
        return Place.parse(urljoin(f"{self.scheme}://{self.authority}{self.target}", location))


def system(host: str, port: int) -> Iterable[str]:
    """What the system's resolver knows; the dot keeps it from trying the name inside domains of ours."""
    return [str(found[4][0]) for found in socket.getaddrinfo(f"{host}.", port, type=socket.SOCK_STREAM)]


class UrlFetcher:
    """What may be called and by whom it is resolved are arguments for tests; the product gives none.

    No setting leads here, so none can open our network by mistake.
    """

    def __init__(
        self,
        resolve: Resolve = system,
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
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._resolving = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="resolve")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._trusted)

    def fetch(self, url: str) -> bytes:
        """At most 20 MB. Raises UrlNotAllowed, SourceUnreachable, BodyTooLarge, or Busy."""
        if not self._places.acquire(blocking=False):
            raise errors.Busy("Too many pictures are being fetched; please try again in a moment.", retry_after_s=2)
        try:
            return self._follow(Place.parse(url), _Clock(self._deadline_s))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise errors.SourceUnreachable from error
        finally:
            self._places.release()

    def _follow(self, place: Place, clock: "_Clock") -> bytes:
        for _ in range(1 + _REDIRECTS):
            with self._ask(place, clock) as answer:
                if answer.status not in _MOVED:
                    return _body(answer)
                place = place.next(answer.headers.get("Location", ""))
        raise errors.SourceUnreachable("The address leads to too many others.")

    @contextmanager
    def _ask(self, place: Place, clock: "_Clock") -> Iterator[http.client.HTTPResponse]:
        with self._connect(place, self._vetted(place, clock), clock) as connection:
            connection.settimeout(clock.left())
            connection.sendall(_request(place))
            answer = http.client.HTTPResponse(_Wire(connection, clock), method="GET")  # type: ignore[arg-type]
            with answer:
                answer.begin()
                yield answer

    def _vetted(self, place: Place, clock: "_Clock") -> list[str]:
        """The addresses of a place, if we may call every one of them."""
        if place.port not in self._ports:
            raise errors.UrlNotAllowed("Only the usual ports of http and https are called.")
        found = [place.host] if ip_guard.parsed(place.host) else self._addresses(place, clock)
        if not found or not all(map(self._may_call, found)):
            raise errors.UrlNotAllowed
        return found

    def _addresses(self, place: Place, clock: "_Clock") -> list[str]:
        """Names are looked up aside, because nothing ends a look-up but the system's own patience."""
        looking = self._resolving.submit(self._resolve, place.host, place.port)
        try:
            return list(looking.result(clock.left()))
        finally:
            looking.cancel()

    def _may_call(self, text: str) -> bool:
        address = ip_guard.parsed(text)
        return address is not None and (ip_guard.public(address) or ip_guard.within(address, self._allowed))

    def _connect(self, place: Place, vetted: list[str], clock: "_Clock") -> socket.socket:
        plain = _reached(vetted, place.port, clock)
        if place.scheme == "http":
            return plain
        try:
            plain.settimeout(clock.left())
            return self._tls.wrap_socket(plain, server_hostname=place.host)
        except OSError:
            plain.close()
            raise


class _Clock:
    """One deadline for everything a fetch does."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


class _Wire(io.RawIOBase):
    """A socket as http.client reads it, waiting no longer than the clock allows in all."""

    def __init__(self, connection: socket.socket, clock: _Clock) -> None:
        self._connection = connection
        self._clock = clock

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - the name http.client calls it by
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._clock.left())
        return self._connection.recv_into(buffer)


def _reached(vetted: list[str], port: int, clock: _Clock) -> socket.socket:
    *others, last = vetted
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), clock.left() / 2)  # and half for the rest of them
    return socket.create_connection((last, port), clock.left())


def _request(place: Place) -> bytes:
    lines = (
        f"GET {place.target} HTTP/1.1",
        f"Host: {place.authority}",
        "Accept: image/jpeg, image/png, image/webp, image/*;q=0.8",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: stolentee",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _body(answer: http.client.HTTPResponse) -> bytes:
    """All of it, as it is: what is compressed all the same may be a bomb, and no picture gains by it."""
    if answer.status != http.client.OK:
        raise errors.SourceUnreachable("The address did not answer with a picture.", details={"status": answer.status})
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise errors.SourceUnreachable("The address answered with a compressed file.")
    if (answer.length or 0) > MAX_BYTES:
        raise errors.BodyTooLarge
    data = bytearray()
    while part := answer.read(_STEP):
        data += part
        if len(data) > MAX_BYTES:
            raise errors.BodyTooLarge
    if answer.length:
        raise errors.SourceUnreachable("The address answered with less than it announced.")
    return bytes(data)
