"""Security headers of every response."""

import pytest
from flask.testing import FlaskClient

from tests.services.api.client import cut_out, upload
from tests.services.api.conftest import Start

_CLOSED = "default-src 'none'; frame-ancestors 'none'"


def test_every_response_has_strict_security_headers(guest: FlaskClient) -> None:
    accepted, asset = cut_out(guest), upload(guest)
    guest.delete(accepted["statusUrl"])
    paths = ["/", "/docs", "/static/app.js", "/openapi.json", "/health", "/metrics", "/nothing", "/api/jobs"]
    for path in [*paths, asset["url"], accepted["statusUrl"], accepted["statusUrl"] + "/events"]:
        report = guest.get(path, buffered=True).headers
        assert report["X-Content-Type-Options"] == "nosniff"
        assert report["X-Frame-Options"] == "DENY"
        assert report["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert report["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "default-src 'none'" in report["Content-Security-Policy"]
        assert len(report.getlist("Content-Security-Policy")) == 1


def test_pages_and_pictures_have_the_headers_they_need(guest: FlaskClient) -> None:
    page, data = guest.get("/", buffered=True).headers, guest.get("/api/jobs").headers
    picture = guest.get(upload(guest)["url"], buffered=True).headers
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert data["Content-Security-Policy"] == _CLOSED
    assert "sandbox" in picture["Content-Security-Policy"]
    kinds = [headers["Cross-Origin-Resource-Policy"] for headers in (page, data, picture)]
    assert kinds == ["same-origin", "same-origin", "cross-origin"]  # shops embed pictures in their own pages


@pytest.mark.parametrize(
    ("url", "expected"), [("", None), ("http://shop.example", None), ("https://shop.example", True)]
)
def test_hsts_is_sent_when_the_public_url_is_https(
    start: Start, environment: pytest.MonkeyPatch, url: str, expected: bool | None
) -> None:
    environment.setenv("PUBLIC_URL", url)
    value = start().guest().get("/nothing").headers.get("Strict-Transport-Security")
    assert (value is not None) == bool(expected)
    assert not expected or int(str(value).removeprefix("max-age=")) >= 31_536_000
