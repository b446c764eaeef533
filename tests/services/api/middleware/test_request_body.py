"""A body that does not arrive, or arrives too slowly; test_hostile_http.py has broken ones over real sockets."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services.api.client import refused


class Stalling:
    """A body that raises `error` after its first bytes, as the server's stream does."""

    def __init__(self, error: Exception) -> None:
        self._parts = [b"\x89PNG"]
        self._error = error

    def read(self, _size: int) -> bytes:
        if not self._parts:
            raise self._error
        return self._parts.pop()


def _send(guest: FlaskClient, error: Exception, content_type: str) -> TestResponse:
    environ = {"wsgi.input": Stalling(error), "CONTENT_LENGTH": "1000"}
    return guest.post("/api/uploads", content_type=content_type, environ_overrides=environ)


def test_a_body_that_comes_too_slowly_is_a_timeout(guest: FlaskClient) -> None:
    for content_type in ("image/png", "application/json", "multipart/form-data; boundary=x"):
        refused(_send(guest, TimeoutError(), content_type), 408, "request_timeout")


def test_a_body_that_breaks_off_is_incomplete(guest: FlaskClient) -> None:
    refused(_send(guest, ConnectionResetError(), "image/png"), 400, "invalid_request")
