"""A kept response is the one that Flask would give, to those alone who would get it."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.middleware import response_cache
from shared import metrics
from tests.services.api.conftest import Api, Start
from tests.shared.db import catalogue

PATH = "/api/products"
ORIGIN = "https://shop.example"


def _kept() -> float:
    return float(metrics.CACHE_READS.labels("catalogue", "finished")._value.get())


def _is_kept(client: FlaskClient, **options: Any) -> bool:
    """Whether the response is given without Flask, whatever was asked before."""
    before = _kept()
    client.open(PATH, **{"method": "GET", **options}).close()
    return _kept() > before


def _facts(response: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = [(name, value) for name, value in response.headers if name not in ("Date", "X-Request-Id")]
    return response.status_code, response.data, sorted(headers)


@pytest.fixture
def shop(api: Api) -> Api:
    for number in range(10):
        catalogue.tee(api.deps.database, f"tee-{number}")
    return api


@pytest.mark.parametrize("encoding", ["", "gzip", "br;q=1, zstd;q=0.5"])
@pytest.mark.parametrize("told", [{}, {"If-None-Match": '"other"'}, {"Cookie": "session=a", "X-Api-Key": "wrong"}])
def test_the_second_response_equals_the_first(shop: Api, encoding: str, told: Mapping[str, str]) -> None:
    headers = {"Accept-Encoding": encoding, **told}
    first = shop.guest().get(PATH, headers=headers)
    before = _kept()
    second = shop.guest().get(PATH, headers=headers)
    assert _kept() == before + 1
    assert _facts(first) == _facts(second)
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_a_304_equals_that_of_flask(shop: Api) -> None:
    tag = shop.guest().get(PATH).headers["ETag"]
    kept = shop.guest().get(PATH, headers={"If-None-Match": f'"x", W/{tag}'})
    passed = shop.guest().get(PATH, headers={"If-None-Match": tag, "Cache-Control": "no-cache"})
    assert kept.status_code == passed.status_code == 304
    assert _facts(kept) == _facts(passed)


def test_a_request_id_of_the_caller_is_kept_if_it_is_sane(shop: Api) -> None:
    shop.guest().get(PATH)
    assert shop.guest().get(PATH, headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] == "mine"
    assert shop.guest().get(PATH, headers={"X-Request-Id": "a b"}).headers["X-Request-Id"] != "a b"


@pytest.mark.parametrize(
    "options",
    [
        *({"method": method} for method in ("HEAD", "POST", "OPTIONS", "DELETE")),
        *({"headers": {"Cache-Control": value}} for value in ("no-cache", "max-age=0, no-cache")),
        {"headers": {"Origin": ORIGIN}},  # not one of those allowed
        {"headers": {"If-None-Match": "x" * 2001}},
        {"data": b"{}"},
    ],
)
def test_a_request_that_could_get_anything_else_passes(shop: Api, options: dict[str, Any]) -> None:
    shop.guest().get(PATH)
    assert _is_kept(shop.guest())
    assert [_is_kept(shop.guest(), **options) for _ in range(2)] == [False, False]


def test_another_address_has_a_response_of_its_own(shop: Api) -> None:
    shop.guest().get(PATH)
    assert not _is_kept(shop.guest(), query_string="limit=1")
    assert _is_kept(shop.guest(), query_string="limit=1")


def test_errors_and_private_responses_are_not_kept(shop: Api) -> None:
    for path in ("/api/products/unknown", "/api/products?limit=0", "/api/products/tee-1/stock", "/api/assets"):
        before = _kept()
        for _ in range(2):
            shop.guest().get(path)
        assert _kept() == before


@pytest.mark.parametrize("header", ["Set-Cookie", "X-Session-Token"])
def test_a_response_that_is_its_caller_s_alone_is_not_kept_though_its_view_says_so(header: str) -> None:
    app, served = Flask("careless", static_folder=None), []

    def view() -> Response:
        response_cache.keep("catalogue", "tag", lambda: True)
        served.append(1)
        return Response("hello", headers={header: "a=b"})

    app.add_url_rule("/", "view", view)
    response_cache.install(app, ())
    for _ in range(2):
        assert app.test_client().get("/").headers[header] == "a=b"
    assert len(served) == 2


def test_each_allowed_origin_gets_its_own_response(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", f"{ORIGIN},https://other.example")
    guest = start().guest()
    for _ in range(2):
        for origin in (ORIGIN, "https://other.example"):
            response = guest.get(PATH, headers={"Origin": origin})
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert response.headers["Vary"] == "Origin, Accept-Encoding"
        assert "Access-Control-Allow-Origin" not in guest.get(PATH).headers
        assert "Access-Control-Allow-Origin" not in guest.get(PATH, headers={"Origin": "https://evil.example"}).headers
    assert _is_kept(guest, headers={"Origin": ORIGIN})


def test_a_kept_response_ends_after_a_minute(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_cache, "KEEP_S", 0.0)
    assert not _is_kept(shop.guest())
    assert not _is_kept(shop.guest())


def test_kept_responses_take_a_bounded_space(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.guest().get(PATH)
    monkeypatch.setattr(response_cache, "MAX_BYTES", 10_000)
    for number in range(10):
        shop.guest().get(PATH, headers={"Accept-Encoding": f"x{number}"})
    assert not _is_kept(shop.guest())
    assert _is_kept(shop.guest())


def test_kept_responses_count_like_all_others(shop: Api) -> None:
    labels = (PATH, "GET", "200")
    shop.guest().get(PATH)
    before = metrics.REQUESTS.labels(*labels)._value.get()
    assert _is_kept(shop.guest())
    assert metrics.REQUESTS.labels(*labels)._value.get() == before + 1
