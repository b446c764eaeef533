"""A client that writes a line about each call: what was sent, and what came back."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from deploy.local.errors import CommandError

_TIMEOUT_S = 60
_GIVE_UP_S = 120
_LOOK_S = 0.3
_LONGEST_PATH = 60
_SIGNED = re.compile(r"(/assets/|/mockups/[^/]+/[^/]+/)([^/]{8}).*")  # the rest is the permission to see it
_UUID = re.compile(r"([0-9a-f]{8})-[0-9a-f-]{27}")
Say = Callable[[str], None]


def nothing(_: Any) -> str:
    return ""


class StoryClient:
    """A caller of the server at `address`; it keeps its headers, such as those that say who it is, but no cookie."""

    def __init__(self, address: str, say: Say, headers: Mapping[str, str] | None = None) -> None:
        self._address = address
        self._say = say
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy for the internet does not reach this machine
        self._session.cookies.set_policy(_NoCookies())
        self.headers = dict(headers or {})

    def call(
        self,
        method: str,
        path: str,
        sent: str = "",
        *,
        came: Callable[[Any], str] = nothing,
        expect: int = 200,
        **body: Any,
    ) -> Any:
        """The JSON of the answer. Raises CommandError for another status than expected."""
        answer = self._send(method, path, **body)
        found = self._json(method, path, answer, expect)
        again = "again: " if "Idempotent-Replayed" in answer.headers else ""
        self._tell(method, path, sent, answer.status_code, f"{again}{came(found)}")
        return found

    def until(self, path: str, fits: Callable[[Any], object], *, came: Callable[[Any], str], what: str) -> Any:
        """What GET answers once it fits; a line about that answer alone. Raises CommandError when it never does."""
        deadline = time.monotonic() + _GIVE_UP_S
        while not fits(found := self._json("GET", path, self._send("GET", path), 200)):
            if time.monotonic() > deadline:
                raise CommandError(f"never within {_GIVE_UP_S} s: {what}. GET {path} answers {str(found)[:2000]}")
            time.sleep(_LOOK_S)
        self._tell("GET", path, "", 200, came(found))
        return found

    def file(self, path: str, what: str, kind: str) -> bytes:
        """The bytes of a file of this media type. Raises CommandError for another."""
        answer = self._send("GET", path)
        if answer.status_code != requests.codes.ok or not answer.headers["Content-Type"].startswith(kind):
            self._json("GET", path, answer, 200)
            raise CommandError(f"GET {path} answers {answer.headers['Content-Type']}, not {kind}")
        self._tell("GET", path, "", 200, f"{what}: {kind}, {len(answer.content):,} bytes")
        return answer.content

    def _send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> requests.Response:
        url = path if path.startswith("http") else f"{self._address}{path}"
        try:
            answer = self._session.request(
                method, url, headers={**self.headers, **(headers or {})}, timeout=_TIMEOUT_S, **body
            )
        except requests.RequestException as error:
            raise CommandError(f"{method} {path} was not answered ({type(error).__name__})") from None
        if token := answer.headers.get("X-Session-Token"):
            self.headers["Authorization"] = f"Bearer {token}"
        return answer

    def _json(self, method: str, path: str, answer: requests.Response, expect: int) -> Any:
        try:
            found = answer.json()
        except requests.JSONDecodeError:
            raise CommandError(f"{method} {path} answered {answer.status_code}, and no JSON") from None
        if answer.status_code != expect:
            error = found.get("error", {})
            said = f"{error.get('code', '')}: {error.get('message', '')}"
            raise CommandError(f"{method} {path} answered {answer.status_code} instead of {expect}; {said}")
        return found

    def _tell(self, method: str, path: str, sent: str, status: int, came: str) -> None:
        asked = f"{method:4} {_short(path)}{f'  {sent}' if sent else ''}"
        self._say(f"  {asked}\n    {status}  {came}".rstrip())


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[name-defined,misc]
    """The session token is enough, and says plainly who calls."""

    def set_ok(self, *_: object) -> bool:
        return False


def _short(path: str) -> str:
    """The path without most of its ids and of what signs it."""
    shown = _UUID.sub(r"\1...", _SIGNED.sub(r"\1\2...", path.partition("?")[0]))
    return shown if len(shown) <= _LONGEST_PATH else f"{shown[:_LONGEST_PATH]}..."
