"""Our own rembg service, over HTTP.

Every call ends: two seconds to connect, READ_S between bytes, TOTAL_S for everything, so that a service that trickles
its answer cannot hold a worker's thread for ever.
"""

import json
import time
from collections.abc import Mapping

import requests

from services.worker.removal import Broken, Cutout, Refused, Unavailable
from shared import metrics
from shared.models import Foreground, JobFailure, Provider

CONNECT_S = 2
READ_S = 25  # longer than the service's own deadline for an inference, so that its answer is heard
TOTAL_S = 30
_CHUNK = 1 << 16
MAX_BYTES = 250_000_000  # 50 megapixels of RGBA hardly compressed


class SelfHosted:
    """`remove` sends a picture and returns its cut-out. Safe to share between threads."""

    def __init__(self, endpoint: str, token: str | None = None) -> None:
        self._url = endpoint.rstrip("/") + "/remove"
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy variable meant for the internet must not catch a private address
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def remove(self, picture: bytes, request_id: str) -> Cutout:
        """Cut out an upright-by-EXIF JPEG, PNG or WebP. Raises Refused, Broken or Unavailable."""
        outcome = "error"
        began = time.perf_counter()
        try:
            cutout = self._remove(picture, request_id)
            outcome = "ok"
            return cutout
        except (Refused, Broken, Unavailable) as error:
            outcome = type(error).__name__.lower()
            raise
        finally:
            metrics.PROVIDER_CALLS.labels(Provider.SELF_HOSTED, outcome).inc()
            metrics.PROVIDER_SECONDS.labels(Provider.SELF_HOSTED).observe(time.perf_counter() - began)

    def _remove(self, picture: bytes, request_id: str) -> Cutout:
        try:
            with self._session.post(
                self._url,
                data=picture,
                headers={"Content-Type": "application/octet-stream", "X-Request-Id": request_id},
                timeout=(CONNECT_S, READ_S),
                stream=True,
            ) as answer:
                body = _read(answer, time.monotonic() + TOTAL_S)
        except (requests.RequestException, requests.exceptions.BaseHTTPError) as error:  # type: ignore[attr-defined]
            raise Unavailable(type(error).__name__) from error
        if answer.status_code != 200:
            raise _failure(answer.status_code, body)
        try:
            return _cutout(answer.headers, body)
        except (KeyError, ValueError) as error:
            raise Broken(f"the answer lacks or garbles {error}") from error


def _read(answer: requests.Response, deadline: float) -> bytes:
    parts = bytearray()
    while part := answer.raw.read1(_CHUNK, decode_content=True):  # whatever came; others wait until a chunk is full
        parts += part
        if time.monotonic() > deadline:
            raise Unavailable("the answer took too long")
        if len(parts) > MAX_BYTES:
            raise Broken("the answer is too large")
    return bytes(parts)


def _failure(status: int, body: bytes) -> Exception:
    code, message = _words(body)
    if code == "unknown_foreground":
        return Refused(JobFailure.UNKNOWN_FOREGROUND, message)
    if status in (401, 403, 404, 429, 503):  # misconfigured, full or starting: none of it the picture's fault
        return Unavailable(f"{status} {code}")
    if 400 <= status < 500:
        return Refused(JobFailure.PROVIDER_FAILED, message)
    return Broken(f"{status} {code}")


def _words(body: bytes) -> tuple[str, str]:
    try:
        error = json.loads(body)["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return "unknown", "The removal service refused the picture."


def _cutout(headers: Mapping[str, str], png: bytes) -> Cutout:
    box = (int(headers[f"X-Foreground-{side}"]) for side in ("Top", "Left", "Width", "Height"))
    return Cutout(
        png=png,
        provider=Provider.SELF_HOSTED,
        model=headers["X-Model"],
        uncertain=float(headers["X-Uncertainty"]),
        foreground=Foreground(*box),
    )
