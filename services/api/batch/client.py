"""Calls of the API: repeated while the server is busy or away, for at most 15 minutes each."""

import hashlib
import random
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import requests

PATIENCE_S = 900  # without an answer that helps
MAX_WAIT_S = 300  # what a Retry-After may ask for at once
_TIMEOUT_S = (5, 60)
_PAUSE_S, _MAX_PAUSE_S = 0.5, 30.0  # without a Retry-After the pause doubles between them
_LATER = (429, 502, 503, 504)
_DIGEST = re.compile(r'"?([0-9a-f]{64})"?')


class Failed(Exception):
    """Nothing more can be done; the message is for the user."""


class Refused(Exception):
    """The server refuses this request, with a code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code


class Client:
    """Thread-safe: each thread has connections of its own."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._sessions = threading.local()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let calls that wait fail, and begin no further ones."""
        self._stopped.set()

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The answer's JSON. Raises Refused or Failed."""
        response = self._answer(method, path, options, {"X-Api-Key": self._key})
        try:
            found = response.json()
        except ValueError:
            found = None
        if response.ok and isinstance(found, dict):
            return found
        raise _refusal(response, found if isinstance(found, dict) else {})

    def download(self, url: str) -> bytes:
        """The file at an address that the API gave, compared with its digest. Raises Refused or Failed."""
        response = self._answer("GET", url, {}, {})
        if not response.ok:
            raise _refusal(response, {})
        return response.content

    def _answer(
        self, method: str, path: str, options: Mapping[str, Any], headers: Mapping[str, str]
    ) -> requests.Response:
        until, pause_s, said = time.monotonic() + PATIENCE_S, _PAUSE_S, ""
        while time.monotonic() < until:
            try:
                given = {**options, "headers": {**headers, **options.get("headers", {})}}
                response = self._session.request(method, urljoin(f"{self.url}/", path), timeout=_TIMEOUT_S, **given)
                if not _again(response):
                    return response
                said = f"HTTP {response.status_code}"
            except requests.RequestException as error:
                response, said = None, type(error).__name__
            if self._stopped.wait(_wait_s(response, pause_s)):
                raise Failed("Stopped.")
            pause_s = min(_MAX_PAUSE_S, 2 * pause_s)
        raise Failed(f"{self.url} did not answer for {PATIENCE_S // 60} minutes: {said}")

    @property
    def _session(self) -> requests.Session:
        if not hasattr(self._sessions, "own"):
            self._sessions.own = requests.Session()
        own: requests.Session = self._sessions.own
        return own


def _again(response: requests.Response) -> bool:
    """Whether the same request may be answered differently in a moment."""
    if response.status_code == 409:
        return "Retry-After" in response.headers  # the same request is still in progress
    return response.status_code in _LATER or _damaged(response)


def _damaged(response: requests.Response) -> bool:
    """Whether a file differs from the digest that its ETag is."""
    found = _DIGEST.fullmatch(response.headers.get("ETag", ""))
    return bool(response.status_code == 200 and found and hashlib.sha256(response.content).hexdigest() != found[1])


def _wait_s(response: requests.Response | None, pause_s: float) -> float:
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    if asked.isascii() and asked.isdigit():
        return min(MAX_WAIT_S, int(asked)) + random.random()  # noqa: S311 - so that not all come back together
    return pause_s * (0.5 + random.random())  # noqa: S311


def _refusal(response: requests.Response, body: Mapping[str, Any]) -> Exception:
    error = body.get("error")
    code, message = (error.get("code", ""), error.get("message", "")) if isinstance(error, dict) else ("", "")
    if response.status_code in (401, 403) and error:
        return Failed(f"The server refuses the key: {message}")
    if not code:
        return Refused(response.status_code, f"http_{response.status_code}", "This is no answer of the API.")
    return Refused(response.status_code, code, message)
