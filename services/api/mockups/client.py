"""The service that draws mock-ups (services/worker/mockups), over HTTP.

It reads the picture from the storage itself, so a call carries a key and returns a small file. At most `_CALLS` are in
flight from this process, so that a service that does not answer leaves most threads to other requests.
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import requests

from shared import errors, log, timeouts
from shared.bulkhead import Bulkhead

_CALLS, _WAITING = 8, 8  # of gunicorn's 32 threads
_CONNECT_S = 1

_log = log.get("mockups")


class MockupService:
    """Thread-safe."""

    def __init__(self, endpoint: str, token: str | None) -> None:
        self._url = f"{endpoint.rstrip('/')}/mockups"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token or ''}"
        self._bulkhead = Bulkhead(_CALLS, _WAITING, timeouts.MOCKUP_WAIT_S)

    def draw(self, garment: str, color: str, key: str, query: Mapping[str, object], request_id: str) -> bytes | None:
        """A WebP; None if there is no object with this key. Raises Busy or Unavailable."""
        url = "/".join((self._url, *(quote(part, safe="") for part in (garment, color, key))))
        with self._bulkhead.slot():
            answer = self._get(url, {name: str(value) for name, value in query.items()}, request_id)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise errors.Busy
        if answer.status_code != HTTPStatus.OK:
            _log.error("mockup_failed", status=answer.status_code)
            raise errors.Unavailable
        return answer.content

    def _get(self, url: str, query: Mapping[str, str], request_id: str) -> requests.Response:
        timeout = (_CONNECT_S, timeouts.MOCKUP_READ_S)
        try:
            return self._session.get(
                url, params=query, headers={"X-Request-Id": request_id}, timeout=timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            _log.warning("mockups_away", error=type(error).__name__)
            raise errors.Unavailable from None
