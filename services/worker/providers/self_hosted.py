"""Our own rembg service, over HTTP.

At most `places` calls are in flight from this process: what rembg works on and one more on its way, so that a slow
rembg fills its own queue and not every thread of the worker.
"""

import json
import random
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests

from services.worker.providers import Answer, Broken, Full, Refused, Unavailable, http_exchange
from shared import images, timeouts
from shared.models.cutout import NO_OPTIONS, OF_FILES, CutoutInput, MaskPrecision, Method, Provider
from shared.models.job import JobFailure

_UNCHANGED = "none"  # the X-Method of a picture that was a cut-out already
_NOT_RUN = "none"  # the X-Mask-Precision where the network did not run; 0.2.0 does not send the header
_FRESH_S = 10.0  # how long the name of the model is believed: a deploy may change it


class SelfHosted:
    """Safe to share between threads."""

    provider = Provider.SELF_HOSTED
    price_microusd = 0
    max_pixels = images.MAX_PIXELS

    def __init__(self, client: requests.Session, endpoint: str, token: str | None = None, *, places: int = 3) -> None:
        self._client = client
        self._about = endpoint.rstrip("/") + "/"
        self._url = self._about + "remove"
        self._headers = {"Content-Type": "application/octet-stream", "Host": urlsplit(endpoint).netloc}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._places = threading.BoundedSemaphore(places)
        self._engine: str | None = None
        self._read_at = float("-inf")

    def remove(self, picture: bytes, request_id: str, options: CutoutInput = NO_OPTIONS) -> Answer:
        if not self._places.acquire(blocking=False):
            raise Full("all places are taken", retry_after_s=1)
        try:
            headers = {**self._headers, "X-Request-Id": request_id}
            reply = self._answer(_query(options), picture, headers)
        finally:
            self._places.release()
        if reply.status != 200:
            raise _failure(reply)
        try:
            model = reply.headers["X-Model"]
            engine = _engine(model, reply.headers["X-Model-Digest"], reply.headers["X-Model-Precision"])
            uncertain, method = float(reply.headers["X-Uncertainty"]), reply.headers["X-Method"]
            precision = reply.headers.get("X-Mask-Precision", _NOT_RUN)
            answer = Answer(
                png=reply.body,
                model=model,
                engine=engine,
                uncertain=uncertain,
                method=Method(method) if method != _UNCHANGED else None,
                precision=MaskPrecision(precision) if precision != _NOT_RUN else None,
                passed_through=method == _UNCHANGED,
            )
        except (KeyError, ValueError) as error:
            raise Broken(f"the reply's headers are wrong: {error}") from error
        self._engine, self._read_at = engine, time.monotonic()
        return answer

    def _answer(self, query: str, picture: bytes, headers: Mapping[str, str]) -> http_exchange.Reply:
        """The reply of the first instance that is up and not full; of the last one, whatever it says."""
        *others, last = instances(self._url + query)
        for url in others:
            try:
                reply = http_exchange.post(self._client, url, data=picture, headers=headers)
            except Unavailable as error:
                if error.charged:  # it may be working on the picture
                    raise
                continue
            if reply.status != 503:
                return reply
        return http_exchange.post(self._client, last, data=picture, headers=headers)

    def engine(self) -> str | None:
        """The model that the service runs, as it says; the last one known while it does not respond."""
        if time.monotonic() - self._read_at > _FRESH_S:
            self._read_at = time.monotonic()
            with suppress(requests.RequestException, ValueError, KeyError, TypeError):
                about = self._client.get(self._about, timeout=timeouts.PROVIDER_CONNECT_S, allow_redirects=False)
                facts = about.json()
                self._engine = _engine(facts["model"], facts["digest"], facts["precision"])
        return self._engine


def instances(url: str) -> list[str]:
    """The URL with each address of its host, in a random order; unchanged if it has none, or if TLS needs the name.

    The system's resolver puts the address most like our own first, and a pooled connection stays where it is, so one
    of two instances would do all the work.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        return [url]
    port = parts.port or 80
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        return [url]  # the request itself will report why
    hosts = {str(address[0]) for *_, address in found}
    locations = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts]
    random.shuffle(locations)
    return [urlunsplit(parts._replace(netloc=location)) for location in locations]


def _engine(model: str, digest: str, precision: str) -> str:
    return f"{model}:{digest}:{precision}"


def _query(options: CutoutInput) -> str:
    chosen = options.json().items()
    asked = {name: str(value).lower() for name, value in chosen if name not in ("provider", *OF_FILES)}
    return f"?{urlencode(asked)}" if asked else ""


def _failure(reply: http_exchange.Reply) -> Exception:
    code, message = _error(reply.body)
    if code == "unknown_foreground":
        return Refused(JobFailure.UNKNOWN_FOREGROUND, message)
    if code == "busy":
        return Full(code, retry_after_s=http_exchange.retry_after_s(reply))
    if reply.status in (401, 403, 404, 429, 503):  # misconfigured, full or starting, and not the picture's fault
        return Unavailable(f"{reply.status} {code}", retry_after_s=http_exchange.retry_after_s(reply))
    if 400 <= reply.status < 500:
        return Refused(JobFailure.PROVIDER_FAILED, message)
    return Broken(f"{reply.status} {code}")


def _error(body: bytes) -> tuple[str, str]:
    try:
        error = json.loads(body)["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return "unknown", "The removal service refused the picture."
