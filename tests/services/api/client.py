"""Requests that many tests send, and the shape of every error."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services import pictures


def form(data: bytes, name: str = "photo.jpg") -> bytes:
    """A multipart body with the boundary `x`; the client's own encoder leaves files open."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n"


def send(client: FlaskClient, path: str, data: bytes, name: str = "photo.jpg", **options: Any) -> TestResponse:
    return client.post(path, data=form(data, name), content_type="multipart/form-data; boundary=x", **options)


def upload(client: FlaskClient, data: bytes | None = None, **options: Any) -> dict[str, Any]:
    """Upload a picture; returns its asset."""
    response = send(client, "/api/uploads", data or pictures.jpeg(), **options)
    assert response.status_code in (200, 201), response.text
    return body(response)


def cut_out(client: FlaskClient, data: bytes | None = None, **options: Any) -> dict[str, Any]:
    """Request a cut-out; returns the body of the 202."""
    response = send(client, "/api/cutouts", data or pictures.jpeg(), **options)
    assert response.status_code == 202, response.text
    return body(response)


def key_of(url: str) -> str:
    """The key in a picture's address."""
    found = re.fullmatch(r"(?:https://shop\.example)?/assets/([0-9a-f]{64}\.[a-z]+)/\d{10}-[0-9a-f]{32}", url)
    assert found, url
    return found[1]


def body(response: TestResponse) -> dict[str, Any]:
    found = response.json
    assert isinstance(found, dict), response.text
    return found


def bearer(client: FlaskClient) -> dict[str, str]:
    """The same guest without cookies."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    return {"Authorization": f"Bearer {cookie.value}"}


def refused(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Check an error response completely; returns its details."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    assert "X-Session-Token" not in response.headers
    assert set(body(response)) == {"error"}
    error: dict[str, Any] = body(response)["error"]
    assert error.keys() - {"details"} == {"code", "message", "requestId"}
    assert error["code"] == code
    assert error["message"]
    assert error["requestId"] == response.headers["X-Request-Id"]
    assert ("Retry-After" in response.headers) == (status in (429, 503) or code == "request_in_progress")
    details: dict[str, Any] = error.get("details", {})
    return details
