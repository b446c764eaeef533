"""Fetching a picture from a caller's URL: `shared.guarded_http`, and again for each redirect, with a bounded body."""

import http.client
import threading
from collections.abc import Collection

from shared import errors, timeouts
from shared.guarded_http import Deadline, GuardedClient, Resolve, Target, system_resolver
from shared.images import MAX_BYTES
from shared.ip_guard import Network

CONCURRENT = 8  # of 32 threads, so that slow sources cannot occupy them all
_MAX_REDIRECTS = 3
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_STEP = 64 * 1024
_HEADERS = (
    "Accept: image/jpeg, image/png, image/webp, image/*;q=0.8",
    "Accept-Encoding: identity",
    "User-Agent: stolentee",
)


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
        self._client = GuardedClient(CONCURRENT, resolve, allowed=allowed, ports=ports, trusted=trusted)
        self._deadline_s = deadline_s
        self._slots = threading.BoundedSemaphore(CONCURRENT)

    def fetch(self, url: str) -> bytes:
        """At most 20 MB. Raises UrlNotAllowed, SourceUnreachable, BodyTooLarge, or Busy."""
        if not self._slots.acquire(blocking=False):
            raise errors.Busy("Too many pictures are being fetched; try again in a moment.", retry_after_s=2)
        try:
            return self._follow(Target.parse(url), Deadline(self._deadline_s))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise errors.SourceUnreachable from error
        finally:
            self._slots.release()

    def _follow(self, target: Target, deadline: Deadline) -> bytes:
        for _ in range(1 + _MAX_REDIRECTS):
            with self._client.exchange(target, target.request("GET", _HEADERS), deadline) as answer:
                if answer.status not in _REDIRECT_STATUSES:
                    return _body(answer)
                target = target.next(answer.headers.get("Location", ""))
        raise errors.SourceUnreachable("The URL redirects too often.")


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
