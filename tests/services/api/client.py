"""How tests ask the api, and what every refusal must look like."""

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
    """A kept picture; its asset."""
    answer = send(client, "/api/uploads", data or pictures.jpeg(), **options)
    assert answer.status_code in (200, 201), answer.text
    return body(answer)


def cut_out(client: FlaskClient, data: bytes | None = None, **options: Any) -> dict[str, Any]:
    """A promised cut-out; what was said about it."""
    answer = send(client, "/api/cutouts", data or pictures.jpeg(), **options)
    assert answer.status_code == 202, answer.text
    return body(answer)


def body(answer: TestResponse) -> dict[str, Any]:
    found = answer.json
    assert isinstance(found, dict), answer.text
    return found


def bearer(client: FlaskClient) -> dict[str, str]:
    """The same guest without cookies."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    return {"Authorization": f"Bearer {cookie.value}"}


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Check the whole of a refusal; returns its details."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "X-Session-Token" not in answer.headers
    assert set(body(answer)) == {"error"}
    error: dict[str, Any] = body(answer)["error"]
    assert error.keys() - {"details"} == {"code", "message", "requestId"}
    assert error["code"] == code
    assert error["message"]
    assert error["requestId"] == answer.headers["X-Request-Id"]
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    details: dict[str, Any] = error.get("details", {})
    return details
