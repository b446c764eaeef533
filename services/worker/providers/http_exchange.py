"""One HTTP exchange with a provider: bounded in time and size, and clear about whether anything was sent.

A read timeout restarts with every byte, so a server that sends slowly could hold a thread for ever; therefore the whole
exchange has a deadline too.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.exceptions import BaseHTTPError  # type: ignore[attr-defined]  # what urllib3 raises, under its other name

from services.worker.providers import Broken, Unavailable
from shared import failpoints, timeouts

MAX_BYTES = 250_000_000  # 50 megapixels of RGBA, barely compressed
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


def session() -> requests.Session:
    """A client for one provider. It ignores proxy variables, which are meant for browsers."""
    made = requests.Session()
    made.trust_env = False
    return made


def post(client: requests.Session, url: str, **content: Any) -> Reply:
    """Send a request, read the whole reply. Raises Unavailable (charged if the request may have arrived) or Broken."""
    deadline = time.monotonic() + timeouts.PROVIDER_S
    timeout = (timeouts.PROVIDER_CONNECT_S, timeouts.PROVIDER_READ_S)
    try:
        with client.post(url, timeout=timeout, stream=True, allow_redirects=False, **content) as answer:
            return Reply(answer.status_code, answer.headers, _read(answer, deadline))
    except (requests.RequestException, BaseHTTPError) as error:
        raise Unavailable(type(error).__name__, sent=not _refused(error)) from error


def retry_after_s(reply: Reply) -> float | None:
    """The Retry-After header in seconds, a minute at most; None if it is missing or a date."""
    text = reply.headers.get("Retry-After", "")
    return min(60.0, float(text)) if text.isdecimal() else None


@failpoints.before("w4")
def _read(answer: requests.Response, deadline: float) -> bytes:
    parts = bytearray()
    while part := answer.raw.read1(
        _CHUNK, decode_content=True
    ):  # whatever has arrived; `read` would wait until a chunk is full
        parts += part
        if time.monotonic() > deadline:
            raise Unavailable("the answer took too long", sent=True)
        if len(parts) > MAX_BYTES:
            raise Broken("the answer is too large", charged=True)
    return bytes(parts)


def _refused(error: Exception) -> bool:
    """Whether nothing can have arrived, as there was no connection."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in (
        "NewConnectionError",
        "NameResolutionError",
    )  # urllib3's, which only requests depends on
