"""CORS: which origins are allowed, which headers they may read, and that preflights are never counted."""

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
def test_pages_of_an_allowed_origin_may_use_cookies_and_read_the_exposed_headers(
    guest: FlaskClient, origin: str
) -> None:
    response = send(guest, "/api/cutouts", pictures.jpeg(), headers={"Origin": origin})
    assert response.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    readable = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"Location", "Retry-After", "X-Session-Token", "X-Request-Id", "ETag", "Idempotent-Replayed"} <= readable
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= readable
    assert "Origin" in response.vary


@pytest.mark.parametrize("origin", _STRANGERS)
def test_other_origins_are_refused(guest: FlaskClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for response in (guest.get("/health", headers=asked), guest.options("/api/cutouts", headers=asked)):
        assert not [name for name in response.headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118


def test_caches_keep_responses_apart_by_origin(guest: FlaskClient) -> None:
    picture = upload(guest)["url"]
    for headers in ({}, {"Origin": SHOP}, {"Origin": "https://evil.example"}):
        with guest.get(picture, headers=headers) as response:
            assert response.vary.as_set() == {"origin", "accept-encoding"}


def test_errors_and_streams_are_readable_as_well(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    guest.delete(accepted["statusUrl"])
    for path, status in (("/api/nothing", 404), (accepted["statusUrl"] + "/events", 200), ("/api/jobs?limit=x", 400)):
        response = guest.get(path, headers={"Origin": SHOP}, buffered=True)
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == SHOP


def test_a_preflight_needs_no_token_and_is_never_counted(start: Start, environment: pytest.MonkeyPatch) -> None:
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
        response = guest.options(path, headers=asked)
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == SHOP
        assert method in response.headers["Access-Control-Allow-Methods"]
        assert response.headers["Access-Control-Allow-Headers"] == wanted
        assert int(response.headers["Access-Control-Max-Age"]) > 600
    upload(guest)
    over = send(guest, "/api/uploads", pictures.jpeg(), headers={"Origin": SHOP})
    refused(over, 429, "rate_limited")
    assert over.headers["Access-Control-Allow-Origin"] == SHOP


def test_a_preflight_of_an_unknown_path_is_not_found(guest: FlaskClient) -> None:
    refused(guest.options("/api/nothing", headers={"Origin": SHOP}), 404, "not_found")


def test_without_allowed_origins_every_other_origin_is_refused(start: Start) -> None:
    response = start().guest().get("/health", headers={"Origin": SHOP})
    assert not [name for name in response.headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118
    assert body(response)["status"] == "ok"


@pytest.mark.parametrize("given", ["*", f"{SHOP},*", "shop.example", "https://shop.example/page", "https://*.example"])
def test_a_wildcard_or_a_pattern_is_refused_at_start(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    environment.setenv("CORS_ORIGINS", given)
    with pytest.raises(Invalid):
        Web.read()
    assert "CORS_ORIGINS" in capsys.readouterr().err
