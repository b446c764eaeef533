"""What every answer tells a browser not to do."""

import pytest
from flask.testing import FlaskClient

from tests.services.api.client import cut_out, upload
from tests.services.api.conftest import Start

_CLOSED = "default-src 'none'; frame-ancestors 'none'"


def test_every_answer_is_nothing_but_what_it_says(guest: FlaskClient) -> None:
    promise, asset = cut_out(guest), upload(guest)
    guest.delete(promise["statusUrl"])
    paths = ["/", "/docs", "/static/app.js", "/openapi.json", "/health", "/metrics", "/nothing", "/api/jobs"]
    for path in [*paths, asset["url"], promise["statusUrl"], promise["statusUrl"] + "/events"]:
        told = guest.get(path, buffered=True).headers
        assert told["X-Content-Type-Options"] == "nosniff"
        assert told["X-Frame-Options"] == "DENY"
        assert told["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert told["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "default-src 'none'" in told["Content-Security-Policy"]
        assert len(told.getlist("Content-Security-Policy")) == 1


def test_an_answer_may_do_what_its_kind_needs(guest: FlaskClient) -> None:
    page, data = guest.get("/", buffered=True).headers, guest.get("/api/jobs").headers
    picture = guest.get(upload(guest)["url"], buffered=True).headers
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert data["Content-Security-Policy"] == _CLOSED
    assert "sandbox" in picture["Content-Security-Policy"]
    kinds = [told["Cross-Origin-Resource-Policy"] for told in (page, data, picture)]
    assert kinds == ["same-origin", "same-origin", "cross-origin"]  # shops show pictures on pages of their own


@pytest.mark.parametrize(("url", "told"), [("", None), ("http://shop.example", None), ("https://shop.example", True)])
def test_browsers_are_held_to_https_where_that_is_our_address(
    start: Start, environment: pytest.MonkeyPatch, url: str, told: bool | None
) -> None:
    environment.setenv("PUBLIC_URL", url)
    value = start().guest().get("/nothing").headers.get("Strict-Transport-Security")
    assert (value is not None) == bool(told)
    assert not told or int(str(value).removeprefix("max-age=")) >= 31_536_000
