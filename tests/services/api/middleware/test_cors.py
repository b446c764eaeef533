"""Pages of other origins: who is let in, what they may read, and that asking first is free."""

import pytest
from flask.testing import FlaskClient

from services.api.settings import Web
from shared.settings import Invalid
from tests.services import pictures
from tests.services.api.client import body, cut_out, refused, send, upload
from tests.services.api.conftest import Start

SHOP, OTHER = "https://shop.example", "http://localhost:3000"
_STRANGERS = (
    "https://evil.example",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shopxexample",
    "null",
)


@pytest.fixture
def guest(start: Start, environment: pytest.MonkeyPatch) -> FlaskClient:
    environment.setenv("CORS_ORIGINS", f"{SHOP}/, {OTHER}")
    return start().guest()


@pytest.mark.parametrize("origin", [SHOP, OTHER])
def test_pages_of_a_named_origin_may_use_cookies_and_read_what_matters(guest: FlaskClient, origin: str) -> None:
    answer = send(guest, "/api/cutouts", pictures.jpeg(), headers={"Origin": origin})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    readable = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"Location", "Retry-After", "X-Session-Token", "X-Request-Id", "ETag", "Idempotent-Replayed"} <= readable
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= readable
    assert "Origin" in answer.vary


@pytest.mark.parametrize("origin", _STRANGERS)
def test_nobody_else_is_let_in(guest: FlaskClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (guest.get("/health", headers=asked), guest.options("/api/cutouts", headers=asked)):
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118


def test_a_cache_keeps_apart_what_is_for_whom(guest: FlaskClient) -> None:
    picture = upload(guest)["url"]
    for headers in ({}, {"Origin": SHOP}, {"Origin": "https://evil.example"}):
        with guest.get(picture, headers=headers) as answer:
            assert answer.vary.as_set() == {"origin", "accept-encoding"}


def test_errors_and_streams_are_readable_as_well(guest: FlaskClient) -> None:
    promise = cut_out(guest)
    guest.delete(promise["statusUrl"])
    for path, status in (("/api/nothing", 404), (promise["statusUrl"] + "/events", 200), ("/api/jobs?limit=x", 400)):
        answer = guest.get(path, headers={"Origin": SHOP}, buffered=True)
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP


def test_a_preflight_is_answered_to_anybody_and_never_counted(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CORS_ORIGINS", SHOP)
    environment.setenv("RATE_LIMIT_API", "1/h")
    guest = start().guest()
    wanted = "authorization, content-type, idempotency-key, x-api-key"
    job = "/api/jobs/019bd8f0-0000-7000-8000-000000000000"
    for path, method in [("/api/cutouts", "POST"), ("/api/admin/rollout", "PUT"), (job, "DELETE")] * 2:
        asked = {
            "Origin": SHOP,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": wanted,
        }
        answer = guest.options(path, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert method in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"] == wanted
        assert int(answer.headers["Access-Control-Max-Age"]) > 600
    upload(guest)
    over = send(guest, "/api/uploads", pictures.jpeg(), headers={"Origin": SHOP})
    refused(over, 429, "rate_limited")
    assert over.headers["Access-Control-Allow-Origin"] == SHOP


def test_asking_for_what_is_not_there_is_not_found(guest: FlaskClient) -> None:
    refused(guest.options("/api/nothing", headers={"Origin": SHOP}), 404, "not_found")


def test_without_named_origins_no_page_elsewhere_is_let_in(start: Start) -> None:
    answer = start().guest().get("/health", headers={"Origin": SHOP})
    assert not [name for name in answer.headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118
    assert body(answer)["status"] == "ok"


@pytest.mark.parametrize("given", ["*", f"{SHOP},*", "shop.example", "https://shop.example/page", "https://*.example"])
def test_a_wildcard_or_a_pattern_is_refused_aloud(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    environment.setenv("CORS_ORIGINS", given)
    with pytest.raises(Invalid):
        Web.read()
    assert "CORS_ORIGINS" in capsys.readouterr().err
